#!/bin/sh
# Events through the socket of auditd-ingest: the protocol, who may connect,
# the examples' clients, clients that do as they should not.

. "$(dirname "$0")/lib.sh"
need python3

server=
trap '[ -z "$server" ] || kill -KILL "$server" 2>/dev/null; clean_up' EXIT

# serve OPTION...: starts it, and waits until it listens or has ended.
serve() {
	rm -f receipt.json
	auditd-ingest -q --listen s.sock --receipt receipt.json "$@" >server.out 2>server.err &
	server=$!
	tries=0
	while [ ! -S s.sock ] && [ $tries -lt 600 ] && kill -0 $server 2>/dev/null; do
		sleep 0.05
		tries=$((tries + 1))
	done
	[ -S s.sock ] || {
		cp server.err err
		not_ok "it listens"
		finish
	}
}

# stop: asks it to end; its exit status goes to $status.
stop() {
	kill -TERM "$server"
	status=0
	wait "$server" || status=$?
	server=
	cp server.err err
	cp server.out out
}

client() { # NAME ARGUMENT...
	client_name=$1
	shift
	python3 "$top/tests/cli/clients.py" "$client_name" s.sock "$@"
}

# ---- The protocol ----

serve --source app
is "the socket is for its owner and group" "$(stat -c %a s.sock)" 660
check "lines are counted, refused ones are named, then all is acknowledged" client protocol
check "what is acknowledged is there for all to read" client stored
check "the last line may lack its newline" client half
check "lines that are too long are cut and refused" client long
check "each connection has its own numbers" client alike
check "of one user 32 may connect" client crowd
check "who reads no answers gets the last one" client mute
run audit-query -o jsonl --fields id,source,peer_uid id=p1
is "the kernel says who sent it" "$(cat out)" "{\"id\":\"p1\",\"source\":\"app\",\"peer_uid\":$(id -u)}"
run audit-query --quarantine -o jsonl
is "what was refused says where it came from" \
    "$(grep -c "\"source\":\"app\",\"origin\":\"socket, uid $(id -u)\",\"position\":[0-9]*,\"line\":3,\"reason\":\"not-json\"" out)" \
    "$(grep -c '"line":3,"reason":"not-json"' out)"
run auditd-ingest --listen s.sock
refuses "a second one on the same socket is refused" 2 "s.sock: another program listens on it"
stop
ends "it ends with 3 after refused lines" 3
quiet "in silence"
check "the socket is gone" test ! -e s.sock
is "the receipt counts what is there" "$(receipt stored) $(receipt quarantined)" \
    "$(audit-query -c) $(audit-query --quarantine -o jsonl | wc -l)"

# ---- What clients may claim ----

