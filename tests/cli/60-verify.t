#!/bin/sh
# audit-verify over a store: what it says, how it ends, and what it is held
# against: keys, kept checkpoints, what was seen before.

. "$(dirname "$0")/lib.sh"
need python3 jq

python3 "$top/tests/cli/events.py" 6000 60 2026-03-01 60 >all.jsonl
head -n 5000 all.jsonl >first.jsonl
sed -n 5001,5500p all.jsonl >second.jsonl
sed -n 5501,6000p all.jsonl >third.jsonl

# change STORE SQL...: as who can write the file would, without us noticing.
cat >change.py <<'END'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
for sql in sys.argv[2:]:
    store.execute(sql)
store.commit()
END
change() { python3 change.py "$@"; }

# json EXPRESSION: of the report of the last run.
json() { jq -r "$1" out; }

# ---- a log without a key ----

run audit-verify
refuses "no store" 2 "events.db: .*[Nn]o such"
run auditd-ingest first.jsonl
run audit-verify
ends "a store that holds" 0
quiet "without a word on standard error"
check "the report begins with the status" grep -q '^status  *everything holds, but not everything is signed' out
check "tells how many events there are" grep -q '^events  *5000 present$' out
check "and that nobody vouches for it" grep -q '^key  *none' out
run audit-verify -o json
is "the same for programs" "$status $(json '[.status, .size, .present, .recomputed, .missing, .found, .epochs, .pinned, .key, .signed_size, .signed_at] | map(tostring) | join(" ")')" \
    "0 unsigned 5000 5000 5000 0 0 0 false null 0 null"
is "the root is base64 of 32 bytes" "$(json .root | base64 -d | wc -c)" 32
is "findings are an empty list" "$(json '.findings | tostring')" "[]"
run audit-verify -q
is "-q prints nothing" "$status $(cat out err)" "0 "
run audit-verify --key x+edc7944c+nothing
refuses "a key that is none, nor a file" 2 "x+edc7944c+nothing"
other=audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk
run audit-verify --key "$other"
is "a pinned key of a log that has none: 5" "$status $(grep -c 'the log has no key' out)" "5 1"

# ---- signed ----

run audit-verify --init-keys --origin example.org/app
key=$(cat out)
printf '%s\n' "$key" >log.pub
run audit-verify --key log.pub
is "a pinned key that signed nothing: 5" "$status $(grep -c 'nothing is validly signed' out)" "5 1"
is "and one line says how many things are wrong" "$(cat err)" "audit-verify: $db: 1 thing is wrong"
run audit-verify --sign
cp out checkpoint.1
is "a checkpoint has the log's name and size" "$status $(sed -n '1p;2p' out | tr '\n' ' ')" "0 example.org/app 5001 "
run audit-verify
is "signed, the status is verified" "$status $(sed -n 's/^status  *//p' out)" "0 verified"
check "but the key is not pinned" grep -q 'not pinned' out
run audit-verify --key log.pub
is "a key in a file" "$status $(grep -c 'as pinned' out)" "0 1"
run audit-verify --key "$key"
is "a key as a line" "$status $(grep -c 'as pinned' out)" "0 1"
run audit-verify --key "$key" -o json
is "the report has it all" "$(json '[.status, .signed_size, .checkpoints, .epochs, .pinned, .key] | map(tostring) | join(" ")')" \
    "verified 5001 1 1 true $key"
check "and when it was signed" jq -e '.signed_at | test("^20.*Z$")' out
run audit-verify --key "$other"
is "another log's key: 5" "$status $(grep -c 'is none of the log' out)" "5 1"
cp "$db" old.db

run auditd-ingest second.jsonl
run audit-verify --key log.pub
is "events after the checkpoint, with a key: 3" "$status $(cat err)" \
    "3 audit-verify: $db: 500 events are not signed yet (--sign)"
check "told in the report" grep -q '^unsigned  *500 events after the last checkpoint' out
run audit-verify
is "without a key 0, and told" "$status $(grep -c '^unsigned  *500 ' out)" "0 1"
run audit-verify -q --key log.pub
is "-q says only why it is not 0" "$status $(wc -c <out) $(wc -l <err)" "3 0 1"
run audit-verify --sign
cp out checkpoint.2
run audit-verify --sign
same "nothing new: the same checkpoint again" out checkpoint.2
is "stored once" "$(audit-verify -o json | jq .checkpoints)" 2
run audit-verify --key log.pub
ends "and everything is signed" 0

# ---- counts agree with what queries say ----

run audit-verify -o json
is "present is what a query counts" "$(json .present)" "$(audit-query -c)"
is "records are the toolkit's own" "$(json .records)" "$(audit-query -c --source audit-toolkit)"
echo 'no json' >refused
run auditd-ingest refused
run audit-query --actor x --save wanted
run audit-verify -o json
is "what is outside of the log is counted" "$(json '.outside | "\(.quarantined) \(.saved)"')" "1 1"

