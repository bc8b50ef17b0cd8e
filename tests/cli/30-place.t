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
