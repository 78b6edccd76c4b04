# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Compares the number of faults that faulttrace showed with what the kernel counted otherwise:
#
#	jq -nr --slurpfile ru RU --slurpfile truth TRUTH --argjson execs N --argjson perf PERF \
#		-f tests/live/totals.jq FAULTS.jsonl
#
# RU: of tests/live/rusage, the workload and its children. PERF: {minor, major} of perf stat around
# rusage, or null. Prints a line per difference, and then exits with 1.

def expect($what; $is; $wanted): select($is != $wanted) | "\($what): expected \($wanted), saw \($is)";

$ru[0] as $ru | $truth[0] as $truth
| reduce (inputs | select(.type == "fault" and (.fault == "minor" or .fault == "major"))) as $f ({};
	# perf counts from exec on: not itself, nor its child while it is called "perf-exec".
	if $f.comm == "faulttrace" then .before += 1
	elif $f.pid == $ru.parent or ($f.comm // "" | startswith("perf")) then .
	else
		.perf[$f.fault] += 1
		| if $f.pid == $ru.self then . else .workload[$f.fault] += 1 end
	end)
| [
	# Without an exception, hence not shown: what the workload says, and at each exec the page
	# with arguments and environment (get_arg_page(), fs/exec.c).
	expect("minor faults, by wait4()"; (.workload.minor // 0) + $truth.gup + $execs; $ru.minflt),
	expect("major faults, by wait4()"; .workload.major // 0; $ru.majflt),
	# The program is traced from its exec on.
	expect("faults before the program was executed"; .before // 0; 0),
	if $perf then
		expect("minor faults, by perf stat"; .perf.minor // 0; $perf.minor),
		expect("major faults, by perf stat"; .perf.major // 0; $perf.major)
	else empty end
]
| if length == 0 then empty else .[], ("" | halt_error(1)) end