# ---- checkpoints kept elsewhere ----

run audit-verify --key log.pub --checkpoint checkpoint.1 --checkpoint checkpoint.2
is "kept checkpoints hold" "$status $(cat err | wc -l)" "3 1"
run audit-verify -D old.db --key log.pub
ends "an older copy of the store holds by itself" 0
run audit-verify -D old.db --key log.pub --checkpoint checkpoint.2
is "but not against a later checkpoint" "$status $(grep -c '^checkpoint.2: .*has 5001 events, but a checkpoint of 5501' out)" "5 1"
AUDIT_DB=$work/other.db
export AUDIT_DB
run auditd-ingest third.jsonl
run audit-verify --init-keys --origin example.org/app
run audit-verify --sign
cp out checkpoint.other
AUDIT_DB=$db
run audit-verify --checkpoint checkpoint.other
is "a checkpoint of another log of this name" "$status $(grep -c '^checkpoint.other: .*signed by no key of the log' out)" "5 1"
sed 's/^500/501/' checkpoint.1 >checkpoint.spoiled
run audit-verify --checkpoint checkpoint.spoiled
is "a checkpoint that was changed" "$status $(grep -c '^checkpoint.spoiled: ' out)" "5 1"
head -n 2 checkpoint.1 >checkpoint.cut
run audit-verify --checkpoint checkpoint.cut --checkpoint /dev/null
is "what is no checkpoint" "$status $(grep -c '^checkpoint.cut: is no checkpoint' out) $(grep -c '^/dev/null: is no checkpoint' out)" "5 1 1"
cat checkpoint.1 checkpoint.2 >kept
run audit-verify --key log.pub --checkpoint kept
is "several in one file hold" "$status $(cat err | wc -l)" "3 1"
{ cat checkpoint.1; echo; cat checkpoint.spoiled checkpoint.2; head -n 2 checkpoint.2; } >kept.spoiled
run audit-verify --key log.pub --checkpoint kept.spoiled
is "each of them is judged" "$status $(wc -l <out) $(sed -n 's/:.*//p' out | sort | paste -sd';')" \
    "5 2 kept.spoiled, number 2;kept.spoiled, number 4"
run audit-verify --key log.pub --checkpoint kept checkpoint.1
refuses "but one only with a file" 2 "--checkpoint: one only, with FILE"
run audit-verify --checkpoint missing
refuses "a checkpoint that is not there" 2 "missing: No such file"

# ---- the witness's state ----

run audit-verify --state seen
is "a first look leaves a state" "$status $(sed -n 1p seen) $(wc -l <seen)" "0 example.org/app 7"
cp seen seen.before
cp "$db" before.db
run auditd-ingest third.jsonl
run audit-verify --state seen --key log.pub
is "the state goes on, also when something is not signed yet" "$status $(sed -n 2p seen)" \
    "3 $(audit-verify -o json | jq .size)"
cp seen seen.now
run audit-verify -D old.db --state seen
is "an older copy is noticed" "$status $(grep -c '^seen: the log had .* an older copy' out)" "5 1"
same "and the state stays" seen seen.now
cp before.db forked.db
sed 's/"id":"/&again-/' third.jsonl >again.jsonl
run auditd-ingest -D forked.db again.jsonl
run auditd-ingest -D forked.db second.jsonl
run audit-verify -D forked.db --state seen
is "an older copy that was written on as well" "$status $(grep -c '^seen: the first .* are not those that were seen' out)" "5 1"
run audit-verify -D forked.db --state seen.before
ends "which is no wonder to who saw nothing since" 0
run audit-verify -D other.db --state seen.now
ends "another log" 5
# A size that is neither signed nor the end of a cell may be pruned over.
cat >old.awk <<'END'
BEGIN { for (i = from; i < to; i++) printf "{\"id\":\"old-%d\",\"time\":\"2020-01-01T%02d:%02d:%02dZ\",\"action\":\"x\"}\n",
    i, i / 3600, i / 60 % 60, i % 60 }
END
awk -v from=0 -v to=30000 -f old.awk >one.jsonl
awk -v from=30000 -v to=70000 -f old.awk >two.jsonl
auditd-ingest -q -D pruned.db one.jsonl
audit-verify -q -D pruned.db --state seen.unsigned
cp pruned.db signed.db
audit-verify -q -D signed.db --init-keys --origin example.org/old >old.pub
audit-verify -q -D signed.db --sign >old.checkpoint
head -n 100 two.jsonl | auditd-ingest -q -D signed.db -
audit-verify -q -D signed.db --state seen.signed
is "what was signed before is noted, too" "$(sed -n 2p seen.signed) $(sed -n 6p seen.signed)" "30101 $(sed -n 2p old.checkpoint)"
awk 'NR == 7 { $0 = (/^A/ ? "B" : "A") substr($0, 2) } 1' seen.signed >seen.other
for store in pruned signed; do
	auditd-ingest -q -D $store.db two.jsonl
	audit-prune -q -D $store.db --older-than 400d --apply
