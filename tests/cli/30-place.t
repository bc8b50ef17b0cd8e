#!/bin/sh
# Which store is meant: --db, $AUDIT_DB, the configuration, the default.

. "$(dirname "$0")/lib.sh"

for name in option variable named user; do
	echo '{"id":"1","time":"2026-05-01","action":"'$name'"}' |
		sed 's/05-01/&T00:00:00Z/' | auditd-ingest -q -D "$work/$name.db" --source t || exit 99
done
mkdir -p config/audit-toolkit state/audit-toolkit
echo "db: $work/named.db" >named.yaml

# where NAME WANTED-ACTION: the store that is asked
where() {
	is "$1" "$(audit-query --fields action -o csv 2>err | tail -n 1 | tr -d '\r')" "$2"
}

AUDIT_DB=$work/variable.db
where "the variable AUDIT_DB" variable
is "--db comes before it" "$(audit-query -D "$work/option.db" -c action=option)" 1
is "the configuration named comes after it" "$(audit-query --config named.yaml -c action=variable)" 1
unset AUDIT_DB
is "--config" "$(audit-query --config named.yaml -c action=named)" 1
AUDIT_CONFIG=named.yaml
export AUDIT_CONFIG
where "the variable AUDIT_CONFIG" named
unset AUDIT_CONFIG

if [ "$(id -u)" -eq 0 ]; then
	skip "the user's configuration" "root reads none"
	skip "the user's store" "root has another"
else
	echo "db: $work/user.db" >config/audit-toolkit/config.yaml
	where "the user's configuration" user
	rm config/audit-toolkit/config.yaml
	cp user.db state/audit-toolkit/audit.db
	where "the user's store" user
fi

# ---- Folders ----

if [ "$(id -u)" -ne 0 ]; then
	as_user() { "$@"; }
elif command -v setpriv >/dev/null; then
	as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	chmod 755 "$work"
	chmod 644 option.db
else
	as_user() { return 99; }
fi
mkdir -m 777 new
if as_user test -x "$build/auditd-ingest" 2>/dev/null; then
	XDG_STATE_HOME=$work/new/state
	run as_user audit-query -n 1
	refuses "a default store that is not there is told of" 2 'no such store (auditd-ingest makes one'
	echo '{"time":"2026-05-01T00:00:00Z","action":"new"}' >new.jsonl
	run as_user auditd-ingest -q - <new.jsonl
	ends "the default folder is made when it is missing" 0
	is "for nobody else" "$(stat -c %a new/state/audit-toolkit)" 750
	XDG_STATE_HOME=$work/state
	mkdir -m 755 closed
	run as_user auditd-ingest -D closed/new.db new.jsonl
	if [ "$(id -u)" -eq 0 ]; then
		refuses "a store that may not be made says why" 2 'closed: Permission denied'
	else
		skip "a store that may not be made says why" "the folder is our own"
	fi
else
	skip "the default folder is made when it is missing" "no other user can run the programs"
fi
run auditd-ingest -D none/new.db new.jsonl
refuses "a folder that was named is not made" 2 'No such file or directory'
: >empty.db
run audit-query -D empty.db
refuses "an empty file is no store yet" 2 'the file is empty'

# ---- Configurations that are refused ----

echo 'dbb: /x' >typo.yaml
run audit-query --config typo.yaml
refuses "an unknown key" 2 "typo.yaml:1:1: unknown key 'dbb'; the nearest is db"
run audit-query --config typo.yaml -D "$work/option.db"
refuses "is told even when nothing in the file is needed" 2 "typo.yaml:1:1: "
run audit-query --config missing.yaml
refuses "a file that was named must exist" 2 "missing.yaml: No such file"

# ---- Zones ----

run audit-query -D option.db --tz Mars/Phobos
refuses "an unknown time zone" 2 "Mars/Phobos"
run audit-query -D option.db --tz ../../../etc/passwd
refuses "a path is no time zone" 2 "no such time zone"
if [ -e /usr/share/zoneinfo/Asia/Tokyo ]; then
	is "--tz says what midnight is" "$(audit-query -D option.db --tz Asia/Tokyo --until 2026-04-30 -c)" 0
	is "of a day as well" "$(audit-query -D option.db --tz America/Lima --until 2026-04-30 -c)" 1
	TZ=America/Lima
	is "the environment does not" "$(audit-query -D option.db --until 2026-04-30 -c)" 0
	is "times for people are in the zone" \
	    "$(audit-query -D option.db --tz Asia/Tokyo -o table | grep -c '2026-05-01 09:00:00')" 1
	is "times for programs are not" \
	    "$(audit-query -D option.db --tz Asia/Tokyo -o jsonl | grep -c '"2026-05-01T00:00:00.000000Z"')" 1
else
	skip "zones" "tzdata is not installed"
fi

# ---- Standard streams ----

run sh -c 'audit-query -D option.db >&-'
ends "a closed standard output is an error" 2
cp option.db before.db
sh -c 'auditd-ingest --dry-run -q >&- 2>&- <&-'
sh -c 'audit-export -D option.db >&- 2>&- <&-'
check "and no store is mistaken for it" audit-query -D option.db -c action=option

finish
