#!/bin/sh
# The units of the service: what systemd says about them, and that their users
# and folders are the ones that are made.

. "${0%/*}/../cli/lib.sh"
need systemd-analyze
units=$top/examples/systemd

exposure=$(systemd-analyze security --offline=yes "$units/audit-ingest.service" 2>err |
	sed -n 's/^.*Overall exposure level[^:]*: \([0-9.]*\) .*$/\1/p')
if [ -n "$exposure" ]; then
	check "the service is exposed no more than 1.0 (it is $exposure)" \
	    awk 'BEGIN { exit !('"$exposure"' <= 1.0) }'
	is "and no word of it is unknown" "$(grep -E 'audit-ingest.*(nknown|gnor)' err)" ""
else
	skip "the service is exposed no more than 1.0" "this systemd cannot tell offline"
fi

# Programs and manuals are not installed where the units look for them.
systemd-analyze verify "$units/audit-ingest.service" "$units/audit-ingest.socket" >out 2>&1
is "both are understood" "$(grep 'audit-ingest' out | grep -v -e 'is not executable' -e "Command 'man ")" ""

check "what PrivateUsers= would hide is not hidden" sh -c "! grep -q '^PrivateUsers=' '$units/audit-ingest.service'"

# words KEY FILE: the values of a key.
words() {
	sed -n "s/^$1=//p" "$2" | sort -u
}
users=$(awk '$1 == "u" { print $2 }' "$top/examples/sysusers.d/audit-toolkit.conf")
groups=$(awk '$1 == "g" { print $2 }' "$top/examples/sysusers.d/audit-toolkit.conf" | sort)
is "the user is made by sysusers.d" "$(words User "$units/audit-ingest.service")" "$users"
is "the socket's user too" "$(words SocketUser "$units/audit-ingest.socket")" "$users"
is "and the groups" "$({
	words Group "$units/audit-ingest.service"
	words SocketGroup "$units/audit-ingest.socket"
} | sort)" "$groups"
folder=$(words ListenStream "$units/audit-ingest.socket")
check "the socket's folder is made by tmpfiles.d" \
    grep -q "^d ${folder%/*} " "$top/examples/tmpfiles.d/audit-toolkit.conf"
is "the service listens where the socket is" \
    "$(words ExecStart "$units/audit-ingest.service" | sed 's/.*--listen \([^ ]*\).*/\1/')" "$folder"

finish
