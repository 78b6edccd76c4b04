/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the collect stage need of the tracer and no one else. */
#ifndef FT_TRACER_PRIV_H
#define FT_TRACER_PRIV_H

struct bpf_object;
struct faulttrace_bpf;
struct ft_caps;
struct ft_tracer;

struct faulttrace_bpf *ft_tracer_skel(struct ft_tracer *t);
struct bpf_object *ft_tracer_object(struct ft_tracer *t);
const struct ft_caps *ft_tracer_caps(const struct ft_tracer *t);

#endif
