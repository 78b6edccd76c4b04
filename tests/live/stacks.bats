#!/usr/bin/env bats
# faulttrace stacks: known call paths to the fault, weights against the summary, filters, loss.

load common

setup() {
	live_setup
	target=$HELP/stacks_target
}

# sum PATTERN: the weights of folded lines whose stack matches.
sum() {
	# By the environment: -v takes backslashes for escapes, and awks differ in which.
	PATTERN=$1 LC_ALL=C awk '{ w = $NF; sub(/ [0-9]+$/, "") } $0 ~ ENVIRON["PATTERN"] { n += w } END { print n + 0 }' folded
}

# is WHAT EXPECTED: with the lines when it is not.
is() {
	[[ $1 == "$2" ]] || { echo "is $1, should be $2" && head -n 40 folded; return 1; }
}

# What flamegraph.pl and speedscope read, and nothing that drives a terminal.
valid_folded() {
	[[ -s folded ]]
	! LC_ALL=C grep -nvE '^[^;[:cntrl:]]+(;[^;[:cntrl:]]+)* [0-9]+$' folded
}

folded() { "$FT" stacks -q --folded -o folded "$@"; }

@test "counts of each call path, exactly" {
	folded -- "$target" paths 1009 503 101
	valid_folded
	is "$(sum '^stacks_target;.*;main;paths;a;b;touch$')" 1009
	is "$(sum '^stacks_target;.*;main;paths;c;touch$')" 503
	is "$(sum '^stacks_target;.*;main;paths;d;.*vfs_read')" 101
	is "$(sum ';touch$')" 1512
	is "$(grep -c ';a;b;touch ' folded)" 1
}

@test "the kernel's part is delimited when asked" {
	folded --delimited -- "$target" paths 11 7 5
	valid_folded
	is "$(sum ';paths;d;-;.*vfs_read')" 5
	is "$(sum ';a;b;touch$')" 11
	is "$(sum ';-$')" 0
}

@test "JSON: the sums are the summary's" {
	"$FT" stacks -q -j -o ev -- "$target" paths 1009 503 101
	jq -es '(map(select(.type == "stack"))) as $s | .[-1] as $sum
		| ($s | map(.count) | add) == $sum.shown
		and $sum.shown == ($sum.faults | add)
		and ($s | map(.stall_ns) | add) == $sum.stall_ns
		and $sum.causes["zero-fill"].count == ($s | map(select(.cause == "zero-fill").count) | add)' ev
	account_closes
	jq -es 'map(select(.type == "stack" and (.frames | map(.sym) | index("b") and index("touch"))))
		| length == 1 and (.[0] | .count == 1009 and .comm == "stacks_target" and .fault == "minor"
			and .cause == "zero-fill" and .mode == "user" and .bytes == 1009 * 4096
			and (.frames[0] | .sym == "touch" and .kernel == false and (.dso | endswith("/stacks_target"))
				and (.ip | startswith("0x")) and (.off | startswith("0x"))))' ev
	jq -es 'map(select(.type == "stack" and .mode == "kernel" and .count == 101)) | length == 1
		and (.[0].frames | (map(select(.kernel)) | length > 2) and (map(select(.sym == "d" and (.kernel | not))) | length == 1)
			and .[0].kernel and .[0].dso == "[kernel]")' ev
}

@test "stall in microseconds" {
	"$FT" stacks -o folded --folded --weight stall -- "$target" paths 1009 503 101 2>err
	valid_folded
	stall=$(awk '/ stalled: / { for (i = 1; i < NF; i++) if ($i == "ms") { sub(/\./, "", $(i - 1)); print $(i - 1) + 0 } }' err)
	got=$(sum .)
	# Both are rounded, the one down.
	((got == stall || got + 1 == stall)) || { echo "$got us of $stall us" && cat err && return 1; }
}

@test "bytes: a huge page is 2 MB, a page 4 KB" {
	grep -qE '\[(always|madvise)\]' /sys/kernel/mm/transparent_hugepage/enabled || needs thp
	"$FT" stacks -q -j -o ev --cause thp -- "$target" thp 7
	[[ $(jq -s 'map(select(.type == "stack").count) | add' ev) == 7 ]] || needs thp
	folded --weight bytes --cause thp -- "$target" thp 7
	is "$(sum ';touch_huge$')" $((7 << 21))
	folded --weight bytes -- "$target" paths 101 11 1
	is "$(sum ';a;b;touch$')" $((101 * 4096))
}

@test "filters: only major faults, and nothing else is walked" {
	"$FT" stacks -q -j --major -o ev -- "$WL/file-read" >truth
	skip_if_needs
	jq -es 'map(select(.type == "stack")) as $s | ($s | all(.fault == "major"))
		and ($s | map(.count) | add) == .[-1].faults.major and .[-1].faults.minor > 0' ev
	folded --type invalid -- "$target" paths 101 11 1
	[[ ! -s folded ]]
	folded --cause zero-fill --mode kernel -- "$target" paths 101 11 7
	is "$(sum ';d;')" 7
	is "$(sum ';touch$')" 0
	folded --min-latency 10s -- "$target" paths 101 11 7
	[[ ! -s folded ]]
}

@test "filters: a command name, no one" {
	folded -n stacks_target -- "$target" paths 101 11 7
	is "$(sum '^stacks_target;')" "$(sum .)"
	is "$(sum ';a;b;touch$')" 101
	folded -n nobody -- "$target" paths 101 11 7
	[[ ! -s folded ]]
}

