#!/bin/sh
# audit-prune removes what is older, nothing else, and says so in a record;
# what remains comes out byte for byte.

. "$(dirname "$0")/lib.sh"
need python3 jq

# 14,000 events of the last 200 days, in commits that give segments and a tail;
# the cut is 100 days ago, or nearly: half an hour is kept free around it.
cat >make.py <<'END'
import random, sys, time
sys.path.insert(0, sys.argv[1])
import events as ev
now = int(time.time() * 1e6)
cut = now - 100 * 86400 * 1000000
events = ev.random_events(random.Random(24), 14000, ev.rfc3339(now - 200 * 86400 * 1000000)[:10], 250)
free = 1800 * 1000000
for event in events:
    us = ev.micros(ev.datetime.fromisoformat(event["time"].replace("Z", "+00:00")))
    if abs(us - cut) < free:
        event["time"] = ev.rfc3339(us + 2 * free)
position = 0
for number, size in enumerate((5000, 300, 8000, 700)):
    ev.write_lines("part%d.jsonl" % number, events[position:position + size])
    position += size
print(ev.rfc3339(cut))
END
cut=$(python3 make.py "$top/tests/cli")
for part in part0.jsonl part1.jsonl part2.jsonl part3.jsonl; do
	run auditd-ingest $part
	[ "$status" -eq 0 ] || not_ok "$part is stored"
done
audit-query -r -o jsonl >before.jsonl
jq -c --arg cut "$cut" 'select(.time < $cut)' before.jsonl >old.jsonl
going=$(wc -l <old.jsonl)
# not by jq, which would write numbers its own way
python3 - "$cut" before.jsonl >kept.jsonl <<'END'
import json, sys
for line in open(sys.argv[2], encoding="utf-8", newline="\n"):
    if json.loads(line)["time"] >= sys.argv[1]:
        sys.stdout.buffer.write(line.encode())
END
check "some are old and some are not" test "$going" -gt 1000 -a "$(wc -l <kept.jsonl)" -gt 1000

# ---- refusals and the plan ----

run audit-prune --older-than 29d --apply
refuses "below the floor of 30 days is refused" 4 "30 days"
run audit-prune --older-than 10h
refuses "in the plan too" 4 "30 days"
cp "$db" before.db
run audit-prune --older-than 100d
ends "the plan" 0
is "tells how many would go" "$(awk '$1 == "older-than" { print $2, $4 }' out)" "100d $going"
is "and how young they are" "$(awk '$1 == "older-than" { print $NF }' out)" \
    "$(jq -r .time old.jsonl | sort | tail -n 1 | cut -c 1-10)"
same "and removes nothing" "$db" before.db
run audit-prune --older-than 9000d --apply
ends "nothing that old" 0
run audit-query -c 'source!=audit-toolkit'
is "nothing removed" "$(cat out)" 14000
run audit-query --actor nobody --since 2001 --until 2002
ends "before any prune, nothing found is 1" 1

# ---- carried out ----

run audit-prune --older-than 100d --apply
ends "carried out" 0
check "it says how many went" grep -q "$going events removed" err
audit-query -r -o jsonl 'source!=audit-toolkit' >after.jsonl
same "exactly the younger ones are left, byte for byte" after.jsonl kept.jsonl
audit-export -o jsonl 'source!=audit-toolkit' >after.jsonl
same "exported as well" after.jsonl kept.jsonl
is "counted as well" "$(audit-query -c 'source!=audit-toolkit')" "$(wc -l <kept.jsonl)"
is "summed up as well" "$(audit-summary -o json 'source!=audit-toolkit' | jq .total_events)" \
    "$(wc -l <kept.jsonl)"
