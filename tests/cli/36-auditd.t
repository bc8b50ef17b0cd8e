#!/bin/sh
# auditd-ingest --from auditd: records become events once, however they come.
. "$(dirname "$0")/lib.sh"
need python3

ingest() { # with a receipt in receipt.json
	rm -f receipt.json
	run auditd-ingest --receipt receipt.json --from auditd "$@"
}

stored() { # all events, without what only the time of reading decides
	audit-query --no-pager -o jsonl -D "$1" | sed 's/"ingested":"[^"]*",//; s/"source":"[^"]*",//' | sort
}

query() { # of the only store
	audit-query --no-pager "$@"
}

# The time is ahead, so that what is incomplete at the end of a file waits.
now=$(($(date +%s) + 3600))
call() { # SERIAL
	printf 'type=SYSCALL msg=audit(%d.100:%d): arch=c000003e syscall=59 success=yes exit=0 items=1 ppid=8 pid=9 auid=1000 uid=0 tty=pts0 ses=3 comm="ls" exe="/bin/ls" key="exec"\035AUID="amy"\n' "$now" "$1"
}
path() { printf 'type=PATH msg=audit(%d.100:%d): item=0 name="/bin/ls" inode=1 mode=0100755 nametype=NORMAL\n' "$now" "$1"; }
title() { printf 'type=PROCTITLE msg=audit(%d.100:%d): proctitle=6C73002D6C\n' "$now" "$1"; }
login() { printf 'type=USER_LOGIN msg=audit(%d.200:%d): pid=7 uid=0 auid=1000 ses=3 msg='\''op=login acct="amy" addr=192.0.2.1 terminal=ssh res=success'\''\n' "$now" "$1"; }

{
	call 1; call 2; path 1; login 3; path 2; title 2; title 1
	echo 'no record'
	path 4; call 5; path 5; call 4; title 5; title 4
	echo; login 6; call 7; path 7
	echo 'type=CWD msg=audit(1.0): cwd="/"'
	title 7; login 8
} >audit.log
size=$(wc -c <audit.log)

ingest audit.log
ends 'a log with faulty lines is stored, and that is said' 3
is 'an event for each serial' "$(receipt stored)" 8
is 'faulty lines are quarantined' "$(receipt quarantined) $(receipt no-action) $(receipt bad-time)" '2 1 1'
is 'with their places' "$(query --quarantine -o jsonl | sed 's/.*"line":\([0-9]*\),"reason":"\([^"]*\)".*/\1 \2/' | sort -n | tr '\n' ' ')" \
    '8 no-action 19 bad-time '
is 'who logged in is the actor' "$(query -c --actor uid:1000 --action process.execute --effective uid:0)" 5
is 'no record is missing' "$(query -o jsonl | grep -c missing)" 0
is 'the source is auditd, whatever the file is called' "$(query -c --source auditd)" 8
run auditd-ingest --from auditd --dry-run audit.log
is 'a dry run prints the same events' "$(sed 's/"source":"[^"]*",//' out | sort)" "$(stored "$db")"
run auditd-ingest --from auto --dry-run audit.log
is 'the log is recognised' "$(wc -l <out)" 8

ingest audit.log
is 'read again nothing is added' "$status $(receipt read)" '0 0'
ingest <audit.log
is 'nor by standard input' "$(receipt stored)" 0
cat audit.log | ingest
is 'nor by a pipe' "$(receipt stored) $(receipt duplicates)" '0 8'
{ call 9; sleep 0.5; path 9; title 9; } | ingest --source slow
is 'a pause within an event does not end it' "$(receipt stored) $(query -o jsonl --source slow | grep -c missing)" '1 0'
gzip -c audit.log >audit.log.1.gz
ingest audit.log.1.gz
is 'nor from a compressed copy' "$(receipt stored)" 0

# In pieces of every kind: nothing is lost, nothing is there twice.
pieces() { # -n|-c COUNT...: the log grows so
	unit=$1
	shift
	rm -f grow.db* audit.piece
	for at; do
		head "$unit" "$at" audit.log >audit.piece
		touch -d '1 hour' audit.piece
		auditd-ingest -q --from auditd -D grow.db audit.piece 2>>pieces.err
	done
	stored grow.db >got
}
stored "$db" | grep -v :9\" >want
head -n 3 audit.log >audit.piece
touch -d '1 hour' audit.piece
ingest -D first.db audit.piece
is 'an event that may get more records is left' "$(receipt stored)" 0
pieces -n $(seq 0 21)
same 'a log that grows by lines' got want
is 'its faulty lines came once' "$(query --quarantine -o jsonl -D grow.db | wc -l)" 2
pieces -n 2 3 5 8 9 12 16 21
same 'by several' got want
pieces -c 1 40 300 700 701 1000 1500 1900 2000 2500 "$size"
same 'a log that grows within lines' got want
head -c $((size - 1)) audit.log >audit.piece
touch -d '1 hour' audit.piece
auditd-ingest -q --from auditd -D end.db audit.piece 2>>pieces.err
is 'a last line without newline is left' "$(query -c -D end.db)" 7
touch -d '1 minute ago' audit.piece
auditd-ingest -q --from auditd -D end.db audit.piece 2>>pieces.err
stored end.db >got
same 'but taken from a file that nobody writes to' got want
cp audit.log audit.piece
auditd-ingest -q --from auditd -D end.db audit.piece 2>>pieces.err
is 'and its newline is nothing more' "$(query -c -D end.db)" 8

# Rotation within events: what is in the other file is an event of its own.
mkdir rotated
{ login 1; call 2; path 2; call 3; title 3; } >rotated/audit.log
touch -d '1 hour' rotated/audit.log
auditd-ingest -q --from auditd -D rotated.db rotated/audit.log
is 'before the rotation' "$(query -c -D rotated.db)" 2
mv rotated/audit.log rotated/audit.log.1
{ title 2; login 4; call 5; title 5; } >rotated/audit.log
touch -d '1 minute ago' rotated/*
auditd-ingest -q --from auditd -D rotated.db rotated/audit.log.1 rotated/audit.log
is 'nothing is refused' "$?" 0
is 'what is behind the rotation has the id of its event in its own' \
    "$(query -c -D rotated.db 'id~:2\+PROCTITLE-')" 1
is 'all others are there once' "$(query -o jsonl -D rotated.db --fields id | grep -c ':[12345]"')" 5

# Kernel logs.
printf '%s\n' '[    1.234567] audit: type=1400 audit(1700000000.123:7): apparmor="DENIED" operation="open" profile="p" name="/etc/shadow" comm="c"' \
    'Nov 14 22:13:20 web1 kernel: [    1.3] audit: type=1400 audit(1700000000.123:8): apparmor="DENIED" operation="open" profile="p" name="/x" comm="c"' \
    'Nov 14 22:13:20 web1 sshd[7]: Invalid user x audit: type=1100 audit(1700000000.123:9): res=success' >kern.log
touch -d '1 minute ago' kern.log
ingest -D kernel.db kern.log
is 'records in the log of the kernel are read, what others wrote is not' "$status $(receipt stored) $(receipt quarantined)" '3 2 1'
is 'the host is there' "$(query -c -D kernel.db --host web1 --outcome failure)" 1

# Secrets.
hex() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F; }
{
	printf 'type=TTY msg=audit(1700000000.100:1): tty pid=1 uid=0 auid=1000 ses=1 major=136 minor=0 comm="bash" data=%s\n' "$(hex hunter2)"
	printf 'type=SYSCALL msg=audit(1700000000.200:2): arch=c000003e syscall=59 success=yes\n'
	printf 'type=EXECVE msg=audit(1700000000.200:2): argc=3 a0="mysql" a1="--password" a2="hunter2"\n'
	printf 'type=PROCTITLE msg=audit(1700000000.200:2): proctitle=6D7973716C002D2D70617373776F726400%s\n' "$(hex hunter2)"
	printf 'type=USER_CMD msg=audit(1700000000.300:3): pid=1 uid=1 auid=1 msg='\''cwd="/" cmd=%s terminal=pts/0 res=success'\''\n' \
	    "$(hex 'mysql --password=hunter2')"
	printf 'type=TTY msg=audit(1700000000): tty pid=1 data=%s\n' "$(hex hunter2)"
	printf 'type=EXECVE msg=audit(1700000000): argc=3 a0="mysql" a1="--password" a2="hunter2"\n'
} >secret.log
touch -d '1 minute ago' secret.log
ingest -D secret.db secret.log
is 'events with secrets are stored' "$(receipt stored) $(receipt quarantined)" '3 2'
query -o jsonl -D secret.db >events
query --quarantine -o jsonl -D secret.db >>events
is 'keystrokes and passwords of command lines are in none of them' \
    "$(grep -c -e hunter2 -e "$(hex hunter2)" -e "$(hex hunter2 | tr A-F a-f)" events)" 0
check 'that somebody typed is seen' grep -q '"keystrokes":"\[REDACTED:keystrokes\]"' events
is 'nor in the file' "$(grep -c -a -e hunter2 -e "$(hex hunter2)" secret.db)" 0
run auditd-ingest --from auditd --no-redact keystrokes --dry-run secret.log
check 'who wants keystrokes has them' grep -q '"keystrokes":"hunter2"' out

# As a plugin of auditd: a socket, SIGHUP, SIGTERM with records on their way.
cat >auditd.py <<'END'
"""Plays auditd: sends records, SIGHUP, records, and SIGTERM at once."""
import signal, socket, subprocess, sys, time
ours, theirs = socket.socketpair()
serial = 0

def send(events):
    global serial
    for _ in range(events):
        serial += 1
        stamp = "msg=audit(1700000%03d.000:%d): " % (serial % 1000, serial)
        ours.sendall(("type=SYSCALL %sarch=c000003e syscall=59 success=yes pid=%d\n"
                      "type=CWD %scwd=\"/\"\ntype=EOE %s\n" % (stamp, serial, stamp, stamp)).encode())

plugin = subprocess.Popen(["auditd-ingest", "--from=auditd", "-D", sys.argv[1]] + sys.argv[2:], stdin=theirs)
theirs.close()

def wait_for(events):
    """Until so many are stored."""
    for _ in range(600):
        said = subprocess.run(["audit-query", "-c", "-D", sys.argv[1]], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout
        if said.strip() == b"%d" % events:
            return
        time.sleep(0.05)
    sys.exit("not stored in time: %d" % events)

send(10)
wait_for(10)
plugin.send_signal(signal.SIGHUP)
send(90)
wait_for(100)
ours.sendall(b"type=SYSCALL msg=audit(1700001500.000:5000): arch=c000003e syscall=59 success=yes\n")
wait_for(101) # quiet: taken as complete
send(400)
plugin.send_signal(signal.SIGTERM)
sys.exit(plugin.wait())
END
run python3 auditd.py dash.db -
ends 'a plugin that is told to read standard input outlives SIGHUP too' 0
run python3 auditd.py plugin.db
ends 'a plugin outlives SIGHUP and ends by SIGTERM' 0
is 'what was sent before is stored' "$(query -c -D plugin.db)" 501
check 'and says so once' grep -q '501 stored' err

# The real logs.
if [ -z "${AUDIT_CORPORA-}" ]; then
	skip 'the real logs are read' 'AUDIT_CORPORA is not set'
	finish
fi
for log in "$AUDIT_CORPORA"/auditd/go-libaudit/auparse/testdata/*.log "$AUDIT_CORPORA"/auditd/go-libaudit/testdata/*.log \
    "$AUDIT_CORPORA"/auditd/otrf/*.log "$AUDIT_CORPORA"/auditd/plaso/*.log; do
	name=$(basename "$log")
	rm -f real.db*
	ingest -D real.db "$log"
	first="$(receipt stored) $(receipt quarantined)"
	is "$name: no event is a conflict" "$(receipt conflict)" ''
	check "$name: there are events" test "${first% *}" -gt 0
	ingest -D real.db "$log"
	is "$name: read again, nothing" "$(receipt read)" 0
	source=$(query -D real.db -o jsonl -n 1 --fields source | sed 's/.*:"\(.*\)"}/\1/')
	cat "$log" | ingest -D real.db --source "$source"
	is "$name: through a pipe, the same" "$(receipt stored) $(receipt duplicates) $(receipt quarantined)" "0 $first"
done
finish
