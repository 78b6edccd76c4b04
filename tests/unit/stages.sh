#!/usr/bin/env bash
# Data travels one way: base → collect → enrich → model → view → cmd. A file of user/ may include
# headers of its own and of earlier stages, what is in include/, and the system's. BPF programs
# include nothing of user/. Prints TAP.
set -euo pipefail
shopt -s lastpipe # result counts
cd -- "$(dirname -- "$0")/../.."

stages=(base collect enrich model view cmd)
declare -A rank
for i in "${!stages[@]}"; do rank[${stages[i]}]=$i; done

n=0
# result DESCRIPTION: reads what is wrong from stdin; nothing means ok.
result() {
	local wrong
	wrong=$(cat)
	n=$((n + 1))
	if [[ $wrong ]]; then
		echo "not ok $n - $1"
		echo "# ${wrong//$'\n'/$'\n'# }"
	else
		echo "ok $n - $1"
	fi
}

# includes FILE…: "FILE:LINE HEADER" of each #include "…".
includes() {
	awk 'match($0, /^[ \t]*#[ \t]*include[ \t]*"[^"]*"/) {
		split($0, part, "\""); print FILENAME ":" FNR, part[2] }' "$@"
}

check_stage() {
	local where header stage
	while read -r where header; do
		stage=${header%%/*}
		case $header in
		../* | */../* | user/* | bpf/* | *.c) echo "$where: $header leaves the stage by its path" ;;
		*/*)
			if [[ ! ${rank[$stage]-} ]]; then
				echo "$where: $header is of no stage"
			elif ((rank[$stage] > rank[$1])); then
				echo "$where: $1 must not know $stage ($header)"
			fi
			;;
		faulttrace.skel.h) [[ $1 == collect ]] || echo "$where: only collect knows the BPF programs" ;;
		*) [[ -e include/$header ]] || echo "$where: $header is not in include/: name its stage" ;;
		esac
	done < <(includes user/"$1"/*.[ch])
}

shopt -s nullglob
echo "1..$((${#stages[@]} + 4))"
for s in "${stages[@]}"; do
	files=(user/"$s"/*.[ch])
	{ [[ ${#files[@]} == 0 ]] || check_stage "$s"; } | result "$s includes only earlier stages"
done
find user -mindepth 1 -maxdepth 1 -type d | while read -r d; do
	d=${d#user/}
	[[ ${rank[$d]-} || $d == share ]] || echo "user/$d is not a stage"
done | result "every folder of user/ is a stage"
includes include/*.h | while read -r where header; do
	[[ -e include/$header ]] || echo "$where: include/ must stand alone ($header)"
done | result "include/ includes nothing of either side"
includes bpf/*.[ch] | while read -r where header; do
	[[ -e include/$header || -e bpf/$header || $header == vmlinux.h ]] || echo "$where: $header"
done | result "BPF programs include nothing of user space"
grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<(bpf/libbpf|bpf/bpf)\.h>' user -r --include='*.[ch]' |
	grep -v '^user/collect/' | result "only collect talks to libbpf" || true
