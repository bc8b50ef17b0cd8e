#!/bin/sh
# The gate: how many instructions a small ingest, filters, a summary and
# exports take, counted by callgrind, against those in instructions.txt.
#
# usage: cd BUILD && sh .../instructions.t, or make check-instructions
#
# More than 5 % too many fails, and so does 5 % too few: an improvement is
# kept by `make record-instructions` and a commit that says why.  Our own code
# and that of the libraries are two figures; the second is judged where the
# libraries are those of the record.  Another compiler, other flags or another
# kind of processor make other counts: then all is skipped.
#
# One processor, so that the number of threads is the same everywhere.  Salts
# and ids are random, but as long each time; ten runs are within 0.1 %.
# Without a sandbox, which would not let callgrind write.
#
# AUDIT_RECORD=FILE writes the figures there and judges nothing.

AUDIT_BIN=${AUDIT_BIN:-$PWD}
. "$(dirname "$0")/../cli/lib.sh"
need valgrind
events=70000 # more than a cell, which is sealed at once, and a tail
percent=5
figures=$top/tests/bench/instructions.txt

# made VARIABLE: what the build's makefile says.
made() {
	sed -n "s/^$1 = *//p" "$build/Makefile"
}

[ -f "$build/Makefile" ] || skip_all "not a build folder"
[ -z "$(made SANITIZE_FLAGS)" ] || skip_all "a build with sanitizers counts them too"
make -s -C "$build" tests/bench/gen >made 2>&1 || skip_all "the generator cannot be built"

# What makes other counts, as the first lines of the figures have it.
kind() {
	compiler=$(made CC)
	echo "compiler $($compiler --version | head -n 1)"
	echo "flags $(made CPPFLAGS) $(made CFLAGS) $(made HARDEN_CFLAGS) $(made NATIVE_FLAGS) $(made LDFLAGS)" | tr -s ' ' | sed 's/ $//'
	echo "processor $(uname -m) $(grep -o -w -m 1 -e avx2 -e asimd /proc/cpuinfo | head -n 1)"
}
kind >kind

if [ -z "${AUDIT_RECORD-}" ]; then
	head -n 3 "$figures" >wanted.kind
	cmp -s kind wanted.kind || skip_all "the figures are of another kind of build: $(diff wanted.kind kind | sed -n 's/^> //p' | head -n 1)"
fi

# ---- Counting ----

# A profile says whose object the lines below it belong to (ob=) and counts
# "LINE COST"; the line behind calls= is what a called function cost, which is
# counted where that one stands.  Names come once, then as (NUMBER).
cat >sum.awk <<'END'
/^c?ob=/ {
	id = $0; sub(/^c?ob=/, "", id); sub(/\).*/, ")", id)
	if ($0 ~ /\) /) { name[id] = $0; sub(/^[^)]*\) /, "", name[id]) }
	if ($0 ~ /^ob=/) at = id
	next
}
/^calls=/ { getline; next }
/^[0-9+*-]/ { cost[at] += $2 }
END {
	for (id in cost) {
		if (name[id] == own) ours += cost[id]
		else others += cost[id]
		n = split(name[id], part, "/")
		if (part[n] ~ /^lib.*[.]so/) print part[n] >"libraries.names"
	}
	printf "%.0f %.0f\n", ours, others
}
END

echo 'sandbox: off' >config.yaml
AUDIT_CONFIG=$work/config.yaml
export AUDIT_CONFIG
one=
if command -v taskset >/dev/null; then
	one="taskset -c $(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')"
fi

# count NAME PROGRAM ARGUMENT...: a line "NAME OURS LIBRARIES" in ./counts.
count() {
	name=$1 program=$build/$2
	shift 2
	# shellcheck disable=SC2086 # $one is words
	run $one valgrind -q --vgdb=no --tool=callgrind --callgrind-out-file=profile "$program" "$@"
	[ "$status" -eq 0 ] || not_ok "$name" "it must end well to be counted"
	awk -v own="$program" -f sum.awk profile | sed "s/^/$name /" >>counts
	cat libraries.names >>libraries.all
}

"$build/tests/bench/gen" -n $events >in.jsonl
head -n 1 in.jsonl | sed 's/"id":"[^"]*"/"id":"one more"/' >one.jsonl

. "$top/tests/bench/work.sh"

# ---- Judging ----

# The C library's name has no version.
{
	getconf GNU_LIBC_VERSION
	sort -u libraries.all
} 2>/dev/null | tr '\n' ' ' | sed 's/^/libraries /; s/ $//' >libraries
echo >>libraries

if [ -n "${AUDIT_RECORD-}" ]; then
	[ $test_failures -eq 0 ] || finish
	{
		cat kind libraries
		echo "# what, instructions of our own, of the libraries: $events events, make record-instructions"
		cat counts
	} >"$AUDIT_RECORD"
	ok "recorded"
	finish
fi

# near GOT WANTED: within the percentage.
near() {
	awk -v got="$1" -v wanted="$2" -v percent=$percent \
	    'BEGIN { off = 100 * (got - wanted) / wanted; printf "%+.1f %%", off; exit off > percent || off < -percent }'
}

# judge NAME GOT WANTED
judge() {
	if off=$(near "$2" "${3:-1}"); then
		ok "$1: $2 ($off)"
	else
		not_ok "$1: $2 ($off)" "recorded: ${3:-nothing}; if it is meant, make record-instructions and say why in the commit"
	fi
}

sed -n 4p "$figures" >wanted.libraries
while read -r name ours others; do
	# shellcheck disable=SC2046 # two words
	set -- $(sed -n "s/^$name //p" "$figures")
	judge "$name, our own" "$ours" "${1-}"
	if cmp -s libraries wanted.libraries; then
		judge "$name, libraries" "$others" "${2-}"
	else
		skip "$name, libraries: $others" "they are others than those of the record"
	fi
done <counts

finish
