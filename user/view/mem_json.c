/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "view/mem.h"

static void put_kb(struct ft_json *j, const char *key, uint64_t v)
{
	if (v == UINT64_MAX)
		ft_json_null(j, key);
	else
		ft_json_u64(j, key, v);
}

static void put_sum(struct ft_json *j, const char *key, const struct ft_mem_sum *s)
{
	ft_json_open(j, key, '{');
	ft_json_u64(j, "mappings", s->mappings);
	ft_json_u64(j, "files", s->files);
	put_kb(j, "size_kb", s->size);
	put_kb(j, "rss_kb", s->rss);
	put_kb(j, "pss_kb", s->pss);
	put_kb(j, "swap_kb", s->swap);
	put_kb(j, "private_dirty_kb", s->private_dirty);
	put_kb(j, "shared_dirty_kb", s->shared_dirty);
	put_kb(j, "thp_kb", s->thp);
	put_kb(j, "hugetlb_kb", s->hugetlb);
	put_kb(j, "reserved_kb", s->reserved);
	ft_json_close(j, '}');
}

static const char *linkage(enum ft_linkage l)
{
	static const char *const words[] = {
		[FT_LINK_DYNAMIC] = "dynamic",
		[FT_LINK_STATIC] = "static",
		[FT_LINK_STATIC_PIE] = "static-pie",
	};

	return words[l]; /* NULL: unknown */
}

static void put_program(struct ft_json *j, const struct ft_mem *m, const char *where)
{
	const struct ft_elfinfo *e = &m->elf;
	bool known = e->linkage != FT_LINK_UNKNOWN;

	ft_json_str(j, "exe", *e->path ? e->path : NULL);
	ft_json_str(j, "linkage", linkage(e->linkage));
	ft_json_str(j, "interpreter", *e->interp ? e->interp : NULL);
	put_kb(j, "file_bytes", known ? e->file_size : UINT64_MAX);
	put_kb(j, "bss_bytes", known ? e->bss_size : UINT64_MAX);
	ft_json_str(j, "stopped_at", where);
}

static void put_sentence(void *arg, const char *text, size_t len)
{
	ft_json_strn(arg, NULL, text, len);
}

static void put_memory(struct ft_json *j, const struct ft_mem *m, const char *where)
{
	ft_json_open(j, NULL, '{');
	ft_json_str(j, "type", "memory");
	ft_json_i64(j, "pid", m->pid);
	ft_json_str(j, "comm", m->stat.comm);
	put_program(j, m, where);
	ft_json_u64(j, "page_size", m->page_size);
	ft_json_u64(j, "total_pages", m->statm.size);
	ft_json_u64(j, "resident_pages", m->statm.resident);
	ft_json_u64(j, "shared_pages", m->statm.shared);
	ft_json_u64(j, "text_pages", m->statm.text);
	ft_json_u64(j, "data_pages", m->statm.data);
	put_kb(j, "swap_kb", m->status.swap_kb);
	put_kb(j, "page_tables_kb", m->status.page_tables_kb);
	ft_json_i64(j, "address_bits", m->layout.bits);
	ft_json_i64(j, "levels", m->layout.levels);
	ft_json_hex(j, "flat_table_bytes", ft_vaddr_flat_bytes(&m->layout));
	if (!m->smaps_err) {
		ft_json_open(j, "kinds", '{');
		for (int k = 0; k < FT_MEM_KIND_MAX; k++)
			put_sum(j, ft_mem_kind_json[k], &m->sum[k]);
		ft_json_close(j, '}');
		put_sum(j, "all", &m->all);
		ft_json_open(j, "words", '[');
		ft_view_mem_words(m, put_sentence, j);
		ft_json_close(j, ']');
	}
	ft_json_close(j, '}');
	ft_json_end_line(j);
}

static void put_mapping(struct ft_json *j, const struct ft_mem *m, size_t i)
{
	const struct ft_map *map = &m->smaps.maps.v[i];
	const struct ft_smap *v = &m->smaps.v[i];
	char perms[5], dev[24];

	ft_map_perms(map->perms, perms);
	snprintf(dev, sizeof(dev), "%02x:%02x", map->major, map->minor);
	ft_json_open(j, NULL, '{');
	ft_json_str(j, "type", "mapping");
	ft_json_i64(j, "pid", m->pid);
	ft_json_hex(j, "start", map->start);
	ft_json_hex(j, "end", map->end);
	ft_json_str(j, "perms", perms);
	ft_json_hex(j, "offset", map->offset);
	ft_json_str(j, "dev", dev);
	ft_json_u64(j, "inode", map->ino);
	ft_json_str(j, "path", *map->path ? map->path : NULL);
	ft_json_str(j, "kind", ft_mem_kind_json[ft_mem_kind_of(m, i)]);
	ft_json_u64(j, "size_kb", (map->end - map->start) / 1024);
	put_kb(j, "rss_kb", v->kb[FT_SMAP_RSS]);
	put_kb(j, "pss_kb", v->kb[FT_SMAP_PSS]);
	put_kb(j, "swap_kb", v->kb[FT_SMAP_SWAP]);
	put_kb(j, "private_dirty_kb", v->kb[FT_SMAP_PRIVATE_DIRTY]);
	put_kb(j, "shared_dirty_kb", v->kb[FT_SMAP_SHARED_DIRTY]);
	put_kb(j, "thp_kb", ft_smap_thp_kb(v));
	put_kb(j, "hugetlb_kb", ft_smap_hugetlb_kb(v));
	ft_json_close(j, '}');
	ft_json_end_line(j);
}

void ft_view_mem_json(struct ft_buf *out, const struct ft_mem *m, const char *where)
{
	struct ft_json j = ft_json_on(out);

	put_memory(&j, m, where);
	for (size_t i = 0; !m->smaps_err && i < m->smaps.maps.n; i++)
		put_mapping(&j, m, i);
}
