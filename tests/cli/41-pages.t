#!/bin/sh
# Pages: --cursor, --show-cursor and --cursor-file join without gap or repeat,
# whatever happens to the store meanwhile; each wrong cursor has its message.

. "$(dirname "$0")/lib.sh"
need python3

# events FIRST LAST [YEAR]: events n = FIRST .. LAST in no order of time; every
# tenth has the same time.
events() {
	python3 - "$1" "$2" "${3:-2026}" <<'END'
import json, sys, time
first, last, year = (int(word) for word in sys.argv[1:])
for n in range(first, last + 1):
    when = time.strftime("-03-%dT%H:%M:%SZ", time.gmtime(n * 7919 % 86400 if n % 10 else 0))
    print(json.dumps({"id": "e%d" % n, "time": "%04d%s" % (year, when.replace("%d", "01")),
                      "action": "odd" if n % 2 else "even", "status": n}))
END
}

numbers() { # FILE: the n of its events
	sed -n 's/.*"status":\([0-9]*\).*/\1/p' "$1"
}

# pages SIZE ARGUMENT...: all pages of an answer, one behind the other, into ./paged.
pages() {
	size=$1
	shift
	: >paged
	audit-query -n "$size" --show-cursor -o jsonl "$@" >page 2>page.err
	while [ -s page ] && cat page >>paged && [ "$(wc -l <paged)" -lt 30000 ]; do
		cursor=$(sed -n 's/^cursor: //p' page.err)
		audit-query -n "$size" --show-cursor -o jsonl --cursor "$cursor" "$@" >page 2>page.err
	done
}

events 1 12000 | auditd-ingest -q
audit-query -o jsonl >newest
audit-query -r -o jsonl >oldest
audit-query -o jsonl action=odd >odd
pages 3500
same "pages of the newest join" paged newest
pages 5000 -r
same "pages of the oldest join" paged oldest
pages 1000 action=odd
same "pages of a filter join" paged odd

# The log as it was when paging began.
audit-query -n 6000 --show-cursor -o jsonl >page 2>page.err
cursor=$(sed -n 's/^cursor: //p' page.err)
events 12001 20000 | auditd-ingest -q
audit-query --cursor "$cursor" -o jsonl >>page
same "later arrivals are not on later pages" page newest

run audit-query -o json -n 2
python3 -c 'import json, sys; print(json.load(sys.stdin)["cursor"])' <out >json.cursor
run audit-query -o jsonl -n 1 --cursor "$(cat json.cursor)"
cp out third
is "a cursor of JSON goes on behind its events" "$(cat third)" "$(audit-query -n 3 -o jsonl | tail -n 1)"

# Wrong cursors.
run audit-query --cursor "$cursor" action=even
refuses "another filter's cursor" 2 "made for another filter"
run audit-query --cursor "$cursor" -r
refuses "another order's cursor" 2 "for events newest first"
run audit-query --cursor "${cursor%?}"
refuses "a cursor cut off" 2 "no cursor, or it was cut off"
run audit-query --cursor "A${cursor#?}"
case $cursor in A*) run audit-query --cursor "B${cursor#?}" ;; esac
refuses "a cursor mistyped" 2 "no cursor, or it was mistyped"
run audit-query --cursor ''
refuses "an empty cursor" 2 "cursor"
events 1 9 | auditd-ingest -q --db other.db
run audit-query --db other.db --cursor "$cursor"
refuses "another store's cursor" 2 "belongs to another store"
run audit-query --cursor-file page.err
refuses "a file that holds no cursor" 2 "page.err"
run audit-query --cursor-file no/such/folder/later
refuses "a file that could not be made later, before any output" 2 "no/such/folder/later: .*No such file"
mkfifo pipe
run timeout 5 audit-query --cursor-file pipe
refuses "what is no file and would be renamed over" 2 "pipe: is no regular file"
check "and is left alone" test -p pipe
cp "$db" copy.db
audit-query --cursor-file later --db "$db" -o jsonl >first
events 20001 20010 | auditd-ingest -q
audit-query --cursor-file later -o jsonl >second
is "a cursor file gives what has arrived since" "$(numbers second | tr '\n' ' ')" \
    "20001 20002 20003 20004 20005 20006 20007 20008 20009 20010 "
run audit-query --db copy.db --cursor-file later
refuses "a cursor of a later state of the store" 2 "older copy"
run audit-query --cursor-file later
ends "nothing has arrived" 1

# One stores small batches and prunes, others read.
{
	n=20011
	while [ $n -lt 23011 ]; do
		events $n $((n + 149)) | auditd-ingest -q
		events $n $((n + 99)) 1999 | auditd-ingest -q --source old
		audit-prune -q --older-than 7300d --apply
		n=$((n + 150))
	done
	: >written
} 2>writer.err &
writer=$!
while [ ! -e written ] && kill -0 $writer 2>/dev/null; do
	audit-query -q --cursor-file later -o jsonl >>second 2>>reader.err
	if [ ! -e behind ]; then
		pages 4000 'status<20001'
		mv paged behind
	fi
done
wait $writer
audit-query -q --cursor-file later -o jsonl >>second 2>>reader.err
check "the writer said nothing" test ! -s writer.err
check "nor did the readers" test ! -s reader.err
seq 20001 23010 >expected
grep -v '"time":"1999' second | numbers /dev/stdin >mine
same "what arrived came once and in order" mine expected
numbers behind | sort -n >mine
seq 1 20000 >expected
same "so did pages of what was there before" mine expected

finish
