/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stacks as JSON lines. Names are stable: added to, never changed. Unknown is null. */
#include "base/json.h"
#include "ft_names.h"
#include "view/stacks.h"

static void write_frame(struct ft_json *j, const struct ft_frame *f)
{
	ft_json_open(j, NULL, '{');
	ft_json_hex(j, "ip", f->ip);
	ft_json_str(j, "sym", f->sym.name);
	if (f->sym.name || f->sym.dso)
		ft_json_hex(j, "off", f->sym.offset);
	else
		ft_json_null(j, "off");
	ft_json_str(j, "dso", f->sym.dso);
	ft_json_bool(j, "kernel", f->kernel);
	ft_json_close(j, '}');
}

/* Of the sum of all that found no room only the weights are known. */
static void write_who(struct ft_json *j, const struct ft_stack *s)
{
	ft_json_str(j, "comm", s->other ? NULL : s->comm);
	if (s->other)
		ft_json_null(j, "pid");
	else
		ft_json_u64(j, "pid", s->pid);
	ft_json_str(j, "fault", s->other ? NULL : ft_type_name(s->type));
	ft_json_str(j, "cause", s->other ? NULL : ft_cause_name(s->cause));
	ft_json_str(j, "mode", s->other ? NULL : ft_mode_name(s->mode));
	ft_json_bool(j, "other", s->other);
}

void ft_view_stack_json(struct ft_buf *out, const struct ft_stack *s)
{
	struct ft_json j = ft_json_on(out);

	ft_json_open(&j, NULL, '{');
	ft_json_str(&j, "type", "stack");
	write_who(&j, s);
	ft_json_u64(&j, "count", s->sum.count);
	ft_json_u64(&j, "stall_ns", s->sum.stall_ns);
	ft_json_u64(&j, "bytes", s->sum.bytes);
	/* Leaf first: where the kernel was, then who called it. */
	ft_json_open(&j, "frames", '[');
	for (size_t i = 0; i < s->n_kernel; i++)
		write_frame(&j, &s->kernel[i]);
	for (size_t i = 0; i < s->n_user; i++)
		write_frame(&j, &s->user[i]);
	ft_json_close(&j, ']');
	ft_json_close(&j, '}');
	ft_json_end_line(&j);
}
