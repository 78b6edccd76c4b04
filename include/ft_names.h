/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words for the enumerations of ft_classify.h and ft_wire.h, from the same tables. */
#ifndef FT_NAMES_H
#define FT_NAMES_H

#include "ft_classify.h"
#include "ft_wire.h"

#define FT_NAME_TABLE(fn, list, prefix, max)                                                       \
	static inline const char *fn(unsigned int i)                                               \
	{                                                                                          \
		static const char *const names[] = { list(prefix) };                               \
		return i < (max) ? names[i] : "unknown";                                           \
	}

#define FT_NAME_OF(id, name, ...) name,
FT_NAME_TABLE(ft_type_name, FT_TYPES, FT_NAME_OF, FT_TYPE_MAX)
FT_NAME_TABLE(ft_cause_name, FT_CAUSES, FT_NAME_OF, FT_CAUSE_MAX)
FT_NAME_TABLE(ft_access_name, FT_ACCESSES, FT_NAME_OF, FT_ACCESS_MAX)
FT_NAME_TABLE(ft_mode_name, FT_MODES, FT_NAME_OF, FT_MODE_MAX)
FT_NAME_TABLE(ft_loss_name, FT_LOSSES, FT_NAME_OF, FT_LOSS_MAX)

#define FT_HELP_OF(id, name, help) help,
FT_NAME_TABLE(ft_loss_help, FT_LOSSES, FT_HELP_OF, FT_LOSS_MAX)

#endif