done
run audit-verify -D pruned.db --state seen.unsigned -o json
is "a size that was pruned over is no fault" "$status $(json '[.found, .uncompared] | map(tostring) | join(" ")')" "3 0 30000"
run audit-verify -D pruned.db --state seen.unsigned
ends "and is told once" 0
run audit-verify -D signed.db --state seen.other
is "up to what was signed nothing changed unnoticed" "$status $(grep -c '^seen.other: the first 30001 events are not' out)" "5 1"
run audit-verify -D signed.db --state seen.signed
is "the rest is not compared" "$status $(grep '^witness' out)" \
    "3 witness      100 events that were seen cannot be compared: pruned over since"
check "on standard error, too" grep -q "a prune went over what --state saw: its last 100 events" err
for text in '' 'x' 'example.org/app
5
AAAA' 'example.org/app
05
wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=' 'example.org/app
5
wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=
more' 'example.org/app
5
wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=

example.org/app
6
wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o='; do
	printf '%s\n' "$text" >state
	run audit-verify --state state
	refuses "a state that is none ($(printf '%s' "$text" | wc -l) lines)" 2 "state: is not what audit-verify leaves"
done
run audit-verify --state no/such/folder/state
refuses_after() { # the report was printed before
	is "$1" "$status $(grep -c "$2" err)" "2 1"
}
refuses_after "a state that cannot be left" "no/such/folder"

# ---- what is wrong is found, and told ----

cp "$db" bad.db
change bad.db "UPDATE tail SET line = replace(line, '\"outcome\":\"failure\"', '\"outcome\":\"success\"')
    WHERE seq = (SELECT min(seq) FROM tail WHERE line LIKE '%\"outcome\":\"failure\"%')"
seq=$(audit-query -D "$db" -o jsonl --seq --outcome failure 'source!=audit-toolkit' | jq .seq | sort -n | tail -n 1)
run audit-verify -D bad.db
ends "a changed line" 5
check "is told with its number" grep -Eq '\b[0-9]{4}\b' out
check "and with what still holds" grep -q '^the first 5501 events are not those that were signed; the first 5001 are$' out
is "and one line sums up" "$(wc -l <err) $(sed -n 's/.*bad.db: [0-9]* things* \(is\|are\) wrong$/yes/p' err)" "1 yes"
run audit-verify -D bad.db -o json
is "for programs" "$status $(json .status)" "5 failed"
check "each finding has its fault and text" jq -e '.findings | length > 0 and all(.fault and .text)' out
check "and where it is" jq -e '[.findings[] | select(.seq)] | length > 0' out
check "and as many as are told" jq -e '.found >= (.findings | length)' out
run audit-verify -D bad.db -q
is "-q still says that something is" "$status $(wc -c <out) $(wc -l <err)" "5 0 1"
cp seen.now seen
run audit-verify -D bad.db --state seen
ends "with a state" 5
same "the state stays" seen seen.now
run audit-verify -D bad.db --sign --keys "$db.keys"
is "nothing is signed" "$status $(wc -c <out) $(grep -c 'nothing was signed' err)" "5 0 1"
change bad.db "UPDATE tail SET line = replace(line, '\"id\":\"', '\"id\":\"' || char(27) || '[31m')
    WHERE seq = (SELECT max(seq) FROM tail)"
run audit-verify -D bad.db
is "no byte of the store steers a terminal" "$status $(tr -dc '\033' <out | wc -c)" "5 0"

for sql in "CREATE TABLE more (x)" "CREATE VIEW more AS SELECT * FROM tail" \
    "CREATE TRIGGER more AFTER INSERT ON tail BEGIN DELETE FROM tail; END" "DROP INDEX tail_key" \
    "DELETE FROM tail WHERE seq = (SELECT max(seq) FROM tail)" "UPDATE state SET size = size - 1" \
    "UPDATE checkpoint SET note = replace(note, 'example', 'exbmple')" "DELETE FROM key" \
    "UPDATE segment SET max_time = max_time - 1" "DELETE FROM segment"; do
	cp "$db" bad.db
	change bad.db "$sql"
	run audit-verify -D bad.db
	ends "$sql" 5
done

# ---- how it is used ----

