#!/bin/sh
# auditd-ingest is killed (SIGKILL) at any moment and run again: at the end
# there are exactly the events of the input, none lost, none twice, and
# nobody had to mend the store.  calls.t does the same at each system call.
#
# Not part of make check: AUDIT_KILL_SECONDS (100) is about how long it takes.

AUDIT_BIN=${AUDIT_BIN:-$PWD}
. "$(dirname "$0")/../cli/lib.sh"
need python3
seconds=${AUDIT_KILL_SECONDS:-100}

# number.jsonl: no ids, so that the place in the file must do.  named.jsonl: ids.
python3 - <<'END'
import random
rng = random.Random(3)
for name, count in (("named", 70000), ("number", 60000)):
    with open(name + ".jsonl", "w") as out:
        for n in range(count):
            words = " ".join("%x" % rng.getrandbits(24) for _ in range(rng.randrange(30)))
            identity = '"id":"%s-%d",' % (name, n) if name != "number" else ""
            out.write('{%s"action":"%s-%d","time":%d,"actor_id":"user-%d","description":"%s"}\n' % (
                identity, name, n, 1777593600 + n // 3, rng.randrange(500), words))
END
for name in named number; do
	sed 's/.*"action":"\([^"]*\)".*/\1/' $name.jsonl | sort >$name.wanted
done
sort named.wanted number.wanted >both.wanted

# holds WANTED: the store has these events and no others.
holds() {
	audit-query -o csv --fields action 2>&1 | tr -d '\r' | sed 1d | sort >found
	diff_brief found "$1"
}

# nap LOW HIGH: sleeps a random number of milliseconds.
random=1
nap() {
	random=$(((random * 1103515245 + 12345) % 2147483648))
	milliseconds=$(($1 + random / 65536 % ($2 - $1)))
	sleep "$(printf '0.%03d' $milliseconds)"
}

# killed COMMAND...: with named.jsonl as its pipe; after a random while.
killed() {
	cat named.jsonl | "$@" >/dev/null 2>>killed.err &
	pid=$!
	nap 5 300
	kill -KILL $pid 2>/dev/null && kills=$((kills + 1))
	wait $pid 2>/dev/null
}

now() {
	date +%s
}

# ---- at random moments ----

begun=$(now)
kills=0 rounds=0 broken=0
while [ $(($(now) - begun)) -lt $((seconds / 2)) ]; do
	rm -f "$db"*
	for attempt in 1 2 3; do
		killed auditd-ingest number.jsonl
		killed auditd-ingest --source pipe -
	done
	run auditd-ingest number.jsonl
	[ "$status" -eq 0 ] || { broken=$((broken + 1)); cat err; }
	run sh -c 'cat named.jsonl | auditd-ingest --source pipe'
	[ "$status" -eq 0 ] || { broken=$((broken + 1)); cat err; }
	holds both.wanted || { broken=$((broken + 1)); cp "$db" "broken-$rounds.db"; }
	rounds=$((rounds + 1))
done
is "killed $kills times in $rounds rounds: every event once" "$broken" 0

# ---- two at once ----

begun=$(now)
kills=0 rounds=0 broken=0
while [ $(($(now) - begun)) -lt $((seconds / 2)) ]; do
	rm -f "$db"*
	for attempt in 1 2 3; do
		auditd-ingest number.jsonl >/dev/null 2>>killed.err &
		first=$!
		cat named.jsonl | auditd-ingest --source pipe - >/dev/null 2>>killed.err &
		second=$!
		nap 5 400
		kill -KILL $first 2>/dev/null && kills=$((kills + 1))
		nap 5 200
		kill -KILL $second 2>/dev/null && kills=$((kills + 1))
		wait $first $second 2>/dev/null
	done
	auditd-ingest number.jsonl >/dev/null 2>first.err &
	first=$!
	run sh -c 'cat named.jsonl | auditd-ingest --source pipe'
	[ "$status" -eq 0 ] || { broken=$((broken + 1)); cat err; }
	wait $first || { broken=$((broken + 1)); cat first.err; }
	holds both.wanted || broken=$((broken + 1))
	rounds=$((rounds + 1))
done
is "two at once, killed $kills times in $rounds rounds: every event once" "$broken" 0

finish
