#!/usr/bin/env bats
# Programs on trampolines (fentry, fexit) are skipped while another task, preempted within one, keeps
# it busy on that CPU. Nothing may be lost by that, and the kernel's count of it is shown.

load common

setup() {
	live_setup
	able gup
}

fully_preemptible() { grep -qE '(^| )preempt=full( |$)' /proc/cmdline; }

@test "128 threads on 2 CPUs: skipped runs are shown, no fault is lost, every cause is known" {
	WL_TRUTH=truth "$FT" -q -j -o ev -- taskset -c 0,1 "$WL/touch" 60000 128
	account_closes
	summary_is '.causes."zero-fill".count >= 60000 and .causes.unknown == null'
	summary_is '.loss."trampoline-misses" >= 0'
	if fully_preemptible; then
		summary_is '.loss."trampoline-misses" > 0'
	fi
	summary | jq -c .loss >&3
}

@test "100 threads that the kernel faults for: what fexit missed stays gup" {
	WL_TRUTH=truth "$FT" -q -j -o ev -- taskset -c 0,1 "$HELP/populate_many" 100 300
	summary_is '.unexplained == 0 and .loss.gup >= 30000'
	summary_is '.seen.min_flt + .seen.maj_flt + .loss.gup == .kernel.min_flt + .kernel.maj_flt'
}
