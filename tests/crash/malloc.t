#!/bin/sh
# Memory runs out at any allocation, or there is little of it from the start:
# programs end by themselves, say so, and leave a whole store.
#
# Not part of make check: AUDIT_STARVE_SECONDS (50) is about how long it takes.
# AUDIT_STARVE_SEED chooses other places.

AUDIT_BIN=${AUDIT_BIN:-$PWD}
. "$(dirname "$0")/../cli/lib.sh"
compiler=${CC:-cc}
need python3 gzip "${compiler%% *}"
# shellcheck disable=SC2086 # it may be several words
$compiler -O2 -shared -fPIC -o starve.so "$top/tests/crash/starve.c" -ldl ||
	skip_all "the failing allocator cannot be built"
LD_PRELOAD=$work/starve.so audit-query --version >/dev/null 2>&1 || skip_all "the programs load nothing before them"

run python3 "$top/tests/crash/malloc.py" "${AUDIT_STARVE_SECONDS:-50}" "${AUDIT_STARVE_SEED:-1}"
sed 's/^/# /' out
ends "without memory programs end, and nothing is lost" 0
check "it has failed often enough" test "$(sed -n 's/^seed .*: \([0-9]*\) points.*/\1/p' out)" -ge 400

finish
