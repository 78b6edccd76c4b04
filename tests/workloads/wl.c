/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wl.h"

#define MAX_EXPECT 512
/* Enough for the strides of every workload, and far below what would hurt a small machine. */
#define MAX_N (1UL << 20)

size_t wl_page;

static struct {
	const char *name;
	const char *word; /* as given, NULL if not */
	const char *variant;
	const char *extra;
	pid_t pid;
	struct rusage before;
	struct wl_faults sum;
	unsigned long gup;
	const void *gup_start, *gup_end;
	unsigned int nr;
	struct wl_expect expect[MAX_EXPECT];
} wl;

static void (*cleanup[8])(void);
static volatile sig_atomic_t nr_cleanup;
static const int cleanup_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGSEGV, SIGBUS, SIGABRT };

static void run_cleanup(void)
{
	/* A child shares the list but owns nothing on it. */
	if (getpid() != wl.pid)
		return;
	while (nr_cleanup > 0)
		cleanup[--nr_cleanup]();
}

static void cleanup_on_signal(int sig)
{
	run_cleanup();
	signal(sig, SIG_DFL);
	raise(sig);
}

void wl_cleanup(void (*fn)(void))
{
	if (!nr_cleanup) {
		atexit(run_cleanup);
		for (size_t i = 0; i < sizeof(cleanup_signals) / sizeof(int); i++)
			signal(cleanup_signals[i], cleanup_on_signal);
	}
	cleanup[nr_cleanup] = fn;
	nr_cleanup++;
}

void wl_die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", wl.name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(WL_FAILED);
}

static unsigned long parse_n(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || !n || n > MAX_N) {
		fprintf(stderr, "%s: N must be 1 to %lu, not '%s'\n", wl.name, MAX_N, text);
		exit(WL_USAGE);
	}
	return n;
}

unsigned long wl_init(int argc, char **argv, const char *name, unsigned long n)
{
	int arg = 1;

	wl.name = name;
	wl.pid = getpid();
	wl_page = sysconf(_SC_PAGESIZE);
	if (arg < argc && argv[arg][0] >= '0' && argv[arg][0] <= '9')
		n = parse_n(argv[arg++]);
	if (arg < argc)
		wl.word = argv[arg++];
	if (arg < argc) {
		fprintf(stderr, "usage: %s [N] [WORD]\n", name);
		exit(WL_USAGE);
	}
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (getenv("WL_STOP"))
		raise(SIGSTOP);
	return n;
}

int wl_word(const char *const words[])
{
	if (!wl.word)
		return 0;
	for (int i = 0; words[i]; i++) {
		if (strcmp(wl.word, words[i]))
			continue;
		wl.variant = words[i];
		return i;
	}
	fprintf(stderr, "%s: '%s' is not one of:", wl.name, wl.word);
	for (int i = 0; words[i]; i++)
		fprintf(stderr, " %s", words[i]);
	fputc('\n', stderr);
	exit(WL_USAGE);
}

void wl_begin(void)
{
	struct rusage after;
	int tries = 0;

	if (wl.word && !wl.variant) {
		fprintf(stderr, "%s: takes no word, got '%s'\n", wl.name, wl.word);
		exit(WL_USAGE);
	}
	/*
	 * After a fork() pretouching copies pages, and the pages that were
	 * needed to do so count as well: repeat until it is quiet.
	 */
	do {
		getrusage(RUSAGE_SELF, &wl.before);
		wl_pretouch();
		getrusage(RUSAGE_SELF, &after);
	} while ((after.ru_minflt != wl.before.ru_minflt ||
		  after.ru_majflt != wl.before.ru_majflt) &&
		 ++tries < 8);
	getrusage(RUSAGE_SELF, &wl.before);
}

struct wl_faults wl_end(void)
{
	struct rusage after;
	struct wl_faults d;

	getrusage(RUSAGE_SELF, &after);
	d.minflt = after.ru_minflt - wl.before.ru_minflt;
	d.majflt = after.ru_majflt - wl.before.ru_majflt;
	wl.sum.minflt += d.minflt;
	wl.sum.majflt += d.majflt;
	return d;
}

void wl_child(void)
{
	memset(&wl.sum, 0, sizeof(wl.sum));
}

