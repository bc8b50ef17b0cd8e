#!/bin/sh
# The examples for cron and systemd do what they say.

. "$(dirname "$0")/lib.sh"
need jq zstdcat

audit-query --version >/dev/null || exit 99
auditd-ingest -q "$top/examples/sample.jsonl"
run audit-verify --init-keys
key=$(cat out)
mkdir archive
cat >config.yaml <<END
db: $db
verifier_key: $key
checkpoint: {file: $work/checkpoint}
retention: [{action: debug.*, keep: 30d}]
archive: $work/archive
detect: {rules: login-lockout}
END
# Something whose time is over.
age() {
	echo '{"action":"debug.old","time":"2020-02-02T00:00:00Z","actor_id":"x","description":"'"$1"'"}' |
		auditd-ingest -q --db "$db" --source old
}
# Somebody tries passwords.
attack() { # ACCOUNT
	for second in 1 2 3 4 5; do
		printf '{"action":"sign in","time":"%s.%sZ","category":"AUTHENTICATION","outcome":"failure","actor_id":"%s","ip":"192.0.2.9"}\n' \
		    "$(date -u +%Y-%m-%dT%H:%M:%S)" $second "$1"
	done | auditd-ingest -q --db "$db" --source attack -
}
unset AUDIT_DB
logins=$(audit-query --db "$db" -c action=login)

# What each command leaves behind it.
works() { # WHAT COMMAND
	is "$1: $2" "$status $(cat out err)" "0 "
	AUDIT_CONFIG=$work/config.yaml audit-verify -o json >out 2>/dev/null
	case $2 in
	*audit-verify*)
		is "leaves nothing unsigned" "$(jq -r .status out)" verified
		is "and the checkpoint where it belongs" "$(sed -n 2p checkpoint)" "$(jq .signed_size out)"
		;;
	*audit-prune*)
		is "removes what is past its time" "$(audit-query --db "$db" -c action=debug.old)" 0
		is "keeps the rest" "$(audit-query --db "$db" -c action=login)" "$logins"
		is "has archived it" "$(cat archive/*.zst | zstdcat | jq -r 'select(.action == "debug.old").description' | sort -u)" "$1"
		check "and nothing is wrong" jq -e '.status != "failed"' out
		rm -r archive/*
		;;
	*audit-detect*)
		is "finds what there is to find, once" "$(audit-query --db "$db" -c channel=detect "target_id=$1")" 1
		check "and nothing is wrong" jq -e '.status != "failed"' out
		;;
	*) check "and nothing is wrong" jq -e '.status != "failed"' out ;;
	esac
}

# The lines of the crontabs, each as cron runs it: nearly no environment, /bin/sh.
table=$top/examples/cron/audit-toolkit
cat "$table" "$top/examples/cron/audit-detect" | grep '^[0-9*]' >lines
is "the crontabs have five lines" "$(wc -l <lines)" 5
is "and one environment" "$(grep '^[A-Z]' "$top/examples/cron/audit-detect")" "$(grep '^[A-Z]' "$table")"
check "with five times, a user and a command each" \
    sh -c '! grep -vqE "^([0-9*/,-]+ +){5} *audit-toolkit  *audit-[a-z]" lines'
check "who is the user of the services" \
    grep -q '^u audit-toolkit ' "$top/examples/sysusers.d/audit-toolkit.conf"
for unit in "$top"/examples/systemd/*.service; do
	name=${unit##*/}
	is "$name: has the store that the crontab has" "$(sed -n 's/^Environment=XDG_STATE_HOME=//p' "$unit")" \
	    "$(sed -n 's/^XDG_STATE_HOME=//p' "$table")"
done
is "and reads the configuration of the system" "$(sed -n 's/^AUDIT_CONFIG=//p' "$table")" /etc/audit-toolkit/config.yaml
age cron
attack cron
while read -r minute hour day month weekday user command; do
	case $command in *'%'*) not_ok "a percent sign means something to cron" ;; esac
	run env -i HOME=/ LOGNAME="$user" SHELL=/bin/sh PATH="$build:/usr/bin:/bin" \
	    AUDIT_CONFIG="$work/config.yaml" AUDIT_RULES="${AUDIT_RULES-}" /bin/sh -c "$command"
	works cron "$command"
