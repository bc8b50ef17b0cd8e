#!/bin/sh
# --cursor-file: each event is exported once, in the order of arrival,
# whatever fails in between.  --fields: chosen columns.

. "$(dirname "$0")/lib.sh"
need jq

add() { # FROM TO: events, the later ones older
	i=$1
	while [ "$i" -le "$2" ]; do
		printf '{"id":"e%d","time":"2026-05-01T%02d:00:00Z","action":"a%d","context":{"n":%d,"l":[1,%d]}}\n' \
		    "$i" $((20 - i)) $((i % 2)) "$i" "$i"
		i=$((i + 1))
	done | auditd-ingest -q --source app
}
ids() {
	jq -r .id "$1" | tr '\n' ' '
}
records() {
	audit-query -r -o jsonl source=audit-toolkit action=audit.export "$@"
}

add 1 3
run audit-export --source app --cursor-file cur -O first.jsonl
ends "without the file, everything" 0
is "in order of arrival" "$(ids first.jsonl)" "e1 e2 e3 "
check "and the file is made" test -s cur
is "it says where it ended on one line" "$(wc -l <cur)" 1
run audit-export --source app --cursor-file cur
is "then nothing" "$status,$(cat out)" "0,"
add 4 5
run audit-export --source app --cursor-file cur
is "then what is new, though it is older" "$(ids out)" "e4 e5 "

# ---- What fails is made again ----

add 6 7
cp cur before
run audit-export --source app --cursor-file cur -O no/such/folder/x.jsonl
ends "an export that fails" 2
same "leaves the file as it was" cur before
if [ -w /dev/full ]; then
	run audit-export --source app --cursor-file cur -O /dev/full
	ends "also on a full disk" 2
	same "which leaves it, too" cur before
else
	skip "also on a full disk" "there is no /dev/full"
	skip "which leaves it, too" "there is no /dev/full"
fi
run audit-export --source app --cursor-file cur
is "the next one has it all" "$(ids out)" "e6 e7 "
records | jq -c 'select(.context.destination == "stdout") | .context' >intents
is "the intent tells how far earlier exports came" "$(tail -n 1 intents | jq .after)" "$(tail -n 2 intents | head -n 1 | jq .size)"
is "the outcome, what this one has" "$(records | tail -n 1 | jq -c '.context | [.first_seq, .last_seq]')" \
    "[$(audit-query --seq -o jsonl id=e6 | jq .seq),$(audit-query --seq -o jsonl id=e7 | jq .seq)]"

# ---- Whose it is ----

cp cur before
run audit-export --source other --cursor-file cur
refuses "another filter" 2 "cursor"
run audit-export -D other.db --source app --cursor-file cur
refuses "no store" 2 "other.db"
auditd-ingest -q -D other.db "$top/examples/sample.jsonl"
run audit-export -D other.db --source app --cursor-file cur
refuses "another store" 2 "cursor"
same "the file is as it was" cur before
echo "no cursor" >bad
run audit-export --source app --cursor-file bad
refuses "what is no cursor" 2 "bad"
is "nothing refused is recorded" "$(records | jq -r 'select(.context.destination == "stdout") | .id' | wc -l)" 3

# ---- Each once, while others write ----

(
	for round in 1 2 3 4 5 6 7 8; do
		printf '{"id":"r%d","time":"2026-05-02T00:00:00Z","action":"r"}\n' "$round" | auditd-ingest -q --source busy
	done
) &
writer=$!
for round in 1 2 3 4 5 6 7 8; do
	audit-export -q --source busy --cursor-file busy.cur >>busy.jsonl
done
wait $writer
audit-export -q --source busy --cursor-file busy.cur >>busy.jsonl
is "each event once" "$(jq -r .id busy.jsonl | tr '\n' ' ')" "r1 r2 r3 r4 r5 r6 r7 r8 "
run audit-export --cursor-file all.cur
run audit-export --cursor-file all.cur
is "an export without filter has the records of the one before" \
    "$(jq -r '[.action, .context.phase] | @tsv' out)" "$(printf 'audit.export\tintent\naudit.export\toutcome')"

# ---- Chosen fields ----

run audit-export id=e2,e3 -o csv --fields context.n,time,context.l
is "columns, also from the payload" "$(tr -d '\r' <out)" 'context.n,time,context.l
3,2026-05-01T17:00:00.000000Z,"1, 3"
2,2026-05-01T18:00:00.000000Z,"1, 2"'
run audit-export id=e2 --fields id,context.l
is "as lines" "$(jq -c . out)" '{"id":"e2","context.l":[1,2]}'
run audit-export -o json id=e2 --fields id
is "in the document" "$(jq -c .entries out)" '[{"id":"e2"}]'
run audit-export --fields actoin
refuses "a typing error" 2 "--fields.*action"
run audit-export -o json --nested --fields id
refuses "nested ones have their own" 2 "nested"

finish