static int same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static int same_kind(const struct wl_expect *a, const struct wl_expect *b)
{
	return same(a->type, b->type) && same(a->cause, b->cause) && same(a->access, b->access) &&
	       same(a->mode, b->mode) && same(a->mapping, b->mapping) && a->start == b->start &&
	       a->end == b->end && a->pid == b->pid && a->tid == b->tid;
}

void wl_expect(const struct wl_expect *e)
{
	for (unsigned int i = 0; i < wl.nr; i++) {
		if (same_kind(&wl.expect[i], e)) {
			wl.expect[i].count += e->count;
			return;
		}
	}
	if (wl.nr == MAX_EXPECT)
		wl_die("more than %d lines of truth", MAX_EXPECT);
	wl.expect[wl.nr++] = *e;
}

void wl_expect_split(const struct wl_expect *e, struct wl_faults d, const char *major_cause)
{
	struct wl_expect part = *e;

	if (d.minflt + d.majflt != e->count)
		wl_die("stated %lu %s, getrusage says %lu minor and %lu major", e->count, e->cause,
		       d.minflt, d.majflt);
	if (d.minflt) {
		part.type = "minor";
		part.count = d.minflt;
		wl_expect(&part);
	}
	if (d.majflt) {
		part.type = "major";
		part.cause = major_cause;
		part.count = d.majflt;
		wl_expect(&part);
	}
}

void wl_expect_cached(const struct wl_expect *e, struct wl_faults d)
{
	if (d.majflt > 1 + e->count / 100)
		wl_die("%lu of %lu pages were not in the page cache", d.majflt, e->count);
	wl_expect_split(e, d, "file-read|retry");
}

char *wl_file_to_write(struct wl_file *f, struct wl_expect *e, size_t stride, int flags,
		       int read_first)
{
	char *mem;

	wl_file_create(f, e->count, stride);
	mem = wl_file_map(f, PROT_READ | PROT_WRITE, flags);
	e->start = mem;
	e->end = mem + f->bytes;
	e->mapping = f->path;
	if (read_first) {
		e->cause = "file-map";
		e->access = "read";
		wl_begin();
		wl_touch_read(mem, e->count, stride);
		wl_expect_cached(e, wl_end());
	}
	e->access = "write";
	return mem;
}

void wl_expect_gup(unsigned long count, const void *start, const void *end)
{
	wl.gup += count;
	wl.gup_start = start;
	wl.gup_end = end;
}

static int hold_fd = -1;

