#!/bin/sh
# Whatever lawful things are done to a store, in whatever order, killed and
# restored: it verifies after each, and what is unlawful is caught.  More of
# it with AUDIT_SEQUENCES=N.

. "$(dirname "$0")/lib.sh"
need python3
[ -x "$build/audit-verify" ] || skip_all "audit-verify is not built"

sequences=${AUDIT_SEQUENCES:-3}
seed=${AUDIT_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
run python3 "$top/tests/cli/sequences.py" steps "$sequences" "$seed"
is "$sequences random sequences of lawful steps verify, what is unlawful is caught (seed $seed)" "$(cat out)" ""
ends "and come to their end" 0

run python3 "$top/tests/cli/sequences.py" beside "$((3 + sequences / 10))" "$seed"
ends "verification beside writing, pruning, signing and rotating raises no alarm (seed $seed)" 0
sed 's/^/# /' out

finish
