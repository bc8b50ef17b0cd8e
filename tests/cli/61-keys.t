#!/bin/sh
# Keys: made once, kept to one user, changed whatever is cut; and where
# checkpoints go.

. "$(dirname "$0")/lib.sh"
need python3 jq

python3 "$top/tests/cli/events.py" 300 61 2026-03-01 20 >events.jsonl
head -n 200 events.jsonl | auditd-ingest -q --source app -
keys=$db.keys

names() { ls -A "$1" | tr '\n' ' '; }

# ---- the first key ----

run audit-verify --sign
refuses "nothing is signed without a key" 2 "no key yet (--init-keys"
is "and no folder made" "$(ls -d "$keys" 2>/dev/null)" ""
run audit-verify --init-keys
key=$(cat out)
is "the first key is printed, one line" "$status $(wc -l <out)" "0 1"
check "named after host and store" sh -c 'grep -q "^$(uname -n)/events+[0-9a-f]\{8\}+" out'
check "with a word where the secret is" grep -q "secret key is in $keys" err
is "the folder is ours alone" "$(stat -c %a "$keys") $(stat -c %a "$keys/signing.key")" "700 400"
is "with one key in it" "$(names "$keys")" "signing.key "
is "and the log says so" "$(audit-query -o jsonl action=audit.key-init | jq -r '.source + " " + .context.key')" "audit-toolkit $key"
check "the secret is not in the store" sh -c '! grep -qaF "$(tail -c 20 "$1" | head -c 16)" "$2"' - "$keys/signing.key" "$db"
run audit-verify --init-keys
refuses "a second first key is refused" 4 "has its first key already: $key"
is "and nothing is recorded" "$(audit-query -c action=audit.key-init)" 1
auditd-ingest -q -D second.db events.jsonl
run audit-verify -D second.db --init-keys --keys "$keys"
refuses "nor may another log take this key" 4 "another log"
run audit-verify -D second.db --sign --keys "$keys"
refuses "or be signed with it" 2 "no key yet"
run audit-verify -D second.db --init-keys --origin 'a b'
refuses "a name with a space is none" 2 "origin"
run audit-verify -D second.db --init-keys --origin example.org/second
is "a name" "$status $(cut -d + -f 1 out)" "0 example.org/second"
run audit-verify --sign --keys second.db.keys
refuses "a key of another log does not sign" 5 "but the log goes on with"

# ---- who may look ----

run audit-verify --sign
ends "signed" 0
chmod 0750 "$keys"
run audit-verify --sign
refuses "a folder that lets others in is refused" 4 "lets others in"
chmod 0700 "$keys"
chmod 0440 "$keys/signing.key"
run audit-verify --sign
refuses "so is a key" 4 "lets others in"
run audit-verify --rotate-key
refuses "when it is changed, too" 4 "lets others in"
chmod 0400 "$keys/signing.key"
mv "$keys/signing.key" aside
ln -s ../aside "$keys/signing.key"
run audit-verify --sign
refuses "so is a link" 4 "symbolic link"
rm "$keys/signing.key"
run audit-verify --sign
refuses "a log whose key is gone says what to do" 2 "put it back from a copy"
run audit-verify --init-keys
refuses "and gets no new first key" 4 "first key already"
head -c 40 aside >"$keys/signing.key"
chmod 0400 "$keys/signing.key"
for action in --sign --rotate-key; do
	run audit-verify $action
	refuses "a torn key is refused by $action" 2 "not a whole signing key"
done
run audit-verify --init-keys
refuses "and by --init-keys" 4 "first key already"
rm -f "$keys/signing.key"
mv aside "$keys/signing.key"
mv "$keys" elsewhere
run audit-verify --sign
refuses "a folder that is gone" 2 "(--keys DIR)"
run audit-verify --sign --keys elsewhere
ends "or is elsewhere" 0
mv elsewhere "$keys"
if command -v flock >/dev/null; then
	run flock "$keys" audit-verify --sign
	refuses "keys in use are busy" 75 "another process is using the keys"
	run flock "$keys" audit-verify
	ends "which keeps nobody from verifying" 0
else
	skip "keys in use" "flock is not installed"
