/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef FT_VERSION_H
#define FT_VERSION_H

#define FT_VERSION "0.1.0"

#endif
