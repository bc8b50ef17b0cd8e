#!/bin/sh
# What was exported or archived comes back: once, whole, and with the records
# of its store as that store's.

. "$(dirname "$0")/lib.sh"
need jq

run auditd-ingest -q "$top/examples/sample.jsonl" --source shop
audit-export -q -O first.jsonl
audit-export -q -O all.jsonl --manifest
events=$(wc -l <all.jsonl)
id=$(jq -r '.store[:12]' all.jsonl.manifest.json)
count() { # STORE FILTER...
	store=$1
	shift
	audit-query -D "$store" -c "$@" || :
}

# ---- Into another store ----

run auditd-ingest -D other.db --receipt receipt --restore all.jsonl
ends "an export" 0
is "all of it is stored" "$(jq '[.read, .stored, .quarantined] == ['"$events, $events"', 0]' receipt)" true
audit-export -q -D other.db -o jsonl source!=audit-toolkit >there.jsonl
jq -c 'del(.ingested)' there.jsonl >there
jq -c 'del(.ingested) | if .source == "audit-toolkit" then .source = "audit-toolkit@'"$id"'" else . end' all.jsonl >wanted
same "events as they were, records by another name" there wanted
run auditd-ingest -D other.db --receipt receipt --restore all.jsonl
ends "once more" 0
is "adds nothing" "$(jq '[.stored, .duplicates] == [0, '"$events"']' receipt)" true
zstd -q all.jsonl -o packed.jsonl.zst 2>/dev/null || cp all.jsonl packed.jsonl.zst
jq ".files[0] |= (.name = \"packed.jsonl.zst\" | .bytes = $(wc -c <packed.jsonl.zst) |
    .sha256 = \"$(sha256sum <packed.jsonl.zst | cut -d ' ' -f 1)\")" all.jsonl.manifest.json >packed.jsonl.zst.manifest.json
run auditd-ingest -D other.db --restore packed.jsonl.zst
ends "nor does the same, compressed" 0
is "the store has it once" "$(count other.db source!=audit-toolkit)" "$events"
run audit-verify -D other.db
ends "it verifies" 0
is "what came is from outside" "$(audit-verify -D other.db -o json | jq .records)" "$(count other.db source=audit-toolkit)"

# ---- From store to store ----

audit-export -q -D other.db source!=audit-toolkit -O again.jsonl --manifest
run auditd-ingest -D third.db --restore again.jsonl
ends "restored once more" 0
is "records keep the name of their own store" "$(count third.db "source=audit-toolkit@$id")" \
    "$(jq -c 'select(.source == "audit-toolkit")' all.jsonl | wc -l)"

# ---- Into its own store ----

before=$(count "$db")
run auditd-ingest --receipt receipt --restore all.jsonl
ends "into the store that it came from" 0
is "all is there already" "$(jq '[.stored, .duplicates] == [0, '"$events"']' receipt)" true
is "and nothing came" "$(count "$db")" "$before"
audit-prune -q --older-than 30d --apply
run auditd-ingest --restore all.jsonl
ends "after a prune" 0
is "what went is back" "$(count "$db" source=shop)" 202
audit-prune -q --older-than 30d --apply
run auditd-ingest --restore all.jsonl
is "each time" "$(count "$db" source=shop)" 202
run audit-verify
ends "it verifies still" 0

# ---- Without the option ----

run auditd-ingest -D fourth.db --receipt receipt all.jsonl
ends "own records are refused" 3
is "as reserved" "$(jq -c .reasons receipt)" "{\"reserved-source\":$(jq -c 'select(.source == "audit-toolkit")' all.jsonl | wc -l)}"
run auditd-ingest -D fourth.db --receipt receipt again.jsonl
ends "also those of another store" 3
is "by their name" "$(audit-query -D fourth.db --quarantine -o jsonl | jq -r .detail | sort -u | tail -n 1)" "audit-toolkit@$id"
run auditd-ingest -D fourth.db --receipt receipt --restore all.jsonl
ends "with it they come, though the file was read" 0
is "and nothing else" "$(jq .stored receipt)" "$(jq -c 'select(.source == "audit-toolkit")' all.jsonl | wc -l)"
run auditd-ingest -D fourth.db --source "audit-toolkit@$id" all.jsonl
refuses "nobody gives the name" 2 "reserved"
for source in audit-toolkit@ audit-toolkit@0123456789a audit-toolkit@0123456789abc audit-toolkit@0123456789AB audit-toolkit2; do
	printf '{"id":"x","time":"2026-01-01T00:00:00Z","action":"a","source":"%s"}\n' $source
done >odd.jsonl
jq ".count = 5 | .last_seq = 4 | .first_seq = 0 | .files = [{name: \"odd.jsonl\", bytes: $(wc -c <odd.jsonl),
    sha256: \"$(sha256sum <odd.jsonl | cut -d ' ' -f 1)\"}]" all.jsonl.manifest.json >odd.jsonl.manifest.json
run auditd-ingest -D fourth.db --receipt receipt --restore odd.jsonl
is "names that are no store's" "$status,$(jq .quarantined receipt)" "3,5"

# ---- Refused ----

run auditd-ingest -D fifth.db --restore first.jsonl
refuses "without a manifest" 2 "first.jsonl.manifest.json: is not there"
run auditd-ingest -D fifth.db --restore - <all.jsonl
refuses "from standard input" 2 "--restore: standard input"
for with in --from=cloudtrail --explain; do
	run auditd-ingest -D fifth.db --restore $with all.jsonl
	refuses "with what is not heeded ($with)" 2 "--restore does not go together with ${with%=*}"
done
mkfifo pipe
cp all.jsonl.manifest.json pipe.manifest.json
run auditd-ingest -D fifth.db --restore pipe
refuses "from a pipe" 2 "pipe: is not a regular file"
mkfifo waits.jsonl.manifest.json
cp all.jsonl waits.jsonl
run auditd-ingest -D fifth.db --restore waits.jsonl
refuses "a manifest that would be waited for" 2 "waits.jsonl.manifest.json: is not a regular file"
cp all.jsonl.manifest.json first.jsonl.manifest.json
run auditd-ingest -D fifth.db --restore first.jsonl
refuses "with the manifest of another file" 5 "first.jsonl: .*manifest says"
sed '1s/shop/shup/' all.jsonl >first.jsonl
run auditd-ingest -D fifth.db --restore first.jsonl
refuses "changed since" 5 "SHA-256"
head -c 40 all.jsonl.manifest.json >first.jsonl.manifest.json
run auditd-ingest -D fifth.db --restore first.jsonl
refuses "with a manifest that is cut" 5 "first.jsonl: manifest"
run auditd-ingest -D fifth.db --restore all.jsonl no-such-file
refuses "one of several" 2 "no-such-file"
check "no store was made of it" test ! -e fifth.db

run auditd-ingest --dry-run --restore all.jsonl
ends "a dry run" 0
is "shows what they would be from" "$(jq -r .source out | sort -u | tr '\n' ' ')" "audit-toolkit@$id shop "

finish
