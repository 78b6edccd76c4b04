/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where records come from. Live and replayed records come through the same interface: no later
 * stage knows which it reads.
 */
#ifndef FT_SOURCE_H
#define FT_SOURCE_H

#include "ft_wire.h"

/* Called for each record, whole and of checked length. Not 0 stops the reading (-errno). */
typedef int (*ft_record_fn)(void *ctx, const struct ft_hdr *rec);

struct ft_source {
	/*
	 * Hands what is there to `fn`; waits up to `timeout_ms` when that is little. The number of
	 * records, 0 when the time ran out (or a signal came), or what `fn` returned, or -errno.
	 */
	int (*next)(struct ft_source *s, ft_record_fn fn, void *ctx, int timeout_ms);
	void (*close)(struct ft_source *s);
};

/* Bytes from outside are a record only if kind and length agree. */
int ft_record_check(const void *data, size_t size);

/* The live source on the ring buffer `ring_fd`, which must outlive it. 0 or -errno. */
int ft_ring_create(struct ft_source **out, int ring_fd);

static inline void ft_source_close(struct ft_source *s)
{
	if (s)
		s->close(s);
}

#endif
