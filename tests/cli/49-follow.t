#!/bin/sh
# audit-query -f: each event once, soon after its commit, whatever happens to
# the store meanwhile; and it sleeps in between.

. "$(dirname "$0")/lib.sh"
need python3

events() { # FIRST LAST [YEAR]: events n = FIRST .. LAST, the time a second each
	python3 - "$1" "$2" "${3:-2026}" <<'END'
import json, sys, time
first, last, year = (int(word) for word in sys.argv[1:])
for n in range(first, last + 1):
    when = time.strftime("-05-01T%H:%M:%SZ", time.gmtime(n % 86400))
    print(json.dumps({"id": "e%d" % n, "time": "%04d%s" % (year, when), "action": "odd" if n % 2 else "even", "status": n}))
END
}

numbers() { # FILE: the n of its events
	sed -n 's/.*"status":\([0-9]*\).*/\1/p' "$1"
}

# until_lines FILE N: waits until FILE is there and has N lines, at most 10 s.
until_lines() {
	tries=0
	while ! [ -e "$1" ] || [ "$(wc -l <"$1")" -lt "$2" ]; do
		[ $tries -lt 200 ] || break
		sleep 0.05
		tries=$((tries + 1))
	done
}

events 1 30 | auditd-ingest -q
audit-query -f -n 3 -o jsonl >followed 2>follow.err &
follower=$!
until_lines followed 3
is "it begins with the newest, oldest first" "$(numbers followed | tr '\n' ' ')" "28 29 30 "

events 31 33 | auditd-ingest -q
until_lines followed 6
is "what is committed arrives, in order" "$(numbers followed | tail -n 3 | tr '\n' ' ')" "31 32 33 "

# Sealed within one commit, merged into a full cell, and pruned meanwhile.
events 34 70000 >many
auditd-ingest -q many
events 1 500 1999 >old
auditd-ingest -q --source old old
audit-prune -q --older-than 7300d --apply
events 70001 70010 | auditd-ingest -q
until_lines followed 70484
kill -INT $follower
wait $follower
is "interrupted, it ends as one that printed events" $? 0
check "it said nothing" test ! -s follow.err
seq 28 70010 >expected
grep -v '"time":"1999' followed | numbers /dev/stdin | sort -n >mine
same "each event once, through sealing, merging and pruning" mine expected
check "the toolkit's own records arrive as well" grep -q audit.prune followed

# How soon.  The ingest's own process is in it; 200 ms are promised from the commit on.
cat >soon.py <<'END'
import os, subprocess, sys, time
follow = subprocess.Popen(["audit-query", "-f", "-n", "1", "-o", "jsonl"], stdout=subprocess.PIPE)
follow.stdout.readline() # what was there: from now on it waits
waits = []
for n in range(5):
    line = '{"id":"soon%d","time":"2026-06-01T00:00:00Z","action":"soon"}\n' % n
    subprocess.run(["auditd-ingest", "-q"], input=line.encode(), check=True)
    committed = time.monotonic()
    got = follow.stdout.readline()
    waits.append(time.monotonic() - committed)
    if b"soon%d" % n not in got:
        sys.exit("another event: %r" % got[:80])
    time.sleep(0.05)