run audit-verify --sign --init-keys
refuses "one thing at a time" 2 "one thing at a time"
run audit-verify --prove 1 file
refuses "nor a proof and a file" 2 "--prove and FILE"
run audit-verify --origin x
refuses "--origin is for --init-keys" 2 "--origin"
run audit-verify --keys x
refuses "--keys is for signing" 2 "--keys"
run audit-verify --state x --sign
refuses "--state is for the store" 2 "--state"
run audit-verify --checkpoint x --sign
refuses "--checkpoint is for verifying" 2 "--checkpoint"
run audit-verify --key "$key" --sign
refuses "--key is for verifying" 2 "--key"
run audit-verify -o json --prove 1
refuses "-o is for reports" 2 "-o"
run audit-verify -o jsno
refuses "a mistyped format" 2 "nearest is json"
run audit-verify -i x
refuses "there is no -i" 2 "-i"
run audit-verify checkpoint.1
refuses "a file needs a key" 2 "--key"
run audit-verify --key log.pub missing
refuses "a file that is not there" 2 "^audit-verify: missing: No such file"
run audit-verify --key log.pub checkpoint.1 missing checkpoint.spoiled
is "several that do not hold are told one by one" \
    "$status $(wc -l <out) $(grep -c '^missing: ' out) $(cat err)" "5 3 1 audit-verify: 2 of 3 files do not hold"
run audit-verify --key log.pub checkpoint.1 checkpoint.2
is "files" "$status $(wc -l <out) $(wc -l <err)" "0 2 0"
run audit-verify -o json --key log.pub checkpoint.1 checkpoint.spoiled
is "an array for programs" "$status $(jq -r '[.[] | .file, .status] | join(" ")' out)" \
    "5 checkpoint.1 verified checkpoint.spoiled failed"
run audit-verify -q --key log.pub checkpoint.1
is "-q prints nothing of them" "$status $(cat out err)" "0 "

# ---- proofs ----

run audit-verify --prove 42
cp out event.proof
run audit-verify --key log.pub event.proof
is "an event is proven" "$status $(sed -n 2p out | jq -r .id)" "0 $(sed -n 43p first.jsonl | jq -r .id)"
id=$(sed -n 43p first.jsonl | jq -r .id)
run audit-verify --prove "$id"
same "by its id as well" out event.proof
run audit-verify --prove nobody
refuses "no such id" 2 "nobody: no event has this id"
run audit-verify --prove 99999999
is "no such number" "$status $(wc -l <err)" "2 1"
run audit-verify --prove '*'
refuses "an id is no pattern" 2 "no event has this id"
for action in one two; do
	echo "{\"id\":\"twin\",\"time\":\"2026-03-01T00:00:0$(expr length $action)Z\",\"source\":\"$action\",\"action\":\"$action\"}"
done >twins.jsonl
run auditd-ingest --source s1 twins.jsonl
sed 's/T00/T01/' twins.jsonl >twins2.jsonl
run auditd-ingest --source s2 twins2.jsonl
run audit-verify --prove twin
refuses "several events of one id are named" 2 "several events have this id: name one by its seq, [0-9]*, [0-9]"
run audit-verify --consistency checkpoint.1
cp out consistency
run audit-verify --key log.pub --checkpoint checkpoint.1 consistency
ends "a checkpoint continues another" 0
run audit-verify --consistency checkpoint.cut
is "not what is none" "$(wc -c <out) $(wc -l <err)" "0 1"

# ---- busy, and read only ----

cat >hold.py <<'END'
import sqlite3, sys, time
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN EXCLUSIVE")
open("held", "w").close()
time.sleep(60)
END
python3 hold.py "$db" &
holder=$!
while [ ! -e held ]; do sleep 0.05; done
run audit-verify
refuses "a store that is busy for too long" 75 "busy"
kill $holder
wait $holder 2>/dev/null

chmod 0444 "$db"
chmod 0755 "$work"
as=
[ "$(id -u)" -ne 0 ] || as="setpriv --reuid=65534 --regid=65534 --clear-groups"
mkdir shut
cp "$db" shut/events.db
chmod 0444 shut/events.db
chmod 0555 shut
run $as audit-query --version
if [ "$status" -eq 0 ]; then
	run $as audit-verify -D shut/events.db -o json
	is "who may only read can verify" "$status $(json .found)" "0 0"
	run $as audit-verify -D shut/events.db --sign
	refuses "but not sign" 4 "signing"
	run $as audit-verify -D shut/events.db --init-keys
	refuses "nor make keys" 4 "key"
else
	skip "read-only store" "cannot run the programs as another user"
fi
chmod 0755 shut
if [ -c /dev/full ]; then
	status=0
	audit-verify -D shut/events.db >/dev/full 2>err || status=$?
	is "a full disk is noticed" "$status $(grep -c 'No space left' err)" "2 1"
fi

finish
