#!/bin/sh
# The units of the service: what systemd says about them, and that their users
# and folders are the ones that are made.

. "${0%/*}/../cli/lib.sh"
need systemd-analyze
units=$top/examples/systemd

# exposed UNIT LIMIT
exposed() {
	exposure=$(systemd-analyze security --offline=yes "$units/$1.service" 2>err |
		sed -n 's/^.*Overall exposure level[^:]*: \([0-9.]*\) .*$/\1/p')
	if [ -n "$exposure" ]; then
		check "$1 is exposed no more than $2 (it is $exposure)" awk "BEGIN { exit !($exposure <= $2) }"
		is "and no word of it is unknown" "$(grep -E "$1.*(nknown|gnor)" err)" ""
	else
		skip "$1 is exposed no more than $2" "this systemd cannot tell offline"
	fi
}
exposed audit-ingest 1.0
exposed audit-prune 1.0
# These start the command that publishes a checkpoint, over the network.
exposed audit-sign 1.3
exposed audit-rotate-key 1.3

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
for service in "$units"/*.service; do
	name=${service##*/}
	is "$name: its user is made by sysusers.d" "$(words User "$service")" "$users"
	store=$(words Environment "$service" | sed -n 's/^XDG_STATE_HOME=//p')/audit-toolkit
	check "$name: the store's folder, $store, is made by tmpfiles.d, for its user" \
	    grep -q "^d $store  *0750 $users " "$top/examples/tmpfiles.d/audit-toolkit.conf"
done
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
