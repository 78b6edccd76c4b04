# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Programs that make a known number of faults of one cause; see README.md here.
# Included by the top Makefile. Uses: CC CFLAGS OUT Q say.

WL_DIR_SRC := tests/workloads
WL_LIB     := wl wl_mem wl_catch
WL_NAMES   := $(filter-out $(WL_LIB),$(patsubst $(WL_DIR_SRC)/%.c,%,$(wildcard $(WL_DIR_SRC)/*.c)))
WL_BIN     := $(WL_NAMES:%=$(OUT)/workloads/%)
WL_SH      := $(OUT)/workloads/swapbox.sh
WL_OBJ     := $(patsubst %,$(OUT)/workloads/obj/%.o,$(WL_LIB) $(WL_NAMES))

# Static, so that little is touched at start and a virtual machine needs no libraries. At a
# fixed address, so that the image has one range. Never sanitized: shadow memory faults too.
WL_CFLAGS = $(filter-out -fsanitize% -fno-sanitize%,$(CFLAGS)) -D_GNU_SOURCE -O2 -g -fno-pie \
	-fno-omit-frame-pointer -fno-stack-protector -pthread
WL_LDFLAGS = $(filter-out -fsanitize% -fno-sanitize%,$(LDFLAGS)) -static -pthread

.PHONY: workloads
workloads: $(WL_BIN) $(WL_SH) ## build the programs that make known faults

.SECONDARY: $(WL_OBJ)

$(OUT)/workloads/obj/%.o: $(WL_DIR_SRC)/%.c | $(SYSROOT_MK)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(WL_CFLAGS) -MMD -MP -c $< -o $@

$(WL_BIN): $(OUT)/workloads/%: $(OUT)/workloads/obj/%.o $(WL_LIB:%=$(OUT)/workloads/obj/%.o)
	$(say) LINK $@
	$(Q)$(CC) $(WL_CFLAGS) $^ $(WL_LDFLAGS) -o $@

$(WL_SH): $(OUT)/workloads/%.sh: $(WL_DIR_SRC)/%.sh
	$(say) COPY $@
	$(Q)mkdir -p $(@D)
	$(Q)install -m 755 $< $@

-include $(WL_OBJ:.o=.d)
