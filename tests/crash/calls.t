#!/bin/sh
# auditd-ingest is cut short at its system calls: killed, or told that the disk
# is full or broken.  Nothing acknowledged is lost, nothing is there twice, and
# nobody has to mend anything.
#
# Not part of make check: AUDIT_CALLS_POINTS (1200) take about a minute.
# AUDIT_CALLS_SEED chooses others.

AUDIT_BIN=${AUDIT_BIN:-$PWD}
. "$(dirname "$0")/../cli/lib.sh"
need python3 "${CC:-cc}"
"${CC:-cc}" -O2 -D_GNU_SOURCE -o calls "$top/tests/crash/calls.c" || skip_all "the tracer cannot be built"
./calls -o report true || skip_all "nothing can be traced here"
check "a traced program ends as it does alone" grep -q ' hit - 0$' report

run python3 "$top/tests/crash/calls.py" "$work/calls" "${AUDIT_CALLS_POINTS:-1200}" "${AUDIT_CALLS_SEED:-1}"
sed 's/^/# /' out
ends "cut short anywhere, every event is there once" 0

# ---- A file system that is really full, of which this program has no idea ----

room() { # what the shell in small() waits for
	echo 'until grep -q "the disk is full" err; do sleep 0.1; done; mount -o remount,size=60m small'
}
mkdir small
if ! unshare -rm mount -t tmpfs -o size=3m none small 2>/dev/null; then
	skip "a small file system" "no file system can be mounted here"
	finish
fi
python3 - >in.jsonl <<'END'
import random
rng = random.Random(1)
for n in range(20000):
    print('{"id":"e-%d","action":"a","time":%d,"description":"%s"}' % (n, 1777593600 + n, "%x" % rng.getrandbits(1600)))
END
AUDIT_DB=small/s.db
export AUDIT_DB
events='audit-query -c >count 2>&1; audit-verify -q >>count 2>&1; echo $? >>count'

run timeout 120 unshare -rm sh -c "mount -t tmpfs -o size=3m none small &&
	auditd-ingest in.jsonl 2>err & $(room) && wait \$! && $events"
ends "a file waits for room" 0
is "a file: every event once" "$(cat count)" "20000
0"
is "a file: it says so, and that it goes on" "$(grep -c 'the disk is full: make room\|there is room again' err)" 2

run timeout 120 unshare -rm sh -c "mount -t tmpfs -o size=3m none small &&
	{ cat in.jsonl | auditd-ingest --source p -; } 2>err & $(room) && wait \$! && $events"
ends "a pipe waits for room" 0
is "a pipe: every event once" "$(cat count)" "20000
0"

: >err
run timeout 120 unshare -rm sh -c "mount -t tmpfs -o size=3m none small &&
	{ auditd-ingest --on-full exit in.jsonl; echo \$? >ended; mount -o remount,size=60m small; auditd-ingest -q in.jsonl; $events; }"
is "--on-full exit ends with 2" "$(cat ended)" 2
check "--on-full exit says why" grep -q 'the disk is full$' err
is "--on-full exit: the next run stores the rest" "$(cat count)" "20000
0"

: >err
run timeout 120 unshare -rm sh -c "mount -t tmpfs -o size=3m none small &&
	{ auditd-ingest in.jsonl 2>err & p=\$!; until grep -q 'the disk is full' err; do sleep 0.1; done
	kill \$p; wait \$p; echo \$? >ended; mount -o remount,size=60m small; auditd-ingest -q in.jsonl; $events; }"
is "ended while it waits: 2" "$(cat ended)" 2
check "ended while it waits: it says so" grep -q 'stopped while waiting for room' err
is "ended while it waits: the next run stores the rest" "$(cat count)" "20000
0"

# ---- A limit on the size of files ----

AUDIT_DB=limited.db
run sh -c 'ulimit -f 4000; exec auditd-ingest in.jsonl'
ends "a limit on the size of files ends it" 2
run auditd-ingest in.jsonl
ends "without the limit it comes to its end" 0
is "a limit: every event once" "$(audit-query -c)" 20000

finish
