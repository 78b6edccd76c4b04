/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/privilege.h"
#include "cmd/report.h"
#include "view/doctor.h"

struct doctor_opts {
	const char *btf;
	int hooks; /* index in "auto|portable" */
	bool json;
};

#define AT(member) offsetof(struct doctor_opts, member)

static const struct ft_opt opts[] = {
	{ "json", 'j', NULL, "a JSON object per line, also for each BPF program", ft_opt_flag,
	  AT(json), NULL },
	{ "btf", 0, "FILE", "the kernel's types, where /sys/kernel/btf/vmlinux is missing",
	  ft_opt_str, AT(btf), NULL },
	{ "hooks", 0, "SET", "auto (default), or portable: without fentry", ft_opt_word, AT(hooks),
	  "auto|portable" },
};

static const struct ft_opt_group group = FT_OPT_GROUP("Options", opts);
static const struct ft_opt_group *const groups[] = { &group, NULL };

/* What is loaded for both is shown once, as it was more. */
static void add_program(void *ctx, const struct ft_program_info *info)
{
	struct ft_doctor *d = ctx;

	for (size_t i = 0; i < d->n_programs; i++) {
		if (strcmp(d->program[i].name, info->name) != 0)
			continue;
		if (info->insns > d->program[i].insns)
			d->program[i] = *info;
		return;
	}
	if (d->n_programs < FT_DOCTOR_PROGRAMS)
		d->program[d->n_programs++] = *info;
}

static bool has_needed(const struct ft_caps *caps)
{
	for (int a = 0; a < FT_ABILITY_MAX; a++)
		if (ft_ability_needed(a) && !ft_caps_has(caps, a))
			return false;
	return true;
}

/* Opened to prove abilities, and kept so: the names of programs belong to them. */
struct tracers {
	struct ft_tracer *stream, *thrash;
};

/* The programs of `thrash` and of --breakdown. */
static void prove_thrash(struct ft_doctor *d, const struct doctor_opts *o,
			 struct ft_tracer **tracer)
{
	struct ft_tracer_config c = {
		.knobs = { .out = FT_OUT_THRASH,
			   .want_vma = FT_VMA_SLOW,
			   .want_pte = 1,
			   .breakdown = 1 },
		.caps = &d->caps,
		.btf_path = o->btf,
	};
	int err = ft_tracer_open(tracer, &c);

	if (err)
		ft_caps_proved(&d->caps, FT_ABILITY_EVICTION, "load", err,
			       "report it with the output of 'faulttrace thrash -vv -d 1'");
	else
		ft_tracer_programs(*tracer, add_program, d);
}

static const char *load_cure(int err)
{
	switch (err) {
	case -EXDEV:
		return FT_PID_NAMESPACE_CURE;
	case -EDQUOT:
		return FT_MEMLOCK_CURE;
	default:
		return "report it with the output of 'faulttrace -vv -d 1'";
	}
}

/*
 * Abilities that rest on the page-table entry. Where an entry of swap is not known by itself, what
 * the task reads meanwhile tells of a swap-in.
 */
static void prove_walk(struct ft_doctor *d, const struct ft_tracer *tracer)
{
	struct ft_caps *caps = &d->caps;
	int err = ft_tracer_nonpresent_state(tracer);
	bool by_io = err && !access("/proc/self/io", F_OK);

	ft_caps_proved(caps, FT_ABILITY_PTE, "walk", ft_tracer_pte_state(tracer),
		       "report it; until then some causes are unknown");
	ft_caps_proved(caps, FT_ABILITY_NONPRESENT, "walk", err,
		       "report it; until then causes that need it are unknown");
	ft_caps_proved(caps, FT_ABILITY_SWAP_IN, by_io ? "task-io" : "walk", by_io ? 0 : err,
		       "use a kernel with CONFIG_TASK_IO_ACCOUNTING");
	if (err)
		ft_caps_proved(caps, FT_ABILITY_REFAULT, "walk", err,
			       "report it; until then every swap-in counts as a re-fault, and who "
			       "took the page is an estimate");
}

/*
 * Hooks that attach are no proof: loads the programs themselves, and lets them find a page of ours
 * and a mapping of ours.
 */
