# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Live tests: the program on the running kernel, see tests/live/README.md.
# Included by the top Makefile. Uses: CC CFLAGS OUT Q say; adds to TESTS.

TESTS += test-live

# Helpers, as workloads: static, never sanitized.
LIVE_BIN := $(patsubst tests/live/%.c,$(OUT)/live/%,$(wildcard tests/live/*.c))

.PHONY: test-live live-build

# LIVE="truth loss" runs truth.bats and loss.bats alone.
LIVE ?=
test-live: all workloads live-build ## live tests on this kernel (as root; LIVE="truth loss" for some)
	$(Q)rm -f $(OUT)/results/live $(OUT)/results/skipped/live; \
		OUT=$(OUT) tests/count $(OUT)/results/live tests/live/run $(LIVE)

workloads: live-build
live-build: $(LIVE_BIN)

# The program under ASan and UBSan, for clean.bats; its library is that of the unit tests.
ifeq ($(ARCH)$(STATIC),$(NATIVE)0)
test-live: $(OUT)/san/faulttrace
$(OUT)/san/faulttrace: $(OUT)/san/user/main.o $(OUT)/san/libfaulttrace.a
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@
endif

$(LIVE_BIN): $(OUT)/live/%: tests/live/%.c $(OUT)/flags | $(SYSROOT_MK)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(WL_CFLAGS) -MMD -MP -MF $@.d $< $(WL_LDFLAGS) -o $@

-include $(LIVE_BIN:=.d)
