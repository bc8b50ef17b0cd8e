#!/bin/sh
# What verification must catch: each line of the definitions (integrity, 5) as
# an attack by forge.py on a fresh copy of a store, and the copy that nobody
# attacked, which must pass.  Where an attacker can repair every hash, only a
# checkpoint tells; where the whole file is another one, only a checkpoint or
# a state that is kept elsewhere.

. "$(dirname "$0")/lib.sh"
need python3 jq
[ -x "$build/audit-verify" ] || skip_all "audit-verify is not built"
forge=$top/tests/cli/forge.py

# victim STORE COMMAND...: a copy of the store, attacked.
victim() {
	victim_of=$1
	shift
	rm -f victim.db
	cp "$victim_of.db" victim.db
	python3 "$forge" victim.db "$@" >forged 2>&1 || :
}

# caught NAME FAULT [PLACE [OPTION...]]: of the victim; PLACE is a condition of
# jq on the finding.
caught() {
	caught_name=$1 caught_fault=$2 caught_place=${3:-true}
	shift $(($# < 3 ? $# : 3))
	run audit-verify -D victim.db --key "$key" -o json "$@"
	if [ -s forged ]; then
		not_ok "$caught_name" "$(cat forged)"
	elif [ "$status" -ne 5 ]; then
		not_ok "$caught_name" "status $status, wanted 5"
	elif ! jq -e --arg fault "$caught_fault" \
	    "any(.findings[]; (.fault | inside(\$fault)) and ($caught_place))" out >/dev/null 2>&1; then
		not_ok "$caught_name" "$(jq -c '.findings[:4][]' out 2>/dev/null | cut -c 1-300)"
	else
		ok "$caught_name"
	fi
}

# refused NAME PATTERN: the file is not even opened.
refused() {
	run audit-verify -D victim.db --key "$key"
	refuses "$1" 5 "$2"
}

passes() { # NAME STORE STATUS [OPTION...]
	passes_name=$1 passes_store=$2 passes_status=$3
	shift 3
	run audit-verify -D "$passes_store" --key "$key" "$@"
	is "$passes_name" "$status" "$passes_status"
}

# at SEQ: the finding is about it.
at() {
	echo ".seq <= $1 and .last_seq >= $1"
}

# ---- A store: segments, a tail, records, a prune, two epochs ----

cat >make.py <<'END2'
import random, sys, time
sys.path.insert(0, sys.argv[1])
import events as ev
start = ev.rfc3339(int(time.time() * 1e6) - 200 * 86400 * 1000000)[:10]
events = ev.random_events(random.Random(62), 6003, start, 180)
for number, (first, end) in enumerate(((0, 5000), (5000, 5600), (5600, 6000), (6000, 6001), (6001, 6002))):
    ev.write_lines("part%d.jsonl" % number, events[first:end])
for event in events[:5000]:
    event["actor_id"] = event.get("actor_id", "") + "-other"
ev.write_lines("other.jsonl", events[:5000])
END2
python3 make.py "$top/tests/cli"
python3 - "$top/tests/cli" >cell.jsonl <<'END2'
import random, sys
rng = random.Random(7)
words = open(sys.argv[1] + "/events.py").read().split()
for n in range(65600):
    print('{"id":"cell-%d","time":"2026-01-%02dT%02d:00:00Z","source":"app","action":"a%d","request_id":"r-%d",'
          '"actor_id":"u%d","description":"%s %x"}' % (n, n // 2400 + 1, n // 100 % 24, n % 7, rng.randrange(9999), n % 3000,
          " ".join(w for w in rng.choices(words, k=12) if w.isalnum()), rng.getrandbits(64)))
END2
verify() {
	audit-verify -D "$@" 2>said || echo "audit-verify -D $*: $? $(cat said)" >>made
}
: >made
auditd-ingest -q -D small.db part0.jsonl
key=$(verify small.db --keys keys --init-keys --origin test.example/attacks)
verify small.db --keys keys --sign >first.note
auditd-ingest -q -D small.db part1.jsonl
verify small.db --keys keys --sign >second.note
audit-prune -q -D small.db --older-than 100d --apply
verify small.db --keys keys --sign >third.note
cp keys/signing.key epoch0.key
verify small.db --keys keys --rotate-key >/dev/null
record=$(audit-query -D small.db -o jsonl --seq action=audit.key-rotate | jq -r .seq)
seal=$((record + 1))
cp keys/signing.key epoch1.key
auditd-ingest -q -D small.db part2.jsonl
echo nonsense | auditd-ingest -q -D small.db --source other
verify small.db --keys keys --sign >fourth.note
cp small.db old.db
cp -R keys fork.keys
cp small.db fork.db
auditd-ingest -q -D fork.db part4.jsonl
verify fork.db --keys fork.keys --sign >fork.note
auditd-ingest -q -D small.db part3.jsonl
verify small.db --keys keys --sign >last.note
size=$(sed -n 2p last.note)
auditd-ingest -q -D cell.db --source app cell.jsonl
cellkey=$(verify cell.db --keys cell.keys --init-keys)
verify cell.db --keys cell.keys --sign >cell.note
is "the stores are made" "$(cat made) $(sed -n 2p fork.note)" " $size"

passes "the store that nobody attacked passes" small.db 0
passes "and agrees with its checkpoints kept elsewhere" small.db 0 \
    --checkpoint first.note --checkpoint second.note --checkpoint fourth.note --checkpoint last.note
passes "and with what a witness saw" small.db 0 --state state
run python3 "$top/tests/cli/verify.py" store "$key" small.db
is "a second verifier agrees" "$status $(cat out)" "0 $size, $size signed"
run audit-verify -D small.db
ends "without a key of ours it is not pinned" 0

# ---- Bits of lines and columns ----

tail=$((seal + 50))
victim small line $tail
caught "a letter of a line in the tail" changed "$(at $tail)"
victim small line $tail --repair
caught "with its hashes repaired" checkpoint
for column in 'key = key + 1' 'length = length + 1'; do
	victim small sql "UPDATE tail SET $column WHERE seq = $tail"
	caught "a row of the tail: $column" tail "$(at $tail)"
done
victim small sql "UPDATE tail SET leaf = zeroblob(32) WHERE seq = $tail"
caught "a row of the tail: its hash" "changed hashes" "$(at $tail)"
victim small sql "UPDATE tail SET line = replace(line, '\"severity\"', ' \"severity\"') WHERE seq = $tail" --repair
caught "a line that is not canonical" "tail checkpoint"

for place in 'id 0' 'id 1' 'time 1' 'ingested 1' 'actor_id 0' 'actor_id 1' 'outcome 1' 'severity 0' \
    'target_path 0' 'request_id 1' 'description 0' 'description 1' 'description 16' 'context 0'; do
	# shellcheck disable=SC2086
	victim small flip $place
	caught "a bit of a piece: $place" "column changed segment unreadable" ".segment != null or .seq != null"
done
for place in 'description 3' 'description 20' 'request_id 1'; do
	victim cell flip $place
	key_before=$key key=$cellkey
	caught "a bit of a piece of a full cell: $place" "column changed filter unreadable" ".segment != null or .seq != null"
	key=$key_before
done

# ---- What a query relies on ----

for column in 'min_time = min_time + 1' 'max_time = max_time - 1' 'min_time = min_time - 1' \
    'min_ingested = min_ingested + 1' 'max_ingested = max_ingested - 1' 'fields = fields & ~(1 << 11)' \
    'fields = fields | 1 << 36' 'bytes = bytes + 1' 'count = count - 1'; do
	victim small sql "UPDATE segment SET $column"
	caught "a segment's $column" segment ".segment != null"
done
victim small counts action
caught "counts of a dictionary" column '.field == "action" and .segment != null'
victim small sql 'UPDATE segment SET runs = NULL'
caught "which events are left of a segment" segment ".segment != null"
victim small sql "UPDATE segment SET runs = CAST(x'00' || runs AS BLOB)"
caught "numbers of its events that cannot be" segment ".segment != null"
victim small sql "UPDATE segment SET first = first - 1 WHERE id = (SELECT max(id) FROM segment)"
caught "where a segment begins" "segment changed extra"
key_before=$key key=$cellkey
for field in id request_id; do
	victim cell members $field
	caught "a filter that hides every $field" filter ".field == \"$field\" and .segment != null"
done
victim cell sql "UPDATE piece SET data = (SELECT data FROM piece p WHERE (p.id & 65535) = (10 << 10 | 3))
    WHERE (id & 65535) = (63 << 10 | 3)"
caught "a filter of trigrams that is of something else" filter '.segment != null'
victim cell sql "UPDATE cell SET nodes = CAST(zeroblob(8) || substr(nodes, 9) AS BLOB) WHERE no = 0"
caught "a node of a full cell" hashes
victim cell sql "UPDATE cell SET root = CAST(zeroblob(8) || substr(root, 9) AS BLOB) WHERE no = 0"
caught "the root of a full cell" hashes
victim cell sql "UPDATE cell SET salts = zeroblob(19) WHERE no = 0"
caught "the salts of a full cell" "changed hashes"
victim cell sql "DELETE FROM cell WHERE no = 0"
caught "a cell's hashes" "hashes missing changed"
key=$key_before

# ---- Events that went, came, moved ----

victim small sql "DELETE FROM tail WHERE seq = $tail"
caught "a line deleted" missing "$(at $tail)"
victim small delete $tail
caught "a line deleted, and the others moved up" "changed tail hashes"
victim small delete $tail --repair
caught "with all hashes repaired" "checkpoint"
victim small sql "DELETE FROM tail WHERE seq = $size - 1" "UPDATE state SET size = size - 1"
caught "the last line cut off" checkpoint
victim small insert $tail --repair
caught "a line put in, hashes repaired" "checkpoint"
victim small swap $tail $((tail + 1))
caught "two lines exchanged, with their hashes" changed
victim small swap $tail $((tail + 1)) --repair
caught "with all hashes repaired" checkpoint
victim small sql "UPDATE tail SET seq = seq + 10 WHERE seq = $size - 1" "UPDATE state SET size = size + 10"
caught "a line numbered otherwise" missing
victim small sql 'DELETE FROM segment'
caught "a segment deleted" missing "$(at 4999)"
victim small sql "INSERT INTO tail SELECT 3, key, kind, length, leaf, line FROM tail WHERE seq = $tail"
caught "a line at a place that was pruned" extra "$(at 3)"
victim small sql "INSERT INTO tail SELECT 4999, key, kind, length, leaf, line FROM tail WHERE seq = $tail"
caught "a line at a place that a segment has" extra "$(at 4999)"

# The same history but for the actors, made by our own tools with these salts.
auditd-ingest -q -D other.db --source x </dev/null
auditd-ingest -q -D before.db part0.jsonl
before=$(audit-verify -D before.db --keys before.keys --init-keys)
audit-verify -D before.db --keys before.keys --sign >/dev/null
python3 "$forge" other.db seeds before.db
auditd-ingest -q -D other.db other.jsonl
key_before=$key key=$before
passes "a store of which a twin exists" before.db 0
victim before piece other.db actor_id 0
caught "a piece of its twin" "column changed"
victim before graft other.db
caught "all events of its twin, with all hashes" checkpoint
key=$cellkey
auditd-ingest -q -D twin.db --source app cell.jsonl
victim cell graft twin.db
caught "a full cell of its twin, with all hashes" checkpoint
key=$key_before

# ---- Removals without their record ----

victim small prune
passes "a prune by the rules passes, not yet signed" victim.db 3
victim small prune silent
caught "events pruned in silence" missing
victim small prune digest
caught "a prune with the record of another" removal
victim small prune event
caught "a prune with a record from outside" "removal record"
victim small prune rowless
caught "a prune whose record nobody names" "removal missing"
victim small prune recordless
caught "a prune that names another's record" "removal missing"
victim small prune bare
caught "a prune that keeps no hashes" "hashes missing"
victim small prune salted
caught "a prune that keeps salts" hashes
victim small prune uncounted
caught "a prune that is not counted" counters
victim small prune generation
caught "a prune with another number" "removal counters"
victim small sql "UPDATE removed SET hash = zeroblob(32) WHERE first = (SELECT max(first) FROM removed)"
caught "a hash that is left of pruned events" hashes
victim small sql "DELETE FROM removed WHERE first = (SELECT max(first) FROM removed)"
caught "one of them gone" "hashes missing"
victim small sql "UPDATE removed SET height = height + 1 WHERE first = (SELECT max(first) FROM removed)"
caught "one of them of another height" hashes
victim small sql "UPDATE removal SET runs = x'0001'"
caught "another range in the row of a prune" "removal"
victim small sql "DELETE FROM removal" "UPDATE state SET removals = 0"
caught "the rows of all prunes deleted" "removal missing"

victim small erase
passes "an erasure by the rules passes, not yet signed" victim.db 3
run python3 "$top/tests/cli/verify.py" store "$key" victim.db
ends "to the second verifier too" 3
cp victim.db erased.db
auditd-ingest -q -D erased.db part0.jsonl
passes "also when its events were sealed" erased.db 3
run audit-prune -D erased.db --older-than 30d --apply
ends "a prune after an erasure" 0
passes "leaves what verifies" erased.db 3
for what in silent recordless rowless; do
	victim small erase $what
	caught "an erasure without record: $what" "erasure changed removal hashes"
done
victim small erase digest
caught "an erasure with the record of another" "erasure removal"
victim small erase event
caught "an erasure with a record from outside" "erasure record removal"
victim small erase change
caught "a line that is not what the erasure left" erasure
victim small erase again
caught "a line that was changed once more" erasure
victim small erase leaf
caught "an erasure with another original hash" "erasure hashes"
victim small erase salt
caught "an erasure that hides how its line was hashed" erasure
victim small erase own
caught "an erasure of records" erasure "$(at "$record")"
run python3 "$top/tests/cli/verify.py" store "$key" victim.db
ends "by the second verifier too" 5
victim small erase twice
caught "an erasure that counts twice" erasure
victim small erase salted
caught "an erasure that keeps the old salts" hashes

# ---- Holds ----

victim small hold
passes "a hold by the rules passes, not yet signed" victim.db 3
run audit-hold list -D victim.db
is "and is one" "$status $(jq -c '[.matter, .filter, .active]' out)" '0 ["2026-17","source = app",true]'
victim small hold lift
passes "a hold that was lifted by the rules too" victim.db 3
victim small hold pruned
caught "events of a hold pruned, with a record" hold "$(at "$(python3 -c "
import sqlite3
print(sqlite3.connect('small.db').execute('SELECT first FROM segment WHERE records IS NULL ORDER BY first').fetchone()[0])")")"
for what in rowless recordless digest runs none lifted active borrowed; do
	victim small hold $what
	caught "a hold and its record disagree: $what" hold
done
cp small.db held.db
cp -R keys held.keys
audit-hold place -q -D held.db --matter 2026-18 --reason r source=app >/dev/null
victim held sql "DELETE FROM hold"
caught "the row of a hold deleted" hold "$(at $size)"
victim held sql "UPDATE hold SET lift = record + 1"
caught "a hold that is lifted beyond the log" hold
another="UPDATE tail SET line = replace(line, 'source = app', 'source = apq') WHERE seq = $size"
victim held sql "$another" --repair
passes "another filter in a record, with its hashes repaired: not signed yet" victim.db 3
audit-verify -q -D held.db --keys held.keys --sign >/dev/null
victim held sql "$another" --repair
caught "once it is signed it is found" checkpoint
victim held rewrite "$size" 'source = app' 'source = apq'
caught "an erasure that changes the filter of an active hold" hold "$(at "$size")"

# ---- Records ----

victim small sql "UPDATE tail SET kind = 0 WHERE seq = $record"
caught "a record that became an event" "record changed key" "$(at "$record")"
victim small sql "UPDATE tail SET kind = 0 WHERE seq = $record" --repair
caught "with its hashes repaired" "record key" "$(at "$record")"
victim small sql "UPDATE tail SET kind = 1 WHERE seq = $tail" --repair
caught "an event that became a record" record "$(at $tail)"
victim small sql "UPDATE tail SET line = replace(line, 'audit-toolkit', 'app') WHERE seq = $record" --repair
caught "a record of another source" "record key" "$(at "$record")"
victim cell sql "UPDATE segment SET records = x'0001'"
key_before=$key key=$cellkey
caught "an event in a segment that became a record" "record changed" ".segment != null"
key=$key_before

# ---- Keys and checkpoints ----

victim small sign epoch0.key $((size - 1))
caught "a checkpoint by the key of an older epoch" checkpoint
victim small sql "DELETE FROM checkpoint WHERE size = $((seal - 1))"
python3 "$forge" victim.db sign epoch1.key $((seal - 1))
caught "a checkpoint by the key of a newer epoch" checkpoint
victim small sign cell.keys/signing.key $((size - 1))
caught "a checkpoint by a key of another log" checkpoint
victim small sql "ATTACH 'fork.db' AS fork" "INSERT INTO checkpoint (size, at, note)
    SELECT size, at, note FROM fork.checkpoint WHERE size = $size"
caught "two checkpoints of one size" checkpoint
victim small sql "DELETE FROM checkpoint WHERE size = $seal"
caught "an epoch without its seal" checkpoint
victim small sign epoch0.key $((seal + 1))
caught "an epoch with two seals" checkpoint
victim small sql "UPDATE checkpoint SET size = size - 1 WHERE size = $seal"
caught "a checkpoint filed under another size" checkpoint
victim small sql "UPDATE checkpoint SET note = substr(note, 1, length(note) - 10) ||
	'AAAAAAAA' || substr(note, -2) WHERE size = $size"
caught "a checkpoint changed" checkpoint
victim small sql "DELETE FROM checkpoint"
caught "all checkpoints deleted" "checkpoint"
victim small sql "UPDATE key SET verifier = (SELECT max(verifier) FROM key)" "UPDATE key SET seq = seq"
caught "a key that no record introduced" key
victim small sql "DELETE FROM key WHERE seq = $record"
caught "a key deleted" "key"
victim small sql "INSERT INTO key SELECT $tail, verifier FROM key LIMIT 1"
caught "a key more" "key"
run audit-verify -D small.db --key "$cellkey"
ends "another log's key" 5

# ---- Other files in the place of this one ----

cp old.db victim.db
: >forged
passes "an older copy is sound in itself" victim.db 0
caught "but not against a checkpoint kept elsewhere" checkpoint true --checkpoint last.note
caught "nor against what a witness saw" "checkpoint state" true --state state
cp fork.db victim.db
passes "another continuation is sound in itself" victim.db 0
caught "but not against a checkpoint kept elsewhere" checkpoint true --checkpoint last.note
caught "nor against what a witness saw" "checkpoint state" true --state state
victim small sql "DELETE FROM tail WHERE seq >= $seal" "DELETE FROM checkpoint WHERE size > $seal" \
    "UPDATE state SET size = $seal"
passes "a log cut at its last seal is sound in itself" victim.db 0
caught "but not against a checkpoint kept elsewhere" checkpoint true --checkpoint last.note
caught "nor against what a witness saw" "checkpoint state" true --state state
passes "what the witness saw is as before" small.db 0 --state state

# What was signed under the key in use, to be signed once more as something else.
cp -R keys sign.keys
victim small sql "DELETE FROM checkpoint WHERE size > $seal" --repair
python3 "$forge" victim.db line $tail --repair
run audit-verify -D victim.db --keys sign.keys --sign
refuses "events changed behind the last seal are not signed" 5 "the first $size events .* rewritten"
run audit-verify -D victim.db --keys sign.keys --rotate-key
refuses "nor sealed" 5 "the first $size events .* rewritten"
run audit-verify -D old.db --keys sign.keys --sign
refuses "an older copy is not signed" 5 "an older copy .*remove sign.keys/last.checkpoint"
is "and nothing was recorded" "$(audit-query -D old.db -c action=audit.key-rotate)" 1
rm sign.keys/last.checkpoint
run audit-verify -D old.db --keys sign.keys --sign
ends "unless it is meant to be" 0
echo nothing >sign.keys/last.checkpoint
run audit-verify -D old.db --keys sign.keys --sign
ends "what it remembers must be legible" 5

# ---- The schema ----

victim small sql 'CREATE TRIGGER t AFTER INSERT ON tail BEGIN DELETE FROM tail; END'
refused "a trigger" schema
victim small sql 'CREATE VIEW v AS SELECT 1'
refused "a view" schema
victim small sql 'CREATE TABLE zoo (a)'
refused "a table" schema
victim small sql 'CREATE INDEX tail_line ON tail (line)'
refused "an index" schema
victim small sql 'CREATE TABLE sqlite_stat9 (a)'
[ ! -s forged ] || victim small sql "INSERT INTO sqlite_schema VALUES ('table', 'sqlite_hidden', 'sqlite_hidden', 0,
    'CREATE TABLE sqlite_hidden (a)')"
refused "a table by a name of SQLite's own" "schema\|damaged\|malformed"
victim small sql "INSERT INTO sqlite_schema VALUES ('trigger', 'a', 'tail', 0,
    'CREATE TRIGGER a AFTER INSERT ON tail BEGIN SELECT 1; END')"
