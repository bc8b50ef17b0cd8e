#!/bin/sh
# auditd-ingest --follow: files that grow, are rotated, truncated, replaced and
# made later; nothing is left out, nothing comes twice, and it sleeps in between.

. "$(dirname "$0")/lib.sh"
need python3

events() { # FIRST LAST: events without id
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++)
		printf "{\"time\":\"2026-04-23T18:00:00Z\",\"action\":\"read\",\"actor_id\":\"u%d\"}\n", i }'
}

have() { # what is stored: the numbers, in their order
	audit-query -r -o jsonl 2>/dev/null | sed -n 's/.*"actor_id":"u\([0-9]*\)".*/\1/p' | sort -n | tr '\n' ' ' | sed 's/ $//'
}

# comes NAME WANTED: waits until that is stored.
comes() {
	tries=0
	while [ "$(have)" != "$2" ] && [ $tries -lt 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	is "$1" "$(have)" "$2"
}

# says NAME PATTERN: waits until the follower said it.
says() {
	tries=0
	while ! grep -q "$2" said 2>/dev/null && [ $tries -lt 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	check "$1" grep "$2" said
}

follow() { # ARGUMENT...
	auditd-ingest -v --receipt receipt.json --follow "$@" 2>>said &
	follower=$!
}

stop() { # NAME [STATUS]
	kill -TERM $follower
	status=0
	wait $follower || status=$?
	ends "$1" "${2:-0}"
}

# ---- Growing ----

events 1 2 >app.jsonl
follow app.jsonl
comes 'what is there is read' '1 2'
events 3 3 >>app.jsonl
comes 'and what is added' '1 2 3'
events 4 4 | tr -d '\n' >>app.jsonl
events 5 5 >>other
sleep 0.2
is 'a line without its end waits' "$(have)" '1 2 3'
echo >>app.jsonl
comes 'until the end comes' '1 2 3 4'
echo 'no event' >>app.jsonl
events 5 5 >>app.jsonl
comes 'what is no event stops nothing' '1 2 3 4 5'
kill -USR1 $follower
says 'asked for it, it tells how far it is' '^following: 6 events, 0 bytes behind'
kill -TERM $follower
status=0
wait $follower || status=$?
ends 'it ends when asked to, telling that lines were refused' 3
is 'with a receipt' "$(receipt read) $(receipt stored) $(receipt quarantined)" '6 5 1'
events 6 6 >>app.jsonl
follow app.jsonl
comes 'started again it goes on where it was' '1 2 3 4 5 6'
stop 'it ends with 0 when all went well'
is 'having read only that' "$(receipt read)" 1

# ---- Rotation ----

rm -f "$db" said ./*.jsonl*
events 1 1 >app.jsonl
follow app.jsonl
comes 'a log' '1'
events 2 2 >>app.jsonl
mv app.jsonl app.jsonl.1
events 3 3 >>app.jsonl.1
events 4 4 >app.jsonl
comes 'renamed, it is read to its end, and then the new one' '1 2 3 4'
events 5 5 >>app.jsonl.1
comes 'its writer may have it open still' '1 2 3 4 5'
mv app.jsonl app.jsonl-20260423
events 6 6 >app.jsonl
mv app.jsonl app.jsonl-20260424
events 7 7 >app.jsonl
comes 'twice at once, with dates' '1 2 3 4 5 6 7'
events 8 8 >>app.jsonl
cp app.jsonl app.jsonl.2
: >app.jsonl
events 9 9 >>app.jsonl
comes 'copied and truncated' '1 2 3 4 5 6 7 8 9'
: >app.jsonl
says 'truncated without a copy it says so' 'app.jsonl: was truncated or rewritten: it is read from the start; what was added to it behind byte [1-9]'
events 10 10 >>app.jsonl
comes 'and goes on' '1 2 3 4 5 6 7 8 9 10'
kill -KILL $follower
wait $follower
events 11 11 >>app.jsonl
mv app.jsonl app.jsonl.3
events 12 12 >app.jsonl
gzip app.jsonl.3
mv app.jsonl app.jsonl.4
events 13 13 >app.jsonl
follow app.jsonl
comes 'also what was rotated, twice, and packed while it was dead' '1 2 3 4 5 6 7 8 9 10 11 12 13'
gzip app.jsonl.4
rm app.jsonl
events 14 14 >app.jsonl
comes 'packed and replaced' '1 2 3 4 5 6 7 8 9 10 11 12 13 14'
stop 'it ends'
is 'nothing twice' "$(audit-query -c action=read)" 14

# ---- Several, some of them later ----

rm -f "$db" said ./*.jsonl*
events 1 1 >one.jsonl
mkfifo fifo
follow one.jsonl two.jsonl deep/down/three.jsonl ./one.jsonl fifo link
says 'a file that is missing is waited for' 'two.jsonl: is not there: waiting for it'
events 2 2 >two.jsonl
comes 'until it is there' '1 2'
mkdir -p deep/down
events 3 3 >deep/down/three.jsonl
comes 'in a folder that is made later, too' '1 2 3'
events 4 4 >fifo
events 5 5 >fifo
comes 'a FIFO has one writer after the other' '1 2 3 4 5'
rm two.jsonl
events 6 6 >two.new
mv two.new two.jsonl
comes 'a file may go and come' '1 2 3 4 5 6'
events 7 7 >target.1
ln -s target.1 link
comes 'a symbolic link is followed' '1 2 3 4 5 6 7'
events 8 8 >target.2
ln -s target.2 new && mv -T new link
comes 'also to another file' '1 2 3 4 5 6 7 8'
says 'the same file twice is read once' 'one.jsonl: read already by another name'
stop 'it ends'
is 'each event once' "$(audit-query -c action=read)" 8

rm -f "$db" said ./*.jsonl*
(events 1 1; sleep 0.2; events 2 2) | auditd-ingest -q --follow
is 'standard input alone ends it' "$(have)" '1 2'
events 3 3 >app.jsonl
chmod 000 app.jsonl
if ! cat app.jsonl >/dev/null 2>&1; then
	run auditd-ingest --follow app.jsonl
	refuses 'what may not be read is told at once' 2 'app.jsonl: Permission denied'
else
	skip 'what may not be read is told at once' 'everything may be read here'
fi
chmod 644 app.jsonl
run auditd-ingest --follow .
refuses 'a folder cannot be followed' 2 '\.: is a directory'
for words in --strict --dry-run --restore '--ack omprog'; do
	# shellcheck disable=SC2086 # words
	run auditd-ingest --follow $words app.jsonl
	refuses "$words wants an end" 2 'does not go together'
done

# ---- Other formats ----

rm -f "$db" said
printf 'type=USER_LOGIN msg=audit(1776967200.100:7): pid=1 uid=0 auid=1000 ses=1 res=success\n' >audit.log
printf 'type=SYSCALL msg=audit(1776967200.200:8): arch=c000003e syscall=2 success=yes exit=3 auid=1000 uid=0\n' >>audit.log
follow --from auditd audit.log
tries=0
while [ "$(audit-query -c 2>/dev/null)" != 2 ] && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
is 'an audit event that nothing ends is stored when it is quiet' "$(audit-query -c)" 2
stop 'and it ends'

# ---- Many, and soon ----

cat >soon.py <<'END'
import os, signal, subprocess, sys, time
names = ["many/%03d.jsonl" % n for n in range(300)]
os.mkdir("many")
line = '{"time":"2026-06-01T00:00:00Z","action":"soon","actor_id":"u%d"}\n'
for n, name in enumerate(names):
    open(name, "w").write(line % n)
watch = subprocess.Popen(["auditd-ingest", "-q", "--follow"] + names)
def count():
    out = subprocess.run(["audit-query", "-c"], stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
    return int(out or 0)
end = time.monotonic() + 60
while count() < 300:
    if time.monotonic() > end:
        sys.exit("only %d of 300" % count())
    time.sleep(0.1)
follow = subprocess.Popen(["audit-query", "-f", "-n", "1", "-o", "jsonl"], stdout=subprocess.PIPE)
follow.stdout.readline() # what was there: from now on it waits
waits = []
for n in range(7):
    written = time.monotonic()
    open(names[40 * n], "a").write(line % (1000 + n))
    if b"u%d\"" % (1000 + n) not in follow.stdout.readline():
        sys.exit("another event")
    waits.append(time.monotonic() - written)
follow.terminate()
follow.wait()
def ticks():
    stat = open("/proc/%d/stat" % watch.pid).read().rsplit(")", 1)[1].split()
    switched = open("/proc/%d/status" % watch.pid).read().split("\nvoluntary_ctxt_switches:")[1].split()[0]
    return int(stat[11]) + int(stat[12]), int(switched)
before = ticks()
time.sleep(2)
idle = [b - a for a, b in zip(before, ticks())]
watch.terminate()
watch.wait()
waits.sort()
print("%s ms; idle: %d ticks, woke up %d times" % (" ".join("%.0f" % (1000 * w) for w in waits), idle[0], idle[1]))
# 200 ms until it is committed, and 200 until who reads the store is told.
if waits[len(waits) // 2] > 0.4:
    sys.exit("too late")
if idle[0] > 1 or idle[1] > 1:
    sys.exit("not asleep")
END
rm -f "$db"
run timeout 120 python3 soon.py
ends "each of 300 files is heard at once, and it sleeps in between ($(cat out err))" 0

# ---- Without the kernel's help ----

rm -f "$db" said ./*.jsonl*
if command -v strace >/dev/null && strace -f -o trace -e inject=inotify_init1:error=EMFILE true 2>/dev/null; then
	events 1 1 >app.jsonl
	ASAN_OPTIONS=detect_leaks=0 strace -D -f -o trace -e trace=inotify_init1 -e inject=inotify_init1:error=EMFILE \
		auditd-ingest -v --follow app.jsonl 2>>said &
	follower=$!
	comes 'a file is looked at when the kernel does not tell' '1'
	events 2 2 >>app.jsonl
	mv app.jsonl app.jsonl.1
	events 3 3 >app.jsonl
	comes 'and its name' '1 2 3'
	says 'which is said' 'app.jsonl: looked at every 200 ms'
	stop 'and it ends'
else
	skip 'a file is looked at when the kernel does not tell' 'no strace that may trace'
fi

# ---- logrotate itself ----

PATH=$PATH:/usr/sbin:/sbin
rm -f "$db" said ./*.jsonl*
if command -v logrotate >/dev/null; then
	events 1 1 >app.jsonl
	follow app.jsonl
	comes 'a log' '1'
	n=2
	want=1
	for how in 'create' 'create
dateext
dateformat -%Y%m%d-%s' 'copytruncate' 'create
compress' 'copytruncate
compress'; do
		printf '%s/app.jsonl {\nrotate 9\n%s\n}\n' "$work" "$how" >rotate.conf
		chmod 644 rotate.conf
		events $n $n >>app.jsonl
		logrotate -f -s state.rotate rotate.conf 2>>rotate.err
		events $((n + 1)) $((n + 1)) >>app.jsonl
		want="$want $n $((n + 1))"
		n=$((n + 2))
		comes "logrotate with $(echo "$how" | tr '\n' ' ')" "$want"
	done
	stop 'it ends'
else
	skip 'logrotate' 'logrotate is not installed'
fi

# ---- A record without end ----

rm -f "$db"
{
	printf '{"eventVersion":"'
	head -c 20000000 /dev/zero | tr '\0' x
	printf '"}\n{"eventVersion":"1.08","eventTime":"2026-04-23T18:00:00Z","eventSource":"s3.amazonaws.com",'
	printf '"eventName":"Get","userIdentity":{"arn":"u1"}}\n'
} >huge.json
follow --from cloudtrail huge.json
comes 'what is behind it is read without news of the file' 1
stop 'it ends, and the record was refused' 3

# ---- At random ----

for seed in 1 2; do
	rm -rf random
	mkdir random
	(cd random && AUDIT_DB=$work/random/events.db timeout 150 python3 "$top/tests/cli/follow.py" $seed 50) >out 2>err
	status=$?
	ends "written, rotated, truncated, packed and killed at random, seed $seed: $(tail -n 1 out)" 0
done
finish
