/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "enrich/perfmap.h"

#define FILE_MAX    (64U << 20)
#define ENTRIES_MAX (1U << 20)
#define NAME_MAX_   1024U
#define LINE_MAX_   (NAME_MAX_ + 64)

struct entry {
	uint64_t start, end;
	uint32_t name, seq; /* seq: order in the file */
};

struct ft_perfmap {
	struct entry *v;
	size_t n, cap;
	char *names;
	size_t names_len, names_cap;
	uint64_t done; /* bytes of the file that were read, whole lines */
	uint64_t dev, ino;
	uint32_t seq;
};

struct ft_perfmap *ft_perfmap_create(void)
{
	return calloc(1, sizeof(struct ft_perfmap));
}

static void forget(struct ft_perfmap *m)
{
	free(m->v);
	free(m->names);
	*m = (struct ft_perfmap) { 0 };
}

void ft_perfmap_destroy(struct ft_perfmap *m)
{
	if (!m)
		return;
	forget(m);
	free(m);
}

/* What /proc/PID/status and stat say about the process. */
struct owner {
	unsigned int uid[4];
	int nspid;	/* in its own pid namespace */
	uint64_t ticks; /* its start, after boot */
	time_t started; /* the same, CLOCK_REALTIME, s */
};

static int read_status(const char *root, pid_t pid, struct owner *o)
{
	char path[64], text[16384];
	const char *s;

	snprintf(path, sizeof(path), "proc/%d/status", pid);
	if (ft_proc_read(root, path, text, sizeof(text)) < 0)
		return -ESRCH;
	s = strstr(text, "\nUid:");
	if (!s || sscanf(s, "\nUid:%u%u%u%u", &o->uid[0], &o->uid[1], &o->uid[2], &o->uid[3]) != 4)
		return -ESRCH;
	o->nspid = pid;
	s = strstr(text, "\nNSpid:");
	if (s) {
		/* One number for each namespace, the innermost last. */
		size_t len = strcspn(s + 1, "\n");
		const char *last = s + 1 + len;

		while (last > s && last[-1] != '\t' && last[-1] != ' ')
			last--;
		if (atoi(last) > 0)
			o->nspid = atoi(last);
	}
	return 0;
}

/* starttime of proc_pid_stat(5): clock ticks after boot, the 22nd field, the 20th after comm. */
static int read_start(const char *root, pid_t pid, struct owner *o)
{
	char path[64], text[4096];
	unsigned long long ticks;
	struct timespec boot, real;
	const char *s;

	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	if (ft_proc_read(root, path, text, sizeof(text)) < 0)
		return -ESRCH;
	s = strrchr(text, ')');
	for (int i = 0; s && i < 20; i++)
		s = strchr(s + 1, ' ');
	if (!s || sscanf(s, "%llu", &ticks) != 1)
		return -ESRCH;
	o->ticks = ticks;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	o->started = real.tv_sec - boot.tv_sec + (time_t)(ticks / sysconf(_SC_CLK_TCK));
	return 0;
}

static bool acceptable(int fd, const struct owner *o)
{
	struct stat st;
	bool own;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	own = st.st_uid == o->uid[0] || st.st_uid == o->uid[1];
	/* Two seconds: the two clocks are read one after the other, in whole seconds. */
	return (own || !st.st_uid) && st.st_mtim.tv_sec + 2 >= o->started;
}

