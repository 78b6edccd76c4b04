# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What of a run's numbers is not as committed: awk -f insns.awk COMMITTED RUN. Lines of both:
# kernel, program, instructions that the verifier looked at.

FILENAME == ARGV[1] { was[$1 " " $2] = $3; next }
!(($1 " " $2) in was) { print "NEW " $1 ": " $2 ": the verifier looks at " $3 " instructions; no number is committed"; next }
$3 > was[$1 " " $2] * 1.1 {
	print "GROWN " $1 ": " $2 ": the verifier looks at " $3 " instructions, was " was[$1 " " $2]
}
