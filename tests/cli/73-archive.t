#!/bin/sh
# What is pruned goes to an archive first, which is read back before anything is
# removed, verifies on its own, and can be taken back.

. "$(dirname "$0")/lib.sh"
need python3 jq zstdcat

python3 "$top/tests/cli/events.py" 9000 73 2026-01-01 100 >first.jsonl
python3 "$top/tests/cli/events.py" 500 74 2026-05-01 10 >second.jsonl
run auditd-ingest -q --source app first.jsonl
ends "events are stored" 0
audit-verify -q --init-keys >log.pub
run audit-verify -q --sign
ends "and signed" 0
cp out checkpoint
run auditd-ingest -q --source app second.jsonl
ends "some come after the checkpoint" 0

# The cut: noon of a day, told by days from now.
cut=$(jq -rn '(now - 200 * 86400) | todate')
audit-query -r -o jsonl --until "$cut" 'source!=audit-toolkit' >going.jsonl
total=$(wc -l <going.jsonl)
audit-query -r -o jsonl 'source!=audit-toolkit' >all.jsonl
check "many go, some stay" test "$total" -gt 1000 -a "$total" -lt "$(wc -l <all.jsonl)"
mkdir archive
cp "$db" before.db

names() { # what is in the archive's folder, the time left out
	ls -A "${1:-archive}" | sed 's/-2[0-9T.]*Z/-T/' | tr '\n' ' '
}
whole='audit-log-T.jsonl.zst audit-log-T.jsonl.zst.manifest.json audit-log-T.jsonl.zst.proof '

# ---- what cannot be archived is not removed ----

run audit-prune --older-than 200d --apply --archive-to missing
refuses "a folder that is not there" 2 "before anything is removed.*missing"
touch file
run audit-prune --older-than 200d --apply --archive-to file
refuses "a file" 2 "before anything is removed.*file"
mkdir -p taken/.audit-prune/folder
run audit-prune --older-than 200d --apply --archive-to taken
refuses "a workplace that is not ours" 2 'taken: .audit-prune/folder'
ln -s "$work" linked
mkdir linkhouse
ln -s "$work" linkhouse/.audit-prune
run audit-prune --older-than 200d --apply --archive-to linkhouse
refuses "a link in its place" 2 'linkhouse: .audit-prune'
mkdir open
chmod 777 open
run audit-prune --older-than 200d --apply --archive-to open
refuses "a folder where everybody may put other files" 2 'open: everybody may write to it'
if [ "$(id -u)" -eq 0 ]; then
	mkdir -p planted/.audit-prune
	chown 1 planted/.audit-prune
	run audit-prune --older-than 200d --apply --archive-to planted
	refuses "a workplace of somebody else" 2 'planted: .audit-prune: is of another user'
else
	skip "a workplace of somebody else" "not root"
fi
mkdir archive/.audit-prune
if command -v flock >/dev/null; then
	flock archive/.audit-prune sleep 5 &
	sleep 0.5
	run audit-prune --older-than 200d --apply --archive-to archive
	refuses "while another prune is at it" 75 'another prune is writing there'
	wait
else
	skip "while another prune is at it" "no flock"
fi
if [ -w /dev/full ] && command -v bash >/dev/null; then
	# a limit on the size of files is a disk that is full
	run bash -c 'trap "" XFSZ; ulimit -f 2; exec audit-prune --older-than 200d --apply --archive-to archive'
	refuses "a full disk" 2 'before anything is removed'
	is "leaves no file" "$(names)" ""
else
	skip "a full disk" "no bash"
fi
same "nothing of this changed the store" "$db" before.db

# ---- archived, then removed ----

mkdir -p archive/.audit-prune
echo 'half a fi' >archive/.audit-prune/left.jsonl.zst
run audit-prune --older-than 200d --apply --archive-to archive -o json
ends "archived and removed" 0
cp out receipt
is "all of them" "$(jq -c '[.planned, .removed, .archive.events]' receipt)" "[$total,$total,$total]"
is "three files, and what a killed run left is gone" "$(names)" "$whole"
file=$(jq -r .archive.file receipt)
is "the receipt names the file, and its hash" "$(sha256sum <"$file")" "$(jq -r .archive.sha256 receipt)  -"
zstdcat "$file" >archived.jsonl
same "exactly what went, byte for byte, oldest first" archived.jsonl going.jsonl
check "readable for the group, no more" test "$(stat -c %a "$file")" = 640
audit-query -r -o jsonl 'source!=audit-toolkit' >left.jsonl
cat archived.jsonl left.jsonl | sort >both
sort all.jsonl >wanted
same "with what is left, it is all there was" both wanted
audit-query -o jsonl action=audit.prune | jq -s 'map(.context | select(.closing))[0].archive' >recorded
is "the log itself says which file" "$(jq -r '[.file, .sha256, .events] | join(" ")' recorded)" \
    "$file $(sha256sum <"$file" | cut -d ' ' -f 1) $total"
