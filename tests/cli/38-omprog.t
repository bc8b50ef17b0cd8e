#!/bin/sh
# --ack omprog: rsyslog gives a message, and gives the next one when it is
# answered.  With rsyslog itself too, by the example's configuration.

. "$(dirname "$0")/lib.sh"
need python3

# A plain dialogue: what rsyslog does, and when.
cat >dialogue.py <<'END'
import subprocess, sys, time
program = subprocess.Popen(["auditd-ingest", "-q", "--source", "syslog", "--ack", "omprog", "-"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
answer = program.stdout.readline
assert answer() == b"OK\n", "not ready"
start = time.monotonic()
for i in range(50):
    program.stdin.write(b'{"id":"%d","time":"2026-04-23T18:00:00Z","action":"log"}\n' % i)
    program.stdin.flush()
    assert answer() == b"OK\n", i
    if i % 20 == 0:
        count = subprocess.run(["audit-query", "-c"], stdout=subprocess.PIPE).stdout
        assert int(count) == i + 1, "answered before it was stored"
print("%.1f ms a message" % ((time.monotonic() - start) * 20))
# Many at once, some of them no events or blank: each is answered.
program.stdin.write(b"no event\n\n" * 100)
program.stdin.flush()
for i in range(200):
    assert answer() == b"OK\n", i
program.stdin.close()
assert answer() == b"", "more answers than lines"
sys.exit(program.wait())
END
run timeout 60 python3 dialogue.py
is "one answer a line, after its commit" "$status $(cat err)" "3 "
is "what is no event is in the quarantine" "$(audit-query --quarantine -o jsonl | wc -l)" 100

# The same for records that a mapping reads.
cat >mapped.py <<'END'
import subprocess, sys
program = subprocess.Popen(["auditd-ingest", "-q", "--from", "cloudtrail", "--db", "mapped.db", "--ack", "omprog"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for i in range(5):
    assert program.stdout.readline() == b"OK\n", i
    program.stdin.write(b'{"eventID":"%d","eventTime":"2026-04-23T18:00:00Z","eventSource":"s3","eventName":"Get"}\n' % i)
    program.stdin.flush()
program.stdin.close()
assert program.stdout.read() == b"OK\n", "one answer each"
sys.exit(program.wait())
END
run timeout 60 python3 mapped.py
is "records of other products are answered too" "$status $(audit-query --db mapped.db -c)" "0 5"

run auditd-ingest --ack omprog file.jsonl
refuses "a file gets no answers" 2 "--ack answers standard input, and takes no FILE"
echo '{}' >file.jsonl
run auditd-ingest --ack omprog - <file.jsonl
refuses "nor does one on standard input" 2 "standard input is a file"
run auditd-ingest --ack relp
refuses "another protocol" 2 "--ack relp: the one protocol is omprog"
run auditd-ingest --ack omprog --dry-run
refuses "a dry run stores nothing" 2 "--dry-run"
run auditd-ingest --ack omprog --explain
refuses "nor does an explanation" 2 "--ack does not go together with --explain"
echo '{"id":"full","time":"2026-04-23T18:00:00Z","action":"log"}' |
	auditd-ingest -q --ack omprog >/dev/full 2>err
is "answers that cannot be written end it" "$?" 2

# ---- rsyslog ----

PATH=$PATH:/usr/sbin
command -v rsyslogd >/dev/null || {
	skip "rsyslog" "rsyslog is not installed"
	finish
}
rm -f "$db"
# Only the program, its store and its log are others than in the example.
sed -e "s|/usr/bin/auditd-ingest|$(command -v auditd-ingest) -D $db|" -e "s|/var/log/|$work/|" \
    "$top/examples/rsyslog/60-audit-toolkit.conf" >60.conf
cat >rsyslog.conf <<END
global(workDirectory="$work" net.enabledns="off")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$work/log" CreatePath="on")
include(file="$work/60.conf")
END
run rsyslogd -N 1 -f "$work/rsyslog.conf"
ends "rsyslog understands the example" 0
rsyslogd -n -f "$work/rsyslog.conf" -i "$work/pid" >rsyslogd.out 2>&1 &
syslogd=$!
trap 'kill -KILL "$syslogd" 2>/dev/null; clean_up' EXIT
cat >log.py <<'END'
import socket, sys, time
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for _ in range(600):
    try:
        log.connect(sys.argv[1])
        break
    except OSError:
        time.sleep(0.1)
for i in range(200):
    log.send(b'<86>Apr 23 18:00:00 sshd[42]: session %d "opened" for user \xc3\xbc' % i)
log.send(b"<14>Apr 23 18:00:00 app: of another facility")
END
python3 log.py "$work/log"
tries=0
until [ "$(audit-query -q -c 2>/dev/null)" = 200 ] || [ $tries -gt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
run audit-query -c
is "what rsyslog receives is in the store" "$(cat out)" 200
run audit-query -n 1 -o jsonl --fields source,channel,action,severity,actor_id,actor_type 'description~session 7 '
is "as events" "$(cat out)" \
    '{"source":"syslog","channel":"authpriv","action":"log","severity":"info","actor_id":"sshd","actor_type":"service_account"}'
kill -TERM $syslogd
wait $syslogd
check "and it says nothing when it ends" test ! -s audit-toolkit-omprog.log

finish
