# What the live tests share. A test file has "load common" and setup() { live_setup; }.
# shellcheck shell=bash

: "${FT:=$BATS_TEST_DIRNAME/../../build/faulttrace}"
: "${WL:=$(dirname -- "$FT")/workloads}"
: "${HELP:=$(dirname -- "$FT")/live}"
LIVE=$BATS_TEST_DIRNAME
bats_require_minimum_version 1.5.0

live_setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export WL_DIR=${WL_DIR:-/var/tmp} TMPDIR=$BATS_TEST_TMPDIR
	started=()
}

# Ends what the test started, also when it failed. A file's own teardown() calls it.
live_teardown() {
	local pid
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}
teardown() { live_teardown; }

# background COMMAND…: starts it, its pid in $pid; ended by teardown. Redirections go outside.
background() {
	"$@" 3>&- &
	pid=$!
	started+=("$pid")
}

# needs CAPABILITY…: skips the test. The words are those of `faulttrace doctor`.
needs() {
	local IFS=,
	skip "needs $*"
}

# able ABILITY: skips the test where `faulttrace doctor` does not report it as ok.
able() {
	local doctor=${TRUTH_RECORDED:+$TRUTH_RECORDED/../doctor.json}
	doctor=${doctor:-$BATS_RUN_TMPDIR/doctor.json}
	[[ -s $doctor ]] || "$FT" doctor -j >"$doctor" || true
	jq -es --arg a "$1" 'any(.ability == $a and .state == "ok")' "$doctor" >/dev/null || needs "$1"
}

# zero_page: whether a first read maps the kernel's page of zeros; kernels can be started without it.
zero_page() { "$WL/zero-page" 1 then-write | jq -es 'any(.[].expect[]; .cause == "cow")' >/dev/null; }

# until_true SECONDS COMMAND…: waits for it to succeed.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || { echo "in vain waited for: $*" && return 1; }
		sleep 0.05
	done
}

# ended PID: it is gone, or a zombie.
ended() {
	local stat
	stat=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
	[[ -z $stat || $stat == Z* ]]
}

# in_state PID LETTER: as in /proc/PID/stat (T stopped, S sleeping).
in_state() { [[ $(sed 's/.*) //' "/proc/$1/stat") == "$2"* ]]; }

# summary [FILE]: the last line of -j output.
summary() { tail -n 1 "${1:-ev}"; }

# summary_is FILTER [FILE]: a jq condition on the summary; shows it when it does not hold.
summary_is() {
	# Of nothing jq -e says yes.
	summary "${2:-ev}" | jq -es "length == 1 and (.[0] | $1)" >/dev/null || {
		echo "not true: $1"
		summary "${2:-ev}"
		return 1
	}
}

# The account closes: nothing lost, nothing unexplained, every fault shown.
account_closes() {
	summary_is '.type == "summary" and .unexplained == 0
		and .seen.min_flt + .seen.maj_flt + .loss.gup == .kernel.min_flt + .kernel.maj_flt
		and .faults.minor == .seen.min_flt and .faults.major == .seen.maj_flt
		and ([.loss | to_entries[] | select(.key != "gup" and .key != "trampoline-misses") | .value] | add) == 0' "$@"
}

# preempted_everywhere: this kernel takes the CPU from system calls, too, and says so.
preempted_everywhere() { grep -qsE '\((full|lazy)\)' /sys/kernel/debug/sched/preempt; }

# count_faults FILTER [FILE]: how many faults a jq condition holds for.
count_faults() {
	jq -n "reduce (inputs | select(.type == \"fault\") | select($1)) as \$f (0; . + 1)" "${2:-ev}"
}

# truth_holds [TRUTH [FILE]]: the workload's truth, compared to the fault. Of a trace of the whole
# system jq gets no more than the workload's processes.
truth_holds() {
	jq -r '"\"pid\":\(.pid, .expect[].pid // empty),"' "${1:-truth}" | sort -u >truth.pids
	grep -F -f truth.pids "${2:-ev}" | jq -nr --slurpfile truth "${1:-truth}" -f "$LIVE/truth.jq"
}

# skip_if_needs [TRUTH]: when the workload could not be made here.
skip_if_needs() {
	local what
	what=$(jq -r 'select(.skip) | .needs' "${1:-truth}")
	[[ -z $what ]] || needs "$what"
}

# mistake STATUS TEXT… -- COMMAND…: the line holds each of the texts.
mistake() {
	local want=$1 texts=() text status=0
	shift
	while [[ $1 != -- ]]; do texts+=("$1") && shift; done
	shift
	timeout 30 "$@" >out 2>err </dev/null || status=$?
	[[ $status -eq $want ]] || { echo "exit code $status, not $want: $*" && cat err && return 1; }
	[[ ! -s out ]] || { echo "on stdout: $(cat out)" && return 1; }
	[[ $(wc -l <err) -eq 1 && $(cat err) == 'faulttrace: '* ]] || { echo "not one line: $(cat err)" && return 1; }
	for text in "${texts[@]}"; do
		grep -qF -- "$text" err || { echo "no '$text' in: $(cat err)" && return 1; }
	done
}
