# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Compares what faulttrace saw with the truth of a workload (tests/workloads/README.md):
#
#	jq -nr --slurpfile truth TRUTH.json -f tests/live/truth.jq FAULTS.jsonl
#
# Prints nothing and exits 0 if every line of the truth holds to the fault, and
# nothing else happened in its ranges. Else one line per difference, and 1.

# User addresses are below 2^47: exact in a double.
def hex:
	if type == "number" then .
	else ltrimstr("0x") | ascii_downcase | explode
		| reduce .[] as $c (0; . * 16 + (if $c >= 97 then $c - 87 else $c - 48 end))
	end;

def one_of($wanted):
	. as $is | $wanted == null or ($wanted | if type == "array" then index($is) != null else . == $is end);

# "/dev/zero (deleted)" and "/dev/zero": when a file was unlinked is not what is tested.
def path: rtrimstr(" (deleted)");

def same_mapping($e):
	if $e.mapping == null then .file == null
	elif $e.mapping[0:1] == "/" then
		(.file // "" | path) == ($e.mapping | path)
		and (.file_offset != null)
		and (.file_offset | hex) == ($e.file_offset | hex) + .at - $e.from
	else .vma_kind == ($e.mapping | ltrimstr("[") | rtrimstr("]"))
	end;

def matches($e):
	(.fault | one_of($e.type))
	and (.cause | one_of($e.cause))
	and (.access | one_of($e.access))
	and (.mode | one_of($e.mode))
	and same_mapping($e)
	and ($e.fatal == null or .fatal == $e.fatal)
	and ($e.min_latency_ns == null or .latency_ns >= $e.min_latency_ns);

def words: if type == "array" then join("|") else tostring end;
def kind($type): "\($type | words)/\(.cause | words)/\(.access | words)/\(.mode | words)";
def where: .file // (if .vma_kind == null then null else "[\(.vma_kind)]" end) | if . == null then "" else " on \(.)" end;
def detail($e):
	if $e.min_latency_ns != null and (.latency_ns // 0) < $e.min_latency_ns
	then " of \(.latency_ns) ns" else "" end;

# The lines to check against, numbered, with numeric ranges. Faults that the kernel took
# without an exception are no lines of faulttrace: in their range there must be none.
def lines($t):
	[($t.expect[], (select($t.gup > 0) | $t.gup_range + {
		type: "no", cause: "exception", access: "any", mode: "any", count: 0 }))]
	| to_entries
	| map(.value + {
		nr: .key,
		pid: (.value.pid // $t.pid),
		from: (.value.start | hex),
		to: (.value.end | hex) });

# $in: the lines in whose range the fault is, each with .fits. Of several that it fits, it
# counts for the first that still lacks one.
def count_in($in; $f):
	.seen as $seen
	| [$in[] | select(.fits)] as $fits
	| if ($in | length) == 0 then .
	elif ($fits | length) == 0 then
		($f | kind($f.fault) + where + detail($in[0])) as $what
		| .also[$in[0].nr | tostring][$what] += 1
	else
		(first($fits[] | select(($seen[.nr | tostring] // 0) < .count)) // $fits[0]) as $e
		| .seen[$e.nr | tostring] += 1
	end;

def check($t; $faults):
	lines($t) as $lines
	| ($lines | group_by(.pid) | map({ key: (.[0].pid | tostring), value: . }) | from_entries) as $by_pid
	| reduce ($faults[] | select(.at != null)) as $f ({};
		count_in([($by_pid[$f.pid | tostring] // [])[]
			| select($f.at >= .from and $f.at < .to and (.tid == null or .tid == $f.tid))
			| . as $e | .fits = ($f | matches($e))]; $f))
	| . as $got
	| $lines[]
	| ($got.seen[.nr | tostring] // 0) as $n
	| ($got.also[.nr | tostring] // {}) as $also
	| select(if .at_most then $n > .count else $n != .count end or ($also | length) > 0)
	| "\($t.workload): expected \(if .at_most then "at most " else "" end)\(.count) \(kind(.type)) in \(.start)-\(.end)"
		+ (if .mapping == null then "" else " on \(.mapping)" end)
		+ (if .pid == $t.pid then "" else " of pid \(.pid)" end)
		+ (if .tid == null then "" else " of tid \(.tid)" end)
		+ ", saw \($n)"
		+ ([$also | to_entries[] | "; also saw \(.value) \(.key)"] | join(""));

[inputs | select(.type == "fault") | .at = (.addr | if . == null then null else hex end)] as $faults
| [$truth[] | select(.skip == null) | check(.; $faults)]
| if length == 0 then empty else .[], ("" | halt_error(1)) end
