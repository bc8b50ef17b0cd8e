#!/bin/sh
# Every stored event has the content of the line it came from: real logs as
# they are, where most lines are no events yet; the same lines with an action
# and a time put before them, so that all of them are stored; and hard cases
# of our own.

. "$(dirname "$0")/lib.sh"
need python3 jq

# NAME FILE: stored, compared, and what was refused has the reasons it should.
content() {
	name=$1 file=$2
	rm -f "$db"
	run auditd-ingest --from jsonl --receipt receipt.json "$file"
	case $status in 0|3) ;; *) not_ok "$name: goes in" "status $status"; return ;; esac
	is "$name: every line is stored or kept in quarantine" \
	    "$(($(receipt stored) + $(receipt quarantined)))" "$(grep -c . "$file")"
	audit-query -r -o jsonl >stored.jsonl
	if python3 "$top/tests/cli/content.py" "$file" stored.jsonl >wanted 2>said; then
		ok "$name: content as it went in ($(cat said))"
	else
		cp said err
		not_ok "$name: content as it went in"
		return
	fi
	audit-query --quarantine -o jsonl | jq -r .reason | sort | uniq -c | awk '{ print $2, $1 }' >reasons
	same "$name: reasons of what was refused" reasons wanted
	jq -c . stored.jsonl >plain 2>err
	is "$name: jq reads what came out" "$(wc -l <plain)" "$(wc -l <stored.jsonl)"
}

# ---- our own hard cases ----

cat >hard.jsonl <<'END'
{"action":"numbers","time":"2026-05-01T00:00:00Z","context":{"big":12345678901234567890,"r":0.1,"e":1E400,"z":-0,"f":1.0,"s":-0.0e-0,"l":[1E400,{"n":0.10}]}}
{"action":"order","time":"2026-05-01T00:00:01Z","context":{"z":1,"a":2,"m":{"y":1,"b":2}},"changes":{"before":{"z":1.50},"after":{"a":2e1}}}
{"zeta":1,"action":"unknown keys","alpha":{"b":[],"a":{}},"time":"2026-05-01T00:00:02Z","nil":null,"é\u0000":"\u0001\u007f\ud83d\ude00\/"}
{"event":"aliases","timestamp":1777593603,"user":{"id":7,"name":"N","email":"n@x.example","team":"red"},"source_ip":"::ffff:192.0.2.1","resource":"r","success":false,"details":{"k":"v"}}
{"event":"login","action":"canonical wins","created_at":"1777593604000","time":"2026-05-01T02:00:04+0200","user_id":"u","actor":"a","actor_id":"id"}
{"action":"digits","time":"2026-05-01 00:00:05.123456789Z","severity":"grave","outcome":"perhaps","status":"weird","duration_ms":1.50}
{"action":"digits","time":"2026-05-01t00:00:06,5z","severity":"ERR","outcome":"OK","status":404,"context":"no object"}
{"action":"collision","time":1777593607123,"path":"p","resource":"r","context":{"resource":"mine"}}
{"action":"","time":"2026-05-01T00:00:08Z"}
{"time":"2026-05-01T00:00:08Z"}
{"action":"x"}
{"action":"x","time":"never"}
{"action":"x","time":{"at":1}}
["action"]
END
content "hard cases" hard.jsonl
audit-query -o jsonl action=numbers >numbers
check "numbers keep every character" grep -qF \
    '{"big":12345678901234567890,"r":0.1,"e":1E400,"z":-0,"f":1.0,"s":-0.0e-0,"l":[1E400,{"n":0.10}]}' numbers
content "the sample" "$top/examples/sample.jsonl"

# ---- real logs ----

if [ -z "${AUDIT_CORPORA-}" ] || [ ! -d "$AUDIT_CORPORA" ]; then
	skip "real logs" "AUDIT_CORPORA names no folder"
	finish
fi

cat >as_events.py <<'END'
"""Puts an action and a time before each line, and moves its own out of the way."""
import re, sys
for number, line in enumerate(open(sys.argv[1], "rb")):
    line = line.strip()
    if not line.startswith(b"{") or line == b"{}":
        continue
    line = re.sub(rb'"(action|time)"(\s*:)', rb'"\1 of it"\2', line)
    sys.stdout.buffer.write(b'{"action":"imported","time":%d,' % (1777593600 + number) + line[1:] + b"\n")
END

for file in "$AUDIT_CORPORA"/github/panther/*.jsonl "$AUDIT_CORPORA"/windows/otrf/*.json \
    "$AUDIT_CORPORA"/cloudtrail/otrf/*.json "$AUDIT_CORPORA"/cloudtrail/panther/*.jsonl \
    "$AUDIT_CORPORA"/kubernetes/panther/*.jsonl "$AUDIT_CORPORA"/gcp/panther/*.jsonl \
    "$AUDIT_CORPORA"/journald/fluent/*.json; do
	name=${file#"$AUDIT_CORPORA"/}
	content "$name" "$file"
	python3 as_events.py "$file" >events.jsonl
	content "$name as events" events.jsonl
	case $name in github*) ;; *) is "$name as events: all are stored" \
	    "$(receipt quarantined)" 0 ;; esac
done

finish
