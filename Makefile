# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `make help` lists the targets. What tests/ adds stands in tests/*/*.mk, which may use OUT Q say
# CC CFLAGS CPPFLAGS LDFLAGS LDLIBS CHECK and add to TESTS and FORMAT_SRC.

# --- Where from, where to, how ------------------------------------------------------------------

NATIVE  := $(patsubst aarch64,arm64,$(shell uname -m))
ARCH    ?= $(NATIVE)
OUTPUT  ?= $(if $(filter $(ARCH),$(NATIVE)),build,build-$(ARCH))
OUT     := $(patsubst %/,%,$(OUTPUT))
DESTDIR ?=
PREFIX  ?= /usr/local
V       ?= 0
SAN     ?= 0
STATIC  ?= 0

ifneq ($(filter-out x86_64 arm64,$(ARCH)),)
$(error ARCH=$(ARCH) is not supported: use x86_64 or arm64)
endif
ifneq ($(filter $(abspath $(OUT)),/ $(CURDIR) $(abspath ..)),)
$(error OUTPUT=$(OUTPUT) would mix what is built with the sources: name a folder of its own)
endif

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-8s %s\n')

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all
.PHONY: FORCE

# $(call stamp,TEXT): recipe of a file that changes only when TEXT does.
stamp = $(Q)mkdir -p $(@D); \
	printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@

# --- Tools and flags: BPF is always clang's, user space is $(CC)'s --------------------------------

CLANG       ?= clang
LLVM_STRIP  ?= llvm-strip
BPFTOOL     ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PKG_CONFIG  ?= pkg-config
SCDOC       ?= scdoc
LIBS        := libbpf libelf libdw libcap-ng zlib
CFLAGS      ?= -O2 -g
SAN_FLAGS   := -fsanitize=address,undefined -fno-sanitize-recover=undefined

# `override`: what stands here is needed whatever CFLAGS=… says on the command line.
override CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iuser -I$(OUT)
override CFLAGS += -std=gnu11 -fno-omit-frame-pointer -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wno-unused-parameter $(if $(CI),-Werror)
ifeq ($(SAN),1)
override CFLAGS += $(SAN_FLAGS)
override LDFLAGS += $(SAN_FLAGS)
endif
ifeq ($(STATIC),1)
override LDFLAGS += -static
endif

# Another architecture: clang and lld for it, with the libraries tests/vm/sysroot unpacks.
ifneq ($(ARCH),$(NATIVE))
TRIPLET     := $(patsubst arm64,aarch64,$(ARCH))-linux-gnu
SYSROOT     ?= $(or $(FT_VM_CACHE),$(CURDIR)/.cache/vm)/sysroot-$(ARCH)
SYSROOT_MK  := $(SYSROOT)/stamp
override CC := clang --target=$(TRIPLET) --sysroot=$(SYSROOT)
override AR := llvm-ar
override PKG_CONFIG := PKG_CONFIG_SYSROOT_DIR=$(SYSROOT) \
	PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/$(TRIPLET)/pkgconfig:$(SYSROOT)/usr/share/pkgconfig pkg-config
override LDFLAGS += -fuse-ld=lld

$(SYSROOT_MK): tests/vm/sysroot
	$(say) SYSROOT $(SYSROOT)
	$(Q)tests/vm/sysroot $(ARCH) >/dev/null
	$(Q)touch $@
endif

# Asked when something is linked, so that `make deps` works before the libraries are there.
LDLIBS = $(shell $(PKG_CONFIG) $(if $(filter 1,$(STATIC)),--static) --libs $(LIBS)) -liberty -lm

# --- bpf/*.bpf.c: compiled apart, linked into one object, embedded by one skeleton ----------------

