#!/bin/sh
# A revocation is in the log before the application is told, and how that ended
# behind it; one that was not told is found and told again.

. "$(dirname "$0")/lib.sh"
need jq

ago() {
	date -u -d "-$1 minutes" +%Y-%m-%dT%H:%M:%SZ
}
login() { # MINUTES-AGO SESSION ACTOR [MORE...]
	printf '{"time":"%s","action":"login","outcome":"success","session_id":"%s","actor_id":"%s"%s}\n' \
	    "$(ago "$1")" "$2" "$3" "${4:+,$4}"
}
{
	login 19 s1 u1 '"actor_email":"ann@acme.example","tenant":"acme"'
	login 18 s2 u1 '"actor_email":"ann@acme.example","tenant":"acme"'
	login 17 s3 u2
	login 16 s4 'u*'
	login 15 s5 u5
	login 14 s6 u6
	login 13 7 u7 '"host":"h1"'
	login 12 7 u8 '"host":"h2"'
} | auditd-ingest -q --source portal
login 11 s5 u9 | auditd-ingest -q --source vpn

state() { # SESSION [FILTER...]
	session=$1
	shift
	audit-sessions --all "$@" | jq -r "select(.session_id == \"$session\").state" | tr '\n' ' '
}
records() { # FILTER of jq
	audit-query -r -o jsonl --source audit-toolkit action='session.*' | jq -c "$1"
}

# ---- Without a hook ----

run audit-sessions --revoke s1 --reason 'stolen laptop' --dry-run
is "a dry run lists it" "$status $(jq -r .session_id out) $(cat err)" "0 s1 "
is "and does nothing" "$(state s1)$(records .)" "live "
run audit-sessions --revoke s1 --reason 'stolen laptop'
is "it is revoked" "$status $(cat out)" "0 s1 of ann@acme.example: revoked"
is "and said that nobody is told" "$(cat err)" \
    "audit-sessions: no hook is configured (audit-toolkit.yaml(5)): the application was not told"
is "as the list has it" "$(state s1)" "revoked "
is "the record" "$(records '[.action, .category, .outcome, .session_id, .tenant, .target_type, .target_id, .target_name, .reason,
    .context.session, .context.hook]')" '["session.revoke","COMPLIANCE","success","s1","acme","session","s1","ann@acme.example","stolen laptop",{"source":"portal","tenant":"acme","user":"ann@acme.example","actor_id":"u1"},false]'
run audit-verify -q
ends "the log verifies" 0

# What the operator must see.
printf '{"time":"%s","action":"read","session_id":"s1","tenant":"acme","actor_id":"u1","outcome":"failure"}\n' \
    "$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%S.9Z)" | auditd-ingest -q --source portal
is "who was refused did not use it" "$(audit-sessions --user u1 | jq -r .session_id)" s2
printf '{"time":"%s","action":"read","session_id":"s1","tenant":"acme","actor_id":"u1"}\n' \
    "$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%S.9Z)" | auditd-ingest -q --source portal
is "used after it was revoked: told, and in use" \
    "$(audit-sessions --user u1 | jq -c 'select(.session_id == "s1") | [.state, .used_after != null]')" '["revoked",true]'
audit-sessions -o table --user u1 >out
check "in the table too" grep -q '^ann@acme.example *revoked, used since ' out

# ---- Which one ----

run audit-sessions --revoke s11
refuses "an id that is not there" 2 "--revoke s11: no session has this id; did you mean s1?"
run audit-sessions --revoke s5
refuses "an id in two places" 2 "say which with --source, --tenant or --host"
run audit-sessions -q --revoke s5 --source vpn
is "which is said by a filter" "$status $(cat out) $(state s5 --source vpn)$(state s5 --source portal)" \
    "0 s5 of u9: revoked revoked live "