int ft_perfmap_open(const char *root, pid_t pid, uint64_t *started)
{
	char path[FT_PROC_PATH_MAX];
	struct owner o;
	int fd;

	if (read_status(root, pid, &o) || read_start(root, pid, &o))
		return -ESRCH;
	*started = o.ticks;
	snprintf(path, sizeof(path), "%s/proc/%d/root/tmp/perf-%d.map", root ? root : "", pid,
		 o.nspid);
	/* A FIFO there must not stop us: no wait at open, and then it is refused. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -EACCES;
	if (acceptable(fd, &o))
		return fd;
	close(fd);
	return -EACCES;
}

static int room(void **v, size_t *cap, size_t want, size_t elem)
{
	size_t to = *cap ? *cap : 64;
	void *p;

	if (want <= *cap)
		return 0;
	while (to < want)
		to *= 2;
	p = reallocarray(*v, to, elem);
	if (!p)
		return -ENOMEM;
	*v = p;
	*cap = to;
	return 0;
}

/* One line without its newline, NUL-terminated. Lines that are no entry are skipped. */
static int take_line(struct ft_perfmap *m, const char *s)
{
	uint64_t start, size;
	size_t len;
	char *end;

	/* strtoull() takes blanks, signs and "0x"; so do writers of these files, but for the sign.
	 */
	if (strchr("-+", *s))
		return 0;
	start = strtoull(s, &end, 16);
	if (end == s || *end != ' ')
		return 0;
	s = end + 1;
	size = strtoull(s, &end, 16);
	if (end == s || *end != ' ' || !size || start + size < start)
		return 0;
	s = end + 1 + strspn(end + 1, " ");
	len = strnlen(s, NAME_MAX_);
	if (!len || m->n >= ENTRIES_MAX)
		return 0;
	if (room((void **)&m->v, &m->cap, m->n + 1, sizeof(*m->v)) ||
	    room((void **)&m->names, &m->names_cap, m->names_len + len + 1, 1))
		return -ENOMEM;
	m->v[m->n++] = (struct entry) { start, start + size, m->names_len, m->seq++ };
	memcpy(m->names + m->names_len, s, len);
	m->names[m->names_len + len] = '\0';
	m->names_len += len + 1;
	return 0;
}

/*
 * Whole lines only: the last one may be half written. A line longer than the buffer is cut to it:
 * `skip` says that what follows still belongs to it.
 */
static int take_text(struct ft_perfmap *m, char *text, size_t len, bool *skip, size_t *used)
{
	size_t at = 0;
	int err = 0;

	while (at < len && !err) {
		char *nl = memchr(text + at, '\n', len - at);
		size_t n = (nl ? nl : text + len) - (text + at);

		if (!nl && n < LINE_MAX_)
			break;
		text[at + n] = '\0';
		if (!*skip)
			err = take_line(m, text + at);
		*skip = !nl;
		at += n + !!nl;
	}
	*used = at;
	return err;
}

static int by_start(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* Sorts, and of entries that overlap keeps the one written last. */
static void settle(struct ft_perfmap *m)
{
	size_t n = 0;

	qsort(m->v, m->n, sizeof(*m->v), by_start);
	for (size_t i = 0; i < m->n; i++) {
		const struct entry e = m->v[i];
		bool drop = false;

		while (n && m->v[n - 1].end > e.start) {
			drop = m->v[n - 1].seq > e.seq;
			if (drop)
				break;
			n--;
		}
		if (!drop)
			m->v[n++] = e;
	}
	m->n = n;
}

int ft_perfmap_update(struct ft_perfmap *m, int fd)
{
	_cleanup_free_ char *buf = NULL;
	uint32_t before;
	struct stat st;
	bool skip = false;
	int err = 0;

	if (fstat(fd, &st))
		return -errno;
	if ((uint64_t)st.st_size < m->done || st.st_ino != m->ino || st.st_dev != m->dev) {
		forget(m);
		m->ino = st.st_ino;
		m->dev = st.st_dev;
	}
	if ((uint64_t)st.st_size == m->done || m->done >= FILE_MAX)
		return 0;
	buf = malloc(64 * 1024 + 1);
	if (!buf)
		return -ENOMEM;
	before = m->seq;
	while (!err && m->done < FILE_MAX) {
		ssize_t n = pread(fd, buf, 64 * 1024, m->done);
		size_t used;

		if (n <= 0)
			break;
		err = take_text(m, buf, n, &skip, &used);
		if (!used)
			break;
		m->done += used;
	}
	if (m->seq != before)
		settle(m);
	return err ? err : m->seq != before;
}

const char *ft_perfmap_find(const struct ft_perfmap *m, uint64_t ip, uint64_t *start)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->v[mid].start <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || ip >= m->v[lo - 1].end)
		return NULL;
	*start = m->v[lo - 1].start;
	return m->names + m->v[lo - 1].name;
}

size_t ft_perfmap_bytes(const struct ft_perfmap *m)
{
	return sizeof(*m) + m->cap * sizeof(*m->v) + m->names_cap;
}