refused "a trigger written past SQLite" schema
victim small sql "UPDATE sqlite_schema SET sql = replace(sql, 'line TEXT NOT NULL', 'line TEXT NOT NULL DEFAULT 1')
    WHERE name = 'tail'"
refused "a column defined otherwise" schema
victim small sql "UPDATE sqlite_schema SET sql = replace(sql, 'key', 'seq') WHERE name = 'tail_key'"
refused "an index over something else" schema

# ---- Counters, and what belongs to nothing ----

for counter in 'size = size + 1' 'removals = removals + 1' 'removals = removals - 1' 'pruned_events = pruned_events - 1' \
    'pruned_min_time = pruned_min_time + 1' 'pruned_max_time = pruned_max_time - 1' \
    'last_ingested = last_ingested - 1000000000' 'quarantined = quarantined + 1' 'next_segment = 1'; do
	victim small sql "UPDATE state SET $counter"
	caught "the store's $counter" "counters missing removal checkpoint"
done
victim small sql "INSERT INTO piece VALUES ((999 << 16) + 1, x'00')"
caught "a piece of no segment" leftover
victim small sql "INSERT INTO piece SELECT id + 900, data FROM piece LIMIT 1"
caught "a piece that its segment does not call for" leftover
victim small sql "INSERT INTO cell (no, salts) VALUES (9, zeroblob(19))"
caught "a cell beyond the log" "leftover hashes"
victim small sql "INSERT INTO leaf VALUES (900000, zeroblob(32))"
caught "hashes beyond the log" "leftover hashes"
victim small sql "INSERT INTO removed VALUES (900000, 0, zeroblob(32))"
caught "hashes of events that never were" "leftover hashes"
victim small sql "UPDATE leaf SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) WHERE first = 0"
caught "a kept hash of an event that was pruned" hashes
victim small sql "INSERT INTO erased VALUES (5, $record, zeroblob(32), zeroblob(32), zeroblob(16))"
caught "an erasure of an event that is gone" "erasure leftover"


