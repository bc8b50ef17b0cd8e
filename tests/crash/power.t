#!/bin/sh
# The power is lost: nothing that was acknowledged is, nothing is there twice,
# and nobody has to mend anything.
#
# Not part of make check: AUDIT_POWER_STATES (1020) states of the disk take about
# a minute.  AUDIT_POWER_SEED chooses others.

AUDIT_BIN=${AUDIT_BIN:-$PWD}
. "$(dirname "$0")/../cli/lib.sh"
compiler=${CC:-cc}
need python3 zstd "${compiler%% *}"
# shellcheck disable=SC2086 # it may be several words
$compiler -O2 -shared -fPIC -U_FORTIFY_SOURCE -o record.so "$top/tests/crash/record.c" -ldl ||
	skip_all "the recorder cannot be built"
LD_PRELOAD=$work/record.so audit-query --version >/dev/null 2>&1 || skip_all "the programs load nothing before them"
seed=${AUDIT_POWER_SEED:-1}

run python3 "$top/tests/crash/power.py" "${AUDIT_POWER_STATES:-1020}" "$seed"
sed 's/^/# /' out
ends "what a loss of power leaves is whole" 0
rm -rf life archive state-* published-*

# Each of these syncs is needed: without it something is found.
for file in events.db events.db-journal /life; do
	run python3 "$top/tests/crash/power.py" 150 "$seed" --lying "$file"
	check "a disk that lies about $file is found out" grep -q ': [1-9][0-9]* bad$' out
	rm -rf life archive state-* published-* broken-*
done

finish
