/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the loader decides before the programs are loaded. Constant for the verifier, so that what
 * is switched off costs nothing. Defined in fault.bpf.c.
 */
#ifndef FT_KNOBS_BPF_H
#define FT_KNOBS_BPF_H

#include "vmlinux.h"
#include "ft_wire.h"
#include "ft_knobs.h"

extern const volatile struct ft_knobs ft_knobs;

#endif
