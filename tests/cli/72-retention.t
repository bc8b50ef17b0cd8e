#!/bin/sh
# Retention by the policy of the configuration: the first rule that matches
# decides, against a naive model; plans that are carried out later, or refused.

. "$(dirname "$0")/lib.sh"
need python3 jq

cat >config.yaml <<END
db: $db
retention:
  - {name: keep-acme, tenant: acme, keep: forever}
  - {name: debug, severity: info..info, channel: [debug, trace*], keep: 30d}
  - {name: auth, category: authentication, keep: 100d}
  - {name: errors, severity: error, keep: 200d}
END
unset AUDIT_DB
AUDIT_CONFIG=$work/config.yaml
export AUDIT_CONFIG

# 6,000 events of the last 300 days, and what each rule lets go of them.  Half an
# hour around each cut-off is kept free.
cat >make.py <<'END'
import datetime, json, random, time
DAY = 86400
now = time.time()
rng = random.Random(72)
rules = [("keep-acme", None, lambda e: e.get("tenant") == "acme"),
         ("debug", 30, lambda e: e["severity"] == "info" and (e["channel"] == "debug" or e["channel"].startswith("trace"))),
         ("auth", 100, lambda e: e["category"] == "AUTHENTICATION"),
         ("errors", 200, lambda e: e["severity"] in ("error", "critical"))]
share = {name: 0 for name, _, _ in rules}
going, staying, lines = [], [], []
for i in range(6000):
    age = rng.random() * 300 * DAY
    for _, days, _ in rules:
        if days and abs(age - days * DAY) < 1800:
            age += 3600
    e = {"id": "e%d" % i,
         "time": datetime.datetime.fromtimestamp(now - age, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
         "channel": rng.choice(["debug", "trace-sql", "trace", "app"]),
         "category": rng.choice(["AUTHENTICATION", "DATA_ACCESS"]), "action": "act",
         "severity": rng.choice(["info", "warning", "error", "critical"])}
    if rng.random() < 0.3:
        e["tenant"] = rng.choice(["acme", "acme2"])
    lines.append(json.dumps(e))
    name, days = next(((n, d) for n, d, match in rules if match(e)), (None, None))
    if days and age > days * DAY:
        share[name] += 1
        going.append(e["id"])
    else:
        staying.append(e["id"])
open("all.jsonl", "w").write("\n".join(lines) + "\n")
open("going", "w").write("\n".join(sorted(going)) + "\n")
open("staying", "w").write("\n".join(sorted(staying)) + "\n")
json.dump(share, open("share", "w"), separators=(",", ":"))
END
python3 make.py
run auditd-ingest -q all.jsonl
ends "events of all kinds are stored" 0
total=$(wc -l <going)
check "some go and some stay, of each rule" \
    jq -e '.debug > 100 and .auth > 100 and .errors > 100 and .["keep-acme"] == 0' share

ids() { # of the events in the store
	audit-query -r -o jsonl 'source!=audit-toolkit' 2>/dev/null | jq -r .id | sort
}

# ---- the plan ----

run audit-prune -o json
ends "the plan as JSON" 0
is "has the share of each rule" "$(jq -c '.rules | map({key: .name, value: .events}) | from_entries' out)" "$(cat share)"
is "and all of them" "$(jq .events out)" "$total"
is "the sum of bytes is that of the rules" "$(jq '(.rules | map(.bytes) | add) == .bytes' out)" true
is "a rule that keeps for ever has no cut-off" "$(jq -c '.rules[0] | [.keep, .cutoff, .oldest]' out)" '["forever",null,null]'
run audit-prune
is "the table has them too" "$(awk 'NR > 1 { print $1, $2 }' out | head -n 4 | tr '\n' ,)" \
    "keep-acme forever,debug 30d,auth 100d,errors 200d,"
is "and their sum" "$(awk '$1 == "total" { print $2 }' out)" "$total"
check "it says that nothing was removed" grep -q 'nothing was removed; --apply does it' err
run audit-prune -q
quiet "which -q leaves out"
run audit-prune --plan plan.json
ends "the plan goes to a file too" 0
run audit-prune -o json
is "the same as -o json" "$(jq -c 'del(.created, .rules[].cutoff)' out)" "$(jq -c 'del(.created, .rules[].cutoff)' plan.json)"
is "nothing was removed by all that" "$(ids | wc -l)" 6000

# ---- one event ----

first() { # seq of the first event that the jq filter selects
	audit-query -r -o jsonl --seq 'source!=audit-toolkit' | jq -r "select($1) | .seq" | head -n 1
}

seq=$(first '.tenant == "acme" and .channel == "debug" and .severity == "info"')
run audit-prune --explain "$seq" -o json
is "the first rule that matches decides" "$(jq -c '[.decides, .over, .due, (.rules | map(.matches)[:2])]' out)" \
    '["keep-acme",null,false,[true,true]]'
run audit-prune --explain "$seq"
check "in words too" grep -q '^keep-acme *decides: kept for ever$' out
check "the others come later" grep -q '^debug *matches too, but comes later$' out
id=$(head -n 1 going)
seq=$(first ".id == \"$id\"")
run audit-prune --explain "$seq" -o json
is "the time of one that goes is over" "$(jq -c '[.event.id, .due]' out)" "[\"$id\",true]"
seq=$(first '.severity == "warning" and .category == "DATA_ACCESS" and .tenant == null')
run audit-prune --explain "$seq"
check "what no rule matches is kept for ever" grep -q 'no rule matches: it is kept for ever' out
run audit-prune --explain 999999
refuses "an event that is not there" 2 'the log has no event 999999 yet'

# ---- holds ----

held=$(sed -n 5p going)
run audit-hold place --matter M-17 --reason 'a lawsuit' --id "$held"
ends "a hold is placed" 0
run audit-prune -o json
is "the plan tells what it keeps" "$(jq -c '[.events, .kept, (.held | map([.matter, .events]))]' out)" \
    "[$((total - 1)),1,[[\"M-17\",1]]]"
run audit-prune
check "the table too" grep -q '^holds keep 1 event whose time is over: M-17 (1)$' out
run audit-prune --explain "$(first ".id == \"$held\"")"
check "and why the event stays" grep -q '^held: M-17 (hold 1)' out

