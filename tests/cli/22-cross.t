#!/bin/sh
# The programs against each other and against jq: the same question has the
# same answer, whichever program and whichever format gives it.

. "$(dirname "$0")/lib.sh"
need python3 jq

python3 "$top/tests/cli/events.py" 9000 22 >input.jsonl
head -n 8000 input.jsonl >first.jsonl
tail -n +8001 input.jsonl >rest.jsonl
run auditd-ingest --receipt receipt.json first.jsonl
ends "8,000 events are stored" 0
is "all of them" "$(receipt read) $(receipt stored)" "8000 8000"
run auditd-ingest rest.jsonl
ends "and 1,000 more" 0

# ---- counts ----

counts() { # NAME JQ-CONDITION OPTION...
	name=$1 condition=$2
	shift 2
	wanted=$(jq -c "select($condition)" input.jsonl | wc -l)
	listed=$(audit-query -o jsonl "$@" | wc -l)
	counted=$(audit-query -c "$@")
	summed=$(audit-summary -o json "$@" | jq .total_events)
	is "$name: query, count, summary and jq agree" "$listed $counted $summed" "$wanted $wanted $wanted"
}

counts "everything" true
counts "failures" '.outcome == "failure"' --outcome failure
counts "a day" '.time >= "2026-04-22" and .time < "2026-04-23"' --since 2026-04-22 --until 2026-04-22
counts "two tenants" '.tenant == "acme" or .tenant == "globex"' --tenant acme,globex
counts "errors and worse" '.severity == "error" or .severity == "critical"' --severity error
counts "below a path" '.target_path | . != null and test("^prod/db(/|$)")' --path-prefix prod/db
counts "another method" '.method != "GET"' 'method!=GET'
counts "nothing" false --actor nobody

# ---- breakdowns ----

breakdown() { # NAME JQ-OF-SUMMARY JQ-OF-INPUT
	audit-summary -o json >summary.json
	jq -S "$2" summary.json >got
	jq -S -s "$3" input.jsonl >wanted
	same "$1" got wanted
}

by='def by(f): map(select(f != null)) | group_by(f) | map({key: (.[0] | f | tostring), value: length}) | from_entries; '
top='def top(f; name): map(f) | map(select(. != null)) | group_by(.)
	| map({(name): .[0], count: length}) | sort_by([-.count, .[name]]) | .[:10]; '

breakdown "actions as jq groups them" .actions_breakdown "$by by(.action)"
breakdown "categories as jq groups them" .categories "$by by(.category)"
breakdown "severities as jq groups them" .severities "$by by(.severity)"
breakdown "outcomes as jq counts them" \
    '[.successful_events, .failed_events, .unknown_events]' \
    '[map(select(.outcome == ("success", "failure", "unknown"))) | group_by(.outcome)[] | length] | [.[1], .[0], .[2]]'
breakdown "first and last event" '[.first_event, .last_event]' 'map(.time) | [min, max]'
breakdown "the most frequent identities" .top_identities \
    "$top top(.actor_id // .actor_email // .actor_name; \"identity_id\")"
breakdown "the most frequent resources" .top_resources \
    "$top top(.target_path // .target_id // .target_name; \"path\")"

audit-summary -o json --bucket 1d | jq -c '.histogram[] | select(.count > 0) | [.start[:10], .count, .failed]' >got
jq -c -s 'group_by(.time[:10])[] | [.[0].time[:10], length, (map(select(.outcome == "failure")) | length)]' \
    input.jsonl >wanted
same "the histogram by days as jq groups them" got wanted

audit-summary -o json --by category,outcome | jq -c '[.groups[] | [.category, .outcome, .count]] | sort' >got
jq -c -s 'group_by([.category, .outcome]) | map([.[0].category // "", .[0].outcome, length]) | sort' input.jsonl >wanted
same "groups of two fields as jq groups them" got wanted
is "all arrived within the hour" "$(audit-query -c --by ingested --last 1h)" 9000
is "none happened in it" "$(audit-query -c --last 1h)" 0

# ---- formats ----

