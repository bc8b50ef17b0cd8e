#!/bin/sh
# The programs restrict themselves: what the configuration says, what is told,
# and that a program cannot open what it has no business with.

. "$(dirname "$0")/lib.sh"
need strace python3

auditd-ingest -q "$top/examples/sample.jsonl"
run audit-query -V -v
have=$(sed -n 's/^sandbox: //p' out)
case $have in
*Landlock*seccomp*no_new_privs*) ;;
off) skip_all "built with sanitizers" ;;
*) skip_all "this kernel has no Landlock or no seccomp: $have" ;;
esac
run audit-query -V
check "the version says so only when asked" sh -c '! grep -q sandbox out'

run audit-query -c -v
check "it tells what is in force" grep -qx "audit-query: sandbox: $have" err

for mode in auto required; do
	echo "sandbox: $mode" >config.yaml
	run audit-query --config config.yaml -c
	is "$mode: the answer is there" "$status $(cat out)" "0 202"
done
echo "sandbox: off" >config.yaml
run audit-query --config config.yaml -c -v
check "off: nothing is in force" grep -qx "audit-query: sandbox: none" err
run audit-query --config config.yaml -V -v
check "and the version says so" grep -qx "sandbox: off" out
echo "sandbox: yes" >config.yaml
run audit-query --config config.yaml -c
refuses "another word is refused" 2 "config.yaml:1:10: sandbox: expected auto, required or off"

# In a program that may not restrict itself: auto goes on, required refuses.
# strace makes the kernel say that it knows none of these calls.
without() { # MODE CALLS
	echo "sandbox: $1" >config.yaml
	run strace -f -o trace -e "inject=$2:error=ENOSYS" audit-query --config config.yaml -c -v
}
if strace -o trace -e inject=getppid:error=ENOSYS true 2>/dev/null; then
	without auto landlock_create_ruleset,seccomp,prctl
	is "auto goes on without any" "$status $(cat out)" "0 202"
	check "and says so" grep -qx "audit-query: sandbox: none" err
	without auto landlock_create_ruleset
	is "auto goes on without Landlock" "$status $(cat out)" "0 202"
	check "with the rest" grep -qx "audit-query: sandbox: seccomp, no_new_privs" err
	without required landlock_create_ruleset
	refuses "required refuses without Landlock" 2 "sandbox: required, but Landlock is not to be had"
	without required seccomp,prctl
	refuses "required refuses without seccomp" 2 "sandbox: required, but no_new_privs is not to be had"
else
	skip "a kernel without them" "strace cannot change what calls return"
fi

# Every program is restricted before it reads what others have written: no
# file is opened for the first time behind it but those of the store.
restricted() { # COMMAND...
	run strace -f -o trace "$@"
	if ! grep -q 'landlock_restrict_self(.* = 0' trace; then
		not_ok "$1 restricts itself" "no landlock_restrict_self"
		return
	fi
	opened=$(sed -n '/landlock_restrict_self/,$p' trace | grep -E 'open(at)?\(' | grep -v -e ENOENT |
		sed 's/^[^"]*"\([^"]*\)".*/\1/' | grep -v -e "^$db" -e '^/dev/urandom$' -e '^/sys/devices/system/cpu' | sort -u)
	is "$1 restricts itself, and opens nothing else behind that" "$opened" ""
}
restricted audit-query -n 3
restricted audit-query -g 'fail.*' -o table
restricted audit-summary -o json
restricted audit-trail --identity alice@acme.example -o json
restricted audit-sessions --all -o json


# The others: nothing that they ask for behind it is refused.
works_inside() { # COMMAND...
	run strace -f -o trace "$@"
	if ! grep -q 'landlock_restrict_self(.* = 0' trace; then
		not_ok "$1 $2 restricts itself" "no landlock_restrict_self"
		return
	fi
	refused=$(sed -n '/landlock_restrict_self/,$p' trace | grep -e ' EACCES ' -e ' EPERM ' | head -n 3)
	is "$1 $2 restricts itself, and needs nothing more" "$status $refused" "0 "
}
works_inside auditd-ingest --receipt r.json "$top/examples/sample.jsonl"
works_inside audit-export -O all.jsonl.zst --manifest
works_inside audit-hold place --matter m1 --reason r action=login
works_inside audit-hold list
works_inside audit-hold lift --matter m1 --reason r
works_inside audit-erase --subject bob@acme.example
works_inside audit-verify --init-keys
works_inside audit-verify --sign
echo '{"action":"more"}' | auditd-ingest -q --assume-now --source more
printf 'sandbox: required\ncheckpoint:\n  command: [/bin/sh, -c, "cat >%s/sent"]\n' "$work" >config.yaml
run strace -o trace audit-verify --config config.yaml --sign
refused=$(sed -n '/landlock_restrict_self(.* = 0/,$p' trace | grep -e ' EACCES ' -e ' EPERM ')
is "signing is restricted although a command is given the checkpoint" \
    "$status $refused $(grep -c 'landlock_restrict_self(.* = 0' trace)" "0  1"
