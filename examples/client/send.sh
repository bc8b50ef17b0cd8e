#!/bin/sh
# send.sh: send events (JSON lines on standard input) to auditd-ingest and wait
# until they are committed.
#
#	send.sh [SOCKET] <events.jsonl
#
# Status 0: all are stored.  1: some were refused, the lines beginning with
# "nak" say which.  75: not all were acknowledged; send them again, those with
# an id are stored once.  Needs socat or OpenBSD's nc.
set -eu

socket=${1:-/run/audit-toolkit/ingest.sock}
answers=$(mktemp)
lines=$(mktemp)
trap 'rm -f "$answers" "$lines"' EXIT

# -t and -q: once everything is sent, wait for the answers to end.
awk 1 >"$lines"
if command -v socat >/dev/null 2>&1; then
	socat -t 60 STDIO "UNIX-CONNECT:$socket" <"$lines" >"$answers" || true
else
	nc -N -U "$socket" <"$lines" >"$answers" || true
fi

sent=$(wc -l <"$lines")
acked=$(sed -n 's/^ack //p' "$answers" | tail -n 1)
grep '^nak ' "$answers" >&2 && refused=1 || refused=0
[ "${acked:-0}" -ge "$sent" ] || {
	echo "send.sh: ${acked:-0} of $((sent)) acknowledged" >&2
	exit 75
}
exit "$refused"
