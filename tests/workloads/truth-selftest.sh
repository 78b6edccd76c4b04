#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Does tests/live/truth.jq find each kind of difference? With made-up truth and faults.
set -u
jq_file=$(dirname "$0")/../live/truth.jq
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

anon='{"workload":"w","pid":7,"tid":7,"gup":0,"expect":[
	{"type":"minor","cause":"zero-fill","access":"write","mode":"user","count":2,
	 "start":"0x7ffff0000000","end":"0x7ffff0003000","mapping":"[anon]","file_offset":null}]}'
either='{"workload":"w","pid":7,"tid":7,"gup":0,"expect":[
	{"type":["minor","major"],"cause":["mkwrite","retry"],"access":"write","mode":"user","count":2,
	 "start":"0x1000","end":"0x3000","mapping":"/a (deleted)","file_offset":"0x5000"}]}'
threads='{"workload":"w","pid":7,"tid":7,"gup":0,"expect":[
	{"type":"invalid","cause":"unmapped","access":"read","mode":"user","count":1,
	 "start":"0x1000","end":"0x2000","mapping":null,"file_offset":null,"tid":8},
	{"type":"invalid","cause":"unmapped","access":"read","mode":"user","count":1,
	 "start":"0x1000","end":"0x2000","mapping":null,"file_offset":null,"tid":9,"fatal":true}]}'
gup='{"workload":"w","pid":7,"tid":7,"gup":5,"gup_range":{"start":"0x1000","end":"0x6000"},"expect":[]}'
slow='{"workload":"w","pid":7,"tid":7,"gup":0,"expect":[
	{"type":"major","cause":"uffd","access":"read","mode":"user","count":1,"min_latency_ns":1000,
	 "start":"0x1000","end":"0x2000","mapping":"[anon]","file_offset":null}]}'
bound='{"workload":"w","pid":7,"tid":7,"gup":0,"expect":[
	{"type":"invalid","cause":"efault","access":"read","mode":"kernel","count":1,"at_most":true,
	 "start":"0x1000","end":"0x2000","mapping":null,"file_offset":null}]}'
skip='{"workload":"w","skip":"no such CPU","needs":"pkey"}'

# fault PID TID ADDR TYPE CAUSE ACCESS MODE [MORE]: a line of faulttrace -j
fault()
{
	printf '{"type":"fault","pid":%s,"tid":%s,"addr":"%s","fault":"%s","cause":"%s","access":"%s","mode":"%s"%s}\n' \
		"$1" "$2" "$3" "$4" "$5" "$6" "$7" "${8:-}"
}
zero_fill() { fault 7 7 "$1" minor zero-fill write user ',"vma_kind":"anon","file":null'; }

# check NAME TRUTH WANTED-LINES < FAULTS
check()
{
	printf '%s' "$2" >"$dir/truth"
	cat >"$dir/faults"
	got=$(jq -nr --slurpfile truth "$dir/truth" -f "$jq_file" "$dir/faults" 2>&1)
	status=$?
	[ -z "$3" ] && want=0 || want=1
	if [ "$got" = "$3" ] && [ "$status" = "$want" ]; then
		echo "ok $1"
	else
		printf 'not ok %s: exit %s\n  got:  %s\n  want: %s\n' "$1" "$status" "$got" "$3"
		failed=1
	fi
}

two() { zero_fill 0x7ffff0000000; zero_fill 0x7FFFF0002FFF; }
line='w: expected 2 minor/zero-fill/write/user in 0x7ffff0000000-0x7ffff0003000 on [anon], saw'

two | check exact "$anon" ''
{ two; zero_fill 0x7ffff0003000; fault 8 8 0x7ffff0000000 minor cow write user; echo '{"type":"summary"}'; } |
	check 'outside the range, other process, other lines' "$anon" ''
zero_fill 0x7ffff0000000 | check 'one missing' "$anon" "$line 1"
{ two; zero_fill 0x7ffff0001000; } | check 'one too many' "$anon" "$line 3"
{ zero_fill 0x7ffff0000000; fault 7 7 0x7ffff0001000 minor spurious write user ',"vma_kind":"anon"'; } |
	check 'another cause' "$anon" "$line 1; also saw 1 minor/spurious/write/user on [anon]"
{ two; fault 7 9 0x7ffff0001000 minor zero-fill write kernel; } |
	check 'another mode' "$anon" "$line 2; also saw 1 minor/zero-fill/write/kernel"
{ zero_fill 0x7ffff0000000; fault 7 7 0x7ffff0001000 minor zero-fill write user ',"vma_kind":"heap"'; } |
	check 'another mapping' "$anon" "$line 1; also saw 1 minor/zero-fill/write/user on [heap]"
: | check 'nothing seen' "$anon" "$line 0"

{
	fault 7 7 0x1000 minor mkwrite write user ',"file":"/a","file_offset":"0x5000"'
	fault 7 7 0x2000 major retry write user ',"file":"/a (deleted)","file_offset":24576'
} | check alternatives "$either" ''
{
	fault 7 7 0x1000 minor mkwrite write user ',"file":"/a","file_offset":"0x5000"'
	fault 7 7 0x2000 minor mkwrite write user ',"file":"/a","file_offset":"0x5000"'
} | check 'wrong offset' "$either" \
	'w: expected 2 minor|major/mkwrite|retry/write/user in 0x1000-0x3000 on /a (deleted), saw 1; also saw 1 minor/mkwrite/write/user on /a'

{
	fault 7 8 0x1000 invalid unmapped read user ',"file":null,"fatal":false'
	fault 7 9 0x1000 invalid unmapped read user ',"file":null,"fatal":true'
} | check 'by thread, fatal' "$threads" ''
{
	fault 7 8 0x1000 invalid unmapped read user
	fault 7 8 0x1000 invalid unmapped read user
} | check 'wrong thread' "$threads" \
	'w: expected 1 invalid/unmapped/read/user in 0x1000-0x2000 of tid 8, saw 2
w: expected 1 invalid/unmapped/read/user in 0x1000-0x2000 of tid 9, saw 0'

: | check 'gup makes no line' "$gup" ''
fault 7 7 0x1000 minor zero-fill write user | check 'a line where only gup was' "$gup" \
	'w: expected 0 no/exception/any/any in 0x1000-0x6000, saw 0; also saw 1 minor/zero-fill/write/user'
fault 7 7 0x1000 major uffd read user ',"vma_kind":"anon","latency_ns":1000' | check latency "$slow" ''
fault 7 7 0x1000 major uffd read user ',"vma_kind":"anon","latency_ns":999' | check 'too fast' "$slow" \
	'w: expected 1 major/uffd/read/user in 0x1000-0x2000 on [anon], saw 0; also saw 1 major/uffd/read/user on [anon] of 999 ns'
: | check 'at most, none' "$bound" ''
fault 7 7 0x1000 invalid efault read kernel | check 'at most, one' "$bound" ''
{ fault 7 7 0x1000 invalid efault read kernel; fault 7 7 0x1000 invalid efault read kernel; } |
	check 'at most, two' "$bound" 'w: expected at most 1 invalid/efault/read/kernel in 0x1000-0x2000, saw 2'
: | check 'a skip holds' "$skip" ''

exit $failed