rm -f "$db"
serve
cat >claims <<'END'
{"id":"1","time":"2026-04-23T18:00:00Z","action":"a","peer_uid":12345,"ingested":"2020-01-01T00:00:00.000000Z"}
{"id":"2","time":"2026-04-23T18:00:00Z","action":"a","source":"mine"}
{"id":"3","time":"2026-04-23T18:00:00Z","action":"a","source":"audit-toolkit"}
{"id":"4","time":"2026-04-23T18:00:00Z","action":"a","password":"hunter2"}
END
run python3 "$top/examples/client/send.py" s.sock <claims
is "the toolkit's own source is not to be had" "$status $(cat err)" "1 line 3: reserved-source"
run audit-query -r -o jsonl --fields id,source,peer_uid
is "an uid is not to be claimed, a source is" "$(cat out)" "{\"id\":\"1\",\"source\":\"socket\",\"peer_uid\":$(id -u)}
{\"id\":\"2\",\"source\":\"mine\",\"peer_uid\":$(id -u)}
{\"id\":\"4\",\"source\":\"socket\",\"peer_uid\":$(id -u)}"
check "secrets are hidden" sh -c '! grep -q hunter2 events.db'
kill -KILL "$server"
wait "$server" 2>/dev/null
check "one that was killed leaves its socket" test -S s.sock

# ---- The examples' clients ----

serve
check "the next one takes its place" client stored
sample=$top/examples/sample.jsonl
lines=$(wc -l <"$sample")
before=$(audit-query -c)
example() { # NAME COMMAND...
	name=$1
	shift
	run "$@" <"$sample"
	is "$name: all is acknowledged" "$status $(cat err)" "0 "
	{ head -n 3 "$sample"; echo 'no event'; } >four
	run "$@" <four
	ends "$name: it says that one was refused" 1
	check "$name: and which" grep -q '4.*not-json' err
	run "$@" </dev/null
	ends "$name: nothing to send is fine" 0
}
example send.py python3 "$top/examples/client/send.py" s.sock
if command -v cc >/dev/null; then
	run cc -Wall -Wextra -Werror -O2 -o send "$top/examples/client/send.c"
	ends "send.c compiles" 0
	example send.c ./send s.sock
else
	skip "send.c" "no C compiler"
fi
if command -v socat >/dev/null || nc -h 2>&1 | grep -q OpenBSD; then
	example send.sh sh "$top/examples/client/send.sh" s.sock
else
	skip "send.sh" "neither socat nor OpenBSD's nc"
fi
is "each event is there once" "$(audit-query -c)" "$((before + lines))"

# ---- Clients that do as they should not ----

said=$(client hostile "$server" 2>&1) && ok "bad ones harm no good one: $said" || not_ok "bad ones harm no good one" "$said"
stop
ends "and it ends all the same" 3

# ---- Records of another product ----

rm -f "$db"
cat >trail.jsonl <<'END'
{"eventVersion":"1.08","eventID":"c-1","eventTime":"2026-04-23T18:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1"}
{"no":"record"}
END
serve --from cloudtrail
run python3 "$top/examples/client/send.py" s.sock <trail.jsonl
ends "mapped records, one a line" 1
check "what the mapping cannot take is refused" grep -q '^line 2: ' err
run audit-query -o jsonl --fields id,source,peer_uid
is "the others are its events" "$(cat out)" "{\"id\":\"c-1\",\"source\":\"cloudtrail\",\"peer_uid\":$(id -u)}"
stop
for format in auditd auto csv; do
	run auditd-ingest --listen s.sock --from $format
	refuses "--from $format is refused" 2 "a socket.* takes one JSON record a line"
done

# ---- Who may connect ----

me=$(id -u)
serve --allow-uid "$((me + 1)),$((me + 2))"
check "who is not named is told so" client refused
stop
ends "that is no failure" 0
serve --allow-uid "$((me + 1))" --allow-uid "$(id -un)"
check "who is named, by name, is let in" client stored
if [ "$me" -eq 0 ] && chmod 755 . && chmod 666 s.sock; then
	check "root: another user who is named" client as_user 1 welcome
	check "root: and one who is not" client as_user 2 refused
	is "each with its own uid" "$(audit-query -o jsonl --fields peer_uid id=as-1)" '{"peer_uid":1}'
else
	skip "another user" "only root can be two users"
fi
stop
serve --group "$(id -gn)"
is "the group can be chosen" "$(stat -c %G s.sock)" "$(id -gn)"
stop
ends "nothing came, nothing is wrong" 0

# ---- What does not go ----

for with in "--follow" "--strict" "--dry-run" "--restore" "--ack=omprog" "$sample"; do
	# shellcheck disable=SC2086 # no spaces
	run auditd-ingest --listen s.sock $with
	refuses "--listen with ${with##*/}" 2 "^auditd-ingest: --listen does not go together with"
done
run auditd-ingest --allow-uid 0 "$sample"
refuses "--allow-uid without --listen" 2 "--allow-uid is for --listen"
run auditd-ingest --listen s.sock --allow-uid nobody-of-this-name
refuses "an unknown user" 2 "--allow-uid nobody-of-this-name: there is no such user"
run auditd-ingest --listen s.sock --group nobody-of-this-name
refuses "an unknown group" 2 "--group nobody-of-this-name: there is no such group"
echo precious >s.sock
run auditd-ingest --listen s.sock
refuses "a file in the socket's place" 2 "s.sock: is there already, and is no socket"
is "is left alone" "$(cat s.sock)" precious
run auditd-ingest --listen "$(printf '%0200d' 0)"
refuses "a path that is too long" 2 "too long for a socket"
run auditd-ingest --listen nowhere/s.sock
refuses "a folder that is not there" 2 "nowhere/s.sock: No such file"

finish
