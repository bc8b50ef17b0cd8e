#!/bin/sh
# Every line that is no event is kept with its reason, or ends a strict run.
. "$(dirname "$0")/lib.sh"

good() { # SECOND
	printf '{"time":"2026-04-23T18:00:%02dZ","action":"read"}\n' "$1"
}

# refused REASON LINE: a line among good ones is quarantined for that reason.
refused() {
	rm -f "$db" receipt.json
	{ good 1; printf '%s\n' "$2"; good 2; } >app.jsonl
	run auditd-ingest --receipt receipt.json app.jsonl
	is "$1" "$status $(receipt stored) $(receipt quarantined) $(receipt "$1")" '3 2 1 1'
}

not() {
	! "$@"
}

deep() { # N
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "["; for (i = 0; i < n; i++) printf "]" }'
}

long() { # N
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "x" }'
}

refused not-utf8 "$(printf '{"time":1,"action":"\377"}')"
refused not-json 'hello'
is 'its place is kept' \
    "$(audit-query --quarantine -o jsonl | sed 's/.*"origin":"\([^"]*\)","position":\([0-9]*\),"line":\([0-9]*\),.*/\1 \2 \3/')" \
    "app.jsonl $(good 1 | wc -c) 2"
check 'and its bytes' sh -c 'audit-query --quarantine -o jsonl | grep -q "\"bytes\":\"hello\""'
refused not-json '{"time":1,"action":"a",}'
refused not-json "{'time':1}"
refused duplicate-key '{"time":1,"action":"a","action":"b"}'
refused duplicate-key '{"time":1,"action":"a","acti\u006fn":"b"}'
refused not-object '[]'
refused not-object '42'
refused too-deep "{\"time\":1,\"action\":\"a\",\"context\":$(deep 70)}"
refused lone-surrogate '{"time":1,"action":"\ud800"}'
refused no-action '{"time":1}'
refused no-time '{"action":"a"}'
refused bad-time '{"time":"2026-02-30T00:00:00Z","action":"a"}'
refused id-too-long "{\"id\":\"$(long 257)\",\"time\":1,\"action\":\"a\"}"
refused reserved-source '{"source":"audit-toolkit","time":1,"action":"a"}'

# Longer than 1 MiB: an argument could not be so long.
rm -f "$db"
{ good 1; printf '{"time":1,"action":"'; long 1100000; printf '"}\n'; good 2; } >app.jsonl
run auditd-ingest --receipt receipt.json app.jsonl
is too-long "$status $(receipt stored) $(receipt too-long)" '3 2 1'
rm -f "$db"
cat app.jsonl | { auditd-ingest --receipt receipt.json; } 2>err
is 'too-long in a pipe' "$(receipt stored) $(receipt too-long)" '2 1'
rm -f "$db"
{ printf '{"time":1,"action":"a","description":"'; long 1048500; printf '"}\n'; } >app.jsonl
run auditd-ingest --receipt receipt.json app.jsonl
is 'a line of almost 1 MiB is an event' "$status $(receipt stored)" '0 1'

# A pipe's last line is taken in any case.
rm -f "$db"
{ good 1; printf '{"time":1,"act'; } | { run auditd-ingest --receipt receipt.json; echo "$status" >status; }
is 'a pipe that ends within a line' "$(cat status) $(receipt stored) $(receipt not-json)" '3 1 1'

# The sentence for people.
rm -f "$db"
{ good 1; echo 'a secret'; good 2; } >app.jsonl
run auditd-ingest app.jsonl
ends 'status 3 tells of quarantine' 3
check 'the receipt does' grep -q '^auditd-ingest: 3 read: 2 stored (seq 0 to 1), 1 quarantined (not-json 1), ' err
check 'and names the line' grep -q '^auditd-ingest: quarantined: app.jsonl:2: not JSON' err
run auditd-ingest -q app.jsonl
ends 'there is nothing to tell the second time' 0
printf '%s\n' '{"time":1,"password":"hunter2"' >>app.jsonl
run auditd-ingest app.jsonl
check 'no message holds a secret' not grep -q hunter2 err
check 'nor does the store' not grep -aq hunter2 "$db"

# --strict.
rm -f "$db"
{ good 1; good 2; echo '{"action":"a"}'; good 3; } >app.jsonl
run auditd-ingest --strict --receipt receipt.json app.jsonl
refuses 'strict, a faulty file is refused' 2 'app.jsonl:3: no time'
is 'and nothing of it is stored' "$(receipt stored) $(audit-query -c)" '0 0'
good 1 >fine.jsonl
run auditd-ingest --strict --receipt receipt.json fine.jsonl app.jsonl
is 'a good file before it is' "$status $(receipt stored)" '2 1'
cat app.jsonl | { run auditd-ingest --strict --receipt receipt.json -; echo "$status" >status; }
is 'strict, a pipe stops at the line' "$(cat status) $(receipt stored) $(receipt quarantined)" '2 2 0'
check 'and names it' grep -q '^auditd-ingest: stdin:3: no time' err
{ good 1; good 2; } >app.jsonl
run auditd-ingest --strict --receipt receipt.json app.jsonl
is 'strict, a good file is stored' "$status $(receipt stored)" '0 2'
{ good 3; good 4; echo 1; } >>app.jsonl
run auditd-ingest --strict --receipt receipt.json app.jsonl
refuses 'what was added is checked' 2 'app.jsonl:5: JSON, but not an object'
is 'before anything of it is stored' "$(receipt stored)" 0

finish
