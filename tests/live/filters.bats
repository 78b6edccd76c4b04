#!/usr/bin/env bats
# Filters: only what was asked for is shown, all of it, and the account stays that of all faults.

load common

setup() { live_setup; }

teardown() {
	live_teardown
	[[ -z ${cgroup:-} ]] || rmdir "$cgroup/below" "$cgroup" 2>/dev/null || true
}

# shown FILTER WORKLOAD [ARG]… -- OPTION…: of one workload, traced twice, the options show what the jq
# condition selects without them. Counts, since addresses differ.
shown() {
	local filter=$1 wl=()
	shift
	while [[ $1 != -- ]]; do wl+=("$1") && shift; done
	shift
	WL_TRUTH=truth "$FT" -q -j -o ev "$@" -- "$WL/${wl[0]}" "${wl[@]:1}"
	[[ $(count_faults true) -gt 0 ]] || { echo "nothing was shown" && return 1; }
	[[ $(count_faults "($filter) | not") -eq 0 ]] || { echo "shown although not $filter" && return 1; }
	account_is_whole
}

# The account counts what is not shown, too.
account_is_whole() {
	summary_is '.unexplained == 0
		and .faults.minor == .seen.min_flt and .faults.major == .seen.maj_flt
		and (.faults | add) > .shown and .loss."ring-full" == 0'
	[ "$(count_faults true)" -eq "$(summary | jq .shown)" ]
}

# total WHAT N: the account counted so many of that cause, shown or not.
total() { summary_is ".causes.\"$1\".count >= $2"; }

@test "--type minor, major, invalid" {
	shown '.fault == "minor"' segv-unmapped 101 -- --type minor
	total unmapped 101
	shown '.fault == "invalid"' segv-unmapped 101 -- --type invalid
	[ "$(count_faults true)" -eq 101 ]
	truth_holds
	shown '.fault == "major"' file-read 101 -- --type major
	[ "$(count_faults '.cause == "file-read"')" -ge 101 ]
	truth_holds
}

@test "--type with several" {
	shown '.fault == "major" or .fault == "invalid"' segv-unmapped 101 -- --type major,invalid
	truth_holds
}

@test "--cause" {
	shown '.cause == "cow"' cow 1009 -- --cause cow
	[ "$(jq '.causes.cow.count' <<<"$(summary)")" -eq "$(count_faults true)" ]
	total zero-fill 1009
	shown '.cause == "zero-page" or .cause == "cow"' zero-page 101 then-write -- --cause zero-page,cow
	truth_holds
}

@test "--access" {
	shown '.access == "exec"' segv-unmapped 101 exec -- --access exec
	truth_holds
	shown '.access == "read"' zero-page 1009 -- --access read
	truth_holds
	shown '.access == "write"' zero-fill 1009 -- --access write
	truth_holds
}

@test "--mode" {
	shown '.mode == "kernel"' kernel-read 1009 -- --mode kernel
	truth_holds
	shown '.mode == "user"' zero-fill 1009 -- --mode user
	truth_holds
}

@test "--min-latency" {
	shown '.latency_ns >= 2000000' uffd 11 slow -- --min-latency 2ms --type minor,major
	truth_holds
	WL_TRUTH=truth "$FT" -q -j -o ev --min-latency 1h -- "$WL/uffd" 11 slow
	[ "$(count_faults true)" -eq 0 ]
	summary_is '.shown == 0 and .unexplained == 0'
}

# For 20,000 faults and one in 10: 2,000 with a standard deviation of 42.
@test "--sample: one in N is shown, and all are counted" {
	WL_TRUTH=truth "$FT" -q -j -o ev --sample 10 --cause zero-fill -- "$WL/touch" 20000
	n=$(count_faults true)
	echo "$n shown"
	((n > 1700 && n < 2300))
	summary_is '.shown + .loss.sampled == .causes."zero-fill".count and .unexplained == 0'
	summary_is '.causes."zero-fill".count >= 20000'
}

