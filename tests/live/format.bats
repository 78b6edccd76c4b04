#!/usr/bin/env bats
# What people and scripts read: columns, JSON fields and their types, the summary.

load common

setup() { live_setup; }

# traced OPTION… -- WORKLOAD…: output in out, messages in err.
traced() {
	WL_TRUTH=truth "$FT" "$@" >out 2>err
}

# says PATTERN: a line of the summary.
says() { grep -qE "$1" err || { echo "no line: $1" && cat err && return 1; }; }

@test "text: the header, and every line in its columns" {
	traced -- "$WL/segv-unmapped" 11
	[ "$(head -n 1 out)" = 'TIME(s)    COMM                TID TYPE    CAUSE      ACC   LAT(us) ADDRESS      WHERE <- CODE' ]
	time=' *[0-9]+\.[0-9]{6} '
	who='.{15} +[0-9]+ '
	what='(minor  |major  |invalid|aborted) .{10} [rwx][k ] ? '
	line="^$time$who$what *([0-9]+\.[0-9]{3}|-) [0-9a-f]{12} [^ ].* <- [^ ].*\$"
	tail -n +2 out | grep -vE "$line" >odd || true
	[ ! -s odd ] || { cat odd && return 1; }
	# WHERE begins behind column 80, on every line.
	awk 'NR > 1 && (substr($0, 81, 1) != " " || substr($0, 82, 1) == " ") { print; bad = 1 } END { exit bad }' out
	[ "$(grep -c ' invalid unmapped ' out)" -eq 11 ]
}

@test "text: the longest name keeps the columns" {
	cp "$WL/zero-fill" fifteen-letters
	traced -- ./fifteen-letters 3
	awk 'NR > 1 && (substr($0, 27, 1) != " " || substr($0, 81, 1) != " ") { print; bad = 1 } END { exit bad }' out
	grep -q ' fifteen-letters ' out
}

@test "text: -T is the time of day" {
	now=$(date +%H:%M)
	traced -T -- "$WL/zero-fill" 3
	[[ $(head -n 1 out) == 'TIME       COMM '* ]]
	[ "$(tail -n +2 out | grep -cvE '^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]')" -eq 0 ]
	[[ $(tail -n 1 out) == "$now"* || $(tail -n 1 out) == "$(date +%H:%M)"* ]]
}

@test "text: where and from which code" {
	traced -- "$WL/zero-fill" 3
	tail -n 3 out | grep -cE '\[anon\]\+0x[012]?(000)?0? <- wl_touch_write\+0x[0-9a-f]+ \(zero-fill\)$' | grep -qx 3
	traced -- "$WL/file-cow" 3
	grep -qE ' file-cow +w .* [^ ]+\+0x[0-9a-f]+ <- wl_touch_write\+0x' out
}

@test "text: a kernel access that failed has no latency" {
	able efault
	traced -- "$WL/efault" 3
	grep -cE ' invalid efault     [rw]k          - [0-9a-f]{12} (-|\[[a-z]+\]\+0x[0-9a-f]+) <- [^ ]' out | grep -qx 3
}

@test "text: a fatal fault says so" {
	traced -- "$WL/segv-fatal"
	[ "$(grep -c ' invalid unmapped .* FATAL$' out)" -eq 1 ]
	[ "$(grep -c FATAL out)" -eq 1 ]
}

@test "the banner and the summary are on stderr, the data on stdout or in -o FILE" {
	background sleep 100
	run -0 --separate-stderr "$FT" -d 100ms -p "$pid"
	[ "${#lines[@]}" -eq 1 ]
	[[ $stderr == "Tracing page faults of PID $pid... Hit Ctrl-C to end."* ]]
	run -0 --separate-stderr "$FT" -d 100ms -p "$pid" -o file
	[ -z "$output" ]
	[ "$(wc -l <file)" -eq 1 ]
	run -0 --separate-stderr "$FT" -q -d 100ms -p "$pid"
	[ -z "$stderr" ]
}

