/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory and files of which it is known what has been touched. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "wl.h"

#ifndef RAMFS_MAGIC
#define RAMFS_MAGIC 0x858458f6
#endif

/* How far below the frame of wl_begin() calls, and signal frames, may reach. */
#define STACK_BELOW (8 * 4096UL)

/* The program image; both GNU ld and lld define these. */
extern char __executable_start[], _end[];

/*
 * /proc/self/maps in a static buffer: stdio and malloc would map memory, and
 * a workload has a few dozen mappings at most.
 */
static const char *read_maps(void)
{
	static char text[65536];
	size_t len = 0;
	ssize_t got;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		wl_die("/proc/self/maps: %s", strerror(errno));
	while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	close(fd);
	text[len] = '\0';
	return text;
}

struct map {
	unsigned long start, end;
	char perms[5];
	char name[PATH_MAX];
};

/* Returns the rest of the text, NULL at its end. */
static const char *next_map(const char *text, struct map *m)
{
	const char *eol = strchr(text, '\n');
	int name = 0;

	if (!eol)
		return NULL;
	if (sscanf(text, "%lx-%lx %4s %*x %*s %*u%n", &m->start, &m->end, m->perms, &name) != 3)
		wl_die("/proc/self/maps: cannot parse '%.40s'", text);
	text += name;
	while (*text == ' ')
		text++;
	snprintf(m->name, sizeof(m->name), "%.*s", (int)(eol - text), text);
	return eol + 1;
}

/*
 * Writes what is there already. A compare-and-swap, since compilers turn
 * other writes without effect into reads, and another thread may be at work.
 */
static void rewrite_byte(char *p)
{
	char old = __atomic_load_n(p, __ATOMIC_RELAXED);

	__atomic_compare_exchange_n(p, &old, old, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void pretouch_range(char *start, char *end, int writable)
{
	for (char *p = start; p < end; p += wl_page) {
		if (writable)
			rewrite_byte(p);
		else
			(void)*(volatile char *)p;
	}
}

void wl_pretouch(void)
{
	static struct map m; /* 4 KB of name: not on the stack that it measures */
	const char *text = read_maps();
	char *low = (char *)(((unsigned long)__builtin_frame_address(0) - STACK_BELOW) &
			     ~(wl_page - 1));

	while ((text = next_map(text, &m))) {
		char *start = (char *)m.start;
		int image = start < _end && (char *)m.end > __executable_start;

		if (m.perms[0] != 'r')
			continue;
		if (!strcmp(m.name, "[stack]"))
			pretouch_range(low, (char *)m.end, 1);
		else if (image || !strcmp(m.name, "[heap]"))
			pretouch_range(start, (char *)m.end, m.perms[1] == 'w');
	}
}

void wl_pretouch_stack(void)
{
	char *here = __builtin_frame_address(0);

	pretouch_range(here - STACK_BELOW, here, 1);
}

char *wl_area_aligned(size_t bytes, size_t align)
{
	size_t room = bytes + align + 2 * wl_page;
	char *raw, *mem;

	/* What stays PROT_NONE around it keeps the kernel from merging it with anything. */
	raw = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (raw == MAP_FAILED)
		wl_die("mmap of %zu bytes: %s", room, strerror(errno));
	mem = (char *)(((unsigned long)raw + wl_page + align - 1) & ~(align - 1));
	if (mprotect(mem, bytes, PROT_READ | PROT_WRITE))
		wl_die("mprotect: %s", strerror(errno));
	return mem;
}

char *wl_area(size_t bytes)
{
	return wl_area_aligned(bytes, WL_WINDOW);
}

__attribute__((noinline)) void wl_touch_write(void *start, unsigned long n, size_t stride)
{
	volatile char *p = start;

	for (unsigned long i = 0; i < n; i++)
		p[i * stride] = 1;
}

__attribute__((noinline)) void wl_touch_read(const void *start, unsigned long n, size_t stride)
{
	const volatile char *p = start;

	for (unsigned long i = 0; i < n; i++)
		(void)p[i * stride];
}

const char *wl_mapping_name(const void *addr)
{
	static struct map m;
	const char *text = read_maps();

	while ((text = next_map(text, &m))) {
		if ((unsigned long)addr >= m.start && (unsigned long)addr < m.end)
			return m.name[0] ? m.name : "[anon]";
	}
	return NULL;
}

const char *wl_read_text(const char *path)
{
	static char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return text;
}

long wl_read_number(const char *path)
{
	const char *text = wl_read_text(path);
	char *end;
	long value = strtol(text, &end, 10);

	return end == text ? -1 : value;
}

int wl_write_number(const char *path, long value)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", value);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len)
		err = -errno;
	close(fd);
	return err;
}

/* On tmpfs and ramfs there is nothing to read from, and page cache faults have another cause. */
static int usable_dir(const char *path)
{
	struct statfs fs;

	return path && *path && !access(path, W_OK | X_OK) && !statfs(path, &fs) &&
	       fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC;
}

static const char *file_dir(void)
{
	const char *dirs[] = { getenv("WL_DIR"), getenv("TMPDIR"), "/var/tmp", "/tmp", "." };
	static char real[PATH_MAX];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		/* The kernel shows absolute paths without links: so must the truth. */
		if (usable_dir(dirs[i]) && realpath(dirs[i], real))
			return real;
	}
	wl_skip("disk-dir", "no folder on a disk to write to (set WL_DIR)");
}

