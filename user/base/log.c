/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

static int level_now = FT_LOG_WARN;

void ft_log_set_level(int level)
{
	level_now = level;
}

int ft_log_level(void)
{
	return level_now;
}

void ft_log(enum ft_log_level level, const char *fmt, ...)
{
	char msg[2048];
	struct ft_buf b;
	va_list ap;

	if ((int)level > level_now)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);

	ft_buf_init(&b, STDERR_FILENO);
	ft_buf_str(&b, "faulttrace: ");
	ft_buf_escaped(&b, msg, strlen(msg));
	ft_buf_char(&b, '\n');
	ft_buf_flush(&b);
	ft_buf_deinit(&b);
}
