/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "enrich/demangle.h"

#define MANGLED_MAX 1024

struct text {
	char *to;
	size_t len, size;
	jmp_buf full;
};

/* The library has no way to be stopped, and keeps nothing that would leak. */
static void append(const char *s, size_t n, void *opaque)
{
	struct text *t = opaque;

	if (n >= t->size - t->len)
		longjmp(t->full, 1);
	memcpy(t->to + t->len, s, n);
	t->len += n;
}

static bool demangled(struct text *t, const char *name)
{
	if (setjmp(t->full))
		return false;
	/* Rust's older names are C++ ones with a hash at the end. */
	if (rust_demangle_callback(name, DMGL_NO_OPTS, append, t))
		return true;
	t->len = 0;
	return cplus_demangle_v3_callback(name, DMGL_NO_OPTS, append, t);
}

size_t ft_demangle(const char *name, size_t len, char *out, size_t size)
{
	struct text t = { .to = out, .size = size };
	char mangled[MANGLED_MAX];

	if (len < 3 || len >= sizeof(mangled) || name[0] != '_' ||
	    (name[1] != 'Z' && name[1] != 'R'))
		return 0;
	memcpy(mangled, name, len);
	mangled[len] = '\0';
	if (!demangled(&t, mangled) || !t.len)
		return 0;
	out[t.len] = '\0';
	return t.len;
}