# ---- refused ----

cp "$db" before.db
run audit-prune --apply plan.json
refuses "a plan without the hold is stale" 4 "the plan is stale: it was made of $total events, and by now $((total - 1)) would go"
run audit-prune --plan held.json
sed 's/keep: 100d/keep: 101d/' config.yaml >longer.yaml
run audit-prune --config longer.yaml --apply held.json
refuses "a plan by which a rule would keep for less than it does now" 4 'its rule auth lets go what is to be kept'
sed '/name: errors/d' config.yaml >fewer.yaml
run audit-prune --config fewer.yaml --apply held.json
refuses "a plan of other rules" 4 'has 4 rules, the policy has 3 by now'
sed 's/severity: error,/severity: critical,/' config.yaml >other.yaml
run audit-prune --config other.yaml --apply held.json
refuses "a plan of another filter" 4 'its rule errors is not that of the policy'
jq '.store = (if .store[:2] == "00" then "11" else "00" end) + .store[2:]' held.json >store.json
run audit-prune --apply store.json
refuses "a plan of another store" 4 'of another store'
jq '.size += 100' held.json >size.json
run audit-prune --apply size.json
refuses "a plan of a longer log" 4 'an older copy of the store'
jq '.rules[1].cutoff = "2030-01-01T00:00:00.000000Z"' held.json >young.json
run audit-prune --apply young.json
refuses "a plan that someone gave a later cut-off" 4 'its rule debug lets go what is to be kept'
head -c 300 held.json >half.json
run audit-prune --apply half.json
refuses "half a plan" 2 'half.json: plan: line'
run audit-prune --apply all.jsonl
refuses "no plan at all" 2 'all.jsonl: plan'
run audit-prune --apply missing.json
refuses "a plan that is not there" 2 'missing.json'
run audit-prune --older-than 200d --apply held.json
refuses "a plan has its own rules" 2 'has its own rules'
for wrong in '--plan p --apply' '--explain 1 --apply' 'held.json' '--archive-to .' '--reclaim --plan p' \
    '--apply a b' '--explain 1 --plan p' '-o jsn'; do
	# shellcheck disable=SC2086 # words
	run audit-prune $wrong
	refuses "audit-prune $wrong" 2 .
