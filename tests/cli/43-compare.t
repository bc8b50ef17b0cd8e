#!/bin/sh
# audit-summary --pivot and --compare: one period against another, held against
# a naive model.

. "$(dirname "$0")/lib.sh"
need jq python3

python3 "$top/tests/cli/events.py" 4000 44 >input.jsonl
cat "$top/examples/sample.jsonl" >>input.jsonl
# A change at noon of the 10th of June: `deploy` begins to fail, `robot` is new,
# `cron` is gone, `sync` comes twice as often; each hour for two days on both
# sides.
python3 - >>input.jsonl <<'END_PYTHON'
from datetime import datetime, timedelta, timezone
noon = datetime(2026, 6, 10, 12, tzinfo=timezone.utc)
for hour in range(-48, 48):
    def say(actor, outcome, minute):
        time = noon + timedelta(hours=hour, minutes=minute)
        print('{"id":"%s-%d-%d","time":"%s","action":"run","actor_id":"%s","outcome":"%s","tenant":"change"}' %
              (actor, hour, minute, time.strftime("%Y-%m-%dT%H:%M:%SZ"), actor, outcome))
    say("deploy", "failure" if hour >= 0 and hour % 2 else "success", 1)
    say("steady", "failure" if hour % 12 == 0 else "success", 2)
    say("sync", "success", 3)
    if hour >= 0:
        say("robot", "success", 4)
        say("sync", "success", 5)
    else:
        say("cron", "success", 6)
END_PYTHON
run auditd-ingest input.jsonl
ends "events are stored" 0
audit-query -r -o jsonl >all.jsonl

# NAME PERIODS (four times) FIELDS OPTION...: the answer is the model's, from the
# store, from lines, and through a pipe.
agrees() {
	name=$1 periods=$2 by=$3
	shift 3
	run audit-summary "$@" --by "$by" -o json
	ends "$name" 0
	cp out answer.json
	# shellcheck disable=SC2046,SC2086 # words
	is "$name: as the naive model has it" \
	    "$(python3 "$top/tests/cli/change.py" all.jsonl answer.json $periods $(echo "$by" | tr ',' ' ') 2>&1)" ok
	audit-summary -i all.jsonl "$@" --by "$by" -o json >got
	same "$name: from lines the same" got answer.json
	audit-query -o jsonl | audit-summary -i - "$@" --by "$by" -o json >got
	same "$name: through a pipe the same" got answer.json
}

agrees "a pivot" "2026-06-08T12:00:00Z 2026-06-10T12:00:00Z 2026-06-10T12:00:00Z 2026-06-12T12:00:00Z" \
    actor_id --pivot 2026-06-10T12:00:00Z --window 2d
is "first what fails, then what is new, what is gone, what there is more of" \
    "$(jq -r '.groups[] | select(.change != "none") | .change + " " + .actor_id' answer.json | tr '\n' ',')" \
    "failing deploy,new robot,vanished cron,more sync,"
agrees "a pivot in a window of unlike sides" \
    "2026-05-01T00:00:00Z 2026-06-10T12:00:00Z 2026-06-10T12:00:00Z 2026-06-12T00:00:00Z" \
    actor_id,action --pivot '2026-06-10 12:00' --since 2026-05 --until 2026-06-11
agrees "the period before" "2026-05-31T00:00:00Z 2026-06-10T00:00:00Z 2026-06-10T00:00:00Z 2026-06-20T00:00:00Z" \
    action,outcome --since 2026-06-10 --until 2026-06-19 --compare previous
agrees "a week earlier" "2026-06-03T00:00:00Z 2026-06-05T00:00:00Z 2026-06-10T00:00:00Z 2026-06-12T00:00:00Z" \
    context.mfa --since 2026-06-10 --until 2026-06-11 --compare 7d
agrees "another month" "2026-03-01T00:00:00Z 2026-04-01T00:00:00Z 2026-05-01T00:00:00Z 2026-06-01T00:00:00Z" \
    category,actor_id,outcome --since 2026-05 --until 2026-05 --compare 2026-03
