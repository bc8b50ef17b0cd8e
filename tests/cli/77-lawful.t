#!/bin/sh
# Retention, holds and erasures in any order come to what a naive model says,
# verify after each step with all checkpoints kept, and what is unlawful is
# caught.  More of it with AUDIT_LAWFUL_RUNS=N.

. "$(dirname "$0")/lib.sh"
need python3 zstd

runs=${AUDIT_LAWFUL_RUNS:-8}
seed=${AUDIT_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
at_time '@2026-03-01 00:00:00'
[ -z "$clock" ] || export AUDIT_CLOCK="$faketime_library"
run python3 "$top/tests/cli/lawful.py" "$runs" "$seed"
is "$runs random sequences are as the model has them (seed $seed)" "$(cat out)" ""
ends "and come to their end" 0

finish
