#!/bin/sh
# Nothing is stored twice and nothing is left out, however a log is moved,
# copied, cut, packed and sent again.
. "$(dirname "$0")/lib.sh"

events() { # FROM TO [MORE]: events without id
	awk -v from="$1" -v to="$2" -v more="${3-}" 'BEGIN { for (i = from; i <= to; i++)
		printf "{\"time\":\"2026-04-23T18:%02d:%02dZ\",\"action\":\"read\",\"actor_id\":\"u%d\"%s}\n",
		    i / 60, i % 60, i, more }'
}

with_ids() { # FROM TO
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++)
		printf "{\"id\":\"e%d\",\"time\":\"2026-04-23T18:%02d:%02dZ\",\"action\":\"read\"}\n", i, i / 60, i % 60 }'
}

# adds NAME N FILE...: reading the files stores N events.
adds() {
	adds_name=$1 adds_n=$2
	shift 2
	rm -f receipt.json
	run auditd-ingest --receipt receipt.json "$@"
	is "$adds_name" "$status: $(receipt stored)" "0: $adds_n"
}

# ---- The same file ----

events 1 100 >app.jsonl
adds 'a file goes in' 100 app.jsonl
adds 'the same again adds nothing' 0 app.jsonl
is 'and does not even read it' "$(receipt read)" 0
adds 'named twice in one run too' 0 app.jsonl ./app.jsonl
events 101 150 >>app.jsonl
adds 'a file that has grown adds what is new' 50 app.jsonl
is 'and reads only that' "$(receipt read)" 50
run auditd-ingest -v app.jsonl
check 'and tells where it goes on, if asked' grep -q 'app.jsonl: goes on at byte [0-9]*, behind 150 lines$' err
mv app.jsonl app.jsonl.1
adds 'a renamed file adds nothing' 0 app.jsonl.1
events 151 160 >>app.jsonl.1
adds 'but what was added to it since' 10 app.jsonl.1
cp app.jsonl.1 copy.jsonl
adds 'a copied file adds nothing' 0 copy.jsonl
rm app.jsonl.1
gzip -c copy.jsonl >app.jsonl.1.gz
adds 'packed with gzip it adds nothing' 0 app.jsonl.1.gz
if command -v zstd >/dev/null; then
	zstd -q -c copy.jsonl >app.jsonl.1.zst
	adds 'packed with zstd neither' 0 app.jsonl.1.zst
	events 161 170 >>copy.jsonl
	zstd -q -f -c copy.jsonl >app.jsonl.1.zst
	adds 'packed after it has grown it adds that' 10 app.jsonl.1.zst
else
	skip 'packed with zstd neither' 'zstd is not installed'
	events 161 170 >>copy.jsonl
	gzip -c copy.jsonl >app.jsonl.1.gz
	adds 'packed after it has grown it adds that' 10 app.jsonl.1.gz
fi
adds 'the copy then adds nothing' 0 copy.jsonl
adds 'redirected to standard input it adds nothing' 0 - <copy.jsonl
is 'each event is there once' "$(audit-query -c)" 170
is 'and all are' "$(audit-query -r -o jsonl | sed 's/.*"actor_id":"u\([0-9]*\)".*/\1/' | sort -n | uniq | wc -l)" 170

# ---- Other content in the same place ----

rm -f "$db" ./*.jsonl*
events 1 50 >app.jsonl
adds 'a log' 50 app.jsonl
cp app.jsonl app.jsonl.1
: >app.jsonl
adds 'cut to nothing adds nothing' 0 app.jsonl
events 51 60 >>app.jsonl
adds 'and then what is written to it' 10 app.jsonl app.jsonl.1
events 201 240 >app.jsonl
adds 'rewritten shorter it is a new file' 40 app.jsonl
rm -f receipt.json
events 301 380 >app.jsonl
run auditd-ingest app.jsonl
check 'rewritten longer too' grep -q '80 stored' err
check 'and that is told' grep -q 'app.jsonl: its content is not what was read before' err
events 301 330 >app.jsonl
events 401 460 >>app.jsonl
adds 'even with the same first line' 90 app.jsonl
is 'nothing was refused for that' "$(audit-query --quarantine -o jsonl | wc -l)" 0

# ---- Twins ----

rm -f "$db"
for i in 1 2 3; do events 7 7; done >twins.jsonl
adds 'equal lines of a file are all kept' 3 twins.jsonl
adds 'once' 0 twins.jsonl

# ---- The last line ----

rm -f "$db"
events 1 3 >partial.jsonl
printf '{"time":"2026-04-23T19:00:00Z","act' >>partial.jsonl
adds 'an incomplete last line is left' 3 partial.jsonl
is 'not quarantined' "$(receipt quarantined)" 0
run auditd-ingest partial.jsonl
check 'with a note' grep -q 'partial.jsonl: its last line is incomplete' err
printf 'ion":"b"}' >>partial.jsonl
adds 'complete, it is taken without its newline' 1 partial.jsonl
adds 'once' 0 partial.jsonl
printf '\n' >>partial.jsonl
events 4 5 >>partial.jsonl
adds 'and what comes behind it then' 2 partial.jsonl
printf 'no event\n' >>partial.jsonl
run auditd-ingest --receipt receipt.json partial.jsonl
is 'lines are counted as an editor does' "$(audit-query --quarantine -o jsonl | sed 's/.*"line":\([0-9]*\).*/\1/')" 7
gzip -c partial.jsonl >other.gz
adds 'packed and read again it adds nothing' 0 other.gz

# ---- Refused lines are not refused twice ----

adds 'a file with a refused line adds nothing' 0 partial.jsonl
is 'and refuses nothing again' "$(audit-query --quarantine -o jsonl | wc -l)" 1

# ---- Pipes ----

rm -f "$db"
with_ids 1 50 >ids
run_pipe() { cat "$1" | auditd-ingest --receipt receipt.json --source app; }
run run_pipe ids
is 'events with ids go in by a pipe' "$(receipt stored)" 50
run run_pipe ids
is 'sent again they are duplicates' "$status $(receipt stored) $(receipt duplicates)" '0 0 50'
with_ids 51 60 >>ids
run run_pipe ids
is 'new ones are found among them' "$(receipt stored) $(receipt duplicates)" '10 50'
cat ids ids >both
run run_pipe both
is 'also within one run' "$(receipt stored) $(receipt duplicates)" '0 120'
cp ids app.jsonl
adds 'and when they come as a file' 0 app.jsonl
is 'as duplicates' "$(receipt duplicates)" 60
sed 's/read/write/' ids >changed
run run_pipe changed
is 'the same id with other content is refused' "$status $(receipt stored) $(receipt quarantined)" '3 0 60'
is 'with that reason' "$(receipt conflict)" 60
sed 's/T18/T19/' ids >later
run run_pipe later
is 'the same id with another time is another event' "$(receipt stored)" 60
events 1 5 >without
run run_pipe without
run run_pipe without
is 'events without id come as often as they are sent' "$(audit-query -c action=read --source app actor_id!=x)" 130

# What is printed can be read again.
audit-query -r -o jsonl --source app >printed
run run_pipe printed
is 'what the store prints are duplicates' "$(receipt stored) $(receipt duplicates)" '0 130'

finish