agrees "from one day to another" "2026-03-05T00:00:00Z 2026-03-20T00:00:00Z 2026-06-01T00:00:00Z 2026-07-01T00:00:00Z" \
    actor_id --since 2026-06 --until 2026-06 --compare 2026-03-05..2026-03-19
agrees "around a moment" "2026-06-08T00:00:00Z 2026-06-10T00:00:00Z 2026-06-10T00:00:00Z 2026-06-12T00:00:00Z" \
    host --around 2026-06-11 --window 1d --compare previous

# With a filter both sides have it.
audit-query --outcome failure --category ADMIN,SECURITY -r -o jsonl >failed.jsonl
audit-summary --outcome failure --category ADMIN,SECURITY --where 'not action = none' --since 2026-05 --until 2026-05 \
    --compare 2026-04 --by actor_id -o json >answer.json
is "a filter is of both sides" "$(python3 "$top/tests/cli/change.py" failed.jsonl answer.json 2026-04-01T00:00:00Z \
    2026-05-01T00:00:00Z 2026-05-01T00:00:00Z 2026-06-01T00:00:00Z actor_id 2>&1)" ok
run audit-summary --outcome failure --save failures
ends "a filter is saved" 0
run audit-summary -Q failures --category ADMIN,SECURITY --where 'not action = none' --since 2026-05 --until 2026-05 \
    --compare 2026-04 --by actor_id -o json
same "a saved one too" out answer.json

# ---- formats ----

run audit-summary --pivot '2026-06-10 12:00' --window 2d
ends "for people" 0
quiet "and nothing else is said"
is "whom it met comes first, by actor" "$(grep -A 1 '^[A-Z].*, by actor_id' out | sed -n 2p | sed 's/  */ /g')" \
    " deploy 48 48 x1.00 0.0% -> 50.0% <0.0001"
is "the sections" "$(sed -n 's/, by actor_id.*//p' out | tr '\n' ',')" \
    "Failing more,New,Vanished,More,Not more than chance,"
is "the periods" "$(sed -n 's/^Before  //p; s/^After   //p' out | tr '\n' ';')" \
    "2026-06-08 12:00:00 to 2026-06-10 12:00:00, 2 d;2026-06-10 12:00:00 to 2026-06-12 12:00:00, 2 d;"
is "rates" "$(sed -n 's/^  per day  *//p' out | sed 's/  */ /g')" \
    "$(audit-summary --pivot '2026-06-10 12:00' --window 2d -o json |
	jq -r '[.before, .after] | map(.total_events / 2 * 10 | round / 10 | tostring) | join(" ")')"
run audit-summary --pivot '2026-06-10 12:00' --window 2d --top 1 --tenant change --by tenant,actor_id
is "--top is of each kind" "$(grep -c '^  change | ' out)" 5
run audit-summary --pivot '2026-06-10 12:00' --window 2d --by action,actor_id -o json
cp out answer.json
audit-summary --pivot '2026-06-10 12:00' --window 2d --by action,actor_id -o csv >answer.csv
is "CSV has the same rows" "$(python3 - <<'END_PYTHON'
import csv, json
rows = list(csv.DictReader(open("answer.csv", newline="", encoding="utf-8")))
groups = json.load(open("answer.json", encoding="utf-8"))["groups"]
def text(row):
    return [(key, "" if value is None else value if isinstance(value, str) else "%.6g" % value)
            for key, value in row.items()]
def number(row):
    return [(key, "%.6g" % float(value) if key in ("ratio", "p", "failed_p") and value else value)
            for key, value in row.items()]
print("ok" if len(rows) > 4 and [number(r) for r in rows] == [text(g) for g in groups] else "no")
END_PYTHON
)" ok

run audit-summary --pivot 2026-06-10T12:00:00Z --window 2d --by action,actor_id -o html --tz Asia/Kolkata
ends "as a page" 0
cp out page.html
is "the page has the same rows, and no element of theirs" \
    "$(python3 "$top/tests/cli/page.py" rows page.html answer.json 2>&1)" ok
