/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "base/json.h"
#include "view/doctor.h"

#define STATE_COLUMN 14
#define HOOK_COLUMN  23
#define HELP_COLUMN  61

static const char *state_name(enum ft_cap_state s)
{
	static const char *const names[] = {
		[FT_CAP_ABSENT] = "absent",
		[FT_CAP_REFUSED] = "refused",
		[FT_CAP_OK] = "ok",
	};

	return names[s];
}

/* A hook that is not the best one, or none: then there is a reason, and mostly a cure. */
static bool is_less(const struct ft_cap *c)
{
	return c->state != FT_CAP_OK || (c->choice > 0 && c->reason[0]);
}

static void put_machine(struct ft_json *j, const struct ft_doctor *d)
{
	ft_json_open(j, NULL, '{');
	ft_json_str(j, "type", "doctor");
	ft_json_str(j, "release", d->release);
	ft_json_str(j, "arch", d->machine);
	ft_json_str(j, "btf", d->btf);
	ft_json_str(j, "lockdown", d->caps.lockdown[0] ? d->caps.lockdown : NULL);
	ft_json_open(j, "capabilities", '{');
	for (size_t i = 0; i < d->n_rights; i++)
		ft_json_bool(j, d->right[i].name, d->right[i].have);
	ft_json_close(j, '}');
	ft_json_bool(j, "works", d->works);
	ft_json_close(j, '}');
	ft_json_end_line(j);
}

static void put_ability(struct ft_json *j, enum ft_ability a, const struct ft_cap *c)
{
	ft_json_open(j, NULL, '{');
	ft_json_str(j, "type", "doctor");
	ft_json_str(j, "ability", ft_ability_name(a));
	ft_json_str(j, "hook", c->hook);
	ft_json_str(j, "state", state_name(c->state));
	ft_json_str(j, "reason", is_less(c) && c->reason[0] ? c->reason : NULL);
	ft_json_str(j, "cure", is_less(c) ? c->cure : NULL);
	ft_json_close(j, '}');
	ft_json_end_line(j);
}

void ft_view_doctor_json(struct ft_buf *out, const struct ft_doctor *d)
{
	struct ft_json j = ft_json_on(out);

	put_machine(&j, d);
	for (int a = 0; a < FT_ABILITY_MAX; a++)
		put_ability(&j, a, &d->caps.v[a]);
	for (size_t i = 0; i < d->n_programs; i++) {
		ft_json_open(&j, NULL, '{');
		ft_json_str(&j, "type", "program");
		ft_json_str(&j, "name", d->program[i].name);
		if (d->program[i].insns)
			ft_json_u64(&j, "insns", d->program[i].insns);
		else
			ft_json_null(&j, "insns");
		ft_json_close(&j, '}');
		ft_json_end_line(&j);
	}
}

static void show_machine(struct ft_buf *out, const struct ft_doctor *d)
{
	ft_buf_fmt(out, "Kernel    %s %s\n", d->release, d->machine);
	ft_buf_fmt(out, "Types     %s\n",
		   d->btf ? d->btf : "none (no BTF); name a file with --btf FILE");
	ft_buf_fmt(out, "Lockdown  %s\n", d->caps.lockdown[0] ? d->caps.lockdown : "unknown");
	for (size_t i = 0; i < d->n_rights; i++)
		ft_buf_fmt(out, "%-10s%s %s: %s%s\n", i ? "" : "Rights",
			   d->right[i].have ? "have" : "miss", d->right[i].name, d->right[i].what,
			   d->right[i].have || d->right[i].needed ? ""
								  : " (not needed for the rest)");
	ft_buf_char(out, '\n');
}

static void show_ability(struct ft_buf *out, enum ft_ability a, const struct ft_cap *c)
{
	size_t line = out->len;

	ft_buf_str(out, ft_ability_name(a));
	ft_buf_pad_to(out, line, STATE_COLUMN);
	ft_buf_fmt(out, " %s", state_name(c->state));
	ft_buf_pad_to(out, line, HOOK_COLUMN);
	ft_buf_fmt(out, " %s", c->hook ? c->hook : "-");
	ft_buf_pad_to(out, line, HELP_COLUMN);
	ft_buf_fmt(out, " %s\n", ft_ability_help(a));
	if (!is_less(c))
		return;
	if (c->reason[0])
		ft_buf_fmt(out, "    %s %s\n",
			   c->state == FT_CAP_OK ? "instead of" : "why:", c->reason);
	if (c->cure)
		ft_buf_fmt(out, "    cure: %s\n", c->cure);
}

void ft_view_doctor(struct ft_buf *out, const struct ft_doctor *d, bool verbose)
{
	show_machine(out, d);
	ft_buf_str(out,
		   "ABILITY        STATE    HOOK                                  WHAT IT GIVES\n");
	for (int a = 0; a < FT_ABILITY_MAX; a++)
		show_ability(out, a, &d->caps.v[a]);
	if (verbose && d->n_programs)
		ft_buf_str(out, "\n  VERIFIED PROGRAM\n");
	for (size_t i = 0; verbose && i < d->n_programs; i++)
		ft_buf_fmt(out, "%10u %s\n", d->program[i].insns, d->program[i].name);
	ft_buf_fmt(out, "\nFaults %s be traced here", d->works ? "can" : "cannot");
	for (size_t i = 0, n = 0; i < d->n_rights; i++)
		if (d->right[i].needed && !d->right[i].have)
			ft_buf_fmt(out, "%s%s", n++ ? ", " : ": missing ", d->right[i].name);
	ft_buf_str(out, ".\n");
}