static void prove(struct ft_doctor *d, const struct doctor_opts *o, struct tracers *t)
{
	struct ft_tracer **tracer = &t->stream;
	struct ft_tracer_config c = {
		/* As stream has them: what a knob switches off is not verified. */
		.knobs = { .out = FT_OUT_STREAM,
			   .want_vma = 1,
			   .want_pte = 1,
			   .evictions = 1,
			   .follow = 1,
			   .types = ~0U,
			   .causes = ~0U,
			   .accesses = ~0U,
			   .modes = ~0U },
		.caps = &d->caps,
		.btf_path = o->btf,
		.prove = true,
	};
	struct ft_cap *entry = &d->caps.v[FT_ABILITY_ENTRY];
	int err = ft_tracer_open(tracer, &c);

	if (err) {
		ft_caps_proved(&d->caps, FT_ABILITY_ENTRY, "load", err, load_cure(err));
		d->caps.memlock = err == -EDQUOT;
		if (err == -EXDEV)
			snprintf(entry->reason, sizeof(entry->reason), FT_PID_NAMESPACE_WHY);
		return;
	}
	ft_tracer_programs(*tracer, add_program, d);
	ft_caps_proved(&d->caps, FT_ABILITY_VMA, "search", ft_tracer_vma_state(*tracer),
		       "report it; until then mappings come from /proc/PID/maps");
	prove_walk(d, *tracer);
	d->works = true;
	prove_thrash(d, o, &t->thrash);
}

/* A right without which no command that traces begins. */
static bool lacks_right(const struct ft_doctor *d)
{
	if (d->caps.paranoid || d->caps.memlock)
		return true;
	for (size_t i = 0; i < d->n_rights; i++)
		if (d->right[i].needed && !d->right[i].have)
			return true;
	return false;
}

/* What only loaded programs prove. */
static void not_tried(struct ft_doctor *d, int err)
{
	static const enum ft_ability proved[] = { FT_ABILITY_PTE, FT_ABILITY_NONPRESENT,
						  FT_ABILITY_SWAP_IN };

	for (size_t i = 0; i < sizeof(proved) / sizeof(*proved); i++)
		ft_caps_proved(&d->caps, proved[i],
			       "not tried: it takes the programs, which cannot be loaded", err,
			       "see what is missing above");
}

static int exit_code(const struct ft_doctor *d)
{
	if (lacks_right(d))
		return FT_EXIT_PRIVILEGE;
	return d->works ? FT_EXIT_OK : FT_EXIT_KERNEL;
}

static void examine(struct ft_doctor *d, const struct doctor_opts *o, struct tracers *t)
{
	const struct ft_caps_config cc = { .btf_path = o->btf,
					   .portable = o->hooks == 1,
					   .thorough = true };
	struct ft_privilege p[FT_PRIVILEGE_MAX];
	int err;

	d->n_rights = ft_privilege_list(p);
	for (size_t i = 0; i < d->n_rights && i < FT_DOCTOR_RIGHTS; i++) {
		d->right[i].name = p[i].name;
		d->right[i].what = p[i].what;
		d->right[i].have = p[i].have;
		d->right[i].needed = p[i].needed;
	}
	err = ft_caps_probe(&d->caps, &cc);
	d->btf = !d->caps.btf ? NULL : o->btf ? o->btf : "/sys/kernel/btf/vmlinux";
	if (!err && has_needed(&d->caps))
		prove(d, o, t);
	if (!d->works)
		not_tried(d, lacks_right(d) ? -EPERM : -EOPNOTSUPP);
	d->works = d->works && !lacks_right(d);
}

static int run_doctor(const struct ft_cmd *cmd, int argc, char **argv)
{
	struct doctor_opts o = {};
	void *const bases[] = { &o };
	struct tracers tracers = {};
	struct ft_doctor d = {};
	struct utsname uts;
	struct ft_buf out;
	int rest, program, code, err = ft_opt_parse(cmd, argc, argv, bases, &rest, &program);

	if (err)
		return err == FT_OPT_HELP_SHOWN ? FT_EXIT_OK : FT_EXIT_USAGE;
	if (rest < argc || program) {
		ft_err("doctor takes no operands");
		return FT_EXIT_USAGE;
	}
	uname(&uts);
	d.release = uts.release;
	d.machine = uts.machine;
	examine(&d, &o, &tracers);
	if (o.btf && !d.caps.btf)
		return ft_cmd_report_btf(o.btf);
	ft_buf_init(&out, STDOUT_FILENO);
	if (o.json)
		ft_view_doctor_json(&out, &d);
	else
		ft_view_doctor(&out, &d, ft_log_level() >= FT_LOG_INFO);
	code = ft_cmd_flush(&out);
	ft_buf_deinit(&out);
	ft_tracer_close(tracers.thrash);
	ft_tracer_close(tracers.stream);
	ft_caps_release(&d.caps);
	return code ? code : exit_code(&d);
}

const struct ft_cmd ft_cmd_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "what this kernel and this user can trace, by which hooks, and what is missing",
	.text = "Tries every hook by attaching to it, loads the BPF programs and lets them find a "
		"page\n"
		"and a mapping of faulttrace itself. One line per ability: ok, refused (this "
		"kernel has\n"
		"it and does not let us) or absent, and the hook that is used. Below it, where the "
		"best\n"
		"hook is not to be had: why, and what would help.\n"
		"\n"
		"Exit status: 0 when faults can be traced, 3 when a capability is missing for "
		"that,\n"
		"4 when this kernel cannot, 5 when the file of --btf holds no types.",
	.groups = groups,
	.run = run_doctor,
};
