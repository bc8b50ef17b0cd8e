#!/bin/sh
# Prunes, holds and erasures are killed, or find the disk full or broken, at
# each system call that changes something; run again, they come to their end.
#
# Not part of make check: AUDIT_SWEEP_SECONDS (150) is about how long it takes.

AUDIT_BIN=${AUDIT_BIN:-$PWD}
. "$(dirname "$0")/../cli/lib.sh"
need python3 zstd
if ! command -v strace >/dev/null || ! strace -f -qq -o /dev/null -e trace=fsync true 2>/dev/null; then
	skip_all "strace cannot run here"
fi

run python3 "$top/tests/crash/lawful.py" "${AUDIT_SWEEP_SECONDS:-150}"
sed 's/^/# /' out
ends "cut short anywhere, it can be run again" 0

finish
