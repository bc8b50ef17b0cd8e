#!/bin/sh
# What --where selects equals what a naive model selects: random expressions of
# the whole grammar, alone and beside options and operands, over segments, the
# tail and plain lines.  AUDIT_ORACLE_FILTERS=N asks for more of them.

. "$(dirname "$0")/lib.sh"
need python3
many=${AUDIT_ORACLE_FILTERS:-0}

model() { # NAME EVENTS FILTERS SEED
	rm -f "$db"
	filters=$3
	[ "$many" -le "$filters" ] || filters=$many
	check "$1" python3 "$top/tests/cli/where.py" --events "$2" --filters "$filters" --seed "$4"
}

model "a few events, all in the tail" 300 100 1
model "segments and tail" 4600 100 2

finish
