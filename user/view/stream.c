/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A line of text per fault. Up to ADDRESS it fits 80 columns; WHERE is free. */
#include <string.h>
#include <time.h>

#include "ft_names.h"
#include "view/view.h"

enum column { COMM = 11, TID = 27, TYPE = 35, CAUSE = 43, ACC = 54, LATENCY = 58, ADDRESS = 68 };

static void stream_open(const struct ft_view_config *c)
{
	ft_buf_fmt(c->out, "%-10s %-15s %7s %-7s %-10s %-3s %9s %-12s %s\n",
		   c->wall_clock ? "TIME" : "TIME(s)", "COMM", "TID", "TYPE", "CAUSE", "ACC",
		   "LAT(us)", "ADDRESS", "WHERE <- CODE");
}

static void write_time(const struct ft_view_config *c, uint64_t ts_ns)
{
	uint64_t us = (ts_ns - c->start_ns) / 1000;
	time_t sec;
	struct tm tm;

	/* A fault may have begun a little before the start was noted. */
	if (ts_ns < c->start_ns)
		us = 0;
	if (!c->wall_clock) {
		ft_buf_u64_pad(c->out, us / 1000000, 3);
		ft_buf_char(c->out, '.');
		for (uint64_t unit = 100000; unit; unit /= 10)
			ft_buf_char(c->out, (char)('0' + us / unit % 10));
		return;
	}
	sec = (time_t)((ts_ns + c->wall_ns) / 1000000000);
	localtime_r(&sec, &tm);
	ft_buf_fmt(c->out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Text in its column, cut to the column's width so that the next one keeps its place. */
static void write_word(struct ft_buf *b, size_t line, enum column at, enum column next,
		       const char *s)
{
	size_t width = next - at - 1, begin;

	ft_buf_pad_to(b, line, at);
	begin = b->len;
	ft_buf_escaped(b, s, strlen(s));
	if (b->len - begin <= width)
		return;
	/* Not within a character: what begins with 10 binary continues one. */
	for (b->len = begin + width; ((unsigned char)b->data[b->len] & 0xc0) == 0x80;)
		b->len--;
}

/* The last component of a path; " (deleted)" stays with it. */
static void write_base(struct ft_buf *b, const char *path)
{
	const char *slash = strrchr(path, '/');

	path = slash ? slash + 1 : path;
	ft_buf_escaped(b, path, strlen(path));
}

/* "libc.so.6+0x1d2000", "[heap]+0x20", "-". */
static void write_where(struct ft_buf *b, const struct ft_event *ev)
{
	if (!ev->has_vma || !ev->kind) {
		ft_buf_char(b, '-');
		return;
	}
	if (ev->path) {
		write_base(b, ev->path);
		ft_buf_str(b, "+0x");
		ft_buf_hex(b, ev->f->addr - ev->vma_start + ev->vma_offset, 1);
		return;
	}
	ft_buf_char(b, '[');
	ft_buf_str(b, ev->kind);
	ft_buf_str(b, "]+0x");
	ft_buf_hex(b, ev->f->addr - ev->vma_start, 1);
}

/* "main+0x1f (touch)", "touch+0x1169", the bare address. */
static void write_code(struct ft_buf *b, const struct ft_event *ev)
{
	const char *dso = ev->sym.dso;

	if (ev->sym.name) {
		ft_buf_escaped(b, ev->sym.name, strlen(ev->sym.name));
		ft_buf_str(b, "+0x");
		ft_buf_hex(b, ev->sym.offset, 1);
	}
	if (dso) {
		ft_buf_str(b, ev->sym.name ? " (" : "");
		write_base(b, dso);
		if (ev->sym.name) {
			ft_buf_char(b, ')');
		} else {
			ft_buf_str(b, "+0x");
			ft_buf_hex(b, ev->sym.offset, 1);
		}
	}
	if (!ev->sym.name && !dso)
		ft_buf_hex(b, ev->f->ip, 1);
}

static void write_part(struct ft_buf *b, const char *name, uint64_t ns)
{
	if (!ns)
		return;
	ft_buf_str(b, name);
	ft_buf_usecs(b, ns, 0);
}

/* " [memcg-reclaim 210.114 wait 80.002 cpu 12.310]", in us: parts that are not zero. */
static void write_breakdown(struct ft_buf *b, const struct ft_fault *f)
{
	const struct ft_breakdown *d = ft_fault_breakdown(f);
	uint64_t sum;

	if (!d || f->latency_ns == FT_UNKNOWN_NS)
		return;
	sum = d->reclaim_ns + d->memcg_ns + d->compaction_ns + d->wait_ns;
	ft_buf_str(b, " [");
	write_part(b, "reclaim ", d->reclaim_ns);
	write_part(b, d->reclaim_ns ? " memcg-reclaim " : "memcg-reclaim ", d->memcg_ns);
	write_part(b, d->reclaim_ns + d->memcg_ns ? " compaction " : "compaction ",
		   d->compaction_ns);
	write_part(b, sum > d->wait_ns ? " wait " : "wait ", d->wait_ns);
	write_part(b, sum ? " cpu " : "cpu ", f->latency_ns > sum ? f->latency_ns - sum : 0);
	ft_buf_char(b, ']');
}

static void stream_event(const struct ft_view_config *c, const struct ft_event *ev)
{
	const struct ft_fault *f = ev->f;
	struct ft_buf *b = c->out;
	size_t line;

	/* Columns are measured within the line: it must not be written out half-way. */
	if (!ft_buf_reserve(b, 4096))
		return;
	line = b->len;
	write_time(c, f->h.ts_ns);
	write_word(b, line, COMM, TID, ev->task ? ev->task->comm : "-");
	ft_buf_pad_to(b, line, TID);
	ft_buf_u64_pad(b, f->tid, TYPE - TID - 1);
	write_word(b, line, TYPE, CAUSE, ft_type_name(f->type));
	write_word(b, line, CAUSE, ACC, ft_cause_name((unsigned int)ev->cause));
	ft_buf_pad_to(b, line, ACC);
	ft_buf_char(b, "rwx"[f->access % FT_ACCESS_MAX]);
	ft_buf_str(b, f->mode == FT_MODE_KERNEL ? "k" : "");
	ft_buf_pad_to(b, line, LATENCY);
	if (f->latency_ns == FT_UNKNOWN_NS)
		ft_buf_str(b, "        -");
	else
		ft_buf_usecs(b, f->latency_ns, ADDRESS - LATENCY - 1);
	ft_buf_char(b, ' ');
	ft_buf_hex(b, f->addr, 12);
	ft_buf_char(b, ' ');
	write_where(b, ev);
	ft_buf_str(b, " <- ");
	write_code(b, ev);
	write_breakdown(b, f);
	if (f->known & FT_FATAL)
		ft_buf_str(b, " FATAL");
	ft_buf_char(b, '\n');
}

const struct ft_view ft_view_stream = {
	.open = stream_open,
	.event = stream_event,
};