BPF_SRC  := $(sort $(wildcard bpf/*.bpf.c))
BPF_OBJ  := $(BPF_SRC:%.c=$(OUT)/%.o)
BPF_SKEL := $(OUT)/faulttrace.skel.h
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -D__TARGET_ARCH_$(patsubst x86_64,x86,$(ARCH)) \
	-Iinclude -Ivmlinux/$(ARCH) -Wall -Wextra -Wno-unused-parameter -Wno-missing-declarations \
	$(if $(CI),-Werror)

$(OUT)/bpf/flags: FORCE
	$(call stamp,$(CLANG) $(BPF_CFLAGS) $(BPF_SRC))

$(OUT)/bpf/%.bpf.o: bpf/%.bpf.c $(OUT)/bpf/flags
	$(say) BPF $<
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@

$(OUT)/faulttrace.bpf.o: $(BPF_OBJ)
	$(say) BPFLINK $@
	$(Q)$(BPFTOOL) gen object $@ $^

$(BPF_SKEL): $(OUT)/faulttrace.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name faulttrace_bpf >$@

# --- The program: user/main.c and a library of all the rest, which tests link too -----------------

LIB_SRC  := $(filter-out user/share/%,$(sort $(wildcard user/*/*.c)))
LIB_OBJ  := $(LIB_SRC:%.c=$(OUT)/%.o)
USER_OBJ := $(OUT)/user/main.o $(OUT)/user/share/gen.o $(LIB_OBJ)

$(OUT)/flags: FORCE
	$(call stamp,$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(STATIC))

$(OUT)/sources: FORCE # a source that went away is a change too
	$(call stamp,$(LIB_SRC))

# The skeleton must exist before the first compile; who includes it is then known from the .d files.
$(OUT)/user/%.o: user/%.c $(OUT)/flags | $(BPF_SKEL) $(SYSROOT_MK)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/libfaulttrace.a: $(LIB_OBJ) $(OUT)/sources
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

$(OUT)/faulttrace: $(OUT)/user/main.o $(OUT)/libfaulttrace.a
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

-include $(BPF_OBJ:.o=.d) $(USER_OBJ:.o=.d)

.PHONY: all
all: $(OUT)/faulttrace ## build the program at build/faulttrace