@test "--sample 1 shows all" {
	WL_TRUTH=truth "$FT" -q -j -o ev --sample 1 -- "$WL/zero-fill"
	truth_holds
	account_closes
}

@test "filters together" {
	shown '.fault == "minor" and .access == "write" and .cause == "zero-fill" and .mode == "user"' \
		zero-page 1009 then-write -- --type minor --access write --cause zero-fill --mode user
	shown '.cause == "zero-page" and .mode == "kernel"' kernel-read 101 -- \
		--cause zero-page --mode kernel --min-latency 1ns
	truth_holds
}

@test "--uid: of a user, by number or name" {
	nobody=$(id -un 65534 2>/dev/null || echo 65534)
	"$FT" -q -j -o ev -u "$nobody" -- sh -c '"$1/zero-fill" >one
		setpriv --reuid=65534 --regid=65534 --clear-groups "$1/zero-fill" >two' - "$WL"
	truth_holds two
	[ "$(count_faults '.uid != 65534')" -eq 0 ]
	[ "$(count_faults ".pid == $(jq .pid one)")" -eq 0 ]
}

@test "--comm: exactly this name" {
	cp "$WL/zero-fill" zero-filler
	"$FT" -q -j -o ev -n zero-fill -- sh -c '"$1/zero-fill" >one; ./zero-filler >two' - "$WL"
	truth_holds one
	[ "$(count_faults '.comm != "zero-fill"')" -eq 0 ]
	[ "$(count_faults ".pid == $(jq .pid two)")" -eq 0 ]
}

@test "--comm: the account holds until a task changes its name" {
	cp "$WL/zero-fill" zero-filler
	"$FT" -j -o ev -n sh -- sh -c 'x=$(printf "%065536d" 1); exec ./zero-filler >two'
	[ "$(count_faults '.comm != "sh"')" -eq 0 ]
	[ "$(count_faults '.comm == "sh"')" -gt 16 ]
	jq -es 'map(select(.type == "summary"))[0] |
		.unexplained == 0 and .loss["no-entry"] == 0 and .kernel.min_flt >= .seen.min_flt' ev
}

# makes a cgroup for the test in the hierarchy that accounts memory: $cgroup, its path in $path.
cgroup_made() {
	local root=/sys/fs/cgroup
	[[ ! -e $root/memory/cgroup.procs ]] || root=$root/memory
	[[ -e $root/cgroup.procs ]] || needs cgroup
	path=/faulttrace-test-$$-$BATS_TEST_NUMBER
	cgroup=$root$path
	mkdir "$cgroup" "$cgroup/below" || needs cgroup
}

@test "--cgroup: tasks in it and below it" {
	cgroup_made
	"$FT" -q -j -o ev -c "$path" -- sh -c '"$1/zero-fill" >none
		(sh -c "echo \$\$ >$2/cgroup.procs; exec \"\$0/zero-fill\" >in" "$1")
		(sh -c "echo \$\$ >$2/below/cgroup.procs; exec \"\$0/zero-page\" >below" "$1")' - "$WL" "$cgroup"
	truth_holds in
	truth_holds below
	[ "$(count_faults ".pid == $(jq .pid none)")" -eq 0 ]
	[ "$(count_faults ".cgroup | startswith(\"$path\") | not")" -eq 0 ]
	[ "$(count_faults ".cgroup == \"$path/below\"")" -ge 1009 ]
}

@test "-p with other filters" {
	WL_STOP=1 WL_TRUTH=truth background "$WL/zero-page" 1009 then-write
	wl=$pid
	until_true 5 in_state "$wl" T
	background "$FT" -j -o ev -p "$wl" --cause zero-page 2>err
	ft=$pid
	until_true 20 grep -q '^Tracing' err
	kill -CONT "$wl"
	wait "$ft"
	[ "$(count_faults '.cause != "zero-page"')" -eq 0 ]
	[ "$(count_faults '.cause == "zero-page"')" -ge 1009 ]
	account_is_whole
}
