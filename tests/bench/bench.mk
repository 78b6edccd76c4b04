# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The benchmark against the peers; see tests/bench/README.md.
# Included by the top Makefile. Uses: CC CFLAGS CLANG BPFTOOL OUT Q say.

BENCH_DEPS := bpfcc-tools bpftrace gawk gnuplot-nox jq linux-perf time trace-cmd
BENCH_OUT  := tests/bench/out

.PHONY: bench bench-deps bench-build bench-insns bench-insns-accept
bench-deps: ## install the peers that `make bench` compares with (as root)
	$(Q).ci/deps $(BENCH_DEPS)

# BENCH="cost scale" measures these alone; BENCH_ROUNDS=30 for a narrower spread.
BENCH        ?=
BENCH_ROUNDS ?= 10
bench: all bench-build ## measure against the floor and the peers (as root, on a quiet machine)
	$(Q)BENCH_ROUNDS=$(BENCH_ROUNDS) FT_BUILD=$(abspath $(OUT)) tests/bench/run $(BENCH)

# Instructions per fault in a virtual machine: no noise, so held in CI to 5 %.
INSNS_KERNEL ?= 6.12
bench-insns: all bench-build ## instructions per fault, against the committed figures
	$(Q)FT_BUILD=$(abspath $(OUT)) tests/bench/insns check $(INSNS_KERNEL)
bench-insns-accept: all bench-build ## take the instructions per fault of now as the figures
	$(Q)FT_BUILD=$(abspath $(OUT)) tests/bench/insns accept $(INSNS_KERNEL)

bench-build: $(OUT)/bench/floor $(OUT)/bench/loop

$(OUT)/bench/floor.bpf.o: tests/bench/floor.bpf.c $(OUT)/bpf/flags
	$(say) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(OUT)/bench/floor.skel.h: $(OUT)/bench/floor.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name floor_bpf >$@

$(OUT)/bench/floor: tests/bench/floor.c $(OUT)/bench/floor.skel.h $(OUT)/libfaulttrace.a
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $< $(OUT)/libfaulttrace.a $(LDLIBS) -o $@

# Static and alone, so that it makes few faults of its own.
$(OUT)/bench/loop: tests/bench/loop.c $(OUT)/flags
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -O2 -g -static -pthread -Wall -Wextra $< -o $@
