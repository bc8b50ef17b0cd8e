#!/bin/sh
# audit-detect: rules over the events that arrived, alerts, lockouts.

. "$(dirname "$0")/lib.sh"
need python3 jq

AUDIT_DB=$PWD/log.db
export AUDIT_DB

# fail TIME ACCOUNT ADDRESS: a failed sign-in.
fail() {
	printf '{"id":"%s","time":"%s","action":"login","category":"AUTHENTICATION","outcome":"failure","actor_id":"%s","ip":"%s"}\n' \
		"$(echo "$1$2" | tr -dc 'a-z0-9')" "$1" "$2" "$3"
}
# like NAME TEXT PATTERN: the text matches the basic regular expression.
like() {
	if printf '%s\n' "$2" | grep -q -- "$3"; then ok "$1"; else not_ok "$1" "$2"; fi
}
# wait_for COMMANDS: until they succeed, at most 10 seconds.
wait_for() {
	for _ in $(seq 200); do
		if eval "$1"; then return 0; fi
		sleep 0.05
	done
	return 1
}
now=$(date -u +%s)
# ago SECONDS
ago() {
	date -u -d "@$((now - $1))" +%Y-%m-%dT%H:%M:%SZ
}

for s in 300 290 280 270; do
	fail "$(ago $s)" eve 203.0.113.9
done | auditd-ingest -q -
fail "$(ago 260)" eve 203.0.113.10 | auditd-ingest -q -
run audit-detect --rules login-lockout
ends "four failures are no lockout" 0
is "and nothing is said" "$(cat out err)" ""

fail "$(ago 250)" eve 203.0.113.9 | auditd-ingest -q -
run audit-detect --rules login-lockout -o jsonl --dry-run
ends "the fifth is one, in a dry run" 0
is "with its evidence" "$(jq -r '.action, .target_id, .ip, .severity, .context.count, (.context.events | length)' out)" \
	"login.lockout
eve
203.0.113.9
error
5
5"
run audit-query -c channel=detect
is "a dry run writes nothing" "$(cat out)" 0
run audit-detect --rules login-lockout -o jsonl
is "the lockout ends a quarter of an hour after the fifth" "$(jq -r .context.until out)" "$(ago -650 | sed s/Z/.000000Z/)"
run audit-query -c channel=detect
is "and is in the store" "$(cat out)" 1
run audit-detect --rules login-lockout -o jsonl
is "it is found once" "$(cat out)" ""

run audit-detect --locked eve 203.0.113.9
ends "the account is locked for the address" 0
is "until then" "$(cat out)" "$(ago -650 | sed s/Z/.000000Z/)"
run audit-detect -q --locked eve ::ffff:203.0.113.9
ends "however the address is written" 0
is "quietly" "$(cat out)" ""
run audit-detect --locked eve 203.0.113.10
ends "and not for another" 1
run audit-detect --locked 'e*' 203.0.113.9
ends "an account is no pattern" 1
run audit-detect --locked eve '203.*'
ends "nor is an address" 1
run audit-detect --locked 'eve" or "a' 203.0.113.9
ends "nor an expression" 1
run audit-detect --locked eve ''
ends "an empty one is refused" 2
run audit-detect --locked eve
ends "one alone as well" 2

for s in 240 230 220 210 200 190; do
	fail "$(ago $s)" eve 203.0.113.9
done | auditd-ingest -q -
run audit-detect --rules login-lockout -o jsonl
is "what fails while it is locked is not counted" "$(cat out)" ""
run audit-verify
ends "the store verifies" 0

# ---- rules ----

run audit-detect --rules login-lockot
ends "a mistyped name" 2
like "is told with the nearest" "$(cat err)" 'login-lockout'
run audit-detect --rules "$PWD/none.yaml"
ends "a file that is not there" 2
run audit-detect
ends "no rules at all" 2
like "says where they could be" "$(cat err)" '\-\-rules FILE, or detect: of the configuration'
echo "detect: {rules: [login-lockout, first-seen]}" >config.yaml
run audit-detect --config config.yaml --test-rules
ends "the configuration names them" 0
is "each with its filter" "$(wc -l <out | tr -d ' ')" 4
mkdir folder empty
cp "$top/rules/login-lockout.yaml" folder/b.yml
echo "no rules here" >folder/readme
run audit-detect --rules folder --test-rules
is "a folder" "$(grep -c 'folder/b.yml:[0-9]*: login-lockout: count, error' out)" 1
run audit-detect --rules empty
ends "one without rules" 2