/* Names below one folder: whole paths for all of them would be a megabyte to pretouch. */
static char to_unlink[256][32];
static volatile unsigned int nr_unlink;
static int unlink_dir = -1;

static void unlink_files(void)
{
	while (nr_unlink > 0)
		unlinkat(unlink_dir, to_unlink[--nr_unlink], 0);
}

static void unlink_at_end(const char *dir, const char *path)
{
	if (nr_unlink == sizeof(to_unlink) / sizeof(to_unlink[0]))
		wl_die("more than %u files", nr_unlink);
	if (unlink_dir < 0) {
		unlink_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (unlink_dir < 0)
			wl_die("%s: %s", dir, strerror(errno));
		wl_cleanup(unlink_files);
	}
	snprintf(to_unlink[nr_unlink], sizeof(to_unlink[0]), "%s", strrchr(path, '/') + 1);
	nr_unlink++;
}

void wl_file_create(struct wl_file *f, unsigned long n, size_t stride)
{
	static char data[65536];
	const char *dir = file_dir();
	int len = snprintf(f->path, sizeof(f->path), "%s/faulttrace-wl-XXXXXX", dir);

	if (len >= (int)sizeof(f->path))
		wl_die("WL_DIR is too long");
	f->fd = mkostemp(f->path, O_CLOEXEC);
	if (f->fd < 0)
		wl_die("%s: %s", f->path, strerror(errno));
	unlink_at_end(dir, f->path);
	memset(data, 'f', sizeof(data));
	/*
	 * Page by page, since a larger write puts large folios into the page
	 * cache, and one of 2 MB would be mapped by a single fault.
	 */
	for (unsigned long i = 0; i < n; i++) {
		if (pwrite(f->fd, data, wl_page, i * stride) != (ssize_t)wl_page)
			wl_die("%s: %s", f->path, strerror(errno));
	}
	f->bytes = n * stride;
	if (ftruncate(f->fd, f->bytes) || fsync(f->fd))
		wl_die("%s: %s", f->path, strerror(errno));
}

char *wl_file_map(const struct wl_file *f, int prot, int flags)
{
	char *at = wl_area(f->bytes);

	if (mmap(at, f->bytes, prot, flags | MAP_FIXED, f->fd, 0) != at)
		wl_die("mmap of %s: %s", f->path, strerror(errno));
	return at;
}

int wl_zero_page(void)
{
	char *mem = wl_area(wl_page);
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &after);
	wl_touch_read(mem, 1, wl_page);
	getrusage(RUSAGE_SELF, &before);
	wl_touch_write(mem, 1, wl_page);
	getrusage(RUSAGE_SELF, &after);
	munmap(mem, wl_page);
	return after.ru_minflt != before.ru_minflt;
}
