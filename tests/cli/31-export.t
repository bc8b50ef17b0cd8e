#!/bin/sh
# An export is recorded: the intent before the first byte, the outcome after
# the last; what came later is not in it.

. "$(dirname "$0")/lib.sh"
need jq

run auditd-ingest "$top/examples/sample.jsonl" --source shop
records() {
	audit-query -r -o jsonl source=audit-toolkit action=audit.export "$@"
}

run audit-export --outcome failure -O failed.jsonl
ends "an export" 0
is "two records" "$(records | wc -l)" 2
is "the intent says what and where to" \
    "$(records | jq -r 'select(.context.phase == "intent") | [.outcome, .context.filter, .context.format,
	.context.destination, .context.size] | @tsv')" \
    "$(printf 'unknown\toutcome = failure\tjsonl\t%s/failed.jsonl\t202' "$(pwd -P)")"
is "the outcome says how much" \
    "$(records | jq -r 'select(.context.phase == "outcome") | [.outcome, .context.count, .context.bytes] | @tsv')" \
    "$(printf 'success\t%s\t%s' "$(wc -l <failed.jsonl)" "$(wc -c <failed.jsonl)")"
is "and names the intent" "$(records | jq -r 'select(.context.phase == "outcome").context.intent')" \
    "$(records | jq -r 'select(.context.phase == "intent").id')"
is "and who it was" "$(records | jq -r .actor_id | sort -u)" "uid:$(id -u)"

run audit-export -O all.jsonl
is "an export has no trace of itself" "$(jq -r 'select(.context.phase) | .id' all.jsonl | sort)" \
    "$(records -n 2 | jq -r .id | sort)"

run audit-export -O no/such/folder/x.jsonl
ends "one that fails" 2
is "is recorded as such" "$(records | tail -n 1 | jq -r '[.outcome, (.context.error | length > 0)] | @tsv')" \
    "$(printf 'failure\ttrue')"

# ---- The document ----

run audit-export -o json --nested --actor user:bob --outcome failure -O bob.json
is "the document counts its entries" "$(jq '.count == (.entries | length) and .count > 0' bob.json)" true
is "and says how they were chosen" "$(jq -r '.filter | contains("user:bob")' bob.json)" true
is "nested: the actor is an object" "$(jq -r '[.entries[].actor.id] | unique | .[]' bob.json)" user:bob
is "nested: no flat keys are left" "$(jq '[.entries[] | keys[] | select(test("^(actor|target)_"))] | length' bob.json)" 0

# ---- CSV for spreadsheets ----

printf '{"id":"f","time":"2026-05-01T00:00:00Z","action":"=cmd()","actor_id":"mallory"}\n' |
	auditd-ingest -q --source shop
bom=$(printf '\357\273\277')
audit-export -o csv --actor mallory -O safe.csv -q
audit-export -o csv --actor mallory -O raw.csv --csv-raw -q
audit-export -o csv --actor mallory >pipe.csv
audit-export -o csv --actor mallory --csv-safe >piped-safe.csv
for file in safe piped-safe; do
	is "$file: a byte order mark" "$(head -c 3 $file.csv)" "$bom"
	is "$file: no formula" "$(grep -c ",'=cmd()," $file.csv)" 1
done
for file in raw pipe; do
	is "$file: none of either" "$(head -c 3 $file.csv),$(grep -c ',=cmd(),' $file.csv)" "id,,1"
done

# ---- Refused ----

run audit-export --csv-raw
refuses "an option that would do nothing" 2 "csv"
run audit-export --nested
refuses "nor this one" 2 "nested"
records >before
if [ "$(id -u)" -ne 0 ]; then
	chmod a-w "$db"
	run audit-export -O secret.jsonl
	chmod u+w "$db"
	refuses "a store that cannot be written" 4 "cannot be recorded.*refused"
elif chmod 755 "$work" && chmod a+r "$db" && command -v setpriv >/dev/null &&
    setpriv --reuid 65534 --regid 65534 --clear-groups audit-query -c >/dev/null 2>&1; then
	run setpriv --reuid 65534 --regid 65534 --clear-groups audit-export
	refuses "a store that cannot be written" 4 "cannot be recorded.*refused"
else
	skip "a store that cannot be written" "root may write all"
fi
records >after
same "is neither exported nor changed" before after
check "nothing appeared" test ! -e secret.jsonl

# ---- Ended in the middle ----

audit-export -o jsonl source=shop >lines.jsonl
for copy in 1 2 3 4 5 6 7 8 9; do
	sed "s/\"id\":\"/&copy$copy-/" lines.jsonl | auditd-ingest -q
done
mkfifo slow
audit-export -O slow 2>err &
exporter=$!
exec 3<slow
read -r first <&3
kill -TERM $exporter
cat <&3 >/dev/null &
reader=$!
status=0
wait $exporter || status=$?
exec 3<&-
wait $reader
is "something came first" "${first%%:*}" '{"id"'
if [ "$status" -eq 0 ]; then
	skip "SIGTERM ends it with 2" "it was done already"
	skip "and that is on record" "it was done already"
else
	is "SIGTERM ends it with 2" "$status" 2
	is "and that is on record" "$(records | tail -n 1 | jq -r '[.outcome, .context.error] | @tsv')" \
	    "$(printf 'failure\tinterrupted')"
fi

# ---- The name says the format ----

for name in n.csv n.json.gz n.jsonl.zst; do
	run audit-export -O $name
	ends "$name is written" 0
done
check "as csv" grep -q '^.*id,time,' n.csv
check "as json" sh -c 'gzip -dc n.json.gz | jq -e .entries'
check "as lines" sh -c 'zstd -qdc n.jsonl.zst | jq -e .id'
run audit-export -o csv -O other.txt
check "-o comes before it" grep -q 'id,time,' other.txt

finish
