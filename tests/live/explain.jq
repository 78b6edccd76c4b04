# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Compares what `explain` predicted for a touch with what the kernel counted and the stream saw:
#
#	jq -nr --slurpfile cases CASES.jsonl -f tests/live/explain.jq FAULTS.jsonl
#
# A case: {name, access, pid, addr, prediction, report} (explain.bats, one-touch.c). Prints nothing
# and exits 0 if all hold, else a line per case that does not, and 1. A stream without any fault,
# and no cases at all, hold nothing.

# Addresses of the kernel's half are more than a double holds: compared as text without the offset.
def page: ltrimstr("0x") | if length > 3 then .[0:-3] else "" end;

def word: "\(.fault) \(.cause)";
def words: if length == 0 then "nothing" else join(", then ") end;

# The courses that a touch may take, each a list of outcomes: the expected one, or one of the others
# that were named; after a fault that brought the page in, the next fault of the same instruction.
# One of userfaultfd is major where the kernel counts so what it tries again.
def courses: [.next | if . == null then [] elif .cause == "uffd" then [.], [.fault = "major"] else [.] end] as $nexts
	| [., .alternatives[]]
	| map(if .fault == "minor" or .fault == "major" then [.] + $nexts[] else [.] end);

# What the stream shows of a course, in order. It does not know what comes in place of a
# write-protect marker.
def shown($name): map(select(.outcome == "fault") | word
	| if $name == "uffd-wp" and . == "minor shmem" then "minor unknown"
	  else . end);

# What the kernel counts of it: [minor, major, whether a signal came].
def cost: [(map(select(.fault == "minor")) | length), (map(select(.fault == "major")) | length),
	any(.[]; .fault == "invalid" or .outcome == "general-protection")];

[inputs | select(.type == "fault") | { pid, ts_ns, page: (.addr | page), word: word }] as $faults
| [
	(if $faults == [] then "the stream saw no fault" else empty end),
	(if $cases == [] then "no cases" else empty end),
	($cases[]
	| . as $c
	| ($c.prediction | courses) as $courses
	| ([$courses[] | shown($c.name) | words] | unique | join(" or ")) as $predicted
	| [$faults[] | select(.pid == $c.pid and .ts_ns >= $c.report.ts_ns
		and .page == ($c.addr | page)) | .word] as $all
	# Of userfaultfd: another thread resolved it on another CPU, and this one went by its old entry.
	| ($all - (if $c.name | startswith("uffd") then ["minor spurious"] else [] end)) as $seen
	| [$c.report.minflt - ($all - $seen | length), $c.report.majflt, ($c.report.signal != 0)] as $counted
	| "\($c.name) \($c.access): predicted \($predicted)" as $head
	| if $c.prediction.outcome != "emulated" and all($courses[]; shown($c.name) != $seen)
		then "\($head), seen \($seen | words)"
	  elif all($courses[]; cost != $counted)
		then "\($head), counted \($counted)"
	  else empty end)
  ]
| (.[]), (if length > 0 then "" | halt_error(1) else empty end)
