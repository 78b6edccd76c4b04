/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages for people. All of them go to stderr, one line each, escaped: stdout is data.
 * Called at the level that knows the remedy; functions below it return -errno and stay silent.
 */
#ifndef FT_LOG_H
#define FT_LOG_H

enum ft_log_level { FT_LOG_ERR, FT_LOG_WARN, FT_LOG_INFO, FT_LOG_DEBUG };

/* -q lowers it to ERR, the default is WARN, -v is INFO and -vv DEBUG. */
void ft_log_set_level(int level);
int ft_log_level(void);

/* Prints "faulttrace: " and the message; bytes that could drive a terminal are escaped. */
void ft_log(enum ft_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ft_err(...)   ft_log(FT_LOG_ERR, __VA_ARGS__)
#define ft_warn(...)  ft_log(FT_LOG_WARN, __VA_ARGS__)
#define ft_info(...)  ft_log(FT_LOG_INFO, __VA_ARGS__)
#define ft_debug(...) ft_log(FT_LOG_DEBUG, __VA_ARGS__)

#endif
