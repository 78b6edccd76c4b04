/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's functions, from /proc/kallsyms: about 24 bytes and a name's length each, without the
 * "__pfx_" paddings, which are half of the list on x86 and in which nothing runs.
 *
 * The kernel decides at open() whether the addresses are shown (kallsyms_show_value(): CAP_SYSLOG
 * where kptr_restrict or perf_event_paranoid say so). So the file is opened by create and read at
 * the first question.
 */
#ifndef FT_KALLSYMS_H
#define FT_KALLSYMS_H

#include <stddef.h>
#include <stdint.h>

struct ft_kallsyms;

/* `root` holds proc/ ("" or NULL: this machine). NULL when memory is gone. */
struct ft_kallsyms *ft_kallsyms_create(const char *root);
void ft_kallsyms_destroy(struct ft_kallsyms *k);

struct ft_ksym {
	const char *name;
	const char *module; /* "[nf_tables]", "[bpf]", or "[kernel]" */
	uint64_t start;
};

/*
 * The function at `ip`. 0; -ENOENT when no function is known there; -EPERM when the addresses are
 * hidden. The list has no sizes: a function ends where the next begins, the last one of a module
 * where its page does, and none is longer than 256 KiB. `now_ns` is any monotonic time: when an
 * address is unknown and the list is older than 10 s, it is read again (modules come and go). The
 * strings are valid until then: copy them.
 */
int ft_kallsyms_find(struct ft_kallsyms *k, uint64_t ip, uint64_t now_ns, struct ft_ksym *out);

/*
 * Takes "name+0xoffset/0xsize [module]" apart, as the kernel prints the symbol at `ip`
 * (lib/vsprintf.c, "%pS"). 0; -ENOENT when it is none. The strings are within `text`, which is
 * changed.
 */
int ft_ksym_parse(char *text, uint64_t ip, struct ft_ksym *out);

size_t ft_kallsyms_bytes(const struct ft_kallsyms *k);

#endif
