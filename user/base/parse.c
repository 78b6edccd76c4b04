/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers, durations and sizes as people write them. */
#include <errno.h>
#include <ctype.h>
#include <string.h>

#include "base/opt.h"

/* Digits, and a fraction of up to nine digits in *nano (billionths). Moves *s past them. */
static int parse_decimal(const char **s, uint64_t *whole, uint64_t *nano)
{
	uint64_t v = 0, f = 0, scale = 100000000;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	for (; isdigit((unsigned char)**s); (*s)++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(**s - '0'), &v))
			return -ERANGE;
	if (nano && **s == '.') {
		(*s)++;
		if (!isdigit((unsigned char)**s))
			return -EINVAL;
		for (; isdigit((unsigned char)**s); (*s)++, scale /= 10)
			f += (uint64_t)(**s - '0') * scale;
	}
	*whole = v;
	if (nano)
		*nano = f;
	return 0;
}

int ft_parse_u64(const char *s, uint64_t *v)
{
	int err = parse_decimal(&s, v, NULL);

	if (err)
		return err;
	return *s ? -EINVAL : 0;
}

static int scale_by(uint64_t whole, uint64_t nano, uint64_t unit, uint64_t *out)
{
	uint64_t frac = (uint64_t)((unsigned __int128)nano * unit / 1000000000);

	if (__builtin_mul_overflow(whole, unit, out) || __builtin_add_overflow(*out, frac, out))
		return -ERANGE;
	return 0;
}

int ft_parse_duration(const char *s, uint64_t unit_ns, uint64_t *ns)
{
	static const struct {
		const char *suffix;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", 60000000000 },
		{ "min", 60000000000 },
		{ "h", 3600000000000 },
	};
	uint64_t whole, nano;
	int err = parse_decimal(&s, &whole, &nano);

	if (err)
		return err;
	if (!*s)
		return scale_by(whole, nano, unit_ns, ns);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(s, units[i].suffix))
			return scale_by(whole, nano, units[i].ns, ns);
	return -EINVAL;
}

int ft_parse_size(const char *s, uint64_t *bytes)
{
	static const char letters[] = "KMGT";
	uint64_t whole, nano, unit = 1;
	const char *at;
	int err = parse_decimal(&s, &whole, &nano);

	if (err)
		return err;
	at = *s ? strchr(letters, toupper((unsigned char)*s)) : NULL;
	if (at) {
		unit = 1ULL << (10 * (at - letters + 1));
		s++;
		if (*s == 'i' && s[1] == 'B')
			s++;
	}
	if (*s == 'B')
		s++;
	if (*s)
		return -EINVAL;
	return scale_by(whole, nano, unit, bytes);
}