is "and its manifest" "$(jq -r .manifest_sha256 recorded)" "$(sha256sum <"$file.manifest.json" | cut -d ' ' -f 1)"
is "the manifest tells who made it" "$(jq -r '[.program, .count] | join(" ")' "$file.manifest.json")" "audit-prune $total"
filter=$(jq -r .filter "$file.manifest.json")
is "and by which filter it can be asked for" "$(audit-query -i all.jsonl -c --where "$filter")" "$total"

# ---- it verifies anywhere ----

run audit-verify --key log.pub "$file"
late=$(jq -r .time archived.jsonl | awk '$0 >= "2026-05-01"' | wc -l)
is "with the key alone; what came after the checkpoint is not proved" "$status" "$([ "$late" -gt 0 ] && echo 3 || echo 0)"
is "the receipt says so too" "$(jq .archive.proved receipt)" "$((total - late))"
run audit-verify --key log.pub "$file.manifest.json"
check "its manifest as well" test "$status" -eq 0 -o "$status" -eq 3
run audit-verify -q --checkpoint checkpoint
ends "the store continues the checkpoint signed before" 0
cp -r archive spoilt
zstdcat "$file" | sed '1s/"action":"/"action":"x/' | zstd -qf -o "spoilt/$(basename "$file")"
run audit-verify --key log.pub "spoilt/$(basename "$file")"
ends "a changed archive does not" 5

# ---- and can be taken back ----

run auditd-ingest --receipt receipt.json -D fresh.db "$file"
is "into a fresh store" "$status $(receipt stored) $(receipt quarantined)" "0 $total 0"
audit-query -D fresh.db -r -o jsonl | jq -c 'del(.ingested)' >back
jq -c 'del(.ingested)' going.jsonl >wanted
same "the same events with the same ids and sources" back wanted
cp "$file" again.jsonl.zst
run auditd-ingest --receipt receipt.json -D fresh.db again.jsonl.zst
is "a copy of it adds nothing" "$status $(receipt stored) $(receipt quarantined)" "0 0 0"
run auditd-ingest --receipt receipt.json "$file"
is "into the same store" "$status $(receipt stored) $(receipt quarantined)" "0 $total 0"
audit-query -r -o jsonl 'source!=audit-toolkit' | jq -c 'del(.ingested)' >back
jq -c 'del(.ingested)' all.jsonl >wanted
same "everything is there again" back wanted
run audit-verify -q
ends "and verifies" 0

# ---- the folder of the configuration; nothing to do; no key ----

mkdir nightly
echo "archive: $work/nightly" >config.yaml
run audit-prune -q --config config.yaml --older-than 200d --apply
is "a nightly run says nothing" "$status $(cat out err)" "0 "
is "and archives where the configuration says" "$(names nightly)" "$whole"
run audit-prune -q --config config.yaml --older-than 200d --apply
is "nothing to do is nothing to say" "$status $(cat out err)" "0 "
is "and makes no archive" "$(names nightly)" "$whole"

AUDIT_DB=$work/unsigned.db
run auditd-ingest -q --source app first.jsonl
mkdir plain
run audit-hold place --matter M-1 --reason r --actor 'user:alice'
held=$(audit-query -c --actor user:alice --until "$cut")
run audit-prune --older-than 200d --apply --archive-to plain
ends "a log without a key is archived without proof" 0
is "with its manifest" "$(names plain)" "audit-log-T.jsonl.zst audit-log-T.jsonl.zst.manifest.json "
is "what is held is not in it" "$(zstdcat plain/*.zst | jq -r 'select(.actor_id == "user:alice") | .id' | wc -l) $(audit-query -c --actor user:alice --until "$cut" 2>/dev/null)" \
    "0 $held"
check "and there was something to hold" test "$held" -gt 10

finish
