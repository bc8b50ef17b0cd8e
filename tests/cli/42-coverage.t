#!/bin/sh
# How far an answer can be trusted: what was pruned or refused, which sources
# fell silent, in JSON, in words and in the exit status.

. "$(dirname "$0")/lib.sh"
need python3 jq

# Ten days of January: `steady` every minute, `stopped` until the noon of the
# 9th, `nightly` for ten minutes at two.
cat >make.py <<'END'
from datetime import datetime, timedelta, timezone
begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
with open("log.jsonl", "w") as out:
    def say(source, time):
        out.write('{"id":"%s-%d","time":"%s","source":"%s","action":"tick","outcome":"%s"}\n' % (source,
            time.timestamp(), time.strftime("%Y-%m-%dT%H:%M:%SZ"), source, ["success", "failure"][time.minute % 2]))
    for minute in range(10 * 24 * 60):
        now = begin + timedelta(minutes=minute)
        say("steady", now)
        if now < datetime(2026, 1, 9, 12, tzinfo=timezone.utc):
            say("stopped", now + timedelta(seconds=7))
        if now.hour == 2 and now.minute < 10:
            for second in range(0, 60, 5):
                say("nightly", now + timedelta(seconds=second + 1))
END
python3 make.py
run auditd-ingest log.jsonl
ends "the log is stored" 0

coverage() { # of `audit-query -o json -n 1 ARGUMENTS`
	audit-query -q -o json -n 1 "$@" | jq -c .coverage
}

silent() {
	coverage "$@" | jq -r '[.silent[].source] | join(" ")'
}

is "one that stopped is silent" "$(silent --since 2026-01-09 --until 2026-01-09)" stopped
is "from its last event to the end of the window" \
    "$(coverage --since 2026-01-09 --until 2026-01-09 | jq -r '.silent[0] | .from + " " + .until')" \
    "2026-01-09T11:59:07.000000Z 2026-01-10T00:00:00.000000Z"
is "against what is usual for it" \
    "$(coverage --since 2026-01-09 --until 2026-01-09 | jq '.silent[0].usual_seconds | . >= 60 and . <= 300')" true
is "a nightly one is not at noon" "$(silent --since '2026-01-08 00:00' --until '2026-01-08 12:00')" ""
is "nor in the evening" "$(silent --since '2026-01-08 12:00' --until '2026-01-08 23:00')" ""
is "it is missed after days, like all others" "$(silent --since 2026-01-10 --until 2026-01-14 | tr ' ' '\n' | sort | xargs)" \
    "nightly steady stopped"
is "the longest first" "$(silent --since 2026-01-10 --until 2026-01-14 | cut -d ' ' -f 1)" stopped
is "sources that are not asked about are not told" "$(silent --since 2026-01-09 --until 2026-01-09 --source steady)" ""
is "other filters do not matter" "$(silent --since 2026-01-09 --until 2026-01-09 --action nothing)" stopped
is "without a window no one is judged" "$(silent)" ""

run audit-query --since 2026-01-09 --until 2026-01-09 --action nothing
ends "silence is no gap in the store: nothing matched is 1" 1
quiet "and nothing is said"
run audit-query -v -n 1 --since 2026-01-09 --until 2026-01-09
check "-v says it in words" grep -q 'stopped.*2026-01-09 11:59:07' err
run audit-query -v -n 1 --since 2026-01-05 --until 2026-01-05
check "and that all is there" grep -q 'coverage: nothing of this time was pruned' err

is "all is covered" "$(coverage --since 2026-01-02 --until 2026-01-02 | jq -c '[.complete, .pruned, .quarantined]')" \
    "[true,0,0]"

# ---- refused ----

echo 'not json' >bad
run auditd-ingest bad
ends "a line is refused" 3
is "it is counted when the window has that moment" "$(coverage --since 2026-01-01 | jq .quarantined)" 1
is "not in another window" "$(coverage --since 2026-01-02 --until 2026-01-02 | jq .quarantined)" 0
is "without a window always" "$(coverage | jq .quarantined)" 1

# ---- pruned ----

