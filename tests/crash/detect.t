#!/bin/sh
# audit-detect, and audit-sessions as it revokes, are cut short at their system
# calls: killed, or told that the disk is full or broken.  An alert is there if
# and only if the rules went on with it, and in the end each is there once.
#
# Not part of make check: AUDIT_DETECT_POINTS (320) take about a minute.
# AUDIT_DETECT_SEED chooses others.

AUDIT_BIN=${AUDIT_BIN:-$PWD}
. "$(dirname "$0")/../cli/lib.sh"
need python3 "${CC:-cc}"
"${CC:-cc}" -O2 -D_GNU_SOURCE -o calls "$top/tests/crash/calls.c" || skip_all "the tracer cannot be built"
./calls -o report true || skip_all "nothing can be traced here"

run python3 "$top/tests/crash/detect.py" "$work/calls" "${AUDIT_DETECT_POINTS:-320}" "${AUDIT_DETECT_SEED:-1}"
sed 's/^/# /' out
ends "cut short anywhere, every alert is there once, and every revocation" 0

finish
