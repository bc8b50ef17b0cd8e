#!/bin/sh
# What the programs find equals what a naive filter finds: random filters over
# random events, in the tail, in segments and in plain lines, late ones too.
# AUDIT_ORACLE_FILTERS=N asks for more filters than make check has time for.

. "$(dirname "$0")/lib.sh"
need python3
many=${AUDIT_ORACLE_FILTERS:-0}

oracle() { # NAME EVENTS COMMITS FILTERS SEED
	rm -f "$db"
	filters=$4
	[ "$many" -le "$filters" ] || filters=$many
	check "$1" python3 "$top/tests/cli/oracle.py" --events "$2" --commits "$3" \
	    --filters "$filters" --seed "$5"
}

oracle "a few events, all in the tail" 300 5 100 1
oracle "tail and segments, of many commits" 8000 30 100 2
oracle "segments overlapping in time" 11000 14 50 7
oracle "more than one cell, in bulk" 66500 14 12 4

finish