run audit-sessions -q --revoke 7 --host h2
is "also of hosts that count" "$status $(cat out) $(state 7 --host h1)$(state 7 --host h2)" "0 7 of u8: revoked live revoked "
run audit-sessions --revoke-all-for ann@acme.exmaple
refuses "a user who is not there" 2 "no session of this user is known; did you mean ann@acme.example?"
run audit-sessions -q --revoke-all-for 'u*'
is "a user is no pattern" "$status $(cat out) $(state s3)$(state s4)" "0 s4 of u*: revoked live revoked "
run audit-sessions --revoke-all-for 'u*'
is "all are revoked already" "$status $(cat out) $(cat err)" "0  audit-sessions: no session of u* is in use"
run audit-sessions -q --revoke s3 --revoke s6 --revoke s3
is "several at once, each once" "$status $(tr '\n' ' ' <out)" "0 s3 of u2: revoked s6 of u6: revoked "

run audit-sessions --revoke s1 --revoke-all-for u1
refuses "one thing at a time" 2 "one of them at a time"
run audit-sessions --reason why
refuses "a reason for nothing" 2 "--reason belongs to"
run audit-sessions --dry-run
refuses "a dry run of nothing" 2 "--dry-run belongs to"
run audit-sessions --revoke s1 --all
refuses "the list's options" 2 "are for the list"
run audit-sessions --retry
refuses "--retry without a hook" 2 "no hook is configured"
if [ "$(id -u)" != 0 ]; then
	chmod a-w "$db" .
	run audit-sessions --revoke s2
	chmod u+w "$db" .
	refuses "a store that can only be read" 4 "cannot be recorded is refused"
else
	skip "a store that can only be read" "root can write everything"
fi

# ---- With a hook ----

rm "$db"
for n in 1 2 3 4 5 6 7 8; do
	login $((20 - n)) "a$n" u1 '"tenant":"acme"'
done | auditd-ingest -q --source portal
hook() { # LINE of shell
	printf 'sessions:\n  hook:\n    limit: 2s\n    command: [/bin/sh, -c, "%s", "given $(touch pwned)"]\n' "$1" >config.yaml
	AUDIT_CONFIG=$work/config.yaml
	export AUDIT_CONFIG
}

hook 'cat >told; echo done'
run audit-sessions --revoke a1 --reason 'it is "time"'
is "the application is told" "$status $(cat out) $(cat err)" "0 a1 of u1: revoked, and the application was told "
is "what it is told" "$(jq -c 'del(.revoked, .revocation)' told)" \
    '{"session_id":"a1","source":"portal","tenant":"acme","user":"u1","actor_id":"u1","reason":"it is \"time\"","revoked_by":"uid:'"$(id -u)"'"}'
is "of which revocation" "$(jq -c '[.revocation, .revoked]' told)" \
    "$(records 'select(.action == "session.revoke") | [.id, .time]')"
check "no shell has seen the words" test ! -e pwned
is "how it ended is recorded" \
    "$(records 'select(.action == "session.revoke-told") | [.outcome, .severity, .session_id, (.context.hook | .command, .end, .number, .said)]')" \
    '["success","info","a1","/bin/sh","exited",0,"done\n"]'
is "of which revocation, too" "$(records 'select(.action == "session.revoke-told").context.revocation')" \
    "$(jq -c .revocation told)"

hook 'echo no such session >&2; exit 3'
run audit-sessions --revoke a2
is "a hook that fails" "$status $(cat out)" "2 a2 of u1: revoked"
is "is told" "$(cat err)" \
    "audit-sessions: 1 revocation is recorded, but the application was not told (--retry): /bin/sh: ended with status 3"
is "and recorded" "$(records 'select(.session_id == "a2" and .action == "session.revoke-told") |
    [.outcome, .severity, .context.hook.number, .context.hook.said]')" '["failure","warning",3,"no such session\n"]'
