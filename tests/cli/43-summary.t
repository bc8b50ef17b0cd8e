#!/bin/sh
# audit-summary: groups by any fields and paths, steps, and how it looks on
# terminals.

. "$(dirname "$0")/lib.sh"
need jq python3

python3 "$top/tests/cli/events.py" 4000 43 >input.jsonl
cat "$top/examples/sample.jsonl" >>input.jsonl
run auditd-ingest input.jsonl
ends "events are stored" 0
audit-query -r -o jsonl >all.jsonl

# ---- groups ----

# What jq makes of the lines, as [[values..., count]...], an absent value "".
groups() { # NAME BY JQ-ARRAY-OF-TEXTS
	audit-summary -o json --by "$2" | jq -c '.groups[] | [.[]]' | sort >got
	jq -c "$3" all.jsonl | sort | uniq -c |
		sed 's/^ *\([0-9]*\) \[\(.*\)\]$/[\2,\1]/' | sort >wanted
	same "$1" got wanted
	check "$1: there is something" test "$(wc -l <wanted)" -gt 1
	audit-summary -o json --by "$2" -i all.jsonl | jq -c '.groups[] | [.[]]' | sort >got
	same "$1, from lines" got wanted
}

groups "by one field" action '[.action]'
groups "by two fields" category,outcome '[.category // "", .outcome // ""]'
groups "by a path" context.mfa '[.context.mfa | if . == null then "" else tostring end]'
groups "by two paths and a field" context.member,context.permission,actor_id \
    '[.context.member // "", .context.permission // "", .actor_id // ""]'
groups "by an array's elements" context.ports '[[.context.ports // [] | .[] | tostring] | join(", ")]'
groups "by a number" status '[.status | if . == null then "" else tostring end]'

# What a log says is not what keeps its values apart.
printf '%s\n' '{"time":"2026-01-01T00:00:00Z","action":"a\u001fb","actor_id":"c\u001fd\u00ff","host":"e"}' |
	tee separators.jsonl | AUDIT_DB=separators.db auditd-ingest -q
for from in "-D separators.db" "-i separators.jsonl"; do
	# shellcheck disable=SC2086 # two words
	is "separators in values, $from" \
	    "$(audit-summary $from -o json --by action,actor_id,host | jq -c '.groups[] | [.[]]')" \
	    '["a\u001fb","c\u001fdÿ","e",1]'
done

run audit-summary --by action,nonsense
refuses "a field that does not exist" 2 "no field is called 'nonsense'"
run audit-summary --by id,time,source,tenant,channel,category,action,severity,outcome
refuses "nine fields" 2 "more than 8 fields"
run audit-summary --by action.x
refuses "a path into what has no inside" 2 "action has nothing inside"
audit-summary -o json --by category,outcome | jq -r '.groups[] | [.category, .outcome] | join(" | ")' >wanted
audit-summary -o csv --by category,outcome | python3 -c '
import csv, sys
for row in csv.reader(sys.stdin):
    if row[0] == "groups":
        print(row[1])' >got
same "CSV has the groups in the same order" got wanted

# ---- the document ----

is "JSON has the keys that are promised, in their order" "$(audit-summary -o json --by action | jq -r 'keys_unsorted[]' | tr '\n' ' ')" \
    "total_events successful_events failed_events unknown_events first_event last_event actions_breakdown categories severities top_identities top_resources bucket histogram groups "
is "the histogram holds every event" \
    "$(audit-summary -o json --bucket 90s | jq '[.histogram[].count] | add')" "$(wc -l <all.jsonl)"
is "every failure too" "$(audit-summary -o json | jq '[.histogram[].failed] | add')" \
    "$(jq -c 'select(.outcome == "failure")' all.jsonl | wc -l)"
