#!/bin/sh
# However a run ends, what it acknowledged is stored, once; and several
# programs may write at the same time.
. "$(dirname "$0")/lib.sh"

with_ids() { # FROM TO
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++)
		printf "{\"id\":\"e%d\",\"time\":%d,\"action\":\"read\",\"description\":\"number %d of many\"}\n",
		    i, 1776967200 + i, i }'
}

without() { # FROM TO
	with_ids "$1" "$2" | sed 's/"id":"[^"]*",//'
}

stored() { # how many events are there, how many different
	echo "$(audit-query -c 2>/dev/null) $(audit-query -o jsonl | sed 's/.*"description":"\([^"]*\)".*/\1/' | sort -u | wc -l)"
}

# wait_for N: until the store has N events; at most 5 s.
wait_for() {
	for _ in $(seq 100); do
		[ "$(audit-query -c 2>/dev/null)" = "$1" ] && return 0
		sleep 0.05
	done
	return 1
}

# ---- A pipe that is slow ----

mkfifo pipe
auditd-ingest --source app --receipt receipt.json <pipe >out 2>err &
pid=$!
exec 3>pipe
with_ids 1 1 >&3
check 'an event is stored while the pipe stays open' wait_for 1
with_ids 2 3 >&3
check 'and the next ones' wait_for 3
kill -TERM $pid
status=0
wait $pid || status=$?
exec 3>&-
ends 'SIGTERM ends a pipe with nothing left to read' 0
is 'the receipt tells what is stored' "$(receipt stored)" 3

auditd-ingest --receipt receipt.json pipe >out 2>err &
pid=$!
exec 3>pipe
with_ids 4 4 >&3
check 'so it is when the pipe is named' wait_for 4
kill -TERM $pid
status=0
wait $pid || status=$?
exec 3>&-
is 'and that run ends too' "$status $(receipt stored)" '0 1'

# ---- A long file ----

without 1 100000 >long.jsonl
rm -f "$db"
auditd-ingest --receipt receipt.json long.jsonl 2>err &
pid=$!
sleep 0.1
for again in 1 2 3 4; do # timeout(1) does it twice
	kill -TERM $pid 2>/dev/null
	sleep 0.002
done
status=0
wait $pid || status=$?
if [ "$status" -ne 0 ]; then
	check 'SIGTERM is told of' grep -q 'interrupted' err
	is 'the receipt is true' "$(receipt stored) $(receipt stored)" "$(stored)"
else
	skip 'SIGTERM is told of' 'it was too fast'
	skip 'the receipt is true' 'it was too fast'
fi
run auditd-ingest long.jsonl
is 'the next run goes on' "$status: $(stored)" '0: 100000 100000'

for delay in 0.05 0.15; do
	rm -f "$db" "$db-journal"
	auditd-ingest -q long.jsonl &
	pid=$!
	sleep $delay
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	run auditd-ingest long.jsonl
	is "killed after $delay s, the next run goes on" "$status: $(stored)" '0: 100000 100000'
done

# Lines that no id and no time of their own tell apart, when read again.
# Killed after the first commit that the program made on its own.
without 1 200000 | sed 's/"time":[0-9]*,//' >untimed.jsonl
rm -f "$db" "$db-journal"
auditd-ingest -q --assume-now untimed.jsonl &
pid=$!
while kill -0 $pid 2>/dev/null; do
	[ "$(audit-query -c 2>/dev/null)" -gt 0 ] 2>/dev/null && break
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
run auditd-ingest --assume-now untimed.jsonl
is 'no assumed time is assumed twice' "$status: $(stored)" '0: 200000 200000'
head -n 80000 untimed.jsonl >refused.jsonl
for delay in 0.2; do
	rm -f "$db" "$db-journal"
	auditd-ingest -q refused.jsonl &
	pid=$!
	sleep $delay
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	auditd-ingest -q refused.jsonl
	is "killed after $delay s, no line is refused twice" \
	    "$(audit-query --quarantine -o jsonl | sed 's/.*"line":\([0-9]*\),.*/\1/' | sort -u | wc -l) $(
	    audit-query --quarantine -o jsonl | wc -l)" '80000 80000'
done

# ---- A full disk ----

rm -f "$db"
auditd-ingest -q --source before - <<-end
	{"time":1,"action":"a","description":"before"}
end
status=0
(
	trap '' XFSZ
	ulimit -f 600
	exec auditd-ingest long.jsonl
) >out 2>err || status=$?
ends 'a full disk is an error' 2
check 'told of in one line' test "$(grep -vc ' read: ' err)" -eq 1
check 'what was there before still is' test "$(audit-query -c --source before)" -eq 1
run auditd-ingest long.jsonl
is 'with room again, all goes in' "$status: $(stored)" '0: 100001 100001'

# ---- Several at once ----

rm -f "$db"
for i in 0 1 2 3; do
	without $((i * 10000 + 1)) $((i * 10000 + 10000)) >part$i.jsonl
	auditd-ingest -q part$i.jsonl 2>err$i &
done
wait
is 'four files by four programs at once' "$(stored)" '40000 40000'
rm -f "$db"
with_ids 1 10000 >ids
for i in 0 1 2; do
	cat ids | auditd-ingest -q --source app 2>err$i &
done
wait
is 'the same events by three programs at once' "$(stored)" '10000 10000'
rm -f "$db"
for i in 0 1 2; do
	auditd-ingest -q part0.jsonl 2>err$i &
done
wait
is 'the same file by three programs at once' "$(stored)" '10000 10000'
run auditd-ingest part0.jsonl
is 'and afterwards it is known' "$(sed -n 's/^auditd-ingest: \([0-9]* read\).*/\1/p' err)" '0 read'

finish
