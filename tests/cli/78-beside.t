#!/bin/sh
# Two writers, a reader and a verifier beside prunes, holds and erasures: no
# false alarm, nothing lost or double, what is held never goes, and what was
# stored before an erasure has nothing of the person.  AUDIT_BESIDE_SECONDS: longer.

. "$(dirname "$0")/lib.sh"
need python3

seed=${AUDIT_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
run python3 "$top/tests/cli/beside.py" "${AUDIT_BESIDE_SECONDS:-5}" "$seed"
ends "all at once (seed $seed)" 0
sed 's/^/# /' out

finish
