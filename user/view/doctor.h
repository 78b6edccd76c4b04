/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this kernel and this user can trace: one result, as text and as JSON lines. */
#ifndef FT_VIEW_DOCTOR_H
#define FT_VIEW_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "collect/caps.h"
#include "collect/tracer.h"

#define FT_DOCTOR_PROGRAMS 64
#define FT_DOCTOR_RIGHTS   8

struct ft_doctor {
	const char *release, *machine; /* as uname(2) says */
	const char *btf;	       /* the file; NULL: none */
	struct {
		const char *name, *what;
		bool have, needed;
	} right[FT_DOCTOR_RIGHTS];
	size_t n_rights;
	struct ft_caps caps;
	struct ft_program_info program[FT_DOCTOR_PROGRAMS]; /* as loaded; names are literals */
	size_t n_programs;
	bool works; /* faults can be traced */
};

/*
 * A line {"type":"doctor","release",…} for the machine, {"type":"doctor","ability",…} for each
 * ability,
 * {"type":"program","name","insns"} for each program.
 */
void ft_view_doctor_json(struct ft_buf *out, const struct ft_doctor *d);
/* `verbose`: the programs, too. */
void ft_view_doctor(struct ft_buf *out, const struct ft_doctor *d, bool verbose);

#endif