fi
if [ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 true 2>/dev/null; then
	chown 65534 "$keys/signing.key"
	run audit-verify --sign
	refuses "another user's key is refused" 4 "belongs to user 65534"
	chown 0 "$keys/signing.key"
else
	skip "another user's key" "needs root"
fi

# ---- a change of keys, and wherever it is cut ----

cp "$db" before.db
cp -Rp "$keys" before.keys
run audit-verify --rotate-key
new=$(cat out)
is "a new key is printed" "$status $(wc -l <out)" "0 1"
check "which is another one" test "$new" != "$key"
is "one key is left, and what was signed last" "$(names "$keys")" "last.checkpoint signing.key "
is "the log names it" "$(audit-query -o jsonl action=audit.key-rotate | jq -r .context.key)" "$new"
run audit-verify --key "$key" -o json
is "the first key leads to it" "$status $(jq -r '"\(.status) \(.epochs)"' out)" "0 verified 2"
run audit-verify --key "$new" -o json
is "nothing is signed with the new one yet" "$status $(jq -r '.findings[0].text' out | grep -c 'nothing is validly signed')" "5 1"
sed -n 201,220p events.jsonl | auditd-ingest -q --source app -
run audit-verify --sign
run audit-verify --key "$new" -o json
is "then the new one may be pinned as well" "$status $(jq -r .status out)" "0 verified"
run audit-verify --key "$key"
ends "as well as the first" 0
cp "$db" after.db
cp -Rp "$keys" after.keys

cat >change.py <<'END'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
for sql in sys.argv[2:]:
    store.execute(sql)
store.commit()
END
audit-verify -o json >report
seal=$(audit-query -o jsonl --seq action=audit.key-rotate | jq '.seq + 1')

# stand STORE: the store and the keys as a crash left them; the rest is said
# by commands on the folder.
stand() {
	cp "$1" "$db"
	chmod -R u+w "$keys"
	rm -rf "$keys"
	cp -Rp before.keys "$keys"
}
next() { cp -p after.keys/signing.key "$keys/next.key"; }

# finishes NAME EPOCHS: by the next --sign.
finishes() {
	run audit-verify --sign
	is "$1: the next --sign finishes it" "$status $(names "$keys")" "0 last.checkpoint signing.key "
	run audit-verify --key "$key" -o json
	is "$1: and the log is sound" "$status $(jq -r '"\(.status) \(.epochs)"' out)" "0 verified $2"
}

stand before.db
: >"$keys/next.key"
chmod 0400 "$keys/next.key"
finishes "cut while the next key is written" 1
stand before.db
next
finishes "cut before the record" 2
stand after.db
next
python3 change.py "$db" "DELETE FROM checkpoint WHERE size >= $seal"
run audit-verify --key "$key"
is "cut before the seal: told, and no more than that" "$status $(cat err)" \
    "3 audit-verify: $db: a change of keys was interrupted and waits for its seal (--sign finishes it)"
run audit-verify -o json
is "in the report too" "$status $(jq -r '"\(.status) \(.seal_pending)"' out)" "3 unsigned true"
finishes "cut before the seal" 2
is "with the seal that there would have been" \
    "$(python3 -c 'import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("select min(size) from checkpoint where size >= ?", (sys.argv[2],)).fetchone()[0])' "$db" "$seal")" "$seal"
stand after.db
next
finishes "cut behind the seal" 2
stand after.db
next
ln "$keys/signing.key" "$keys/old.key"
finishes "cut before the new key is installed" 2
stand after.db
mv "$keys/signing.key" "$keys/old.key"
cp -p after.keys/signing.key "$keys/signing.key"
finishes "cut before the old key is wiped" 2
stand after.db
run audit-verify --sign
refuses "the old key does not go on behind its seal" 5 "which is not here"
stand after.db
next
python3 change.py "$db" "DELETE FROM checkpoint WHERE size >= $seal" \
    "UPDATE state SET quarantined = quarantined + 1"
run audit-verify --sign
is "a damaged log gets no seal" "$status $(wc -c <out) $(grep -c 'nothing was signed' err) $(names "$keys")" \
    "5 0 1 last.checkpoint next.key signing.key "
run audit-verify --rotate-key
ends "nor a new key" 5
is "and no record of one" "$(audit-query -c action=audit.key-rotate)" 1

# ---- many epochs ----

stand before.db
for n in 1 2 3 4; do
	run audit-verify --rotate-key
	ends "change $n" 0
done
run audit-verify --key "$key" -o json
is "the first key leads through all of them" "$status $(jq -r '"\(.status) \(.epochs)"' out)" "0 verified 5"

# ---- where checkpoints go ----

cat >config.yaml <<END
db: $db
keys: $work/my.keys
verifier_key: $key
checkpoint:
  file: $work/shipped
  command: [/bin/sh, -c, 'cat >"\$0"; echo shipped', 'given \$(touch pwned)']
END
mv "$keys" my.keys
AUDIT_CONFIG=$work/config.yaml
export AUDIT_CONFIG
unset AUDIT_DB
sed -n 221,240p events.jsonl | auditd-ingest -q --source app -
run audit-verify --sign
is "a checkpoint is printed" "$status $(sed -n 1p out)" "0 ${key%%+*}"
same "written to the file" out shipped
same "and given to the command" out "given \$(touch pwned)"
is "without a shell of ours" "$(ls pwned 2>/dev/null)" ""
is "which talks to standard error" "$(cat err)" shipped
run audit-verify
is "the key of the configuration is pinned" "$status $(grep -c 'as pinned' out)" "0 1"
run audit-verify --rotate-key
is "a seal goes there too" "$status $(sed -n 2p shipped)" "0 $(audit-verify -o json | jq .signed_size)"

sed -i 's|^  command:.*|  command: [/bin/sh, -c, "exit 3"]|' config.yaml
sed -n 241,260p events.jsonl | auditd-ingest -q --source app -
run audit-verify --sign
is "a command that fails: printed, stored, told" \
    "$status $(sed -n 1p out) $(cat err) $(audit-verify -o json | jq -r .status)" \
    "2 ${key%%+*} audit-verify: the checkpoint is signed and stored, but not published: /bin/sh: ended with status 3 verified"
sed -i 's|^  command:.*|  command: [/nonexistent]|' config.yaml
run audit-verify --sign
is "a command that is not there" "$status $(grep -c '/nonexistent: No such file' err)" "2 1"
if command -v pgrep >/dev/null; then
	sed -i 's|^  command:.*|  command: [/bin/sh, -c, "exec sleep 600"]|' config.yaml
	audit-verify --sign >out 2>err &
	signer=$!
	tries=0
	# The command is started by the process beside it, which is the program's.
	sleeper=
	while [ -z "$sleeper" ] && [ $tries -lt 400 ]; do
		tries=$((tries + 1))
		sleep 0.05
		beside=$(pgrep -P $signer) && sleeper=$(pgrep -P "$beside" sleep)
	done
	check "the command runs" test -n "$sleeper"
	kill -TERM $signer
	status=0
	wait $signer || status=$?
	is "interrupted, the command ends as well" \
	    "$status $(grep -c interrupted err) $(kill -0 "${sleeper:-0}" 2>/dev/null && echo alive)" "2 1 "
else
	skip "the command runs" "pgrep is not installed"
	skip "interrupted, the command ends as well" "pgrep is not installed"
fi
sed -i 's|^  command:.*|  command: /bin/true|' config.yaml
run audit-verify --sign
refuses "a command that is no list" 2 \
    "config.yaml:6:12: command (the program and each of its arguments): expected a list"

# ---- an event changed behind many checkpoints and seals ----

unset AUDIT_CONFIG
cp "$db" bad.db
python3 - <<'END'
import sqlite3
store = sqlite3.connect("bad.db")
(seq, line), = store.execute("SELECT seq, line FROM tail WHERE kind = 0 ORDER BY seq LIMIT 1")
store.execute("UPDATE tail SET line = ? WHERE seq = ?", (line.replace('"action":"', '"action":"x'), seq))
store.commit()
END
run audit-verify -D bad.db
is "is told once of all of them" "$status $(grep -c 'not those that were signed, nor .* later checkpoints' out) $(grep -c seal out)" \
    "5 1 0"

finish