# Numbers that cannot be, and rows that are not where they belong.
n=0
while read -r fault statement; do
	n=$((n + 1))
	victim small sql "$statement"
	caught "$statement" "$fault"
done <<'END2'
leftover_extra_tail INSERT INTO tail SELECT -5, key, kind, length, leaf, line FROM tail LIMIT 1
leftover_extra_tail INSERT INTO tail SELECT 70000, key, kind, length, leaf, line FROM tail LIMIT 1
record_tail_changed UPDATE tail SET kind = 2 WHERE seq = 5700
record_tail_changed UPDATE tail SET kind = -1 WHERE seq = 5700
tail_changed UPDATE tail SET line = CAST(x'ff' AS TEXT) WHERE seq = 5700
tail_changed UPDATE tail SET line = CAST(CAST(line AS BLOB) || x'00' AS TEXT) WHERE seq = 5700
tail_changed_hashes UPDATE tail SET leaf = x'' WHERE seq = 5700
segment_leftover_missing_extra UPDATE segment SET first = -1 WHERE id = (SELECT max(id) FROM segment)
segment_leftover UPDATE segment SET last = 9223372036854775807
segment_leftover UPDATE segment SET last = 5600
segment UPDATE segment SET count = 0
segment UPDATE segment SET count = 4294967297
segment_leftover_column_missing_unreadable_counters UPDATE segment SET id = -1 WHERE id = (SELECT max(id) FROM segment)
segment_leftover_column_missing_unreadable_counters UPDATE segment SET id = 70368744177665 WHERE id = (SELECT max(id) FROM segment)
segment_leftover_extra INSERT INTO segment VALUES (500, 900000, 900000, 1, 0, 0, 0, 0, 0, 0, NULL, NULL)
leftover_hashes INSERT INTO cell (no, salts) VALUES (-1, zeroblob(19))
leftover_hashes INSERT INTO leaf VALUES (-32, zeroblob(32))
hashes INSERT INTO leaf VALUES (7, zeroblob(32))
hashes UPDATE leaf SET hashes = zeroblob(31)
hashes_missing DELETE FROM leaf
hashes_leftover INSERT INTO removed VALUES (-1, 0, zeroblob(32))
hashes UPDATE removed SET height = 63
hashes UPDATE removed SET height = -1
hashes UPDATE removed SET hash = x''
hashes_changed UPDATE cell SET salts = x''
hashes_changed UPDATE cell SET salts = CAST(salts || salts AS BLOB)
hashes_leftover UPDATE cell SET root = zeroblob(32)
leftover INSERT INTO piece VALUES (-1, x'')
removal_counters INSERT INTO removal SELECT generation + 1, record, runs FROM removal
removal_counters INSERT INTO removal SELECT -1, record, runs FROM removal
removal UPDATE removal SET record = -1
removal UPDATE removal SET record = 9223372036854775807
removal UPDATE removal SET runs = x'ffffffffffffffffffff01'
removal UPDATE removal SET runs = zeroblob(100000)
erasure_leftover INSERT INTO erased VALUES (-1, 3, zeroblob(32), zeroblob(32), NULL)
erasure INSERT INTO erased VALUES (5700, 5701, zeroblob(32), zeroblob(32), zeroblob(16))
key INSERT INTO key SELECT -1, verifier FROM key LIMIT 1
key INSERT INTO key SELECT 900000, verifier FROM key LIMIT 1
checkpoint INSERT INTO checkpoint SELECT 99, 900000, at, note FROM checkpoint LIMIT 1
checkpoint_unreadable INSERT INTO checkpoint SELECT 99, -1, at, note FROM checkpoint LIMIT 1
leftover UPDATE checkpoint SET id = -9223372036854775808 WHERE id = 1
leftover INSERT INTO key SELECT -9223372036854775808, verifier FROM key LIMIT 1
leftover INSERT INTO removal SELECT -9223372036854775808, record, runs FROM removal LIMIT 1
checkpoint UPDATE checkpoint SET note = ''
counters UPDATE state SET pruned_events = -1
counters_missing_checkpoint UPDATE state SET size = 9223372036854775807
END2
is "all of them were tried" $n 46
for counter in size removals; do
	victim small sql "UPDATE state SET $counter = -1"
	run audit-verify -D victim.db --key "$key"
	ends "a negative $counter" 5
