/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "collect/source.h"

/*
 * The kernel's ring buffer (kernel/bpf/ringbuf.c), read here and not by libbpf: that maps all of
 * the data, twice, and so seems to use as much memory; and it writes the consumer's position after
 * each record, which takes that cache line from the CPUs that write records. Here a window is
 * mapped that moves with the position (the kernel's own mapping is double, so that no record
 * breaks), and the position is written once for many records.
 */
#define WINDOW	     (2U << 20)	 /* bytes; moving it costs some 3 ns per record */
#define GIVE_BACK_AT (64U << 10) /* bytes read before the room is given back */
#define SLEEP_BELOW  64		 /* fewer records at a time: let more come */
#define NAP_MS	     5		 /* … for so long: processes end, and then tell less */

struct ring_source {
	struct ft_source source;
	int epoll;
	size_t size; /* of the data, a power of two */
	size_t page;
	unsigned long *consumer;
	const unsigned long *producer;
	int fd;		    /* the map's: the tracer's */
	char *data;	    /* the window */
	size_t window;	    /* its size */
	unsigned long from; /* the position where it begins */
};

int ft_record_check(const void *data, size_t size)
{
	static const __u16 sizes[] = {
		[FT_KIND_FAULT] = sizeof(struct ft_fault),
		[FT_KIND_TASK] = sizeof(struct ft_task),
		[FT_KIND_EXIT] = sizeof(struct ft_task_exit),
		[FT_KIND_FILE] = sizeof(struct ft_file),
		[FT_KIND_REFAULT] = sizeof(struct ft_refault),
		[FT_KIND_CODE] = sizeof(struct ft_code),
	};
	const struct ft_hdr *h = data;

	if (size < sizeof(*h) || h->kind >= sizeof(sizes) / sizeof(*sizes) || !sizes[h->kind])
		return -EBADMSG;
	if (h->kind == FT_KIND_FAULT && h->len == sizeof(struct ft_fault_long))
		return h->len <= size ? 0 : -EBADMSG;
	return h->len == sizes[h->kind] && h->len <= size ? 0 : -EBADMSG;
}

/* Puts the window where it begins with the page of `pos`. 0 or -errno. */
static int move_window(struct ring_source *r, unsigned long pos)
{
	unsigned long from = pos & ~(r->page - 1);
	void *p = mmap(r->data, r->window, PROT_READ, MAP_SHARED | (r->data ? MAP_FIXED : 0), r->fd,
		       (off_t)(2 * r->page + (from & (r->size - 1))));

	if (p == MAP_FAILED)
		return -errno;
	r->data = p;
	r->from = from;
	return 0;
}

/* The `len` bytes at `pos`, or NULL with errno set. */
static const void *at(struct ring_source *r, unsigned long pos, size_t len)
{
	if (pos - r->from > r->window || pos + len - r->from > r->window) {
		int err = move_window(r, pos);

		if (err) {
			errno = -err;
			return NULL;
		}
	}
	return r->data + (pos - r->from);
}

static void give_back(struct ring_source *r, unsigned long pos)
{
	__atomic_store_n(r->consumer, pos, __ATOMIC_RELEASE);
}

/* Hands over what is there. The number of records or -errno; it counts as read either way. */
static int consume(struct ring_source *r, ft_record_fn fn, void *ctx)
{
	unsigned long pos = *r->consumer, given = pos;
	int n = 0, err = 0;

	while (!err && pos != __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
		const __u32 *head = at(r, pos, BPF_RINGBUF_HDR_SZ);
		__u32 hdr, len;

		if (!head) {
			err = -errno;
			break;
		}
		hdr = __atomic_load_n(head, __ATOMIC_ACQUIRE);
		len = hdr & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		if (hdr & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(hdr & BPF_RINGBUF_DISCARD_BIT)) {
			const void *rec = at(r, pos + BPF_RINGBUF_HDR_SZ, len);

			err = rec ? ft_record_check(rec, len) : -errno;
			if (!err)
				err = fn(ctx, rec);
			n++;
		}
		pos += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7U;
		if (pos - given >= GIVE_BACK_AT) {
			give_back(r, pos);
			given = pos;
		}
	}
	give_back(r, pos);
	return err ? err : n;
}

/*
 * The kernel wakes us when much is waiting, or after a silence. A few records at a time mean that
 * we are faster than they come: a nap costs less than a look at each.
 */
static int ring_next(struct ft_source *s, ft_record_fn fn, void *ctx, int timeout_ms)
{
	struct ring_source *r = (struct ring_source *)s;
	int n = consume(r, fn, ctx), more;
	struct epoll_event ev;
	int wait_ms = n && timeout_ms > NAP_MS ? NAP_MS : timeout_ms;

	if (n < 0 || n >= SLEEP_BELOW || !timeout_ms)
		return n;
	if (epoll_wait(r->epoll, &ev, 1, wait_ms) < 0 && errno != EINTR)
		return -errno;
	more = consume(r, fn, ctx);
	return more < 0 ? more : n + more;
}

static void ring_close(struct ft_source *s)
{
	struct ring_source *r = (struct ring_source *)s;

	if (r->consumer)
		munmap(r->consumer, r->page);
	if (r->producer)
		munmap((void *)r->producer, r->page);
	if (r->data)
		munmap(r->data, r->window);
	if (r->epoll >= 0)
		close(r->epoll);
	free(r);
}

/* Edge-triggered: what is read by and by must not end the wait. */
static int watch(struct ring_source *r, int ring_fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };

	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll < 0 || epoll_ctl(r->epoll, EPOLL_CTL_ADD, ring_fd, &ev))
		return -errno;
	return 0;
}

/* The consumer's page can be written; behind it the producer's, then the data, twice. */
static int map(struct ring_source *r)
{
	void *p = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	r->consumer = p;
	p = mmap(NULL, r->page, PROT_READ, MAP_SHARED, r->fd, (off_t)r->page);
	if (p == MAP_FAILED)
		return -errno;
	r->producer = p;
	/* A page more: a record that begins anywhere in the first one still fits. */
	r->window = (r->size < WINDOW ? r->size : WINDOW) + r->page;
	return move_window(r, *r->consumer);
}

int ft_ring_create(struct ft_source **out, int ring_fd)
{
	struct ring_source *r = calloc(1, sizeof(*r));
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int err;

	if (!r)
		return -ENOMEM;
	r->source.next = ring_next;
	r->source.close = ring_close;
	r->epoll = -1;
	r->fd = ring_fd;
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	err = bpf_obj_get_info_by_fd(ring_fd, &info, &len) ? -errno : 0;
	r->size = info.max_entries;
	if (!err)
		err = map(r);
	if (!err)
		err = watch(r, ring_fd);
	if (err) {
		ring_close(&r->source);
		return err;
	}
	*out = &r->source;
	return 0;
}
