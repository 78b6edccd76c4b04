/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/json.h"
#include "ft_names.h"
#include "view/explain.h"

static void put_map(struct ft_json *j, const char *key, const struct ft_map *m)
{
	char perms[5];

	if (!m) {
		ft_json_null(j, key);
		return;
	}
	ft_map_perms(m->perms, perms);
	ft_json_open(j, key, '{');
	ft_json_hex(j, "start", m->start);
	ft_json_hex(j, "end", m->end);
	ft_json_str(j, "perms", perms);
	ft_json_str(j, "kind", ft_map_kind(m));
	ft_json_hex(j, "offset", m->offset);
	ft_json_u64(j, "inode", m->ino);
	ft_json_str(j, "path", *m->path ? m->path : NULL);
	ft_json_close(j, '}');
}

static void put_split(struct ft_json *j, const struct ft_explain *e)
{
	ft_json_i64(j, "address_bits", e->layout.bits);
	ft_json_i64(j, "levels", e->layout.levels);
	ft_json_u64(j, "page_size", 1ULL << e->layout.page_shift);
	ft_json_open(j, "indexes", '{');
	for (int i = 0; i < e->split.levels; i++)
		ft_json_u64(j, e->split.level[i].name, e->split.level[i].index);
	ft_json_close(j, '}');
	ft_json_u64(j, "entry_covers", 1ULL << e->entry_shift);
	ft_json_hex(j, "page_number", e->split.page_number);
	ft_json_hex(j, "page_offset", e->split.offset);
}

static void put_flag(void *arg, const char *name)
{
	ft_json_str(arg, NULL, name);
}

static void put_swap(struct ft_json *j, const struct ft_explain *e)
{
	const struct ft_pagemap *p = &e->entry;
	bool known = p->swapped && p->frame_known && !p->special;

	if (known) {
		ft_json_u64(j, "swap_type", p->swap_type);
		ft_json_u64(j, "swap_offset", p->swap_offset);
	} else {
		ft_json_null(j, "swap_type");
		ft_json_null(j, "swap_offset");
	}
	ft_json_str(j, "swap_dev", *e->swap_device ? e->swap_device : NULL);
}

static void put_tri(struct ft_json *j, const char *key, enum ft_tri v)
{
	if (v == FT_DONT_KNOW)
		ft_json_null(j, key);
	else
		ft_json_bool(j, key, v == FT_YES);
}

static void put_entry(struct ft_json *j, const struct ft_explain *e)
{
	const struct ft_pagemap *p = &e->entry;

	if (e->pagemap_err) {
		ft_json_null(j, "entry");
		return;
	}
	ft_json_open(j, "entry", '{');
	ft_json_bool(j, "present", p->present);
	ft_json_bool(j, "swapped", p->swapped && !p->special);
	ft_json_bool(j, "special", p->special);
	ft_json_bool(j, "file", p->file && e->zero_page != FT_YES);
	put_tri(j, "zero_page", e->zero_page);
	ft_json_bool(j, "exclusive", p->exclusive);
	ft_json_bool(j, "soft_dirty", p->soft_dirty);
	ft_json_bool(j, "uffd_wp", p->uffd_wp);
	ft_json_bool(j, "guard", p->guard);
	if (p->present && p->frame_known)
		ft_json_hex(j, "frame", p->frame);
	else
		ft_json_null(j, "frame");
	put_swap(j, e);
	if (e->kpage_err) {
		ft_json_null(j, "page_flags");
		ft_json_null(j, "mapcount");
	} else {
		ft_json_open(j, "page_flags", '[');
		ft_kpageflags_names(e->kpageflags, put_flag, j);
		ft_json_close(j, ']');
		ft_json_u64(j, "mapcount", e->kpagecount);
	}
	ft_json_close(j, '}');
}

static void put_outcome(struct ft_json *j, const struct ft_outcome *o)
{
	static const char *const kinds[] = {
		[FT_OUTCOME_HIT] = "hit",
		[FT_OUTCOME_FAULT] = "fault",
		[FT_OUTCOME_GP] = "general-protection",
		[FT_OUTCOME_EMULATED] = "emulated",
	};
	bool fault = o->kind == FT_OUTCOME_FAULT;

	ft_json_str(j, "outcome", kinds[o->kind]);
	ft_json_str(j, "fault", fault ? ft_type_name(o->type) : NULL);
	ft_json_str(j, "cause", fault ? ft_cause_name(o->cause) : NULL);
}

static void put_steps(struct ft_json *j, const struct ft_explain *e, const struct ft_prediction *p)
{
	ft_json_open(j, "steps", '[');
	for (int i = 0; i < p->steps; i++) {
		const char *function = ft_view_step_function(e, p->step[i]);

		ft_json_open(j, NULL, '{');
		ft_json_str(j, "step", ft_step_text[p->step[i]]);
		ft_json_str(j, "function", *function ? function : NULL);
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
}

static void put_prediction(struct ft_json *j, const struct ft_explain *e, int access)
{
	const struct ft_prediction *p = &e->prediction[access];

	ft_json_open(j, ft_access_name(access), '{');
	put_outcome(j, &p->is);
	put_steps(j, e, p);
	ft_json_open(j, "alternatives", '[');
	for (int i = 0; i < p->alts; i++) {
		ft_json_open(j, NULL, '{');
		put_outcome(j, &p->alt[i].is);
		ft_json_str(j, "when", ft_condition_text[p->alt[i].when]);
		ft_json_close(j, '}');
	}
	ft_json_close(j, ']');
	if (p->has_then) {
		ft_json_open(j, "next", '{');
		put_outcome(j, &p->then);
		ft_json_close(j, '}');
	} else {
		ft_json_null(j, "next");
	}
	ft_json_close(j, '}');
}

void ft_view_explain_json(struct ft_buf *out, const struct ft_explain *e, const char *name,
			  const struct ft_located *found)
{
	struct ft_json j = ft_json_on(out);

	ft_json_open(&j, NULL, '{');
	ft_json_str(&j, "type", "explain");
	ft_json_i64(&j, "pid", e->pid);
	ft_json_str(&j, "comm", e->stat.comm);
	ft_json_hex(&j, "addr", e->addr);
	ft_json_str(&j, "sym", name);
	ft_json_str(&j, "sym_file", name ? found->map->path : NULL);
	ft_json_bool(&j, "ifunc", name && found->ifunc);
	put_split(&j, e);
	put_map(&j, "mapping", e->map);
	put_map(&j, "below", e->map ? NULL : e->below);
	put_map(&j, "above", e->map ? NULL : e->above);
	put_tri(&j, "cached", e->backing.cached);
	put_entry(&j, e);
	for (int a = 0; !e->smaps_err && a < FT_ACCESS_MAX; a++)
		put_prediction(&j, e, a);
	ft_json_close(&j, '}');
	ft_json_end_line(&j);
}
