#!/bin/sh
# The table on a real terminal: it fits the width, and what attackers wrote
# into the log cannot steer the terminal.

. "$(dirname "$0")/lib.sh"
need tmux python3
. "$top/tests/cli/screen.sh" || exit 99
terminal 80 "true" || skip_all "tmux has no terminal to give"
python3 "$top/tests/cli/hostile.py" >hostile.jsonl
run auditd-ingest hostile.jsonl "$top/examples/sample.jsonl"
ends "hostile and ordinary events are stored" 0

for columns in 80 120 200; do
	terminal $columns "audit-query -n 30"
	ends "$columns columns: a table" 0
	check "$columns columns: no line is wider" fits $columns
	check "$columns columns: there are rows" test "$(grep -c . screen)" -ge 30
	terminal $columns "audit-query --id 'e*'"
	check "$columns columns: hostile events do not make it wider" fits $columns
	is "$columns columns: a line for each, and the header" "$(grep -c failure screen)" 12
	check "$columns columns: nor set the title" test "$title" != owned
	terminal $columns "audit-summary --no-pager"
	ends "$columns columns: a summary" 0
	check "$columns columns: no line of it is wider" fits $columns
done

# Formats for machines, shown to a person.
for format in csv jsonl json; do
	terminal 200 "audit-query -o $format --id 'e*' --fields action"
	ends "$format on a terminal" 0
	check "$format: no byte of it steers" fits 99999
	check "$format: nor sets the title" test "$title" != owned
	check "$format: what would is shown" grep -q -F '[2Jclear' screen
done
is "through a pipe nothing is changed" "$(audit-query -o csv --id e1 --fields action | sed -n 2p | tr -d '\r')" \
    "$(printf '\033[2Jclear')"

# Messages quote what they were given.
run audit-query "$(printf 'act\033[31mion=x')"
check "an error message is neutralised" sh -c '! grep -q "$(printf "\033")" err'
ends "it is an error" 2

finish