done
grep -v -e retention -e '  - {' config.yaml >none.yaml
run audit-prune --config none.yaml
refuses "without rules nothing says what may go" 2 'neither --older-than SPAN nor retention'
same "nothing of this changed the store" "$db" before.db

# The clock: in the past of the newest event, or far in its future.
for wrong in 2020-01-01 2035-01-01; do
	at_time "$wrong 00:00:00"
	if [ -n "$clock" ]; then
		eval "run $clock audit-prune --apply"
		refuses "when it is $wrong" 4 'the clock is'
		same "nothing goes" "$db" before.db
	else
		skip "when it is $wrong" "no faketime"
	fi
done
if [ "$(id -u)" -ne 0 ]; then
	chmod a-w "$db"
	run audit-prune --apply
	refuses "a store that can only be read" 4 'a prune that cannot be recorded is refused'
	chmod u+w "$db"
elif command -v setpriv >/dev/null; then
	chmod a+rx "$work" && chmod a+r "$db" config.yaml
	run setpriv --reuid 65534 --clear-groups audit-prune --apply
	refuses "a store that can only be read" 4 'a prune that cannot be recorded is refused'
else
	skip "a store that can only be read" "root can write, and there is no setpriv"
fi

# ---- carried out ----

echo '{"id":"late","time":"2026-01-01T00:00:00Z","action":"act","channel":"debug","severity":"info"}' >late.jsonl
run auditd-ingest -q late.jsonl
run audit-prune --apply held.json
ends "the plan is carried out, although another event came" 0
check "it says how many" grep -q "$((total - 1)) events removed" err
{ cat staying; echo late; echo "$held"; } | sort >wanted
ids >left
same "exactly what the model says is left, what is held, and what came later" left wanted
audit-query -o jsonl action=audit.prune | jq -s 'map(.context | select(.closing))[0]' >closing
is "the record has the plan's digest" "$(jq .plan closing)" "$(jq .digest held.json)"
is "the cut-offs of all rules" "$(jq -c '.rules | map([.name, .filter, .cutoff])' closing)" \
    "$(jq -c '.rules | map([.name, .filter, .cutoff])' held.json)"
is "how many each let go" "$(jq -c '.rules | map(.events) | add' closing)" "$((total - 1))"
is "and what the hold kept" "$(jq -c '.kept | map([.hold, .matter, .events])' closing)" '[[1,"M-17",1]]'
run audit-verify -q
ends "the store verifies" 0
run audit-prune --apply held.json
refuses "a second time it is stale" 4 'stale'
run audit-prune --apply -o json
is "without a plan the late one goes too" "$(jq -c '[.planned, .removed, .kept]' out)" '[1,1,1]'
records=$(audit-query -c action=audit.prune)
run audit-prune --apply -q
is "with nothing to do nothing is said" "$status $(cat out err)" "0 "
run audit-prune --apply
check "but without -q it is" grep -q 'there is nothing to remove' err
is "and nothing is recorded" "$(audit-query -c action=audit.prune)" "$records"
run audit-hold lift --matter M-17 --reason 'it is over'
ends "the hold is lifted" 0
run audit-prune --apply -q
sort staying >wanted
ids >left
same "then what it held goes too" left wanted

# ---- --older-than overrides, in a plan as well ----

run audit-prune --older-than 250d --plan own.json
ends "a plan of its own rule" 0
check "takes what the policy keeps" test "$(jq .events own.json)" -gt 100
jq '.rules[0].cutoff = (now - 29 * 86400 | todate | sub("Z"; ".000000Z"))' own.json >young.json
run audit-prune --apply young.json
refuses "never beyond the floor" 4 'lets go what is to be kept'
run audit-prune --apply own.json
ends "is carried out whatever the policy says" 0
is "exactly" "$(audit-query -c 'source!=audit-toolkit' --until -250d 2>/dev/null)" 0
run audit-verify -q
ends "the store verifies still" 0

finish
