/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <inttypes.h>
#include <time.h>

#include "enrich/statm.h"
#include "view/thrash.h"

/* Up to VERDICT 80 columns. */
void ft_view_thrash_header(struct ft_buf *b)
{
	ft_buf_str(b, " TIME(s) SOME% FULL%  SWPIN/s SWPOUT/s ANONRF/s FILERF/s  MAJ/s RECL% WAIT%"
		      " FREE SWAP VERDICT\n");
}

static uint64_t rate(uint64_t n, uint64_t interval_ns)
{
	return interval_ns ? (uint64_t)((double)n * 1e9 / (double)interval_ns + 0.5) : 0;
}

static void write_rate(struct ft_buf *b, uint64_t n, uint64_t interval_ns, int width)
{
	if (n == FT_UNKNOWN)
		ft_buf_fmt(b, " %*s", width, "-");
	else
		ft_buf_fmt(b, " %*" PRIu64, width, rate(n, interval_ns));
}

/* Four columns: "512K", "1.2G". */
static void write_size(struct ft_buf *b, uint64_t bytes)
{
	static const char units[] = "KMGTP";
	double v = (double)bytes / 1024;
	int u = 0;

	if (bytes == FT_UNKNOWN) {
		ft_buf_str(b, "    -");
		return;
	}
	for (; v >= 999.5 && units[u + 1]; u++)
		v /= 1024;
	ft_buf_fmt(b, v < 9.95 && u ? " %3.1f%c" : " %3.0f%c", v, units[u]);
}

static void write_pct(struct ft_buf *b, bool known, double pct)
{
	if (known)
		ft_buf_fmt(b, " %5.1f", pct);
	else
		ft_buf_str(b, "     -");
}

static void write_time(struct ft_buf *b, const struct ft_thrash_line *l)
{
	time_t s = l->wall_ns / 1000000000;
	struct tm tm;
	char text[16];

	if (l->wall_ns && localtime_r(&s, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm))
		ft_buf_str(b, text);
	else
		ft_buf_fmt(b, "%8.1f", (double)l->since_ns / 1e9);
}

void ft_view_thrash_line(struct ft_buf *b, const struct ft_thrash_line *l)
{
	const struct ft_reading *r = l->r;

	write_time(b, l);
	write_pct(b, r->psi_known, r->psi_some);
	write_pct(b, r->psi_known, r->psi_full);
	write_rate(b, r->swapin, r->interval_ns, 8);
	write_rate(b, r->swapout, r->interval_ns, 8);
	write_rate(b, r->refault_anon, r->interval_ns, 8);
	write_rate(b, r->refault_file, r->interval_ns, 8);
	write_rate(b, r->majors, r->interval_ns, 6);
	write_pct(b, true,
		  r->interval_ns ? (double)r->reclaim_ns * 100 / (double)r->interval_ns : 0);
	write_pct(b, true, r->victim_pct);
	write_size(b, ft_kernel_view_available(l->now));
	write_size(b, l->now->mem.swap_free);
	ft_buf_fmt(b, " %s\n", ft_verdict_name(l->verdict));
}
