#!/bin/sh
# auditd-ingest as a service: a service manager, stopping under load, kills.

. "$(dirname "$0")/lib.sh"
need python3

server=
trap '[ -z "$server" ] || kill -KILL "$server" 2>/dev/null; clean_up' EXIT

client() { # NAME ARGUMENT...
	client_name=$1
	shift
	python3 "$top/tests/cli/clients.py" "$client_name" s.sock "$@"
}

# The socket is the manager's: no --listen makes it, and nothing removes it.
check "a manager hands over its socket, is told, and sees it alive" \
    client manager auditd-ingest -q --listen s.sock
is "what came is there" "$(audit-query -c)" 5001
run env LISTEN_PID=1 LISTEN_FDS=1 timeout 5 auditd-ingest --listen no/where/s.sock
ends "sockets for another process are none of ours" 2
rm -f s.sock "$db"

# ---- Stopped while eight send ----

auditd-ingest -q --listen s.sock --receipt receipt.json 2>server.err &
server=$!
mkdir acked
client load acked >load.out 2>&1 &
load=$!
wait_for_events() { # COUNT
	tries=0
	until [ "$(audit-query -q -c 2>/dev/null || :)" -ge "$1" ] 2>/dev/null || [ $tries -gt 300 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}
wait_for_events 2000
kill -TERM $server
status=0
wait $server || status=$?
server=
cp server.err err
ends "asked to stop while eight send, it ends well" 0
quiet "in silence"
wait $load || not_ok "the clients ended well" "$(cat load.out)"
audit-query -o jsonl --fields id | sed 's/.*:"\(.*\)"}/\1/' | sort >stored
cat acked/load* | sort >acknowledged
is "all that was acknowledged is there" "$(comm -13 stored acknowledged | wc -l)" 0
is "and nothing else but what was taken at the end: all of that is acknowledged too" \
    "$(comm -23 stored acknowledged | wc -l)" 0
check "that is more than a little" test "$(wc -l <stored)" -ge 2000
is "each once" "$(uniq -d stored | wc -l)" 0

# ---- Killed again and again ----

rm -f "$db"
count=20000
for name in one two three; do
	client resend $name $count >$name.out 2>&1 &
	eval "$name=\$!"
done
kills=0
while [ $kills -lt 8 ]; do
	auditd-ingest -q --listen s.sock --receipt receipt.json 2>server.err &
	server=$!
	sleep "0.$((1 + kills * 7 % 5))"
	kill -KILL $server
	wait $server 2>/dev/null
	kills=$((kills + 1))
done
auditd-ingest -q --listen s.sock --receipt receipt.json 2>server.err &
server=$!
client resend last 1 >last.out 2>&1 || not_ok "the last server answers" "$(cat last.out)"
for name in one two three; do
	eval "wait \$$name" && ok "$name had everything acknowledged" ||
		not_ok "$name had everything acknowledged" "$(cat $name.out)"
done
kill -TERM $server
status=0
wait $server || status=$?
server=
ends "after $kills kills, the last one ends well" 0
is "each event is there once" "$(audit-query -c) $(audit-query -o jsonl --fields id | sort -u | wc -l)" \
    "$((3 * count + 1)) $((3 * count + 1))"
run audit-verify
ends "and the store verifies" 0

finish
