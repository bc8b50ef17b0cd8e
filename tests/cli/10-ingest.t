#!/bin/sh
# auditd-ingest: what goes in, under which names, and what it says.
. "$(dirname "$0")/lib.sh"

events() { # FROM TO: events without id, a second apart
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++)
		printf "{\"time\":\"2026-04-23T18:%02d:%02dZ\",\"action\":\"read\",\"actor_id\":\"u%d\"}\n",
		    i / 60, i % 60, i }'
}

ingest() { # with a receipt in receipt.json
	rm -f receipt.json
	run auditd-ingest --receipt receipt.json "$@"
}

not() {
	! "$@"
}

values() { # FIELD: of all events, each once
	audit-query -r -o jsonl | sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' | sort -u | tr '\n' ' '
}

events 1 10 >app.jsonl
ingest app.jsonl
ends 'a file of events is stored' 0
quiet 'with --receipt nothing is said'
is 'the receipt counts what was read' "$(receipt read)" 10
is 'and what was stored' "$(receipt stored)" 10
is 'and where' "$(receipt first_seq) $(receipt last_seq)" '0 9'
is 'the keys of the receipt are the documented ones' \
    "$(tr ',{}' '\n\n\n' <receipt.json | sed -n 's/^"\([a-z_]*\)":.*/\1/p' | tr '\n' ' ')" \
    'read stored duplicates dropped quarantined redacted first_seq last_seq seconds reasons redacted_by '
is 'all events can be found' "$(audit-query -c)" 10
is 'the source is the name of the file' "$(values source)" 'app '
is 'the store is readable by its group only' "$(ls -l "$db" | cut -c 1-10)" '-rw-r-----'

run auditd-ingest app.jsonl
ends 'reading it again succeeds' 0
check 'the receipt is one line on standard error' grep -q '^auditd-ingest: 0 read: 0 stored' err
run auditd-ingest -q app.jsonl
quiet 'and none with -q'

# Names.
events 11 12 | ingest --source db --tenant acme
ends 'standard input is read without FILE' 0
is 'the source is the one of --source' "$(audit-query -c --source db)" 2
is 'the tenant is the one of --tenant' "$(audit-query -c --tenant acme)" 2
echo '{"time":"2026-04-24T00:00:00Z","action":"a","source":"own","tenant":"its"}' | ingest --source db --tenant acme -
is 'what the event names itself stays' "$(audit-query -c source=own tenant=its)" 1
events 13 13 | ingest
is 'standard input has a name too' "$(audit-query -c --source stdin)" 1
ingest --source audit-toolkit app.jsonl
ends 'the reserved source is refused' 2
check 'and said' grep -q 'reserved' err
cp app.jsonl audit-toolkit.json
ingest audit-toolkit.json
ends 'also as the name of a file' 2
ingest --source "$(printf 'a\377')" app.jsonl
ends 'a source that is no UTF-8 is refused' 2
ingest --source '' app.jsonl
ends 'an empty source is refused' 2

# Ids.
is 'an event of a file has an id made of key and offset' \
    "$(audit-query -r -n 1 -o jsonl --source app | sed 's/.*"id":"f[0-9a-f]\{16\}-0".*/right/')" right
is 'an event of a pipe has a UUID' \
    "$(audit-query -o jsonl --source stdin |
	sed 's/.*"id":"[0-9a-f]\{8\}-[0-9a-f]\{4\}-7[0-9a-f]\{3\}-[89ab][0-9a-f]\{3\}-[0-9a-f]\{12\}".*/right/')" right

# Several, compressed, stdin among them.
rm -f "$db"
events 1 3 >a.jsonl
events 4 6 | gzip >b.jsonl.gz
events 7 9 >c
ingest a.jsonl b.jsonl.gz - <c
is 'several files and standard input go in' "$(receipt stored)" 9
is 'each with its name' "$(values source)" 'a b stdin '
if command -v zstd >/dev/null; then
	events 10 12 | zstd -q >d.jsonl.zst
	ingest d.jsonl.zst
	is 'zstd is understood' "$(receipt stored) $(audit-query -c --source d)" '3 3'
	events 13 14 | zstd -q | ingest --source piped
	is 'in a pipe too' "$(receipt stored)" 2
