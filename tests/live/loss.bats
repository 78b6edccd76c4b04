#!/usr/bin/env bats
# Nothing is lost without being counted, and nothing is lost that need not be.

load common

setup() { live_setup; }

stopped() {
	WL_STOP=1 WL_TRUTH=$1.truth background "$WL/$1" "${@:2}" >/dev/null
	until_true 5 in_state "$pid" T
}

# reads_all: it has read what there was, and waits for more.
reads_all() { grep -q poll "/proc/$ft/wchan"; }

@test "a reader that stands still loses events, counts each, and goes on" {
	stopped touch 50000
	first=$pid
	stopped file-map
	second=$pid
	background "$FT" -j -o ev --buffer 256K -p "$first,$second" 2>err
	ft=$pid
	until_true 20 grep -q '^Tracing' err
	kill -STOP "$ft"
	until_true 5 in_state "$ft" T
	kill -CONT "$first"
	until_true 60 ended "$first"
	wait "$first"
	kill -CONT "$ft"
	until_true 20 reads_all
	kill -CONT "$second"
	wait "$ft"

	summary_is '.loss."ring-full" > 40000'
	summary_is '.shown + .loss."ring-full" == (.faults | add)'
	summary_is '.seen.min_flt + .seen.maj_flt == .kernel.min_flt + .kernel.maj_flt and .unexplained == 0'
	summary_is '.faults.minor == .seen.min_flt and .faults.minor >= 50000'
	[ "$(count_faults true)" -eq "$(summary | jq .shown)" ]
	grep -q "^Lost: $(summary | jq '.loss."ring-full"') ring-full" err
	# What came afterwards is complete, and its file has a name.
	truth_holds file-map.truth
}

# no_loss N: so many faults of the workload, and all of them were shown.
no_loss() {
	account_closes
	summary_is ".causes.\"zero-fill\".count >= $1 and .shown == (.faults | add)"
	[ "$(grep -c '^{"type":"fault"' ev)" -eq "$(summary | jq .shown)" ]
}

@test "100,000 faults: nothing is lost at the default buffer" {
	WL_TRUTH=truth "$FT" -q -j -o ev -- "$WL/touch" 100000
	no_loss 100000
}

@test "100,000 faults in text" {
	WL_TRUTH=truth "$FT" -o out -- "$WL/touch" 100000 2>err
	grep -q '^Lost: nothing' err
	[ "$(grep -c ' zero-fill  w .* wl_touch_write' out)" -ge 100000 ]
}

@test "128 threads on 2 CPUs: nothing is lost" {
	WL_TRUTH=truth "$FT" -q -j -o ev -- taskset -c 0,1 "$WL/touch" 100000 128
	no_loss 100000
}

@test "128 threads on one CPU: nothing is lost" {
	WL_TRUTH=truth "$FT" -q -j -o ev -- taskset -c 0 "$WL/touch" 50000 128
	no_loss 50000
}
