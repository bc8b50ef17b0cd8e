#!/bin/sh
# What was refused is tried again: it is stored once, or stays as it was.
. "$(dirname "$0")/lib.sh"

rows() { # what is in the quarantine, without its numbers
	audit-query --quarantine -o jsonl | sed 's/"number":[0-9]*,//'
}

printf '%s\n' '{"action":"a1"}' '{"time":"2026-04-23T18:00:00Z","action":"a2"}' '{"time":"never","action":"a3"}' \
    'no JSON' '{"action":"a1"}' >app.jsonl
run auditd-ingest --receipt receipt.json app.jsonl
is 'four of five are refused' "$status $(receipt stored) $(receipt quarantined)" '3 1 4'
rows >before
run auditd-ingest --replay-quarantine --receipt receipt.json
is 'nothing has changed: all stay' "$status $(receipt read) $(receipt stored) $(receipt quarantined)" '3 4 0 4'
rows >after
same 'as they were' before after

run auditd-ingest --replay-quarantine --assume-now --dry-run
is 'a dry run prints what would be stored' "$(grep -c '"action":"a1"' out) $(audit-query -c)" '2 1'
rows >after
same 'and changes nothing' before after

run auditd-ingest --replay-quarantine --assume-now --receipt receipt.json
is 'those without a time are events now' "$status $(receipt stored) $(receipt quarantined)" '3 2 2'
is 'the others stay' "$(rows | sed 's/.*"line":\([0-9]*\),"reason":"\([^"]*\)".*/\1 \2/' | tr '\n' ' ')" '3 bad-time 4 not-json '
is 'both twins are there, by their place in the file' \
    "$(audit-query -o jsonl action=a1 | sed 's/.*"id":"f[0-9a-f]*-\([0-9a-f]*\)".*/\1/' | sort | tr '\n' ' ')" '0 65 '
run audit-verify -q
ends 'the store verifies' 0

file_id=$(audit-query -o jsonl action=a2 | sed 's/.*"id":"\(f[0-9a-f]*\)-.*/\1/')
is 'the ids are of the file' "$(audit-query -c --id "$file_id-*")" 3

# A pipe: each line once, twins too.
printf '%s\n' '{"action":"p"}' '{"action":"p"}' | auditd-ingest --source pipe 2>err
run auditd-ingest --replay-quarantine --assume-now --receipt receipt.json
is 'twins of a pipe are both stored' "$(receipt stored) $(audit-query -c --source pipe)" '2 2'
run auditd-ingest --replay-quarantine --assume-now --receipt receipt.json
is 'and not again' "$(receipt read) $(receipt stored)" '2 0'

# --source, --drop, --from.
printf '%s\n' '{"action":"x"}' '{"action":"y"}' | auditd-ingest --source wrong 2>err
run auditd-ingest --replay-quarantine --assume-now --source right --drop 'action = y' --receipt receipt.json
is '--source says the source, what --drop leaves out stays' \
    "$(audit-query -c --source right) $(receipt dropped) $(rows | grep -c '"source":"wrong"')" '1 1 1'
printf '%s\n' '{"eventTime":"2026-04-23T18:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"e1"}' |
    auditd-ingest --source trail 2>err
run auditd-ingest --replay-quarantine --from cloudtrail --receipt receipt.json
is 'a mapping reads what was refused without it' "$(audit-query -c --source trail --id e1)" 1

# A duplicate leaves, a conflict stays.
rm -f "$db"
printf '%s\n' '{"id":"1","action":"a"}' '{"id":"1","time":"2026-04-23T18:00:00Z","action":"a"}' \
    '{"id":"1","time":"2026-04-23T18:00:00Z","action":"b"}' | auditd-ingest --source s 2>err
rows >before
run auditd-ingest --replay-quarantine --receipt receipt.json
is 'a conflict stays' "$(receipt stored) $(receipt conflict)" '0 1'
rows >after
same 'as it was' before after

# Killed at any time: once is once.
rm -f "$db"
i=0
while [ $i -lt 20000 ]; do
	echo '{"action":"k'$i'"}'
	i=$((i + 1))
done >many.jsonl
auditd-ingest -q many.jsonl
is 'many are refused' "$(audit-query --quarantine -o jsonl | wc -l | tr -d ' ')" 20000
for delay in 0.01 0.03 0.05 0.08; do
	timeout -s KILL "$delay" auditd-ingest -q --replay-quarantine --assume-now 2>err
	audit-query -c >out 2>/dev/null || auditd-ingest -q --replay-quarantine --dry-run >out 2>&1
done
auditd-ingest -q --replay-quarantine --assume-now
is 'all are stored, each once' "$(audit-query -c) $(audit-query -o jsonl --fields id | sort -u | wc -l | tr -d ' ')" '20000 20000'
is 'none is left' "$(audit-query --quarantine -o jsonl | wc -l | tr -d ' ')" 0
run audit-verify -q
ends 'and the store verifies' 0

# Two at a time.
rm -f "$db"
auditd-ingest -q many.jsonl
auditd-ingest -q --replay-quarantine --assume-now 2>err1 &
auditd-ingest -q --replay-quarantine --assume-now 2>err2
wait
auditd-ingest -q --replay-quarantine --assume-now
is 'two at a time store each once' "$(audit-query -c)" 20000

# What does not go together.
run auditd-ingest --replay-quarantine app.jsonl
refuses 'a FILE is refused' 2 'does not go together with FILE'
run auditd-ingest --replay-quarantine --from auditd
refuses '--from auditd is refused' 2 'one by one'
run auditd-ingest -D none.db --replay-quarantine
refuses 'a store that is not there is refused' 2 'none.db'

finish
