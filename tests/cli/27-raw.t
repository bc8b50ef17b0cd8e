#!/bin/sh
# What the file itself holds: the same input twice adds nothing, and what was
# redacted or pruned is nowhere in its bytes.

. "$(dirname "$0")/lib.sh"
need python3

holds() { # whether the text is somewhere in the store or beside it
	cat "$db"* | grep -qaF -- "$1"
}

# ---- the same input twice ----

python3 "$top/tests/cli/events.py" 6000 27 >events.jsonl
run auditd-ingest --receipt receipt.json events.jsonl
is "6,000 events are stored" "$status $(receipt stored)" "0 6000"
cp "$db" before.db
run auditd-ingest --receipt receipt.json events.jsonl
is "the file again: nothing is read" "$status $(receipt read) $(receipt stored)" "0 0 0"
run auditd-ingest --receipt receipt.json <events.jsonl
is "as standard input: it is the same file" "$status $(receipt read) $(receipt stored)" "0 0 0"
run sh -c 'cat events.jsonl | auditd-ingest --receipt receipt.json'
is "through a pipe: all are duplicates" \
    "$status $(receipt read) $(receipt stored) $(receipt duplicates)" "0 6000 0 6000"
cp events.jsonl copy.jsonl
run auditd-ingest --receipt receipt.json copy.jsonl
is "a copy of it: nothing is stored" "$status $(receipt stored)" "0 0"
gzip -c events.jsonl >packed.gz
run auditd-ingest --receipt receipt.json packed.gz
is "compressed: nothing is stored" "$status $(receipt stored)" "0 0"
is "6,000 events it is still" "$(audit-query -c)" 6000

sed 's/"id":"[^"]*",//' events.jsonl | head -n 500 >without.jsonl
sed -n 7p without.jsonl >>without.jsonl
run auditd-ingest --receipt receipt.json without.jsonl
is "events without ids, a genuine twin among them" "$status $(receipt stored)" "0 501"
run auditd-ingest --receipt receipt.json without.jsonl
is "the file again: nothing is stored" "$status $(receipt stored)" "0 0"
mv without.jsonl rotated.jsonl
tail -n 3 events.jsonl | sed 's/"id":"[^"]*",//' >>rotated.jsonl
run auditd-ingest --receipt receipt.json rotated.jsonl
is "renamed and grown: what is new" "$status $(receipt stored)" "0 3"

# ---- redacted ----

rm -f "$db"
jwt=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg
secret=Hunter2-CorrectHorse-7731
cat >secrets.jsonl <<END
{"id":"s1","action":"login","time":"2026-05-01T00:00:00Z","description":"bearer $jwt was shown","context":{"plain":"Needle-In-The-Open-4711"}}
{"id":"s2","action":"login","time":"2026-05-01T00:00:01Z","context":{"password":"$secret"},"api_key":"$secret"}
{"id":"s3","action":"login","time":"2026-05-01T00:00:02Z","changes":{"after":{"client_secret":"$secret"}},"actor":{"id":"a","password":"$secret"}}
{"id":"s4","action":"login","time":"2026-05-01T00:00:03Z","x":["$jwt"]}
{"id":"s5","action":"login","time":"never","context":{"password":"$secret"}}
{"id":"s6","password":"$secret","note":"$jwt"
END
run auditd-ingest --receipt receipt.json secrets.jsonl
is "lines with secrets, two of them faulty" "$status $(receipt stored) $(receipt quarantined)" "3 4 2"
check "the receipt counts what was redacted" test "$(receipt redacted)" -ge 6
check "ordinary text can be found in the file" holds Needle-In-The-Open-4711
for text in "$secret" "$jwt" CorrectHorse "${jwt##*.}"; do
	check "a secret cannot: $text" sh -c '! cat "$0"* | grep -qaF -- "$1"' "$db" "$text"
done
audit-query -o jsonl >out
audit-query --quarantine -o jsonl >>out
check "nor in what comes out" sh -c '! grep -qF -e "$0" -e "$1" out' "$secret" "$jwt"
check "nor in messages" sh -c '! grep -qF -e "$0" -e "$1" err receipt.json' "$secret" "$jwt"
check "markers stand in their place" grep -q '\[REDACTED:' out
run auditd-ingest --dry-run secrets.jsonl
check "nor in a dry run" sh -c '! grep -qF -e "$0" -e "$1" out err' "$secret" "$jwt"

# ---- pruned ----

# Old and young events with a name of their own in a field that is a
# dictionary, in a whole old segment, in one that is cut, and in the tail.
rm -f "$db"
cat >make.py <<'END'
import json, time
now = int(time.time())
def write(name, count, days, who):
    with open(name, "w") as out:
        for n in range(count):
            age = days[n * len(days) // count]
            out.write(json.dumps({"id": "%s-%d" % (name, n), "action": "read", "time": now - age * 86400 + n % 80000,
                "actor_id": who[n * len(who) // count], "target_path": "path-%d" % (n % 50)}) + "\n")
write("old.jsonl", 5000, [300], ["Old-Whole-Segment-Person"])
write("mixed.jsonl", 6000, [300, 20], ["Old-Cut-Segment-Person", "Young-Cut-Segment-Person"])
write("tail.jsonl", 100, [300, 20], ["Old-Tail-Person", "Young-Tail-Person"])
END
python3 make.py
for part in old mixed tail; do
	run auditd-ingest $part.jsonl
	ends "$part events are stored" 0
done
for person in Old-Whole-Segment Old-Cut-Segment Old-Tail Young-Cut-Segment Young-Tail; do
	check "before: $person is in the file" holds "$person-Person"
done
run audit-prune --older-than 100d --apply
ends "the old ones are pruned" 0
for person in Old-Whole-Segment Old-Cut-Segment Old-Tail; do
	check "after: $person is nowhere in it" sh -c '! cat "$0"* | grep -qaF -- "$1"' "$db" "$person-Person"
done
for person in Young-Cut-Segment Young-Tail; do
	check "after: $person still is" holds "$person-Person"
done
is "and the young ones are all there" "$(audit-query -c action=read)" 3050

finish
