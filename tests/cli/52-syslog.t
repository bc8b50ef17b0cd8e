#!/bin/sh
# syslog into a real rsyslog on a loopback socket: each event arrives as one
# message, in both framings; and by the example's configuration none is lost,
# whoever is killed.
#
# Modules of rsyslog elsewhere: RSYSLOG_MODULES, and LD_LIBRARY_PATH for theirs.

. "$(dirname "$0")/lib.sh"
need python3
PATH=$PATH:/usr/sbin
need rsyslogd
syslogd="python3 $top/tests/cli/syslogd.py"
modules=
[ -z "${RSYSLOG_MODULES-}" ] || modules="-M $RSYSLOG_MODULES"

pids=
trap '[ -z "$pids" ] || kill -KILL $pids 2>/dev/null; clean_up' EXIT

# start NAME: an rsyslogd by NAME.conf; $started is its process.
start() {
	# shellcheck disable=SC2086 # none or two words
	rsyslogd -n $modules -f "$work/$1.conf" -i "$work/$1.pid" >"$1.out" 2>&1 &
	started=$!
	pids="$pids $started"
}

# until_true COMMAND...: waits until it succeeds, 20 s at most.
until_true() {
	tries=0
	until "$@"; do
		sleep 0.1
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
	done
}

# has COUNT FILE: lines.
has() {
	[ -e "$2" ] && [ "$(wc -l <"$2")" -ge "$1" ]
}

# ---- A socket, both framings ----

python3 "$top/tests/cli/dialects.py" make 11 300 >hostile.jsonl
auditd-ingest -q --source app hostile.jsonl
audit-query -r -o jsonl >events

for framing in newline octets; do
	port=$($syslogd port)
	cat >socket.conf <<END
global(workDirectory="$work" net.enabledns="off" maxMessageSize="4m")
module(load="imptcp")
template(name="line" type="string" string="%rawmsg%\n")
template(name="parsed" type="string" string="%pri% %timestamp:::date-rfc3339% %hostname% %app-name% %msgid%\n")
ruleset(name="direct" queue.type="Direct") {
	action(type="omfile" file="$work/$framing.got" template="line")
	action(type="omfile" file="$work/$framing.parsed" template="parsed")
}
input(type="imptcp" address="127.0.0.1" port="$port" ruleset="direct" maxFrameSize="4000000")
END
	start socket
	audit-query -r -o syslog --framing $framing | $syslogd send "$port"
	until_true has 300 $framing.parsed
	run python3 "$top/tests/cli/dialects.py" syslog events $framing.got
	is "$framing: each event is one message, whole" "$status $(cat out err)" "0 300"
	is "$framing: rsyslog parses the header" "$(sed -n 1p $framing.parsed | cut -d ' ' -f 1,2)" \
	    "$(audit-query -r -n 1 -o syslog | sed 's/^<\([0-9]*\)>1 \([^ ]*\) .*/\1 \2/')"
	kill -TERM "$started"
	wait "$started"
done
check "both framings arrive as the same" cmp newline.got octets.got

# ---- Nothing is lost: the example ----