hook 'exec sleep 60'
run audit-sessions --revoke a3
is "one that takes too long" "$status $(cat err | sed 's/.*: //')" "2 did not end within 2 s, killed"
hook 'kill -9 $$'
run audit-sessions --revoke a4
is "one that is killed" "$(records 'select(.session_id == "a4" and .action == "session.revoke-told") |
    .context.hook | [.end, .number]')" '["signalled",9]'

# The program is killed while the hook runs: its parent's parent.
hook 'read -r stat </proc/$PPID/stat; set -- $stat; kill -9 $4'
run audit-sessions --revoke a5
is "the program is killed in between" "$status $(records 'select(.session_id == "a5").action')" '137 "session.revoke"'
hook 'cat >>again'
run audit-sessions -n 1
is "the next run says what was not told" "$(cat err)" \
    "audit-sessions: 4 revocations that the application was not told of: --retry"
run audit-sessions --retry
is "--retry tells all of them" "$status $(cat out)" "0 4 told, 0 not"
is "as they were" "$(jq -r .session_id again | tr '\n' ' ')" "a2 a3 a4 a5 "
is "with the time of their revocation" "$(jq -c 'select(.session_id == "a5") | [.revocation, .revoked, .tenant, .source]' again)" \
    "$(records 'select(.session_id == "a5" and .action == "session.revoke") | [.id, .time, .tenant, .context.session.source]')"
run audit-sessions -n 1
quiet "nothing is left to tell"
run audit-sessions --retry
is "nor to try again" "$status $(cat out)" "0 0 told, 0 not"
hook 'exit 1'
run audit-sessions --revoke-all-for u1
is "all that are in use, all failed" "$status $(wc -l <out) $(cat err)" \
    "2 3 audit-sessions: 3 revocations are recorded, but the application was not told (--retry): /bin/sh: ended with status 1"
run audit-verify -q
ends "the log verifies with all of that" 0

# ---- The example ----

mkdir portal
touch portal/sess_a6 portal/sess_a7
printf 'sessions:\n  hook:\n    command: [%s/examples/sessions/end-session, %s/portal]\n' "$top" "$work" >config.yaml
run audit-sessions --retry
is "the example ends sessions" "$status $(cat out) $(ls portal)" "0 3 told, 0 not "
is "and says so in the log" "$(records 'select(.action == "session.revoke-told" and .outcome == "success") |
    [.session_id, .context.hook.said] | select(.[0] | IN("a6", "a7", "a8"))' | sort | tr '\n' ' ')" \
    '["a6","ended\n"] ["a7","ended\n"] ["a8","it had ended before\n"] '
printf '{"session_id":"../../etc/passwd"}\n' | sh "$top/examples/sessions/end-session" portal >out 2>&1 && status=0 || status=$?
is "nothing but an id becomes a name" "$status $(cat out)" "1 this is no session id of ours"

# ---- The configuration ----

wrong() { # NAME TEXT PATTERN
	printf '%b' "$2" >config.yaml
	run audit-sessions
	refuses "$1" 2 "$3"
}
wrong "an unknown key" 'sessions:\n  sign_on: [a]\n' 'config.yaml:2:3: .*sign_in'
wrong "a hook without a command" 'sessions:\n  hook:\n    limit: 3s\n' 'hook: needs a command'
wrong "a program that is not absolute" 'sessions: {hook: {command: [end]}}\n' 'expected an absolute path'
wrong "a limit that is too long" 'sessions: {hook: {command: [/a], limit: 1h}}\n' 'from 1s to 10min'
wrong "a path that is none" 'sessions: {expires: contxt.a}\n' "context"
wrong "a path that is a field" 'sessions: {expires: time}\n' "a path into the payload"
wrong "a span that is none" 'sessions: {unused: forevr}\n' "did you mean 'forever'"
wrong "no span at all" 'sessions: {idle: 0s}\n' "at least 1s"
wrong "a comma in an action" 'sessions: {sign_in: "a,b"}\n' "has a comma"

finish