same "which has it" out sent
printf 'sandbox: required\nsessions: {hook: {command: [/bin/sh, -c, "cat >%s/told"]}}\n' "$work" >config.yaml
run strace -o trace audit-sessions --config config.yaml --revoke s-4a6f
refused=$(sed -n '/landlock_restrict_self(.* = 0/,$p' trace | grep -e ' EACCES ' -e ' EPERM ')
is "revoking is restricted although a hook is run" \
    "$status $refused $(grep -c 'landlock_restrict_self(.* = 0' trace) $(grep -c s-4a6f told)" "0  1 1"
works_inside audit-verify
works_inside audit-prune --older-than 60d --plan plan.json
mkdir archive
echo '{"action":"old","time":"2020-02-02T00:00:00Z"}' | auditd-ingest -q --source old
works_inside audit-prune --older-than 2000d --apply --archive-to archive --reclaim
is "with what was archived in its place" "$(find archive -name '*.zst' | wc -l)" 1

# The ways in that stay open.
traced() { # COMMAND...: in the background, $! is the tracer
	strace -f -o trace "$@" >out 2>err &
}
until_events() { # N FILTER: waits until so many are in the store
	tries=0
	while [ "$(audit-query -c "$2")" -lt "$1" ] && [ $tries -lt 400 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
}
stopped() { # NAME: the program ends when it is asked to, and nothing was refused it
	# Begins a line of the trace: the first process is the program.
	kill -TERM "$(sed -n '1s/ .*//p' trace)"
	wait $!
	status=$?
	refused=$(sed -n '/landlock_restrict_self(.* = 0/,$p' trace | grep -e ' EACCES ' -e ' EPERM ' | head -n 3)
	is "$1 needs nothing more" "$status $refused" "0 "
}
event() { # ACTION
	echo '{"action":"'"$1"'","time":"2026-06-01T00:00:00Z","id":"'"$1"'"}'
}
mkdir logs
event first >logs/a.log
traced auditd-ingest --source f --follow logs/a.log logs/later.log
until_events 1 source=f
mv logs/a.log logs/a.log.1
event second >logs/a.log
event third >logs/later.log
until_events 3 source=f
is "what is followed is read, renamed or come later" "$(audit-query -c source=f)" 3
stopped "following files"
traced auditd-ingest --source s --listen "$work/logs/s.sock"
tries=0
until [ -S logs/s.sock ] || [ $tries -ge 400 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
event sent | python3 "$top/examples/client/send.py" "$work/logs/s.sock" >sent 2>&1
is "a client's event is stored" "$(audit-query -c source=s)" 1
stopped "listening"
check "and its socket is gone" test ! -e logs/s.sock
mkdir elsewhere
event inside >elsewhere/in.jsonl
run auditd-ingest --source i - <elsewhere/in.jsonl
is "standard input that is a file elsewhere is read" "$status $(audit-query -c source=i)" "0 1"
event full >elsewhere/full.jsonl
run strace -f -o trace -e inject=pwrite64:error=ENOSPC:when=1 auditd-ingest --source d elsewhere/full.jsonl
refused=$(sed -n '/landlock_restrict_self(.* = 0/,$p' trace | grep -e ' EACCES ' -e ' EPERM ' | head -n 3)
is "a full disk is waited for, and the store opened again" "$status $refused $(grep -c ENOSPC trace) $(audit-query -c source=d)" "0  1 1"

# Its files, all the same.
run audit-query -i "$top/examples/sample.jsonl" -c
is "inputs are read" "$status $(cat out)" "0 202"
audit-query --cursor-file place -n 5 >first
run audit-query --cursor-file place -c
is "the cursor's file is read and written" "$status $(cat out)" "2 "
run audit-query --cursor-file place -o jsonl
is "and goes on where it was" "$(cat first out | sort -u | wc -l)" "$(audit-query -c)"

finish
