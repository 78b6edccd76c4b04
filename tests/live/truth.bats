#!/usr/bin/env bats
# Every workload and variant, to the fault: its own truth, wait4(), perf stat, and the account of
# the summary. `faulttrace -- [perf stat] rusage WORKLOAD` says all four of one run.

load common

setup() { live_setup; }

# What is asked of a run, as lines of differences; see totals.jq.
totals_hold() {
	jq -nr --slurpfile ru ru --slurpfile truth truth --argjson execs "$1" --argjson perf "$2" \
		-f "$LIVE/totals.jq" ev
}

# "123,,minor-faults,…" of perf stat -x, as {"minor":123,"major":4}.
perf_counts() {
	[[ -e perf ]] || { echo null && return; }
	awk -F , '$3 ~ /^minor-faults/ { min = $1 } $3 ~ /^major-faults/ { maj = $1 }
		END { printf "{\"minor\":%d,\"major\":%d}\n", min, maj }' perf
}

# take_recorded: what tests/live/record kept of this test, instead of a run of its own.
take_recorded() {
	local name
	name=$(grep -lxF -- "$BATS_TEST_DESCRIPTION" "$TRUTH_RECORDED"/*/name)
	cd "${name%/name}"
	[[ -e ev ]] || : >ev
	status=$(<status)
}

# Of uffd's, what was answered before the task slept is told from others by its second handle_mm_fault(),
# where that is seen; else a few are called what they would be without userfaultfd.
answered_early() {
	local missed few=0
	if [[ $(count_faults '.retries != null') -eq 0 ]]; then
		few=50
		[[ ! ${FT_VM-}${TRUTH_RECORDED-} ]] || few=250 # an emulated CPU
	fi
	missed=$(count_faults '.cause == "shmem" and (.file | strings | startswith("/memfd:faulttrace-wl"))')
	[[ $missed -le $few ]] || { echo "$missed are called shmem" && return 1; }
}

# traced [-x EXECS] [-b SWAPBOX_OPTION]… WORKLOAD [N] [WORD]
traced() {
	local execs=1 box=() perf=() opt status=0
	OPTIND=1
	while getopts x:b: opt; do
		case $opt in
		x) execs=$OPTARG ;;
		b) box+=("$OPTARG") ;;
		*) return 1 ;;
		esac
	done
	shift $((OPTIND - 1))
	case $1 in
	efault) able efault ;;
	swap-in | numa-hint) able swap-entry ;;
	esac
	if [[ ${TRUTH_RECORDED-} ]]; then
		take_recorded
	else
		[[ -x $WL/$1 ]] || { echo "no workload $1" && return 1; }
		if command -v perf >/dev/null; then
			perf=("$(command -v perf)" stat -x "," -e "minor-faults,major-faults" -o perf --)
		fi
		[[ ${#box[@]} -eq 0 ]] || box=("$WL/swapbox.sh" "${box[@]}")
		# A small environment: the kernel copies it with the arguments, a page at a time, by gup.
		"${box[@]}" env -i PATH="$PATH" WL_DIR="$WL_DIR" WL_TRUTH=truth \
			"$FT" -q -j -o ev -- "${perf[@]}" "$HELP/rusage" ru "$WL/$1" "${@:2}" || status=$?
	fi
	[[ $status -ne 77 || -s truth ]] || needs swap # swapbox.sh says 77 before anything runs
	[[ $status -ne 77 ]] || skip_if_needs
	[[ $status -eq 0 ]] || { cat output && return 1; }
	truth_holds
	totals_hold "$execs" "$(perf_counts)"
	[[ "$1 ${3-}" != "uffd in-cache" ]] || answered_early
	[[ ${TRUTH_RECORDED-} ]] || account_closes
}

@test "zero-fill: mmap" { traced zero-fill; }
@test "zero-fill: heap" { traced zero-fill 1009 heap; }
@test "zero-fill: one fault" { traced zero-fill 1; }
@test "zero-page: read" { traced zero-page; }
@test "zero-page: then written" { traced zero-page 1009 then-write; }
@test "zero-page: /dev/zero, then written" { traced zero-page 1009 dev-zero; }
@test "cow: the parent writes" { traced cow; }
@test "cow: the child writes" { traced cow 1009 child; }
@test "stack" { traced stack; }
@test "thp" { traced thp; }
@test "hugetlb" { traced hugetlb; }
@test "file-map" { traced file-map; }
@test "file-read" { traced file-read; }
@test "file-cow" { traced file-cow; }
@test "file-cow: after a read" { traced file-cow 503 after-read; }
@test "mkwrite" { traced mkwrite; }
@test "mkwrite: after a read" { traced mkwrite 503 after-read; }
@test "shmem: write" { traced shmem; }
@test "shmem: read" { traced shmem 503 read; }
@test "memfd" { traced memfd; }
@test "swap-in: read" { traced -b -s -b 64 swap-in 101; }
@test "swap-in: write" { traced -b -s -b 64 swap-in 101 write; }
@test "swap-in: from the swap cache" { traced -b -s -b 64 swap-in 101 cache; }
@test "swap-in: readahead makes most of them minor" { traced -b -s -b 64 -b -c -b 3 swap-in 101; }
@test "swap-in: zram" { traced -b -z -b -s -b 64 swap-in 101; }
@test "swap-in: in a memory cgroup" { traced -b -s -b 64 -b -m -b 192 swap-in 101; }
@test "uffd" { traced uffd; }
@test "uffd: slow" { traced uffd 11 slow; }
@test "uffd: in the page cache" { traced uffd 1009 in-cache; }
@test "numa-hint" { traced numa-hint; }
@test "spurious: two threads race" { traced spurious; }
@test "segv-unmapped: read" { traced segv-unmapped; }
@test "segv-unmapped: write" { traced segv-unmapped 101 write; }
@test "segv-unmapped: exec" { traced segv-unmapped 101 exec; }
@test "segv-protection: write" { traced segv-protection; }
@test "segv-protection: read" { traced segv-protection 101 read; }
@test "segv-protection: exec" { traced segv-protection 101 exec; }
@test "segv-fatal: unmapped" { traced segv-fatal; }
@test "segv-fatal: protection" { traced segv-fatal 1 protection; }
@test "pkey" { traced pkey; }
@test "bus" { traced bus; }
@test "efault: read" { traced efault; }
@test "efault: write" { traced efault 101 write; }
@test "kernel-read: the kernel reads" { traced kernel-read; }
@test "kernel-read: the kernel writes" { traced kernel-read 101 write; }
@test "kernel-read: a file" { traced kernel-read 101 file; }
@test "populate: gup" { traced populate; }
@test "vm-readv: gup" { traced vm-readv; }
@test "threads: 64" { traced threads; }
@test "fork-exec: short-lived processes" { traced -x 51 fork-exec 101; }
@test "churn: other files at one address" { traced churn; }
@test "touch: 8 threads" { traced touch 2003 8; }

@test "all of these in one trace: the account" {
	if [[ ! ${TRUTH_RECORDED-} ]]; then
		TRUTH_RECORDED=$BATS_TEST_TMPDIR/all
		"$LIVE/record" "$TRUTH_RECORDED" -q
	fi
	account_closes "$TRUTH_RECORDED/ev"
}

@test "every workload has its test here" {
	for file in "$WL"/*; do
		name=${file##*/}
		[[ -f $file && $name != all && $name != *.sh ]] || continue
		grep -q "traced.* $name\b" "$BATS_TEST_FILENAME" || { echo "no test of $name" && return 1; }
	done
}
