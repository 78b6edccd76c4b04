#!/usr/bin/env bash
# Man page and completion name every command, option and word of the option table, which is read
# here from the program's own --help. Needs $OUT/faulttrace, faulttrace.8 and faulttrace.bash.
set -uo pipefail
shopt -s lastpipe # result counts
cd -- "$(dirname -- "$0")/../.." || exit
out=${OUT:-build}

n=0
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

page=$(MANWIDTH=200 man --nh -l "$out/faulttrace.8" 2>/dev/null | col -bx)
commands=$("$out/faulttrace" --help | sed -n '/^Commands:/,/^[^ C]/s/^  \([a-z]*\) .*/\1/p')

# options COMMAND: "--long" or "-x --long", one option a line.
options() {
	"$out/faulttrace" "$1" --help | sed -nE 's/^  (-.), (--[a-z0-9-]+).*/\1 \2/p; s/^      (--[a-z0-9-]+).*/\1/p'
}

# section COMMAND: its part of the man page, and the shared options.
section() {
	awk -v head="   faulttrace $1 " 'index($0 " ", head) == 1 { on = 1; print; next }
		/^[^ ]/ { on = $0 == "OPTIONS" } /^   faulttrace / { on = 0 } on' <<<"$page"
}

# complete WORD…: what the completion offers for the last word.
complete_words() {
	bash -c '. "$1"; shift; COMP_WORDS=(faulttrace "$@"); COMP_CWORD=$#; _faulttrace
		printf "%s\n" "${COMPREPLY[@]}"' bash "$out/faulttrace.bash" "$@"
}

echo 1..10
MANWIDTH=80 man --warnings -l "$out/faulttrace.8" 2>&1 >/dev/null | result "the man page renders without a warning"

{ [[ $commands ]] || echo "--help lists no commands"; } | result "--help lists the commands"

for c in $commands; do
	part=$(section "$c")
	[[ $part ]] || echo "faulttrace $c is not in the man page"
	while read -r -a names; do
		for o in "${names[@]}"; do
			grep -qE -- "(^|[ ,])$o([ ,]|$)" <<<"$part" || echo "faulttrace $c: $o is missing"
		done
	done < <(options "$c")
done | result "the man page has every option of every command"

causes=$(sed -n 's/^\tX([A-Z_0-9]*, "\([a-z-]*\)", [A-Z]*, .*/\1/p' include/ft_classify.h)
for c in $causes; do
	grep -qE "^       $c( \(|$)" <<<"$page" || echo "$c"
done | result "the man page has every cause"

# The names in the views' sources: written by ft_json_*() and helpers with the writer `j`, or columns.
{
	json=$(awk '/^[A-Z]/ { on = $0 == "JSON" } on' <<<"$page")
	[[ $json ]] || echo "no section JSON"
	{
		grep -ohE '\(&?j, "[a-z0-9_-]+"' user/view/*.c | grep -oE '[a-z0-9_-]+"'
		grep -ohE '^	\{ "[a-z_]+", "' user/view/ps.c | grep -oE '[a-z_]+", ' | tr -d ', '
		grep -ohE '"(evictor|victim)_[a-z]+"' user/view/thrash_json.c | tr -d '"'
		grep -ohE '\{ "[a-z_]+_ns"' user/view/hist_json.c | grep -oE '[a-z_]+"'
		sed -n '/define FT_THRASH_SUMS/,/^$/s/^	X(\([a-z_]*\)).*/\1/p' include/ft_thrash.h
	} | tr -d '"' | sort -u | while read -r name; do
		[[ $name == type ]] || grep -qE "(^|[^a-z0-9_])$name([^a-z0-9_]|$)" <<<"$json" || echo "$name"
	done
} | result "the man page has every name of the JSON objects"

{
	grep -q '^       gup$' <<<"$page" && grep -q '^       trampoline-misses$' <<<"$page" || echo "gup"
	sed -n '/define FT_LOSSES/,/^$/s/^	X([A-Z_]*, "\([a-z-]*\)".*/\1/p' include/ft_wire.h | while read -r name; do
		grep -qE "^       $name$" <<<"$page" || echo "$name"
	done
} | result "the man page has every loss"

for c in $commands; do
	offered=$(complete_words "$c" -)
	while read -r -a names; do
		for o in "${names[@]}"; do
			grep -qxF -- "$o" <<<"$offered" || echo "faulttrace $c: $o is not offered"
		done
	done < <(options "$c")
done | result "completion offers every option of every command"

{
	offered=$(complete_words '')
	for c in $commands; do grep -qxF "$c" <<<"$offered" || echo "$c is not offered"; done
	[[ $(complete_words p) == *ps* ]] || echo "'p' does not give ps"
} | result "completion offers the commands"

# Words: whatever a command says that an option takes must be offered for it, after --opt and -x.
{
	found=$(bash -c '. "$1"; for k in "${!_faulttrace_words[@]}"; do
		echo "$k ${_faulttrace_words[$k]}"; done' bash "$out/faulttrace.bash")
	while read -r c o words; do
		[[ $words ]] || continue
		offered=$(complete_words "$c" "$o" '')
		for w in ${words//|/ }; do
			grep -qxF -- "$w" <<<"$offered" || echo "$c $o: $w is not offered"
		done
	done <<<"$found"
} | result "completion offers the words of an option"

{
	[[ $(complete_words -- tru) == *true* ]] || echo "no programs after --"
	[[ $(complete_words ps --sort = -) != *--rows* ]] || echo "options offered as an argument"
	[[ $(complete_words ps -p "$$") == *"$$"* ]] || echo "no pids after -p"
} | result "completion of programs and arguments"
