/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every workload shares: arguments, memory in which nothing but the
 * stated faults happens, and the truth printed as one line of JSON.
 *
 * The order of a workload is always
 *
 *	n = wl_init(argc, argv, "zero-fill", 1009);
 *	mem = wl_area(n * wl_page);		nothing touched yet
 *	wl_begin();
 *	wl_touch_write(mem, n, wl_page);	the faults
 *	wl_end();
 *	wl_expect(&(struct wl_expect){ ... });	what they were
 *	return wl_finish();			compare with getrusage, print
 */
#ifndef WL_H
#define WL_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The kernel maps up to this much of the page cache around a read fault
 * (mm/memory.c: fault_around_bytes), MADV_RANDOM or not. One touch per window
 * of this size, in an area aligned to it, is one fault per touch.
 */
#define WL_WINDOW 65536UL

/* Exit codes: the workload's own truth did not hold, bad usage, cannot be made here. */
enum { WL_OK = 0, WL_FAILED = 1, WL_USAGE = 2, WL_SKIPPED = 77 };

/* One line of the truth: so many faults of one kind in one range of addresses. */
struct wl_expect {
	/* Alternatives where only the kernel knows, separated by '|': "minor|major". */
	const char *type;
	const char *cause;
	const char *access;
	const char *mode; /* NULL: "user" */
	unsigned long count;
	const void *start;
	const void *end;
	/* As in /proc/PID/maps; "[anon]" for nameless memory; NULL: nothing mapped. */
	const char *mapping;
	unsigned long long file_offset; /* of start; only where mapping is a path */
	pid_t pid;			/* 0: this process */
	pid_t tid;			/* 0: any thread of it */
	int fatal;			/* the fault killed the process */
	int at_most;			/* the count is a bound: whether is the kernel's affair */
	unsigned long min_latency_ns;	/* 0: nothing is known */
};

struct wl_faults {
	unsigned long minflt;
	unsigned long majflt;
};

extern size_t wl_page;

/*
 * Parses "[N] [WORD]", switches transparent huge pages off for this process
 * (they would turn 512 faults into one), and stops with SIGSTOP if WL_STOP is
 * set, so that a tracer can be attached before the first stated fault.
 * Returns N.
 */
unsigned long wl_init(int argc, char **argv, const char *name, unsigned long n);

/*
 * The index of the WORD given on the command line in the NULL-terminated
 * list; 0, the default, if none was given. Exits with WL_USAGE if it is not
 * in the list.
 */
int wl_word(const char *const words[]);

/*
 * Brackets the faults. wl_begin() first touches all memory that the process
 * itself needs in between (code, data, stack, heap), for as often as that
 * still faults. The counts of several brackets add up; wl_end() returns those
 * of its own.
 */
void wl_begin(void);
struct wl_faults wl_end(void);

/* In a child of fork(): nothing counted so far is its own. */
void wl_child(void);

/* Adds to the truth, to the count of an equal line if there is one. Strings are not copied. */
void wl_expect(const struct wl_expect *e);
/*
 * e->count faults of which the kernel counted d.minflt as minor and d.majflt
 * as major: two lines of truth, the second with major_cause. e->type and, for
 * the second, e->cause are ignored.
 */
void wl_expect_split(const struct wl_expect *e, struct wl_faults d, const char *major_cause);
/*
 * The same of pages that are in the page cache. The kernel counts one as major, which it tries
 * again, when somebody has it locked at that moment: lock_folio_maybe_drop_mmap(), mm/filemap.c.
 * More than one in a hundred is an error.
 */
void wl_expect_cached(const struct wl_expect *e, struct wl_faults d);
/* Faults that the kernel took on our behalf, without an exception, at start..end. */
void wl_expect_gup(unsigned long count, const void *start, const void *end);
/* More members for the JSON object, as text ("\"rounds\":3"); not copied. */
void wl_extra(const char *json);

/*
 * Compares the counts with what getrusage said, prints the truth. Returns the
 * exit code.
 */
int wl_finish(void);
/* The comparison alone, for children: 0 if the bracketed faults are as given. */
int wl_check(unsigned long minflt, unsigned long majflt);

/* What is missing, as one stable word, and the sentence for people. */
_Noreturn void wl_skip(const char *needs, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
_Noreturn void wl_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Runs fn at the end, also at the end by a signal: it may only call what is
 * safe in a signal handler. Last registered, first run.
 */
void wl_cleanup(void (*fn)(void));

/*
 * A child that does nothing, and so keeps its share of this process's pages,
 * until wl_hold_end() (or the death of the parent).
 */
pid_t wl_hold(void);
void wl_hold_end(pid_t pid);

/* wl_mem.c */

/* Touches everything the process needs for itself; see wl_begin(). */
void wl_pretouch(void);
/* The same for the stack of a thread other than the main one. */
void wl_pretouch_stack(void);

/* Private anonymous memory, untouched, aligned to WL_WINDOW, no neighbour it could merge with. */
char *wl_area(size_t bytes);
/* The same, with the alignment chosen (a power of two). */
char *wl_area_aligned(size_t bytes, size_t align);

/*
 * Whether a first read maps the kernel's one page of zeros, as everywhere but on kernels that give
 * a page of its own at once (started with pvm_no_zero_page): a write after it does not fault there.
 */
int wl_zero_page(void);

/* n accesses of one byte, stride apart. Not inlined: stacks name them. */
void wl_touch_write(void *start, unsigned long n, size_t stride);
void wl_touch_read(const void *start, unsigned long n, size_t stride);

/* "/memfd:x (deleted)": what /proc/self/maps calls the mapping at addr; static buffer. */
const char *wl_mapping_name(const void *addr);

/* The number that a file of /proc or /sys begins with; -1 if there is none. */
long wl_read_number(const char *path);
/* The first 255 bytes of such a file, in a static buffer; "" if it cannot be read. */
const char *wl_read_text(const char *path);
/* 0, or -errno. */
int wl_write_number(const char *path, long value);

struct wl_file {
	int fd;
	size_t bytes;
	char path[PATH_MAX];
};

/*
 * A file with one page of data at every stride (the rest are holes), on disk
 * and in the page cache, in WL_DIR or else in a folder that is not a tmpfs.
 * Removed at the end.
 */
void wl_file_create(struct wl_file *f, unsigned long n, size_t stride);
/* Maps all of it at an address aligned to WL_WINDOW. */
char *wl_file_map(const struct wl_file *f, int prot, int flags);
/*
 * Both, to be written to: `n` pages, mapped with `flags`. *e, with its count, becomes a write
 * there. With read_first each page has been read once; that is expected, too.
 */
char *wl_file_to_write(struct wl_file *f, struct wl_expect *e, size_t stride, int flags,
		       int read_first);

/* wl_catch.c */

enum wl_access { WL_READ, WL_WRITE, WL_EXEC };
extern const char *const wl_access_name[];

/*
 * n accesses that must each raise sig with si_code and its own address; each
 * is caught by a handler that jumps back. Dies if one does not.
 */
void wl_catch(int sig, int code, char *start, unsigned long n, size_t stride,
	      enum wl_access access);
/* Called before each access of wl_catch(), where something must be armed again. */
extern void (*wl_catch_arm)(void);

#endif