done <lines
is "one of them changed the key" "$(jq .epochs out)" 2

# The commands of the services.
for unit in audit-sign audit-rotate-key audit-prune audit-detect; do
	sed -n 's/^ExecStart=//p' "$top/examples/systemd/$unit.service" >commands
	[ $unit != audit-prune ] || age $unit
	[ $unit != audit-detect ] || attack $unit
	while read -r command; do
		run env -i AUDIT_CONFIG="$work/config.yaml" AUDIT_RULES="${AUDIT_RULES-}" PATH="$build:/usr/bin:/bin" \
		    ${command#/usr/bin/}
		: >out # systemd throws it away
		works "$unit" "$command"
		check "$unit: the command is where it is installed" test "${command#/usr/bin/audit-}" != "$command"
	done <commands
	check "$unit: has a command" test -s commands
	check "$unit: has a timer" test -s "$top/examples/systemd/$unit.timer"
done

# The service that stays takes the place of the timer, which it ends.
unit=$top/examples/systemd/audit-detect-follow.service
command=$(sed -n 's,^ExecStart=/usr/bin/,,p' "$unit")
is "what follows ends what is run every minute" "$(sed -n 's/^Conflicts=//p' "$unit")" "audit-detect.timer audit-detect.service"
env -i AUDIT_CONFIG="$work/config.yaml" AUDIT_RULES="${AUDIT_RULES-}" PATH="$build:/usr/bin:/bin" $command >out 2>err &
follower=$!
attack audit-detect-follow
tries=0
until [ -s out ] || [ $tries -gt 200 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
kill -TERM $follower
status=0
wait $follower || status=$?
mv out followed && : >out
works audit-detect-follow "$command"
is "it has told of it while it ran" "$(jq -r .target_id followed)" audit-detect-follow

# An erasure that a hold puts off is carried out the night after it is lifted.
AUDIT_CONFIG=$work/config.yaml
export AUDIT_CONFIG
nightly=$(sed -n 's/^.* audit-toolkit *\(audit-erase .*\)/\1/p' "$table")
run audit-hold place --matter 17 --reason claim --actor bob@acme.example
run audit-erase --subject bob@acme.example --apply --reason 'request 88'
ends "a hold puts an erasure off" 3
held=$(audit-query -c --actor bob@acme.example)
run /bin/sh -c "$nightly"
ends "the night before it is lifted: not yet" 3
is "nothing that is held was touched" "$(audit-query -c --actor bob@acme.example)" "$held"
check "$held events" test "$held" -gt 0
run audit-hold lift --matter 17 --reason settled
run /bin/sh -c "$nightly"
is "the night after: it is" "$status $(cat out err)" "0 "
is "and nobody of that name is left" "$(audit-query -c --actor bob@acme.example)" 0
run /bin/sh -c "$nightly"
is "the next night has nothing to do" "$status $(cat out err)" "0 "
audit-verify -o json >out 2>/dev/null
is "the log is as it should be" "$(jq -r .status out)" unsigned
unset AUDIT_CONFIG

if command -v systemd-analyze >/dev/null; then
	mkdir units
	for unit in "$top"/examples/systemd/*; do
		# Where the programs are installed is not this test's to say.
		sed -E "s,/usr/bin/(auditd?-),$build/\\1," "$unit" >units/"${unit##*/}"
	done
	run systemd-analyze --man=no verify units/*.service units/*.timer
	case $(cat err) in
	*'ailed to'*'bus'* | *'ailed to initialize manager'* | *'ailed to setup'*) skip "systemd reads the units" "it cannot look here" ;;
	*) is "systemd reads the units without a word" "$status $(cat out err)" "0 " ;;
	esac
	for when in "$top"/examples/systemd/*.timer; do
		run systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$when")"
		ends "${when##*/}: a time that comes" 0
	done
else
	skip "systemd reads the units" "systemd-analyze is not installed"
fi

finish