# wrong LINES WORDS: rules of these lines are refused with these words.
wrong() {
	printf 'rules:\n%s\n' "$1" >wrong.yaml
	run audit-detect --rules wrong.yaml --test-rules
	ends "refused: $2" 2
	like "wrong.yaml, with its place: $2" "$(cat err)" "wrong.yaml:[0-9]*:[0-9]*: .*$2"
}
wrong "  - match: 'true'" "a rule that counts needs 'name'"
wrong "  - name: a" "a rule that counts needs 'match'"
wrong "  - {name: a, match: 'true', count: 2}" "a rule that counts needs 'within'"
wrong "  - {name: a, match: 'true', count: 0, within: 1m}" "count: a number from 1 to 100000"
wrong "  - {name: a, match: 'true', count: 2x, within: 1m}" "count: a number from 1 to 100000"
wrong "  - {name: a, match: 'action ='}" "match: .*expected"
wrong "  - {name: a, match: 'true', by: acter_id}" "by: .*actor_id"
wrong "  - {name: a, match: 'true', by: [ip, ip]}" "by: ip twice"
wrong "  - {name: a, match: 'true', within: 1}" "within"
wrong "  - {name: a, match: 'true', within: 1ms}" "within"
wrong "  - {name: a, match: 'true', silence: 400d}" "silence: from 1s to 366d"
wrong "  - {name: a, match: 'true', distinct: ip, within: 1m}" "a rule with 'distinct' needs 'count'"
wrong "  - {name: a, match: 'true', new: ip, within: 1m}" "a rule with 'new' has no 'within'"
wrong "  - {name: a, silent: source}" "a rule with 'silent' needs 'within'"
wrong "  - {name: a, silent: source, within: 1h, by: ip}" "a rule with 'silent' has no 'by'"
wrong "  - {name: a, match: 'true', severity: bad}" "severity: info, warning, error or critical"
wrong "  - {name: a, match: 'true', mach: x}" "match"
wrong "  - {name: a, match: 'true'}
  - {name: a, match: 'true'}" "wrong.yaml:2 has the name a already"

# ---- what no longer speaks ----

printf 'rules:\n  - {name: quiet, silent: source, within: 1h, severity: error}\n' >quiet.yaml
printf '{"id":"1","time":"%s","action":"a"}\n{"id":"2","time":"%s","action":"a"}\n' "$(ago 9000)" "$(ago 7200)" |
	auditd-ingest -q -D quiet.db --source cron -
printf '{"id":"3","time":"%s","action":"a"}\n' "$(ago 60)" | auditd-ingest -q -D quiet.db --source app -
run audit-detect -D quiet.db --rules quiet.yaml -o jsonl
is "a source that is silent" "$(jq -r '.context.silent, .context.group.source, .context.last, .time' out)" "cron
cron
$(ago 7200 | sed s/Z/.000000Z/)
$(ago 3600 | sed s/Z/.000000Z/)"
run audit-detect -D quiet.db --rules quiet.yaml -o jsonl
is "is told once" "$(cat out)" ""
printf '{"id":"4","time":"%s","action":"a"}\n' "$(ago 90000)" | auditd-ingest -q -D quiet.db --source agent -
run audit-detect -D quiet.db --rules source-silent --name s -o jsonl
is "a day's silence is what the installed rule tells" "$(jq -r '.context.silent, .severity' out)" "agent
warning"

# ---- the first time ----

run audit-detect --rules first-seen --name other --from-now -o jsonl
is "from now on" "$(cat out)" ""
fail "$(ago 1)" mallory 198.51.100.1 | auditd-ingest -q -
run audit-detect --rules first-seen --name other -o jsonl
is "an identity that was never seen" "$(jq -r '.context.rule, .context.new' out)" "new-identity
mallory"
fail "$(ago 1)" trudy 198.51.100.1 | auditd-ingest -q -
run audit-detect --rules first-seen --name third --dry-run -o jsonl
is "what one name told is not told again by another" "$(jq -r '.context.new' out)" "trudy"
run audit-detect --rules first-seen --dry-run --follow
ends "a dry run does not follow" 2
run audit-detect --rules first-seen extra
ends "an argument that is no filter" 2

# ---- filters ----

for host in one two; do
	for s in 30 29 28 27 26; do
		fail "$(ago $s)" "ann-$host" 192.0.2.7
	done | sed "s/\"id\":\"/&$host/" | auditd-ingest -q -D filter.db --source $host -