done
victim small sql "DELETE FROM state"
run audit-verify -D victim.db --key "$key"
ends "no counters at all" 5

# The rows are there, and an index does not lead to them.
for index in 'segment first' 'tail key' 'checkpoint size' 'quarantine at'; do
	table=${index% *} column=${index#* }
	victim small sql "CREATE INDEX hollow ON $table ($column) WHERE 0" \
	    "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'hollow')
	    WHERE name = '${table}_$column'" "DELETE FROM sqlite_schema WHERE name = 'hollow'"
	run audit-verify -D victim.db --key "$key"
	is "an index of the $table table that hides its rows" "$status $(cat forged)" "5 "
done

victim small sql 'DROP TABLE checkpoint' 'DROP TABLE key' 'DROP TABLE removal' 'DROP TABLE erased' 'PRAGMA user_version = 2'
run audit-verify -D victim.db --key "$key"
is "an older format, which has no signatures" "$status $(cat forged)" "5 "

# ---- Proofs ----

audit-verify -D small.db --prove $tail >proof
run audit-verify --key "$key" proof
ends "an event's proof holds" 0
judge() { # NAME FILE [OPTION...]: neither verifier takes it
	judge_name=$1 judge_file=$2
	shift 2
	run audit-verify --key "$key" "$judge_file" "$@"
	judge_status=$status
	run python3 "$top/tests/cli/verify.py" bundle "$key" "$judge_file"
	is "$judge_name" "$judge_status $status" "5 5"
}
head -c "$(($(wc -c <proof) - 1))" proof >spoiled
judge "a proof cut by a byte" spoiled
sed '$d' proof >spoiled
judge "a proof without its signature" spoiled
(cat proof; echo) >spoiled
judge "a proof with a byte more" spoiled
awk -v done=0 '{ print } /^index/ && !done { getline; print; print; done = 1 }' proof >spoiled
judge "a proof with a hash more" spoiled
awk '{ print } /^index/ { getline }' proof >spoiled
judge "a proof with a hash less" spoiled
awk '/^index/ { $2 = $2 + 1 } { print }' proof >spoiled
judge "a proof for another place" spoiled
audit-verify -D before.db --prove 7 >spoiled
judge "a proof of another log" spoiled
bundles=$(grep -c '^c2sp.org/' proof)
is "the proof leads through two epochs" "$bundles" 2
awk '/^c2sp.org/ { n++ } n == 2' proof >spoiled
judge "a proof without what introduces its key" spoiled
awk '/^c2sp.org/ { n++ } { print > "bundle" n }' proof
cat bundle2 bundle1 >spoiled
judge "a proof in the wrong order" spoiled

finish