@test "the summary: counts and stall by type and cause, loss, account" {
	# As the child of another: its exec is among what is traced, and takes a page by gup.
	traced -- sh -c '"$0" 101; true' "$WL/segv-unmapped"
	# On 5.10 the walk of a stack may add some, with page faults disabled.
	invalid=$((101 + $(awk '/^invalid nofault/ { n = $3 } END { print n + 0 }' err)))
	says "^[0-9]+ faults in [0-9.]+ s, [0-9.]+ ms stalled: [0-9]+ minor, [0-9]+ major, $invalid invalid, 0 aborted\$"
	says '^TYPE +CAUSE +COUNT +STALL\(ms\) +AVG\(us\)$'
	# Without an exception tracepoint it is not known when they began.
	[[ $(uname -m) == x86_64 ]] && number='[0-9]+\.[0-9]{3}' || number=-
	says "^invalid unmapped +101 +$number +$number\$"
	says '^Lost: nothing$'
	says '^Kernel counted [0-9]+ minor \+ [0-9]+ major in these tasks; seen [0-9]+ \+ [0-9]+; gup [0-9]+ \((inferred|measured): '
	run ! grep -q unexplained err
	awk 'length > 120 { print; bad = 1 } END { exit bad }' err
	# Its counts add up to the total.
	[ "$(awk '/^(minor|major|invalid|aborted) / { n += $3 } END { print n }' err)" -eq "$(awk '/faults in/ { print $1 }' err)" ]
}

# fields: lines of "name type…"; hex: "0x…" as a string.
fault_fields='
ts_ns number | pid number | tid number | ppid number null | uid number null | comm string null
cpu number | cgroup string null | addr hex null | ip hex | sym string null | symoff hex null | dso string null
access string | mode string | fault string | cause string | latency_ns number null
reclaim_ns number null | wait_ns number null | retries number null | fatal boolean null
vma_start hex null | vma_end hex null | vma_perms string null | vma_kind string null
file string null | file_offset hex null | dev string null | inode number null
swap_dev number null | swap_offset hex null | swap_kind string null | swap_area string null | refault_distance_ns number null |
evictor_pid number null | evictor_comm string null | ustack array null | kstack array null'

# Names of fields that are missing or of another type, over all fault lines.
wrong_fields() {
	tr '|\n' '\n\n' <<<"$fault_fields" | jq -Rn '[inputs | split(" ") | map(select(. != "")) | select(length > 0)]' >fields
	jq -nr --slurpfile fields fields '
		def kind: if type == "string" and test("^0x(0|[1-9a-f][0-9a-f]*)$") then "hex" else type end;
		first(inputs | select(.type == "fault") | . as $f | $fields[0][]
			| select(($f | has(.[0]) | not) or (.[1:] as $ok | $f[.[0]] | [kind, type] | any(IN($ok[])) | not))
			| "\(.[0]): \($f[.[0]])")' ev
}

@test "JSON: every field on every line, of the right type" {
	for workload in file-cow segv-unmapped efault fork-exec; do
		traced -j -o ev -- "$WL/$workload" 11
		[ "$(wrong_fields)" = '' ] || { wrong_fields && return 1; }
		[ "$(jq -s length ev)" -eq "$(wc -l <ev)" ]
		[ "$(jq -rs 'map(.type) | unique | join(" ")' ev)" = 'fault summary' ]
		[ "$(jq -rs '.[-1].type, (map(select(.type == "summary")) | length)' ev | paste -sd ' ')" = 'summary 1' ]
	done
}

@test "JSON: the words of each enumeration" {
	traced -j -o ev -- "$WL/segv-unmapped" 11 exec
	[ "$(count_faults '[.access] | inside(["read", "write", "exec"]) | not')" -eq 0 ]
	[ "$(count_faults '[.mode] | inside(["user", "kernel"]) | not')" -eq 0 ]
	[ "$(count_faults '[.fault] | inside(["minor", "major", "invalid", "aborted"]) | not')" -eq 0 ]
	[ "$(count_faults '.vma_perms != null and (.vma_perms | test("^[r-][w-][x-][sp]$") | not)')" -eq 0 ]
}

@test "JSON: unknown is null, never 0 or an empty string" {
	traced -j -o ev -- "$WL/segv-unmapped" 11
	[ "$(count_faults '.fault == "invalid" and ([.vma_start, .vma_end, .vma_perms, .vma_kind, .file, .file_offset,
		.dev, .inode, .swap_dev, .swap_offset] | any(. != null))')" -eq 0 ]
	[ "$(count_faults '.fault == "invalid" and .fatal == false')" -eq 11 ]
	[ "$(count_faults '.fault == "minor" and .fatal != null')" -eq 0 ]
	[ "$(count_faults '[.[]] | any(. == "" or . == "-")')" -eq 0 ]
	[ "$(count_faults '(.vma_kind == "anon") and (.file != null or .inode != null)')" -eq 0 ]
	[ "$(count_faults '.latency_ns == 0')" -eq 0 ]
}

