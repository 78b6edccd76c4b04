#!/usr/bin/env bats
# `doctor`: that its answers agree with each other, with the exit code and with what can be looked up.

load common

setup() { live_setup; }

# ability NAME CONDITION [FILE]: a jq condition on that ability's line; shows it when it does not hold.
ability() {
	jq -es --arg a "$1" "map(select(.ability == \$a)) | length == 1 and (.[0] | $2)" "${3:-json}" >/dev/null || {
		echo "not true of $1: $2"
		jq -c --arg a "$1" 'select(.ability == $a)' "${3:-json}"
		return 1
	}
}

# As a user without any capability, by a descriptor: the folder may be one that nobody else may enter.
as_nobody() {
	command -v setpriv >/dev/null || needs setpriv
	setpriv --reuid=65534 --regid=65534 --clear-groups /proc/self/fd/9 "$@" 9<"$FT"
}

@test "doctor is complete, and text and JSON agree" {
	"$FT" doctor -j >json
	"$FT" doctor >text
	grep -qx 'Faults can be traced here.' text
	jq -es '.[0] | .type == "doctor" and .works and (.release | length) > 0
		and ([.capabilities[]] | all)' json
	jq -es 'all(.type == "doctor" or .type == "program")' json
	jq -es 'map(select(.ability)) | length > 20 and (map(.ability) | unique | length) == length
		and all(if .state == "ok" then .hook != null else .hook == null and .reason != null end)' json
	jq -r 'select(.ability) | "\(.ability) \(.state) \(.hook // "-")"' json >want
	awk '/^[a-z]/ { print $1, $2, $3 }' text >got
	diff want got
}

@test "doctor names the refused fentry and what is used in its place" {
	"$FT" doctor -j >json
	local lockdown
	lockdown=$(jq -r 'select(.release) | .lockdown // "none"' json)
	[[ $lockdown != none ]] || needs lockdown
	ability mapping '.state == "ok" and .hook == "search"
		and (.reason | startswith("fentry/handle_mm_fault: Operation not permitted; lockdown is "))'
	ability gup '.state == "refused" and (.reason | contains("lockdown is")) and (.cure | startswith("lift lockdown"))'
}

# What it names is what commands load: every hook that runs a program is among the programs.
@test "doctor names no hook that nothing uses" {
	"$FT" doctor -j >json
	jq -r 'select(.type == "program") | .name' json >programs
	jq -r 'select(.state? == "ok") | .hook | select(test("^(tp_btf|raw_tp|fentry|fexit|kprobe|iter)/"))' json |
		sed 's#.*/##; s/^mm_vmscan_//; s/^mm_//' | sort -u >hooks
	[[ $(wc -l <hooks) -ge 10 ]]
	local hook
	while read -r hook; do
		grep -q "$hook" programs || { echo "nothing uses $hook" && return 1; }
	done <hooks
	[[ $(uname -m) != x86_64 ]] || ability swap-in '.hook == "walk" and .reason == null'
}

@test "doctor without privilege names that as the reason, and exits with 3" {
	run -3 as_nobody doctor -j
	echo "$output" >json
	jq -es '.[0] | .works == false and ([.capabilities[]] | any | not)' json
	jq -es 'map(select(.ability and .state == "refused")) | length > 10
		and all(.cure == "run as root, or grant the capabilities that are missing"
			or (.reason | startswith("not tried: ")))' json
	ability page-table '.state == "refused" and (.reason | startswith("not tried: "))'
	ability swap-entry '.reason | startswith("not tried: ")'
	run -3 as_nobody doctor
	[[ $output == *"Faults cannot be traced here: missing CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE." ]]
}

@test "doctor agrees with the stream on a missing CAP_SYS_PTRACE" {
	command -v setpriv >/dev/null || needs setpriv
	run -3 --separate-stderr setpriv --bounding-set=-sys_ptrace "$FT" -d 0.1
	[[ $stderr == *"CAP_SYS_PTRACE missing"* ]]
	run -3 setpriv --bounding-set=-sys_ptrace "$FT" doctor
	[[ $output == *"Faults cannot be traced here: missing CAP_SYS_PTRACE." ]]
	run -3 setpriv --bounding-set=-sys_ptrace "$FT" doctor -j
	jq -es '.[0].works == false and .[0].capabilities.CAP_SYS_PTRACE == false' <<<"$output"
}

@test "doctor --hooks portable cures itself by being left out" {
	"$FT" doctor --hooks portable -j >json
	jq -es 'all(.hook == null or (.hook | test("^f(entry|exit)/") | not))' json
	ability gup '.state == "refused" and .cure == "leave --hooks portable out"'
}

@test "doctor --btf without types ends as the stream does" {
	local file
	printf 'no types' >file
	for file in /nonexistent file; do
		run -5 --separate-stderr "$FT" --btf "$file" -d 0.1
		local said=$stderr
		run -5 --separate-stderr "$FT" doctor --btf "$file"
		[[ -z $output && $stderr == "$said" && $said == *"--btf: $file: "* ]]
	done
}

@test "doctor exits with 4 where the kernel cannot" {
	command -v unshare >/dev/null || needs unshare
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m sh -c 'mount --bind /dev/null /sys/kernel/btf/vmlinux || exit 77; exec "$@"' - "$FT" doctor -j
	[[ $status -ne 77 ]] || needs mount
	[[ $status -eq 4 ]]
	echo "$output" >json
	jq -es '.[0].works == false and .[0].btf == null' json
	ability entry '.state == "absent" and .cure == "name a file with --btf FILE"'
	ability page-table '.state == "absent" and (.reason | startswith("not tried: "))'
}

@test "doctor looks for the memory controller, not for the hierarchy" {
	"$FT" doctor -j >json
	local dir state=absent
	while read -r dir; do
		! grep -qsw memory "$dir/cgroup.controllers" || state=ok
	done < <(awk '$3 == "cgroup2" { print $2 }' /proc/mounts)
	ability cgroup-v2 ".state == \"$state\""
	state=absent
	! awk '$3 == "cgroup" { print $4 }' /proc/mounts | tr , '\n' | grep -qx memory || state=ok
	ability cgroup-v1 ".state == \"$state\""
}