else
	skip 'zstd is understood' 'zstd is not installed'
	skip 'in a pipe too' 'zstd is not installed'
fi

# --dry-run.
rm -f "$db"
echo '{"when":1776967200,"event":"login","user":"alice","outcome":"denied","password":"hunter2"}' >raw
run auditd-ingest --dry-run raw
ends 'a dry run succeeds' 0
is 'and prints the canonical line' "$(cat out)" \
    '{"time":"2026-04-23T18:00:00.000000Z","source":"raw","action":"login","severity":"info","outcome":"failure","actor_id":"alice","context":{"password":"[REDACTED:secret-key]"}}'
check 'and makes no store' test ! -e "$db"
check 'and says so' grep -q '1 read: 1 printed, none stored, 1 secret redacted' err
auditd-ingest --dry-run app.jsonl >again 2>err
run auditd-ingest --dry-run --source other again
same 'printed again it is the same' out again
if [ -w /dev/full ]; then
	status=0
	auditd-ingest --dry-run app.jsonl >/dev/full 2>err || status=$?
	is 'a full disk is noticed' "$status" 2
else
	skip 'a full disk is noticed' 'no /dev/full'
fi

# --assume-now.
printf '{"action":"a"}\n' >untimed
ingest untimed
ends 'an event without time is quarantined' 3
printf '{"action":"b"}\n' >untimed
ingest --assume-now untimed
is 'or happens now' "$(receipt stored) $(audit-query -c --last 1h)" '1 1'

# Secrets.
rm -f "$db"
printf '%s\n' '{"time":1,"action":"a","context":{"password":"hunter2"}}' '{"time":1,"api_key":"hunter2"}' >secrets
ingest secrets
is 'secrets are counted' "$(receipt redacted)" 2
check 'and are nowhere in the store' not grep -aq hunter2 "$db"
is 'a marker stands in their place' "$(audit-query -o jsonl | grep -c '"password":"\[REDACTED:secret-key\]"')" 1

# What is not accepted.
rm -f "$db"
run auditd-ingest missing.jsonl
refuses 'a missing file is refused' 2 'missing.jsonl.*No such file'
run auditd-ingest .
refuses 'a folder is refused' 2 'directory'
run auditd-ingest app.jsonl missing.jsonl
ends 'one bad name among good ones' 2
check 'is noticed before anything is stored' test ! -e "$db"
run auditd-ingest --sorce x
refuses 'a typing error gets a hint' 2 'source'
run auditd-ingest --db /nonexistent/events.db app.jsonl
refuses 'a folder that is not there is no place for a store' 2 '/nonexistent/events.db'
run auditd-ingest --receipt /nonexistent/receipt app.jsonl
ends 'nor for a receipt' 2
check 'and that too is noticed before anything is stored' test ! -e "$db"
echo 'something else, and long enough to have the length of a header of SQLite: no, longer, much longer' >foreign
AUDIT_DB=foreign run auditd-ingest app.jsonl
refuses 'a file of another program is refused' 2 'foreign'
is 'and left alone' "$(cut -c 1-14 foreign)" 'something else'
if [ "$(id -u)" -ne 0 ]; then
	auditd-ingest -q app.jsonl
	chmod a-w "$db"
	events 20 21 >>app.jsonl
	run auditd-ingest app.jsonl
	ends 'a store that may not be written is an error' 2
	cp app.jsonl secret.jsonl
	chmod a-r secret.jsonl
	run auditd-ingest secret.jsonl
	refuses 'a file that may not be read is refused' 2 'secret.jsonl'
else
	skip 'a store that may not be written is an error' 'root may write all'
	skip 'a file that may not be read is refused' 'root may read all'
fi

finish
