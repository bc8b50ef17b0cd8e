#!/bin/sh
# The examples for cron and systemd do what they say.

. "$(dirname "$0")/lib.sh"
need jq

audit-query --version >/dev/null || exit 99
auditd-ingest -q "$top/examples/sample.jsonl"
run audit-verify --init-keys
key=$(cat out)
cat >config.yaml <<END
db: $db
verifier_key: $key
checkpoint: {file: $work/checkpoint}
END
unset AUDIT_DB

# The lines of the crontab, each as cron runs it: nearly no environment, /bin/sh.
table=$top/examples/cron/audit-toolkit
grep '^[0-9*]' "$table" >lines
is "the crontab has two lines" "$(wc -l <lines)" 2
check "with five times, a user and a command each" \
    sh -c '! grep -vqE "^([0-9*/,-]+ +){5} *root  *[a-z]" lines'
is "and reads the configuration of the system" "$(sed -n 's/^AUDIT_CONFIG=//p' "$table")" /etc/audit-toolkit/config.yaml
while read -r minute hour day month weekday user command; do
	case $command in *'%'*) not_ok "a percent sign means something to cron" ;; esac
	run env -i HOME=/ LOGNAME="$user" SHELL=/bin/sh PATH="$build:/usr/bin:/bin" \
	    AUDIT_CONFIG="$work/config.yaml" /bin/sh -c "$command"
	is "cron: $command" "$status $(cat out err)" "0 "
	AUDIT_CONFIG=$work/config.yaml audit-verify -o json >out
	is "leaves nothing unsigned" "$(jq -r .status out)" verified
	is "and the checkpoint where it belongs" "$(sed -n 2p checkpoint)" "$(jq .signed_size out)"
done <lines
is "one of them changed the key" "$(jq .epochs out)" 2

# The commands of the services.
for unit in audit-sign audit-rotate-key; do
	service=$top/examples/systemd/$unit.service
	command=$(sed -n 's/^ExecStart=//p' "$service")
	check "$unit: the command is audit-verify" test "${command%% *}" = /usr/bin/audit-verify
	run env -i AUDIT_CONFIG="$work/config.yaml" PATH="$build:/usr/bin:/bin" audit-verify ${command#* }
	is "$unit: it works" "$status $(cat err)" "0 "
	check "$unit: has a timer" test -s "$top/examples/systemd/$unit.timer"
done

if command -v systemd-analyze >/dev/null; then
	mkdir units
	for unit in "$top"/examples/systemd/*; do
		# Where the programs are installed is not this test's to say.
		sed "s|/usr/bin/audit-verify|$build/audit-verify|" "$unit" >units/"${unit##*/}"
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