audit-query -r -o jsonl >all.jsonl
is "everything, oldest first" "$(wc -l <all.jsonl)" 9000
audit-query -o jsonl >newest.jsonl
tac newest.jsonl >turned.jsonl
same "newest first is the reverse of oldest first" turned.jsonl all.jsonl

audit-query -i all.jsonl -r -o jsonl >again.jsonl
same "lines given with -i come out unchanged" again.jsonl all.jsonl
audit-summary -o json >of-store.json
audit-summary -i all.jsonl -o json >of-lines.json
same "a summary of the lines is that of the store" of-lines.json of-store.json

jq -c . all.jsonl >plain.jsonl
audit-query -r -o json | jq -c '.events[]' >got
same "the JSON document of audit-query holds the same events" got plain.jsonl
is "it says when there is more" "$(audit-query -o json -n 5 | jq -c '[(.events | length), .has_more]')" "[5,true]"
is "and when there is not" "$(audit-query -o json -n 9000 | jq -c '[(.events | length), .has_more]')" "[9000,false]"

cat >csv_equals.py <<'END'
"""csv_equals CSV JSONL: the same events, cell by cell."""
import csv, json, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8", newline=""), strict=True))
lines = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
header, rows = rows[0], rows[1:]
assert len(rows) == len(lines), (len(rows), len(lines))
for row, event in zip(rows, lines):
    assert len(row) == len(header), row
    assert set(event) <= set(header), (set(event) - set(header))
    for name, cell in zip(header, row):
        value = event.get(name, "")
        same = cell == value if isinstance(value, str) else json.loads(cell) == value
        assert same, (event["id"], name, cell, value)
END
audit-query -r -o csv >all.csv
check "CSV holds the same values" python3 csv_equals.py all.csv all.jsonl
is "chosen fields, in the order chosen" \
    "$(audit-query -r -n 1 -o csv --fields action,time,id | head -n 1 | tr -d '\r')" "action,time,id"

# ---- exports: from here on the store also has records of them ----

run audit-export -o jsonl
same "an export is everything, oldest first" out all.jsonl
quiet "without a word"
own='source!=audit-toolkit'
run audit-export -o json "$own"
check "the JSON document is valid and counts itself" jq -e '.count == 9000 and (.entries | length) == 9000' out
jq -c '.entries[]' out >got
same "and holds the same events" got plain.jsonl
run audit-export -o csv "$own"
same "CSV to stdout is the CSV of audit-query" out all.csv

run audit-export -o jsonl -O out.jsonl.zst "$own"
ends "an export to a compressed file" 0
if command -v zstd >/dev/null; then
	zstd -dcq out.jsonl.zst >got
	same "decompresses to the same lines" got all.jsonl
fi
run audit-export -o jsonl -O out.jsonl.gz "$own"
gzip -dc out.jsonl.gz >got
same "gzip too" got all.jsonl
run audit-export -o csv -O out.csv "$own"
is "CSV to a file begins with a BOM" "$(head -c 3 out.csv | od -An -tx1 | tr -d ' ')" efbbbf
mkdir folder
run audit-export -o jsonl -O folder "$own"
is "an export to a folder names its file" "$(ls folder | grep -c '^audit-log-.*\.jsonl$')" 1

audit-query -o jsonl --action audit.export source=audit-toolkit >records
is "each export left two records" "$(jq -r .context.phase records | sort | uniq -c | tr -s ' \n' ' ')" \
    " 7 intent 7 outcome "

# ---- what came out goes in again ----

run auditd-ingest -D again.db out.jsonl.zst
ends "the compressed export goes into another store" 0
run sh -c 'cat all.jsonl | auditd-ingest -D again.db --receipt receipt.json'
ends "and once more, through a pipe" 0
audit-query -D again.db -r -o jsonl | sed 's/"ingested":"[^"]*",//' >got
sed 's/"ingested":"[^"]*",//' all.jsonl >wanted
same "with the same lines but for ingested, once" got wanted
is "the second time all were known" "$(receipt stored) $(receipt duplicates)" "0 9000"

finish