-include $(sort $(wildcard tests/*/*.mk))

# --- Man page and completion, from the option table -----------------------------------------------

# gen runs here, so for another architecture it is built apart.
GEN := $(if $(SYSROOT_MK),$(OUT)/native/gen,$(OUT)/gen)

.PHONY: docs
docs: $(OUT)/faulttrace.8 $(OUT)/faulttrace.bash ## build man page and completion
all: $(if $(SYSROOT_MK),,docs)

$(OUT)/gen: $(OUT)/user/share/gen.o $(OUT)/libfaulttrace.a
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(OUT)/native/gen: FORCE
	$(Q)env -u CC -u AR $(MAKE) --no-print-directory ARCH=$(NATIVE) OUTPUT=$(OUT)/native $@

$(OUT)/faulttrace.8: user/share/faulttrace.8.scd.in user/share/json.scd $(GEN)
	$(say) MAN $@
	$(Q)$(GEN) $< >$@.scd
	$(Q)$(SCDOC) <$@.scd >$@

$(OUT)/faulttrace.bash: user/share/faulttrace.bash.in $(GEN)
	$(say) COMPLETE $@
	$(Q)$(GEN) $< >$@

# --- Install --------------------------------------------------------------------------------------

# $(call place,MODE,FILE,PLACE)
place = $(Q)install -D -m $(1) $(2) $(DESTDIR)$(PREFIX)/$(3)
INSTALLED := bin/faulttrace share/man/man8/faulttrace.8 share/bash-completion/completions/faulttrace

.PHONY: install uninstall
install: all docs ## install under PREFIX (DESTDIR before it for packages)
	$(call place,755,$(OUT)/faulttrace,bin/faulttrace)
	$(call place,644,$(OUT)/faulttrace.8,share/man/man8/faulttrace.8)
	$(call place,644,$(OUT)/faulttrace.bash,share/bash-completion/completions/faulttrace)

uninstall: ## remove what install put there
	$(Q)rm -f $(INSTALLED:%=$(DESTDIR)$(PREFIX)/%)

# --- What the machine needs: names of Debian 12 packages ------------------------------------------

BUILD_DEPS := bpftool clang gcc libbpf-dev libc6-dev libcap-ng-dev libdw-dev libelf-dev libiberty-dev \
	linux-libc-dev llvm make pkg-config scdoc zlib1g-dev
TEST_DEPS  := bash bats clang-format clang-tidy e2fsprogs jq libclang-rt-dev libcmocka-dev \
	linux-perf man-db procps shellcheck time tmux util-linux valgrind $(VM_DEPS)

.PHONY: deps deps-build
deps: ## install what is missing to build and test (as root)
	$(Q).ci/deps $(BUILD_DEPS) $(TEST_DEPS)
deps-build: ## install what is missing to build
	$(Q).ci/deps $(BUILD_DEPS)

# --- Demo, tests, lint ----------------------------------------------------------------------------

# A step begins when the one before it has ended, with -j too: hence a make for each.
STEP = $(Q)+$(MAKE) --no-print-directory

.PHONY: demo test lint
demo: ## see every cause of page faults, live (installs what is missing, builds; as root)
	$(STEP) deps-build
	$(STEP) all workloads
	$(Q)$(OUT)/faulttrace -- $(OUT)/workloads/all

test: ## run all tests (installs what is missing, builds; as root)
	$(STEP) deps
	$(Q)rm -rf $(OUT)/results
	$(STEP) all workloads
	$(Q)+failed=; for t in $(TESTS); do \
		$(MAKE) --no-print-directory $$t || failed="$$failed $$t"; \
	done; $(call totals); test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

# Other kernels that `make test` boots, names of tests/vm/kernels: the oldest and one with fentry for
# all tests, the others for what loads and attaches. `all` is every one of the matrix, `none` no one.
TEST_KERNELS ?= 5.10 6.12
TEST_QUICK   ?= 6.1 6.18 7.1 newest newest-preempt 6.1-cgroup1 6.12-nobtf
TESTS += $(if $(filter-out none,$(TEST_KERNELS) $(TEST_QUICK)),vm)
# $(call boot,KERNELS[,COMMAND])
boot = $(if $(filter-out none,$(1)),FT_VM_COMMAND="$(2)" tests/count $(OUT)/results/vm \
	$(MAKE) --no-print-directory test-vm KERNEL="$(filter-out all,$(1))",:)
.PHONY: vm
vm:
	$(Q)rm -f $(OUT)/results/vm
	$(Q)+failed=0; $(call boot,$(TEST_KERNELS)) || failed=1; \
		$(call boot,$(TEST_QUICK),/ft/tests/live/run-in-vm --quick) || failed=1; exit $$failed

# Adds up what the runners counted.
totals = find $(OUT)/results -maxdepth 1 -type f -exec cat {} + | awk '{ p += $$1; f += $$2; s += $$3 } \
	END { printf "%d passed, %d failed, %d skipped\n", p, f, s }'

FORMAT_SRC := $(shell find bpf include user tests -name '*.[ch]' -not -path '*/.*' | sort)
SHELL_SRC  := $(shell grep -rlE -m 1 --exclude-dir=.cache '^\#!.*[/ ](ba)?sh( |$$)' .ci bpf tests user vmlinux | sort)
TIDY_OK    := $(USER_OBJ:$(OUT)/%.o=$(OUT)/tidy/%)

.PHONY: format lint-format lint-tidy lint-shell
lint: ## check format, clang-tidy, shellcheck
	$(Q)rm -f $(OUT)/results/lint $(OUT)/results/skipped/lint
	$(Q)+failed=0; for t in lint-format lint-tidy lint-shell; do \
		tests/count $(OUT)/results/lint $(MAKE) --no-print-directory $$t || failed=1; \
	done; exit $$failed

format: ## format the C sources
	$(Q)clang-format -i $(FORMAT_SRC)
lint-format:
	$(Q)clang-format --dry-run -Werror $(FORMAT_SRC)
lint-shell:
	$(Q)shellcheck -x --source-path=SCRIPTDIR $(SHELL_SRC)
lint-tidy: $(TIDY_OK)
# After its object, which is made anew when a header changes.
$(OUT)/tidy/%: $(OUT)/%.o .clang-tidy
	$(say) TIDY $*.c
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet $*.c -- $(CPPFLAGS) -std=gnu11 2>&1 && touch $@

# --- Housekeeping ---------------------------------------------------------------------------------

.PHONY: vmlinux clean help
vmlinux: ## make vmlinux/ARCH/vmlinux.h anew from Debian's kernels
	$(Q)vmlinux/generate

clean: ## remove what was built
	$(Q)rm -rf $(OUT)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort -u | \
		awk -F ':.*## ' '{ printf "  %-14s %s\n", $$1, $$2 }'
	@echo "Variables: V=1 SAN=1 STATIC=1 ARCH=x86_64|arm64 OUTPUT=build DESTDIR= PREFIX=/usr/local"
