/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * threaded N: two threads besides the first; prints "PID TID TID", waits for the end of its
 * standard input, then each thread writes to N fresh pages. The truth, a line per thread, goes to
 * WL_TRUTH.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 2

static size_t pages, page;
static int go[2], tids[2];

struct thread {
	pthread_t id;
	int tid;
	char *mem;
};

static void *run(void *arg)
{
	struct thread *t = arg;
	char c;

	t->tid = (int)syscall(SYS_gettid);
	if (write(tids[1], "", 1) != 1)
		return NULL;
	while (read(go[0], &c, 1) > 0)
		;
	for (size_t i = 0; i < pages; i++)
		t->mem[i * page] = 1;
	return NULL;
}

static void put_truth(FILE *out, const struct thread *t)
{
	fprintf(out, "{\"workload\":\"threaded\",\"pid\":%d,\"gup\":0,\"expect\":[", getpid());
	for (int i = 0; i < THREADS; i++)
		fprintf(out,
			"%s{\"type\":\"minor\",\"cause\":\"zero-fill\",\"access\":\"write\","
			"\"mode\":\"user\",\"count\":%zu,\"start\":\"0x%lx\",\"end\":\"0x%lx\","
			"\"mapping\":\"[anon]\",\"file_offset\":null,\"tid\":%d}",
			i ? "," : "", pages, (long)t[i].mem, (long)t[i].mem + pages * page,
			t[i].tid);
	fputs("]}\n", out);
}

int main(int argc, char **argv)
{
	static struct thread threads[THREADS];
	const char *path = getenv("WL_TRUTH");
	FILE *truth = path ? fopen(path, "we") : stdout;
	char c;

	pages = argc > 1 ? strtoul(argv[1], NULL, 10) : 101;
	page = (size_t)sysconf(_SC_PAGESIZE);
	if (!truth || pipe(go) || pipe(tids)) {
		perror("threaded");
		return 1;
	}
	for (int i = 0; i < THREADS; i++) {
		struct thread *t = &threads[i];

		t->mem = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (t->mem == MAP_FAILED || madvise(t->mem, pages * page, MADV_NOHUGEPAGE) ||
		    pthread_create(&t->id, NULL, run, t) || read(tids[0], &c, 1) != 1) {
			perror("threaded");
			return 1;
		}
	}
	printf("%d %d %d\n", getpid(), threads[0].tid, threads[1].tid);
	fflush(stdout);
	raise(SIGSTOP);
	close(go[1]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i].id, NULL);
	put_truth(truth, threads);
	return fclose(truth) ? 1 : 0;
}