done
run audit-detect -D filter.db --rules login-lockout --source two -o jsonl
is "rules are asked about what the filter lets through" "$(jq -r .target_id out)" ann-two
run audit-detect -D filter.db --rules login-lockout -o jsonl
is "and what it did not let through was asked about under that name" "$(cat out)" ""
run audit-detect -D filter.db --rules login-lockout --name one -o jsonl 'actor_id=*-one'
is "under another it was not" "$(jq -r .target_id out)" ann-one
run audit-query -D filter.db -q --save twos --source two -c
run audit-detect -D filter.db --rules login-lockout --rules quiet.yaml --test-rules -Q twos
is "each rule has the filter, also one without its own" "$(grep -c ': source = two' out)" 2
run audit-detect -D filter.db --source one --outcome failure --print-where
is "which can be printed" "$(cat out)" "source = one and outcome = failure"
run audit-detect -D filter.db --rules quiet.yaml --source two --name q --dry-run
is "no source is silent that is not asked about" "$(cat out err)" ""

# ---- beside a writer ----

audit-detect --rules login-lockout --name f -o jsonl --follow >followed 2>follow.err &
follower=$!
wait_for 'audit-query -c channel=detect | grep -q 3'
for s in 20 19 18 17 16; do
	fail "$(ago $s)" trent 192.0.2.1 | auditd-ingest -q -
done
wait_for 'grep -q trent followed'
kill -INT $follower
wait $follower
is "followed to the end" $? 0
is "with the alert" "$(grep trent followed | jq -r .action)" login.lockout
is "and without complaint" "$(cat follow.err)" ""
run audit-detect --rules login-lockout --name f -o jsonl
is "the next run goes on from there" "$(cat out)" ""

# ---- a hook ----

cat >hook <<'END'
#!/bin/sh
jq -r '.context.rule + " " + .target_id' >>told
case $(tail -n 1 told) in *carol) exit 3 ;; esac
END
chmod +x hook
cat >hook.yaml <<END
detect:
  rules: login-lockout
  hook:
    command: [$PWD/hook]
    limit: 5s
END
for s in 20 19 18 17 16; do
	for account in dave carol; do fail "$(ago $s)" $account 192.0.2.2; done
done | auditd-ingest -q -
run audit-detect --config hook.yaml --name h --dry-run -o jsonl
check "a dry run tells nobody" test ! -e told
run audit-detect --config hook.yaml --name h -o jsonl
ends "a hook that fails is no failure" 0
is "it was told of each new alert" "$(sort told)" "login-lockout carol
login-lockout dave"
like "and that it failed is said" "$(cat err)" 'the hook failed for 1 alerts: .*status 3'
sed 's/limit: 5s/limit: 1s/' hook.yaml >slow.yaml
printf '#!/bin/sh\nexec sleep 60\n' >hook
fail "$(ago 15)" frank 192.0.2.3 | auditd-ingest -q -
for s in 14 13 12 11; do fail "$(ago $s)" frank 192.0.2.3; done | auditd-ingest -q -
run audit-detect --config slow.yaml --name h -o jsonl
is "one that hangs does not keep alerts back" "$(jq -r .target_id out)" frank
like "and is ended" "$(cat err)" 'the hook failed for 1 alerts'
printf 'detect: {hook: {limit: 5s}}\n' >wrong.yaml
run audit-detect --config wrong.yaml
ends "a hook without a command" 2

# ---- many alerts ----

# Each event makes 32 rules fire, more than a thousand times each.
python3 - <<'END'
with open("crowd.jsonl", "w") as out:
    for i in range(1200):
        print('{"id":"%d","time":"2026-05-01T00:00:00Z","action":"a","actor_id":"u%d"}' % (i, i), file=out)
with open("crowd.yaml", "w") as out:
    print("rules:", *("  - { name: r%d, match: action = a, by: actor_id }" % i for i in range(32)), sep="\n", file=out)
END
auditd-ingest -q -D crowd.db crowd.jsonl
run audit-detect -D crowd.db --rules crowd.yaml -o jsonl
ends "tens of thousands of alerts go in at once" 0
is "a thousand of each rule" "$(jq 'select(.context.more == null) | .context.rule' out | sort | uniq -c | awk '{ print $1 }' | uniq -c | tr -s ' ')" " 32 1000"
is "and one that says how many more" "$(jq -r '.context.more // empty' out | sort | uniq -c | tr -s ' ')" " 32 200"
run audit-verify -q -D crowd.db
ends "and the store holds them" 0

# ---- against a model ----

seed=${AUDIT_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
mkdir model
cd model || exit
run python3 "$top/tests/cli/detect.py" "${AUDIT_DETECT_RUNS:-15}" "$seed"
is "random rules over random events are as the model has them (seed $seed)" "$(cat out)" ""
ends "and come to their end" 0

finish