for filter in actor=user:bob severity=error tenant=acme ip=10.0.0.0/8; do
	wanted=$(audit-query -i kept.jsonl -c "--${filter%%=*}" "${filter#*=}")
	is "and found by $filter" \
	    "$(audit-query -c 'source!=audit-toolkit' "--${filter%%=*}" "${filter#*=}")" "$wanted"
done
id=$(head -n 1 old.jsonl | jq -r .id)
run audit-query -o jsonl --id "$id"
ends "one that went is not found" 1

# ---- records ----

audit-query -r -o jsonl action=audit.prune >records
is "the parts add up, and the closing record sums up" \
    "$(jq -s -c '[(map(select(.context.part) | .context.events) | add), (map(select(.context.closing) | .context.events) | add)]' records)" \
    "[$going,$going]"
check "every part has its digest" \
    jq -e -s 'map(select(.context.part) | .context.digest | test("^[0-9a-f]{64}$")) | all' records
is "records are the toolkit's own" "$(jq -r '[.source, .category, .outcome] | join(" ")' records | sort -u)" \
    "audit-toolkit COMPLIANCE success"

# The removal table, the records and the counters say the same, each by itself.
cat >removals.py <<'END'
import datetime, hashlib, json, sqlite3, sys
store = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
parts = [r["context"] for r in map(json.loads, open(sys.argv[2])) if "part" in r["context"]]
parts.sort(key=lambda c: (c["operation"], c["part"]))
micros = lambda t: (datetime.datetime.fromisoformat(t.replace("Z", "+00:00"))
                    - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)
def varints(data):
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0
gone, digests, generations = set(), [], []
for generation, record, runs in store.execute("SELECT * FROM removal ORDER BY generation"):
    generations.append(generation)
    at, digest, numbers = 0, hashlib.sha256(), list(varints(runs))
    for gap, length in zip(numbers[::2], numbers[1::2]):
        first = at + gap
        digest.update(first.to_bytes(8, "big") + length.to_bytes(8, "big"))
        gone |= set(range(first, first + length))
        at = first + length
    digests.append(digest.hexdigest())
assert digests == [p["digest"] for p in parts], "digests"
size, removals, pruned, oldest, newest = store.execute(
    "SELECT size, removals, pruned_events, pruned_min_time, pruned_max_time FROM state").fetchone()
assert generations == list(range(1, removals + 1)), "generations"
assert len(gone) == pruned == sum(p["events"] for p in parts), "events"
assert oldest == min(micros(p["oldest"]) for p in parts), "oldest"
assert newest == max(micros(p["newest"]) for p in parts), "newest"
left = sum(n for n, in store.execute("SELECT count FROM segment UNION ALL SELECT count(*) FROM tail"))
assert left + len(gone) == size, "what is left"
END
check "the removal table, the records and the counters agree" python3 removals.py "$db" records

# ---- coverage: "nothing happened" or "we no longer know" ----

run audit-query --actor nobody --since 2001
is "nothing found in a window that was pruned is 3, with a line" "$status $(wc -l <err)" "3 1"
day=$(jq -rn 'now - 50 * 86400 | todate[:10]')
run audit-query --actor nobody --since "$day" --until "$day"
is "in a window that was not, 1" "$status $(cat err)" "1 "
run audit-query --actor nobody
ends "without a window, 1" 1
is "JSON tells as well" \
    "$(audit-query -o json --actor nobody --since 2001 2>/dev/null | jq -c '[.coverage.complete, .coverage.pruned]')" "[false,$going]"

# ---- afterwards ----

run audit-summary --until 2026-10 -o json
ends "a summary of a time that was pruned" 0
check "says so" grep -q 'part of this time was pruned' err
run audit-query -c --until 2026-10
check "so does a query that found something" grep -q 'part of this time was pruned' err
run audit-export --until 2026-10
check "and an export" grep -q 'part of this time was pruned' err

run auditd-ingest --receipt receipt.json part3.jsonl
is "a file that was read is not read again" "$status $(receipt stored)" "0 0"
run audit-prune --older-than 100d --apply
ends "a second time" 0
audit-query -r -o jsonl 'source!=audit-toolkit' >after.jsonl
same "removes nothing more" after.jsonl kept.jsonl
python3 "$top/tests/cli/events.py" 5000 25 2026-06-01 10 >more.jsonl
run auditd-ingest --receipt receipt.json more.jsonl
is "and the store takes more" "$status $(receipt stored)" "0 5000"
if command -v sqlite3 >/dev/null; then
	is "the file is sound for SQLite" "$(sqlite3 "$db" 'PRAGMA integrity_check')" ok
fi

finish
