# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The tests on other kernels; see tests/vm/README.md.

# What the machine needs for it, as Debian packages.
VM_DEPS := qemu-system-x86 qemu-system-arm cpio e2fsprogs xz-utils zstd lz4 lld clang jq bats \
	busybox-static debian-archive-keyring

# One or more names of tests/vm/kernels; empty: every one of the class "matrix".
KERNEL ?=

# Not empty: every live test in every guest, up to an hour each; else each its share of them.
FULL ?=
VM_FULL = $(if $(FULL),FT_VM_COMMAND="/ft/tests/live/run-in-vm --full" FT_VM_LIMIT=7200 FT_VM_BUDGET=86400)

# Guests of each architecture get a build of their own; which of them the kernels asked for need.
VM_OUT_X86   := build$(if $(filter x86_64,$(NATIVE)),,-x86_64)
VM_OUT_ARM64 := build$(if $(filter arm64,$(NATIVE)),,-arm64)
VM_X86        = $(if $(KERNEL),$(filter-out arm64-%,$(KERNEL)),yes)
VM_ARM64      = $(if $(KERNEL),$(filter arm64-%,$(KERNEL)),yes)

.PHONY: test-vm test-vm-build test-vm-self vm-clean
test-vm: test-vm-build ## live tests on Debian kernels under qemu (KERNEL=6.1 for one, FULL=1 for all tests)
	$(Q)$(VM_FULL) FT_BUILD=$(abspath $(VM_OUT_X86)) FT_BUILD_ARM64=$(abspath $(VM_OUT_ARM64)) tests/vm/matrix $(KERNEL)

test-vm-build:
	$(if $(VM_X86),$(Q)$(MAKE) --no-print-directory ARCH=x86_64 OUTPUT=$(VM_OUT_X86) all workloads)
	$(if $(VM_ARM64),$(Q)$(MAKE) --no-print-directory ARCH=arm64 OUTPUT=$(VM_OUT_ARM64) all workloads)

test-vm-self: ## test the machinery that boots kernels, without the tool
	$(Q)bats tests/vm/selftest/host.bats
	$(Q)FT_VM_KERNELS=tests/vm/selftest/kernels FT_VM_COMMAND=/ft/tests/vm/selftest/in-guest \
		tests/vm/matrix $(KERNEL)

vm-clean: ## remove downloaded kernels, guest images and the sysroot
	$(Q)rm -rf $(or $(FT_VM_CACHE),.cache/vm)
