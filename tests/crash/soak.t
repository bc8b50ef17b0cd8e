#!/bin/sh
# Writers, readers, a verifier, a signer and prunes at once, and the server
# killed all the while: at the end there is exactly what was acknowledged.
#
# Not part of make check: AUDIT_SOAK_SECONDS (60) is how long it takes.

AUDIT_BIN=${AUDIT_BIN:-$PWD}
. "$(dirname "$0")/../cli/lib.sh"
need python3

run python3 "$top/tests/crash/soak.py" "${AUDIT_SOAK_SECONDS:-60}" "${AUDIT_SOAK_SEED:-1}"
sed 's/^/# /' out
ends "what was acknowledged is there, once" 0

finish