# attached OPTION: the stacks of a process that runs, by -p or -t; it goes on once it is traced.
attached() {
	mkfifo go
	# shellcheck disable=SC2016
	background bash -c 'exec "$0" "$@" <>go' "$target" wait 211 11 7
	until_true 5 grep -q stacks_target "/proc/$pid/comm"
	"$FT" stacks "$1" "$pid" --folded -o folded 2>err 3>&- &
	tracer=$!
	started+=("$tracer")
	until_true 60 grep -q Ctrl-C err || { cat err && return 1; }
	echo >go
	wait "$tracer" # it ends with the process
	is "$(sum ';paths;a;b;touch$')" 211
	is "$(sum '^stacks_target;')" "$(sum .)"
}

@test "filters: -p" { attached -p; }
@test "filters: -t" { attached -t; }

@test "the whole system until Ctrl-C shows what was gathered" {
	"$FT" stacks -a --folded -o folded 2>err 3>&- &
	pid=$!
	started+=("$pid")
	until_true 60 grep -q Ctrl-C err || { cat err && return 1; }
	"$target" paths 307 11 7
	kill -INT "$pid"
	wait "$pid"
	is "$(sum ';paths;a;b;touch$')" 307
	grep -q '^Lost: nothing' err || { cat err && return 1; }
	grep -q '^Kernel counted' err
}

@test "two processes of one program are one line" {
	folded -- "$target" twice 211
	valid_folded
	is "$(sum ';paths;a;b;touch$')" 422
	is "$(grep -c ';a;b;touch ' folded)" 1
	"$FT" stacks -q -j -o ev -- "$target" twice 211
	[[ $(jq -s '[.[] | select(.type == "stack" and .count == 211) | .pid] | unique | length' ev) == 2 ]]
}

@test "processes that end at once have names" {
	# shellcheck disable=SC2016
	folded -- bash -c 'for i in {1..50}; do "$0" paths 11 1 1; done' "$target"
	is "$(sum ';paths;a;b;touch$')" $((50 * 11))
}

@test "failed accesses of the kernel, and caught signals" {
	able efault
	folded --type invalid -- "$target" efault 101
	is "$(sum ';main;e;.*')" 101
	run -1 grep 'bpf_\|exc_page_fault' folded
	folded --type invalid -- "$target" signal 101
	is "$(sum ';main;signals;f$')" 101
	folded -- "$target" efault 101
	is "$(sum '^stacks_target;\[unknown\]$')" 101
}

@test "faults of walking the stack are not the program's" {
	"$FT" stacks -q -j -o ev -- "$target" lost 211
	summary_is '.faults.invalid == 0'
	account_closes
	[[ $(jq -s '[.[] | select(.type == "stack" and .frames[0].sym == "lost").count] | add' ev) == 211 ]]
}

@test "a full table of stacks is a loss, and the totals stay" {
	# It is emptied every 20 ms or so: 4096 stacks come faster.
	"$FT" stacks -j --stacks 64 -o ev -- "$target" branches 12 2>err
	summary_is '.loss["stacks-full"] > 1000 and .shown == (.faults | add) and .unexplained == 0'
	jq -es 'map(select(.type == "stack" and .other)) | length == 1 and (.[0] | .frames == [] and .comm == null)' ev
	jq -es '(map(select(.type == "stack" and .other))[0].count) == .[-1].loss["stacks-full"]' ev
	grep -q '^Lost: .* stacks-full' err
	folded --stacks 64 -- "$target" branches 12
	valid_folded
	[[ $(sum '^[(]other[)]$') -gt 1000 ]]
}

@test "stacks without number, room for few: each is there, once" {
	"$FT" stacks -q -j -o ev -- "$target" branches 8
	account_closes
	[[ $(jq -s '[.[] | select(.type == "stack" and .frames[0].sym == "touch")] | length' ev) == 256 ]]
	# shellcheck disable=SC2016
	"$FT" stacks --folded -o folded -- \
		bash -c 'for i in {1..8}; do "$0" branches 12; sleep 0.5; done' "$target" 2>err
	# As in hist.bats: not every end is told while maps are read.
	grep -q '^Lost: nothing' err || { preempted_everywhere && grep -qE '^Lost: [0-9]{1,2} no-end' err; } || { cat err && return 1; }
	is "$(sum ';branches;.*;touch$')" $((8 * 4096))
	is "$(grep -c ';branches;.*;touch 8$' folded)" 4096
}

@test "names cannot leave their frame" {
	cp "$target" $'a;b 12'
	folded -- $'./a;b 12' paths 11 7 5
	valid_folded
	is "$(sum '^a.x3bb.x2012;.*;a;b;touch$')" 11
}

@test "on a terminal: a tree; the sums stand in it" {
	"$FT" stacks -q --tree -o tree -- "$target" paths 1009 503 101
	head -n 1 tree | grep -q '^PERCENT .*COUNT .*STACK'
	grep -qE '^ *[0-9.]+% +1009 .*-- a$' tree
	grep -qE '^ *[0-9.]+% +503 .*-- c$' tree
	grep -q 'vfs_read \[k\]$' tree
	command -v script >/dev/null || return 0
	script -qec "'$FT' stacks -q -- '$target' paths 1009 503 101" /dev/null </dev/null >typescript
	grep -q '^PERCENT' typescript
	"$FT" stacks -q --folded -- "$target" paths 11 7 5 | grep -q ';touch 11$'
}

@test "mistakes are said in one line" {
	run -2 "$FT" stacks --major --type minor -- true
	[[ $output == *"--major is --type major"* ]]
	run -2 "$FT" stacks --folded -j -- true
	run -2 "$FT" stacks --weight pages -- true
	[[ $output == *count* ]]
	run -2 "$FT" stacks --stacks 0 -- true
	run -2 "$FT" stacks --threshold 101 -- true
	run -2 "$FT" stacks true
	run -3 "$FT" stacks -q -- sh -c 'exit 3'
}
