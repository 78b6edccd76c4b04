/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Log-linear histogram buckets: 16 of equal width in each power of two, so that a bucket is never
 * wider than 1/16 of its lower bound. Below 16 each value has its own. Covers all of u64. The one
 * arithmetic of both sides; after HdrHistogram (Gil Tene).
 */
#ifndef FT_HIST_H
#define FT_HIST_H

#define FT_HIST_SUB_BITS 4
#define FT_HIST_SUB	 (1 << FT_HIST_SUB_BITS)
#define FT_HIST_BUCKETS	 ((64 - FT_HIST_SUB_BITS + 1) * FT_HIST_SUB)

/* Position of the highest bit of `v`, which is not 0. No CLZ in BPF: halving, unrolled. */
static inline unsigned int ft_hist_log2(unsigned long long v)
{
	unsigned int r = 0, shift;

	if (v > 0xffff) { /* few latencies are */
		r = (v > 0xffffffffULL) << 5;
		v >>= r;
		shift = (v > 0xffff) << 4;
		v >>= shift;
		r |= shift;
	}
	shift = (v > 0xff) << 3;
	v >>= shift;
	r |= shift;
	shift = (v > 0xf) << 2;
	v >>= shift;
	r |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	r |= shift;
	return r | (unsigned int)(v >> 1);
}

/* The bucket of `v`: 0 … FT_HIST_BUCKETS - 1. */
static inline unsigned int ft_hist_bucket(unsigned long long v)
{
	unsigned int exp;

	if (v < FT_HIST_SUB)
		return (unsigned int)v;
	exp = ft_hist_log2(v);
	return (exp - FT_HIST_SUB_BITS + 1) * FT_HIST_SUB +
	       (unsigned int)((v >> (exp - FT_HIST_SUB_BITS)) & (FT_HIST_SUB - 1));
}

/* The smallest value of a bucket. */
static inline unsigned long long ft_hist_low(unsigned int bucket)
{
	unsigned int octave = bucket / FT_HIST_SUB, sub = bucket % FT_HIST_SUB;

	if (!octave)
		return bucket;
	return (unsigned long long)(FT_HIST_SUB + sub) << (octave - 1);
}

/* The largest value of a bucket. */
static inline unsigned long long ft_hist_high(unsigned int bucket)
{
	return bucket + 1 < FT_HIST_BUCKETS ? ft_hist_low(bucket + 1) - 1 : ~0ULL;
}

#endif
