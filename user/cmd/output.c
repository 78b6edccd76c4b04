/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/exit.h"
#include "base/log.h"
#include "cmd/output.h"

/* timeout(1) sends its signal twice, a terminal and a supervisor at once: that is one wish. */
#define ONE_WISH_NS 300000000

static volatile sig_atomic_t stop; /* how often it was told to */
static volatile uint64_t stop_ns;  /* written by the handler alone */
static uint64_t end_ns;

static void on_stop(int sig)
{
	int err = errno;
	uint64_t now = ft_cmd_now_ns();

	(void)sig;
	if (!stop || (stop == 1 && now - stop_ns > ONE_WISH_NS)) {
		stop_ns = now;
		stop = stop + 1;
	}
	errno = err;
}

static int hurry(void)
{
	return stop + (end_ns && ft_cmd_now_ns() >= end_ns);
}

int ft_cmd_flush(struct ft_buf *out)
{
	int err = ft_buf_flush(out);

	if (!err || err == -EPIPE)
		return FT_EXIT_OK;
	if (err == -ETIMEDOUT)
		ft_err("%s is not being read: what was left of the output is lost",
		       out->name ? out->name : "the output");
	else
		ft_err("cannot write %s: %s", out->name ? out->name : "the output", strerror(-err));
	return FT_EXIT_FAILURE;
}

void ft_cmd_catch_stop(void)
{
	struct sigaction sa = { .sa_handler = on_stop };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	ft_buf_set_hurry(hurry);
}

bool ft_cmd_stopped(void)
{
	return stop;
}

void ft_cmd_ends_at(uint64_t when_ns)
{
	end_ns = when_ns;
}

bool ft_cmd_hurries(void)
{
	return hurry() > 1;
}

bool ft_cmd_sleep_until(uint64_t when_ns)
{
	struct timespec ts = { .tv_sec = when_ns / 1000000000, .tv_nsec = when_ns % 1000000000 };

	while (!stop)
		if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) != EINTR)
			break;
	return !stop;
}

uint64_t ft_cmd_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}
