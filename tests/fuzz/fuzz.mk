# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Fuzzing with libFuzzer, ASan and UBSan: a bounded run in CI, from the seeds in corpus/NAME.
#
#	make fuzz FUZZ_SECONDS=600 FUZZ=maps
#
# What it finds new stays in $(OUT)/fuzz/corpus; an input that fails is $(OUT)/fuzz/crash-…: make it
# a seed and a case of the unit test.

FUZZ         ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 10
FUZZ_CC      ?= clang
FUZZ_DIR     := $(OUT)/fuzz
FUZZ_FLAGS    = -g -O1 -std=gnu11 -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
FUZZ_OBJ     := $(patsubst %.c,$(FUZZ_DIR)/%.o,$(filter user/base/% user/enrich/% user/model/% user/view/%,$(LIB_SRC)))
FUZZ_BIN     := $(FUZZ:%=$(FUZZ_DIR)/fuzz_%)
TESTS        += fuzz

.PHONY: fuzz
.SECONDARY: $(FUZZ_OBJ)
fuzz: $(FUZZ_BIN) ## fuzz the parsers (FUZZ_SECONDS=10 each, FUZZ=maps for one)
	$(Q)rm -f $(OUT)/results/fuzz $(OUT)/results/skipped/fuzz
	$(Q)OUT=$(OUT) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/count $(OUT)/results/fuzz tests/fuzz/run $(FUZZ)

$(FUZZ_DIR)/%.o: %.c $(OUT)/flags | $(BPF_SKEL)
	$(say) CC-FUZZ $<
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c $< -o $@

$(FUZZ_DIR)/libfaulttrace.a: $(FUZZ_OBJ) $(OUT)/sources
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(FUZZ_OBJ)

$(FUZZ_BIN): $(FUZZ_DIR)/%: $(FUZZ_DIR)/tests/fuzz/%.o $(FUZZ_DIR)/libfaulttrace.a
	$(say) LINK $@
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer $^ $(LDLIBS) -o $@

-include $(FUZZ_OBJ:.o=.d) $(FUZZ_BIN:$(FUZZ_DIR)/%=$(FUZZ_DIR)/tests/fuzz/%.d)