conf=$top/examples/rsyslog/70-audit-siem.conf
port=$($syslogd port)
mkdir spool forwarder collector
{
	echo "global(workDirectory=\"$work/collector\" net.enabledns=\"off\" maxMessageSize=\"4m\")"
	echo 'module(load="imrelp" ruleset="direct")'
	echo 'template(name="line" type="string" string="%rawmsg%\n")'
	echo "ruleset(name=\"direct\" queue.type=\"Direct\") {
		action(type=\"omfile\" file=\"$work/collected\" template=\"line\") }"
	echo "input(type=\"imrelp\" address=\"127.0.0.1\" port=\"$port\")"
} >collector.conf
{
	echo "global(workDirectory=\"$work/forwarder\" net.enabledns=\"off\" maxMessageSize=\"4m\")"
	sed -e "s|/var/spool/audit-siem|$work/spool|" -e 's/collector.example.com/127.0.0.1/' -e "s/2514/$port/" "$conf"
} >forwarder.conf
# shellcheck disable=SC2086 # none or two words
if rsyslogd -N 1 $modules -f "$work/collector.conf" >/dev/null 2>&1; then
	relp=yes
	run rsyslogd -N 1 $modules -f "$work/forwarder.conf"
	ends "rsyslog understands the example" 0
else
	relp=no
	skip "rsyslog understands the example" "rsyslog-relp is not installed"
	# The same without the network: who reads the spool is the collector.
	sed -e '/omrelp")/d' -e 's/type="omrelp"/type="omfile"/' -e "s|target=.*|file=\"$work/collected\"|" \
	    -e '/port=/d' -e 's/%msg%/%msg%\\n/' forwarder.conf >plain.conf
	mv plain.conf forwarder.conf
fi

# The export that runs every minute, killed every other time, at any moment of
# its work.
rm "$db"
seq 1 1000 | sed 's/.*/{"id":"n&","time":"2026-04-23T18:00:00Z","action":"read","actor_id":"a|b]\\"\\\\\\n","reason":"ü"}/' >app.jsonl
feed() { # PART
	auditd-ingest -q --source app "$1"
	audit-export -q --cursor-file cursor -o syslog -O spool/ 'action!=audit.export' &
	export=$!
	case $1 in *a) ;; *c) sleep 0.004 ;; *e) sleep 0.008 ;; *) sleep 0.03 ;; esac
	kill -KILL $export 2>/dev/null
	wait $export
	echo "ended $?"
	audit-export -q --cursor-file cursor -o syslog -O spool/ 'action!=audit.export'
}
[ $relp = no ] || start collector
collector=$started
start forwarder
forwarder=$started
split -l 200 app.jsonl part.
kills=0
for part in part.*; do
	feed "$part" >>feed.out 2>&1
	# Whoever sends or receives it is killed in the middle.
	kills=$((kills + 1))
	sleep "0.0$kills"
	if [ $relp = yes ] && [ $((kills % 2)) = 0 ]; then
		kill -KILL "$collector"
		wait "$collector" 2>/dev/null
		start collector
		collector=$started
	else
		kill -KILL "$forwarder"
		wait "$forwarder" 2>/dev/null
		start forwarder
		forwarder=$started
	fi
	until_true has $((kills * 50)) collected
done
check "exports were killed" grep -q "ended 137" feed.out
seq 1 1000 | sed 's/^/n/' | sort >wanted
all_there() {
	has 1000 collected && $syslogd ids collected 2>/dev/null | sort -u | cmp -s - wanted
}
until_true all_there
$syslogd ids collected | sort >arrived
sort -u arrived >got
same "every event has arrived, and none was torn or made up ($(uniq -d arrived | wc -l) came twice)" got wanted
is "no file of the spool is half a one" "$(find spool -name '*.syslog' -exec tail -c 1 {} \; | tr -d '\n')" ""

# ---- The other way round: the cursor moves when the receiver has confirmed ----

cat >server.py <<'END'
import http.server, os, signal, sys
count = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("posted", "ab") as file:
            file.write(body)
        if os.path.exists("die"):
            os.unlink("die")
            os.kill(os.getpid(), signal.SIGKILL)  # taken, and not confirmed
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
END
if command -v curl >/dev/null; then
	port=$($syslogd port)
	serve() {
		python3 server.py "$port" 2>/dev/null &
		pids="$pids $!"
		until_true sh -c "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", $port))' 2>/dev/null"
	}
	# As audit-cookbook(7) has it.
	post() {
		cp -f sent.cursor next.cursor 2>/dev/null || rm -f next.cursor
		audit-query --cursor-file next.cursor -o ecs >batch || return
		curl -sf --data-binary @batch "http://127.0.0.1:$port/" && mv next.cursor sent.cursor
	}
	serve
	check "a batch is confirmed" post
	echo '{"id":"late","time":"2026-04-23T18:00:00Z","action":"read"}' | auditd-ingest -q --source app
	: >die
	post 2>/dev/null
	check "a receiver that dies confirms nothing" test ! -e die
	serve
	check "the batch is sent again" post
	is "and it is there" "$(grep -c '"id":"late"' posted)" 2
	post
	is "once it is confirmed it is not sent again" "$(grep -c '"id":"late"' posted)" 2
	kill -KILL $pids 2>/dev/null
else
	skip "a receiver by HTTP" "curl is not installed"
fi

finish
