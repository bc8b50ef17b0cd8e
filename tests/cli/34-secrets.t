#!/bin/sh
# Secrets of each kind, at each place, through each way in: afterwards they are
# nowhere in the store, the receipt, or what was printed.
. "$(dirname "$0")/lib.sh"
need python3

run python3 "$top/tests/cli/secrets.py" "$work/secrets"
ends 'everything was read' 0
is 'no secret is found' "$(sed -n 's/^found \([0-9]*\)$/\1/p' out)" 0
grep '^found' err | cut -c 1-100 | sed 's/^/# /'
# Some are cut off with their line, or are in rows that are not kept.
check 'without redaction nearly all are' \
    sh -c 'test $((10 * $(sed -n "s/^found without redaction //p" out))) -ge $((8 * $(sed -n "s/^searched //p" out)))'
check 'and there are many' sh -c 'test "$(sed -n "s/^searched //p" out)" -ge 400'

finish