@test "JSON: a fault lies in its mapping and, in a file, at its offset" {
	traced -j -o ev -- "$WL/file-cow" 101
	jq -n 'def hex: ltrimstr("0x") | explode | reduce .[] as $c (0; . * 16 + if $c >= 97 then $c - 87 else $c - 48 end);
		reduce (inputs | select(.vma_start)) as $f (0; . + if ($f.addr | hex) >= ($f.vma_start | hex)
			and ($f.addr | hex) < ($f.vma_end | hex) then 0 else 1 end)' ev | grep -qx 0
	file=$(jq -r '.expect[0].mapping | rtrimstr(" (deleted)")' truth)
	[ "$(count_faults ".file // \"\" | startswith(\"$file\")")" -ge 101 ]
}

@test "JSON: times are of CLOCK_MONOTONIC, within the trace" {
	before=$(cut -d ' ' -f 1 /proc/uptime)
	traced -j -o ev -- "$WL/zero-fill" 11
	after=$(cut -d ' ' -f 1 /proc/uptime)
	[ "$(count_faults ".ts_ns / 1e9 < $before - 0.1 or .ts_ns / 1e9 > $after + 0.1")" -eq 0 ]
}

@test "JSON: the summary" {
	traced -j -o ev -- "$WL/segv-unmapped" 101
	summary_is '[.duration_ns, .stall_ns, .shown, .unexplained] | all(type == "number")'
	summary_is '(.faults | keys) == ["aborted", "invalid", "major", "minor"] and .faults.invalid == 101'
	summary_is '.causes.unmapped.count == 101 and (.causes | all(.count > 0 and (.stall_ns | type) == "number"))'
	summary_is '([.causes[].count] | add) == (.faults | add) and ([.causes[].stall_ns] | add) == .stall_ns'
	summary_is '(.loss | has("ring-full") and has("gup") and has("sampled")) and (.loss | all(type == "number"))'
	summary_is '(.kernel | keys) == ["maj_flt", "min_flt"]'
	# The lines add up to it.
	[ "$(jq -n 'reduce (inputs | .latency_ns // empty) as $ns (0; . + $ns)' ev)" -eq "$(summary | jq .stall_ns)" ]
}

@test "lines are written as faults happen" {
	background "$FT" -q -j -- sleep 60 >ev
	until_true 10 test -s ev
	head -n 1 ev | jq -e '.type == "fault"'
	kill -INT "$pid"
	wait "$pid" || true
	summary_is '.type == "summary"'
}

@test "--help and --version" {
	run -0 --separate-stderr "$FT" --help
	[[ -z $stderr && $output == *'--min-latency'* && $output == *'-p'* ]]
	for command in stream hist stacks thrash ps mem explain doctor; do
		run -0 "$FT" "$command" --help
		[ "$(awk 'length > 100' <<<"$output")" = '' ]
	done
	run -0 "$FT" --version
	[[ $output == 'faulttrace '[0-9]* ]]
}

@test "a file is called what it is called when it is mapped: renamed, moved, unlinked" {
	run -0 "$FT" -q -j -o ev -- "$HELP/renamed"
	jq -r '"\(.addr) \(.file)"' <<<"$output" | sort >wanted
	[ "$(sort -u -k 2 wanted | wc -l)" -eq 4 ]
	jq -r 'select(.type == "fault" and .file != null) | "\(.addr) \(.file)"' ev | grep -F -f <(cut -d " " -f 1 wanted) |
		sort >seen
	diff wanted seen
}

@test "a program on overlayfs: the path that users see, and symbols" {
	mkdir low empty m
	cp "$HELP/late" low/
	unshare -m mount -t overlay -o lowerdir=low:empty none m 2>/dev/null || needs overlay
	unshare -m sh -c 'mount -t overlay -o lowerdir=low:empty none m && exec "$1" -q -j -o ev -- chroot m /late 17' - "$FT" >truth
	late='.comm == "late" and .mode == "user" and .dso != null'
	[ "$(count_faults "$late")" -gt 17 ]
	[ "$(count_faults "$late and (.dso != \"$PWD/m/late\" or .sym == null)")" -eq 0 ]
	[ "$(count_faults "$late and .sym == \"main\"")" -ge 17 ]
	[ "$(count_faults "$late and .file == \"$PWD/m/late\"")" -gt 0 ]
}