run audit-prune --older-than "$(($(date +%s) / 86400 - 20457))d" --apply
ends "what is older than the 4th or so is pruned" 0
oldest=$(audit-query -r -n 1 -o jsonl | jq -r .time)
run audit-query --since 2026-01-02 --until 2026-01-02
ends "nothing matched and it was pruned: 3" 3
run audit-summary --since 2026-01-02 --until 2026-01-02
ends "a summary of nothing too" 3
run audit-summary --since 2026-01-08 --until 2026-01-08 action=none
ends "but not where all is there" 0
is "the window was pruned" "$(coverage --since 2026-01-02 --until 2026-01-02 | jq -c '[.complete, .pruned_from, .pruned_until]')" \
    '[false,"2026-01-02T00:00:00.000000Z","2026-01-03T00:00:00.000000Z"]'
is "a window behind it is whole" "$(coverage --since 2026-01-08 --until 2026-01-08 | jq -c '[.complete, has("pruned_from")]')" \
    '[true,false]'
is "one across it begins pruned" "$(coverage --since 2026-01-02 | jq -c '[.complete, .pruned_from, .pruned_until < "'"$oldest"'"]')" \
    '[false,"2026-01-02T00:00:00.000000Z",true]'
is "what was pruned ever is told" \
    "$(($(coverage | jq .pruned) + $(audit-query -c 'source!=audit-toolkit')))" "$(($(wc -l <log.jsonl)))"

# ---- lines have no coverage ----

run audit-query -o json -n 1 -i log.jsonl
is "a file covers nothing" "$(jq 'has("coverage")' out)" false

# ---- counts ----

audit-query -o jsonl -r >all.jsonl
for field in action source outcome time severity; do
	audit-query -F $field -o jsonl | jq -c '[.value, .count]' | sort >facet
	jq -r ".$field // empty" all.jsonl | sort | uniq -c | awk '{ print "[\"" $2 "\"," $1 "]" }' | sort >counted
	same "facet of $field" facet counted
	audit-query -i all.jsonl -F $field -o jsonl | jq -c '[.value, .count]' | sort >facet
	same "facet of $field over lines" facet counted
done
audit-summary --by source,outcome -o json | jq -c '.groups[] | [.source, .outcome, .count]' | sort >groups
jq -r '(.source // "") + " " + (.outcome // "")' all.jsonl | sort | uniq -c |
    awk '{ print "[\"" $2 "\",\"" $3 "\"," $1 "]" }' | sort >counted
same "groups of two fields" groups counted
pairs() { # ARGUMENT...
	audit-query -F source,outcome -o jsonl "$@" | jq -c '[.source, .outcome, .count]' | sort >facet
}
pairs
same "facet of two fields" facet counted
pairs -i all.jsonl
same "facet of two fields over lines" facet counted
audit-query -F source -F outcome -o csv | tr -d '\r' | sed -n '1p;2,$s/.*,//p' >got
is "as CSV, a column a field" "$(head -n 1 got) $(sed 1d got | awk '{ n += $1 } END { print n }')" \
    "source,outcome,count $(wc -l <all.jsonl)"
run audit-query -F id,id,id,id,id,id,id,id,id
refuses "of nine fields" 2 "more than 8 fields"
run audit-summary --bucket 1s source=steady
ends "steps of a second over days" 0
echo '{"time":"2024-01-01T00:00:00Z","action":"old","id":"old"}' >old
run auditd-ingest --source old old
run audit-summary --bucket 1s
refuses "over years they are refused" 2 "the shortest that can be had is"
least=$(sed -n 's/.* is \([0-9]*s\)$/\1/p' err)
run audit-summary --bucket "$least"
ends "with what goes instead" 0

# A match that was given up makes no count that is quietly short.
python3 -c '
import json
for n, text in enumerate(["b", "a" * 40 + "!" * 2000]):
    print(json.dumps({"id": "t%d" % n, "time": "2026-02-01T00:00:00Z", "action": "try", "description": text}))' >tries
run auditd-ingest --source tries tries
for command in 'audit-query -c' 'audit-query -F action' 'audit-summary' 'audit-query -c -i tries' \
    'audit-query -F action -i tries' 'audit-summary -i tries'; do
	run $command 'description~^(a|a|aa)+$'
	refuses "$command says that a pattern took too long" 2 'takes too long'
done

finish
