# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Deals the faults of a recorded run out to the tests that caused them: to N/ev for the processes
# that descend from the `rusage` of N/ru.
#
#	awk -f tests/live/recorded.awk */ru ev

function number(key) {
	return match($0, "\"" key "\":[0-9]+") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) : ""
}

FILENAME ~ /ru$/ {
	n = split(FILENAME, part, "/")
	of[number("self")] = part[n - 1]
	next
}

/^\{"type":"fault"/ {
	pid = number("pid")
	if (!(pid in of))
		of[pid] = of[number("ppid")]
	if (of[pid] != "")
		print > (of[pid] "/ev")
}
