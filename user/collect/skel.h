/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The generated skeleton with the types that its sections hold. */
#ifndef FT_SKEL_H
#define FT_SKEL_H

#include "ft_knobs.h"
#include "ft_wire.h"

#include "faulttrace.skel.h"

#endif
