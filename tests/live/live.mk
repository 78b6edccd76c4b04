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

# Programs for `mem` and `explain` to look at, each linked in a way of its own; made here, because
# guests have no compiler.
LIVE_PROGRAMS := $(addprefix $(OUT)/live/,named staged staged-static staged-static-pie staged-stripped \
	staged-static-stripped $(if $(filter x86_64,$(ARCH)),exit32))

workloads: live-build
live-build: $(LIVE_BIN) $(LIVE_PROGRAMS)

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

# linked NAME SOURCE OPTIONS
define linked
$(OUT)/live/$1: tests/live/programs/$2.c $(OUT)/flags | $(SYSROOT_MK)
	$$(say) LINK $$@
	$(Q)mkdir -p $$(@D)
	$(Q)$$(CC) $$(filter-out -fsanitize% -fno-sanitize% -O%,$$(CFLAGS)) -O0 -fPIE $$< \
		$$(filter-out -fsanitize% -fno-sanitize% -static,$$(LDFLAGS)) $3 -o $$@
endef
$(eval $(call linked,named,named,-pie))
$(eval $(call linked,staged,staged,-pie))
$(eval $(call linked,staged-static,staged,-static))
$(eval $(call linked,staged-static-pie,staged,-static-pie))
$(eval $(call linked,staged-stripped,staged,-pie -s))
$(eval $(call linked,staged-static-stripped,staged,-static -s))

$(OUT)/live/exit32: tests/live/programs/exit32.S $(OUT)/flags
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -m32 -nostdlib -static -s $< -o $@

-include $(LIVE_BIN:=.d)