is "steps have the length that was asked for" "$(audit-summary -o json --bucket 2d |
	jq -c '.bucket, ([.histogram[].start[:19] + "Z" | fromdate] | [.[1:], .[:-1]] | transpose | map(.[0] - .[1]) | unique)' |
	tr '\n' ' ')" "172800 [172800] "
is "--top limits the lists" "$(audit-summary -o json --top 3 | jq -c '[(.top_identities, .top_resources) | length]')" "[3,3]"
audit-query --outcome failure -o jsonl | audit-summary -i - -o json >got
audit-summary --outcome failure -o json >wanted
same "through a pipe the same" got wanted
run audit-summary --actor nobody
ends "nothing found is an answer too" 0
is "its share is no division by nothing" "$(sed -n 's/^ *failure *//p' out)" "0    0.0%"
run audit-summary -o jso
refuses "a format mistyped" 2 "the nearest is json"

# ---- terminals ----

if ! command -v tmux >/dev/null; then
	skip "terminals" "tmux is not installed"
	finish
fi
cat >screen.py <<'END'
"""screen FILE: prints the widest line, the longest bar, the length of the
line of the time, how many bars end with a part of a column, how many block
characters there are."""
import sys
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
bars = [line.split("  ")[-1] for line in lines if line.rstrip().endswith(tuple("█▏▎▍▌▋▊▉#"))]
spark = [line for line in lines if line.startswith("  events ")]
print(max(map(len, lines)), max(map(len, bars), default=0), len(spark[0]) if spark else 0,
      sum(line.endswith(tuple("▏▎▍▌▋▊▉")) for line in lines), sum("▀" <= c <= "▟" for c in "".join(lines)))
END
terminal() { # WIDTH TERM COMMAND: what it left on a screen of that width, in ./screen
	rm -f ended
	screens=$((${screens-0} + 1))
	socket=$work/tmux$screens
	tmux -S "$socket" -f /dev/null new-session -d -x "$1" -y 80 \
	    "TERM=$2 LC_ALL=C.UTF-8 PAGER=cat $3 2>err; echo \$? >ended; sleep 60" 2>err || return 1
	tries=0
	while [ ! -s ended ] && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	sleep 0.2
	tmux -S "$socket" capture-pane -p -J -S -500 | sed 's/ *$//' >screen
	tmux -S "$socket" kill-server
	cp screen out
	status=$(cat ended)
}
trap 'tmux -S "$socket" kill-server 2>/dev/null; clean_up' EXIT
terminal 80 screen true || { skip "terminals" "tmux has no terminal to give"; finish; }

for width in 80 200; do
	terminal $width screen "audit-summary --by category,outcome,actor_id"
	ends "$width columns" 0
	# shellcheck disable=SC2046 # five numbers
	set -- $(python3 screen.py screen)
	check "$width columns: no line is wider" test "$1" -le $width
	check "$width columns: bars are as long as there is room" test "$2" -ge 8 -a "$2" -le 30
	check "$width columns: a line of the time" test "$3" -gt 20
	check "$width columns: bars end at an eighth" test "$4" -gt 3
	is "$width columns: all sections" "$(grep -c -E '^(Events|Timeline|By|Actions|Categories|Severities|Identities|Resources)' screen)" 8
done
terminal 50 screen audit-summary
check "50 columns: no line is wider" test "$(python3 screen.py screen | cut -d ' ' -f 1)" -le 50

terminal 80 dumb audit-summary
ends "a dumb terminal" 0
is "a dumb terminal gets no block characters" "$(python3 screen.py screen | cut -d ' ' -f 5)" 0
check "but bars" grep -q '%  ##*$' screen
check "and a line of the time" grep -q '^  events .*@' screen

run audit-summary
is "a pipe gets no bars" "$(python3 screen.py out | cut -d ' ' -f 2,5)" "0 0"
check "nothing but text" test -z "$(grep -a "$(printf '\033')" out)"
is "and all numbers" "$(sed -n 's/^Events *//p' out)" "$(wc -l <all.jsonl)"

finish