run audit-summary --pivot 2026-06-10T12:00:00Z --window 2d --outcome failure -o html
check "the filter is told without the periods" grep -q '<code><bdi>outcome = failure</bdi></code>' out
check "and says when, in the zone asked for" grep -q 'Before</dt><dd><time datetime="2026-06-08T12:00:00.000000Z">2026-06-08 17:30:00' page.html
printf '%s\n' '{"time":"2026-01-02T00:00:00Z","action":"<script>alert(1)</script>&\u202e","actor_id":"a"}' >hostile.jsonl
run audit-summary -i hostile.jsonl --pivot 2026-01-02 --window 1d --by action -o html
is "what a log says is text" "$(grep -c '<script' out) $(grep -c '&lt;script&gt;alert(1)&lt;/script&gt;&amp;\\u202e' out)" "0 1"

# ---- refusals ----

refused() { # PATTERN OPTION...
	pattern=$1
	shift
	run audit-summary "$@"
	refuses "refused: $*" 2 "$pattern"
}
refused "one at a time" --pivot 2026-06-10 --window 2d --compare previous
refused "needs --window SPAN" --pivot 2026-06-10
refused "say the same thing" --pivot 2026-06-10 --around 2026-06-10 --window 1d
refused "cannot be combined" --pivot 2026-06-10 --window 1d --since 2026
refused "is no time" --pivot nonsense --window 1d
refused "not inside the window" --pivot 2026-06-10 --since 2026-07 --until 2026-08
refused "not happened yet" --pivot 9990 --since 2026
refused "needs a window that begins" --compare previous
refused "did you mean 'previous'" --compare previos --since 2026-06 --until 2026-06
refused "overlap" --compare 1d --since 2026-06 --until 2026-06
refused "later than the window" --compare 2026-07 --since 2026-06 --until 2026-06
refused "no --bucket" --compare 2026-05 --since 2026-06 --until 2026-06 --bucket 1h
refused "at most 7 fields" --pivot 2026-06-10 --window 2d \
    --by id,time,source,tenant,channel,category,action,severity
refused "window belongs into" --pivot 2026-06-10 --window 2d --where 'time >= 2026-06-09'
refused "unknown option" --around 2026-06-10 --window 2d --before-after
run audit-summary --last 7d --outcome failure --save week
refused "window belongs into" -Q week --since 2026-06 --until 2026-06 --compare previous
run audit-summary --pivot 2026-06-10 --window 1d --tenant change --print-where
is "--print-where prints what was asked for" "$(cat out)" \
    "$(audit-summary --around 2026-06-10 --window 1d --tenant change --print-where)"

# ---- what has to be known beside it ----

# The first events are of March.
run audit-summary --since 2026-03-20 --until 2026-03-25 --compare 2026-02-20..2026-03-05
ends "a log that begins inside the first period" 0
check "is told" grep -q "^audit-summary: before: the log's first event is of 2026-03-01" err

run audit-prune --older-than 170d --apply
ends "what is older is pruned" 0
oldest=$(audit-query -r -n 1 --where 'source != audit-toolkit' -o jsonl --fields time | jq -r '.time[:10]')
run audit-summary --since 2026-03-20 --until 2026-03-25 --compare 2026-03-10..2026-03-15 -o json
ends "nothing is left of either side" 3
is "and which one is told" "$(grep -c 'before: nothing found, but part of this time was pruned' err)" 1
[ "$oldest" \> 2026-03-02 ] && ok "something was pruned" || not_ok "something was pruned" "$oldest"
run audit-summary --pivot "$oldest" --since 2026-03-02 --until 2026-10 -o json
is "the JSON says which side is complete" "$(jq -c '[.before.complete, .after.complete]' out)" "[false,true]"
run audit-summary --pivot 2026-09-01 --since 2026-03-02 --until 2026-10
check "the table tells" grep -q '^Before.*pruned' out
finish