pid_t wl_hold(void)
{
	int fds[2];
	pid_t pid;
	char c;

	if (pipe(fds))
		wl_die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		wl_die("fork: %s", strerror(errno));
	if (!pid) {
		close(fds[1]);
		/* Returns when nobody can write to it any more. */
		while (read(fds[0], &c, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(fds[0]);
	hold_fd = fds[1];
	return pid;
}

void wl_hold_end(pid_t pid)
{
	int status;

	close(hold_fd);
	if (waitpid(pid, &status, 0) != pid || status)
		wl_die("the child failed");
}

void wl_extra(const char *json)
{
	wl.extra = json;
}

int wl_check(unsigned long minflt, unsigned long majflt)
{
	if (wl.sum.minflt == minflt && wl.sum.majflt == majflt)
		return WL_OK;
	fprintf(stderr, "%s: stated %lu minor %lu major, getrusage says %lu and %lu\n", wl.name,
		minflt, majflt, wl.sum.minflt, wl.sum.majflt);
	return WL_FAILED;
}

/* Of another process getrusage() here says nothing: it checks itself. */
static int check_expect(void)
{
	unsigned long minor = wl.gup, major = 0, either = 0;

	for (unsigned int i = 0; i < wl.nr; i++) {
		const struct wl_expect *e = &wl.expect[i];

		if (e->pid && e->pid != wl.pid)
			continue;
		if (!strcmp(e->type, "minor"))
			minor += e->count;
		else if (!strcmp(e->type, "major"))
			major += e->count;
		else if (strchr(e->type, '|'))
			either += e->count;
	}
	/* Where the kernel may choose, it must have chosen one of the two. */
	if (either && wl.sum.minflt >= minor && wl.sum.majflt >= major &&
	    wl.sum.minflt + wl.sum.majflt == minor + major + either)
		return WL_OK;
	return wl_check(minor, major);
}

static FILE *open_truth(void)
{
	const char *path = getenv("WL_TRUTH");
	FILE *out = path ? fopen(path, "we") : stdout;

	if (!out)
		wl_die("WL_TRUTH: %s: %s", path, strerror(errno));
	return out;
}

static void close_truth(FILE *out)
{
	int bad = ferror(out);

	if (fflush(out) || bad)
		wl_die("cannot write the truth: %s", strerror(errno));
}

static void put_string(FILE *out, const char *s)
{
	if (!s) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* "minor" is a string, "minor|major" an array of two. */
static void put_alternatives(FILE *out, const char *s)
{
	if (!s || !strchr(s, '|')) {
		put_string(out, s);
		return;
	}
	fputs("[\"", out);
	for (; *s; s++) {
		if (*s == '|')
			fputs("\",\"", out);
		else
			fputc(*s, out);
	}
	fputs("\"]", out);
}

static void put_range(FILE *out, const void *start, const void *end)
{
	fprintf(out, "\"start\":\"0x%lx\",\"end\":\"0x%lx\"", (unsigned long)start,
		(unsigned long)end);
}

static void put_expect(FILE *out, const struct wl_expect *e)
{
	fputs("{\"type\":", out);
	put_alternatives(out, e->type);
	fputs(",\"cause\":", out);
	put_alternatives(out, e->cause);
	fputs(",\"access\":", out);
	put_alternatives(out, e->access);
	fprintf(out, ",\"mode\":\"%s\",\"count\":%lu,", e->mode ? e->mode : "user", e->count);
	put_range(out, e->start, e->end);
	fputs(",\"mapping\":", out);
	put_string(out, e->mapping);
	if (e->mapping && e->mapping[0] == '/')
		fprintf(out, ",\"file_offset\":\"0x%llx\"", e->file_offset);
	else
		fputs(",\"file_offset\":null", out);
	if (e->pid)
		fprintf(out, ",\"pid\":%d", e->pid);
	if (e->tid)
		fprintf(out, ",\"tid\":%d", e->tid);
	if (e->fatal)
		fputs(",\"fatal\":true", out);
	if (e->at_most)
		fputs(",\"at_most\":true", out);
	if (e->min_latency_ns)
		fprintf(out, ",\"min_latency_ns\":%lu", e->min_latency_ns);
	fputc('}', out);
}

static void put_truth(FILE *out)
{
	struct rusage ru;

	fputs("{\"workload\":", out);
	put_string(out, wl.name);
	if (wl.variant) {
		fputs(",\"variant\":", out);
		put_string(out, wl.variant);
	}
	fprintf(out, ",\"pid\":%d,\"tid\":%ld,\"expect\":[", wl.pid, syscall(SYS_gettid));
	for (unsigned int i = 0; i < wl.nr; i++) {
		if (i)
			fputc(',', out);
		put_expect(out, &wl.expect[i]);
	}
	fprintf(out, "],\"gup\":%lu", wl.gup);
	if (wl.gup) {
		fputs(",\"gup_range\":{", out);
		put_range(out, wl.gup_start, wl.gup_end);
		fputc('}', out);
	}
	if (wl.extra)
		fprintf(out, ",%s", wl.extra);
	getrusage(RUSAGE_SELF, &ru);
	fprintf(out,
		",\"ru_minflt\":%ld,\"ru_majflt\":%ld,\"measured\":{\"minflt\":%lu,\"majflt\":%lu}}"
		"\n",
		ru.ru_minflt, ru.ru_majflt, wl.sum.minflt, wl.sum.majflt);
}

int wl_finish(void)
{
	FILE *out = open_truth();

	put_truth(out);
	close_truth(out);
	return check_expect();
}

void wl_skip(const char *needs, const char *fmt, ...)
{
	char why[256];
	FILE *out = open_truth();
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	fputs("{\"workload\":", out);
	put_string(out, wl.name);
	fputs(",\"skip\":", out);
	put_string(out, why);
	fputs(",\"needs\":", out);
	put_string(out, needs);
	fputs("}\n", out);
	close_truth(out);
	exit(WL_SKIPPED);
}