stat = open("/proc/%d/stat" % follow.pid).read().rsplit(")", 1)[1].split()
used = int(stat[11]) + int(stat[12])
time.sleep(2)
stat = open("/proc/%d/stat" % follow.pid).read().rsplit(")", 1)[1].split()
idle = int(stat[11]) + int(stat[12]) - used
follow.terminate()
follow.wait()
waits.sort()
print("waited %s ms; idle %d ticks" % (" ".join("%.0f" % (1000 * w) for w in waits), idle))
if waits[len(waits) // 2] > 0.2:
    sys.exit("too late")
if idle > 2:
    sys.exit("not asleep")
END
run python3 soon.py
ends "within 200 ms of the commit, and asleep in between ($(cat out))" 0

# Ends.
run audit-query -f -n 2 --timeout 0.3s action=odd
ends "--timeout, something printed" 0
is "with what was there" "$(numbers out | tr '\n' ' ')" "70007 70009 "
run audit-query -f --timeout 0.3s action=none
ends "--timeout, nothing matched" 1
run audit-query -f -n 5 --until-match 1 --timeout 0.3s action=odd
ends "--until-match does not count what was there" 1
(sleep 0.5; events 80001 80004 | auditd-ingest -q) &
run timeout 20 audit-query -f -n 0 --until-match 2 action=odd
ends "--until-match ends it" 0
is "with exactly so many" "$(numbers out | tr '\n' ' ')" "80001 80003 "
wait
run timeout 10 sh -c 'audit-query -f -n 3 | head -n 1'
ends "it ends when nobody reads it any more" 0
run audit-query -f -n 3 -o short --timeout 0.1s
is "one line an event in -o short" "$(wc -l <out | tr -d ' ')" 3
run audit-query -f -n 3 -o table --timeout 0.1s
is "and in a table" "$(wc -l <out | tr -d ' ')" 4

# With a file that remembers.
events 90001 90003 | auditd-ingest -q
run audit-query --cursor-file place 'status>=90001'
is "a file that remembers begins with all" "$(numbers out | tr '\n' ' ')" "90001 90002 90003 "
events 90004 90005 | auditd-ingest -q
run audit-query -f --cursor-file place --timeout 0.3s 'status>=90001'
is "-f goes on behind it" "$(numbers out | tr '\n' ' ')" "90004 90005 "
run audit-query --cursor-file place 'status>=90001'
ends "and remembers" 1
run audit-query -f --cursor-file fresh --timeout 0.3s 'status>=90001'
is "with a new file -f begins with all, too" "$(numbers out | tr '\n' ' ')" "90001 90002 90003 90004 90005 "
run audit-query --cursor-file place 'status>=90002'
refuses "another filter's file" 2 "place: .*another filter"
echo nonsense >place
run audit-query --cursor-file place
refuses "a damaged file" 2 "place"
is "which is left alone" "$(cat place)" nonsense

# Interrupted in the middle of what was there.
cat >middle.py <<'END'
import signal, subprocess, sys
command = ["audit-query", "-f", "--cursor-file", "middle", "-o", "jsonl", "status>=0"]
first = subprocess.Popen(command, stdout=subprocess.PIPE)
got = [first.stdout.readline()]
first.send_signal(signal.SIGINT)
got += first.stdout.readlines()
first.wait()
rest = subprocess.run(command + ["--timeout", "0.3s"], stdout=subprocess.PIPE, check=True).stdout.splitlines(True)
everything = subprocess.run(["audit-query", "status>=0"], stdout=subprocess.PIPE).stdout.splitlines(True)
if not rest:
    sys.exit("the first was not interrupted in the middle")
if sorted(got + rest) != sorted(everything):
    sys.exit("%d and %d of %d, %d twice" % (len(got), len(rest), len(everything), len(set(got) & set(rest))))
END
run timeout 60 python3 middle.py
ends "interrupted in the middle, the next goes on exactly there ($(cat err))" 0
cat >page.py <<'END'
import json, signal, subprocess, sys
ask = subprocess.Popen(["audit-query", "-o", "json", "status>=0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
got = ask.stdout.readline()
ask.send_signal(signal.SIGINT)
page = json.loads(got + ask.stdout.read())
rest = subprocess.run(["audit-query", "--cursor", page["cursor"], "status>=0"], stdout=subprocess.PIPE).stdout
count = int(subprocess.run(["audit-query", "-c", "status>=0"], stdout=subprocess.PIPE).stdout)
if not page["has_more"] or len(page["events"]) + rest.count(b"\n") != count:
    sys.exit("%s, %d and %d of %d" % (page["has_more"], len(page["events"]), rest.count(b"\n"), count))
END
run timeout 60 python3 page.py
ends "an interrupted page says that there is more, and where ($(cat err))" 0

# A writer that was killed within its commit leaves what only a writer can
# put right: the follower says so, and that it is worth trying again.
cat >cut.py <<'END'
import os, signal, sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("PRAGMA cache_size = 2")
store.execute("BEGIN IMMEDIATE")
store.execute("CREATE TABLE cut (bytes)")
store.executemany("INSERT INTO cut VALUES (zeroblob(?))", [(4000,)] * 100)
os.kill(os.getpid(), signal.SIGKILL)
END
audit-query -f -n 1 -o jsonl --timeout 60s >followed 2>follow.err &
follower=$!
until_lines followed 1
{ python3 cut.py "$db"; } 2>cut.err
check "a writer is killed within its commit" test -s "$db-journal"
wait $follower
is "the follower ends, to be started again" $? 75
check "and says what to do" grep -q 'someone who may write the store must open it once' follow.err
echo '{"action":"cure","time":"2026-07-01T00:00:00Z"}' | auditd-ingest -q --source cure
run audit-query -c action=cure
is "which the next writer does" "$status $(cat out)" "0 1"

# Another file in its place: what is open is told to be the old one.
cp "$db" other.db
(sleep 0.5; mv other.db "$db") &
run timeout 20 audit-query -f -n 0
wait
refuses "a store that is replaced" 2 "taken the store's place"

# What cannot be.
for words in '-c' '-r' '-F action' '-o json' '-i many' '--cursor x' '--cursor-file place -n 3'; do
	# shellcheck disable=SC2086 # words
	run audit-query -f $words
	refuses "-f $words" 2 .
done
run audit-query --until-match 1
refuses "--until-match alone" 2 "belong to -f"
run audit-query -n 0
refuses "-n 0 alone" 2 "only with -f"
finish
