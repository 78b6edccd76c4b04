# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Unit tests: each test_NAME.c is a program of cmocka, under ASan and UBSan; each NAME.sh a script
# that prints TAP. A test links the whole library, built for it under $(OUT)/san.

UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(OUT)/unit/%)
UNIT_SH  := $(sort $(wildcard tests/unit/*.sh))
UNIT_LIB := $(LIB_SRC:%.c=$(OUT)/san/%.o)
UNIT_OBJ := $(UNIT_SRC:%.c=$(OUT)/san/%.o)
TESTS    += unit

.PHONY: unit unit-build
.SECONDARY: $(UNIT_OBJ)

# TEST=maps runs test_maps alone.
TEST ?=
unit: unit-build $(if $(TEST),,docs) ## unit tests under ASan and UBSan (TEST=maps for one)
	$(Q)rm -f $(OUT)/results/unit $(OUT)/results/skipped/unit; failed=0; \
	for t in $(if $(TEST),$(TEST:%=$(OUT)/unit/test_%),$(UNIT_BIN) $(UNIT_SH)); do \
		OUT=$(OUT) CMOCKA_MESSAGE_OUTPUT=TAP tests/count $(OUT)/results/unit ./$$t || failed=1; \
	done; exit $$failed

unit-build: $(UNIT_BIN)

$(OUT)/san/%.o: %.c $(OUT)/flags | $(BPF_SKEL)
	$(say) CC-SAN $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) $(SAN_FLAGS) -MMD -MP -c $< -o $@

$(OUT)/san/libfaulttrace.a: $(UNIT_LIB) $(OUT)/sources
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(UNIT_LIB)

$(UNIT_BIN): $(OUT)/unit/%: $(OUT)/san/tests/unit/%.o $(OUT)/san/libfaulttrace.a
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) $^ -lcmocka $(LDLIBS) -o $@

-include $(UNIT_LIB:.o=.d) $(UNIT_OBJ:.o=.d)
