#!/bin/sh
# audit-erase: a person becomes a pseudonym everywhere, nothing else changes,
# and the receipt says what is left, which the bytes of the file bear out.

. "$(dirname "$0")/lib.sh"
need python3 jq

# Somewhere in the store or beside it, whatever the case.
holds() {
	cat "$db"* | grep -qaiF -- "$1"
}
lacks() {
	! holds "$1"
}
# A number of the receipt of the last run.
told() { # JQ
	jq -r ".erasures[0]$1" out
}

# ---- A store with a person in every place ----

cat >make.py <<'END'
import json, sys
def event(n, **more):
    print(json.dumps({"id": "e%d" % n, "time": "2026-0%d-01T00:%02d:%02dZ" % (1 + n % 6, n // 60 % 60, n % 60),
        "action": "read", "tenant": "acme" if n % 2 else "beta", **more}))
start, count = int(sys.argv[1]), int(sys.argv[2])
for n in range(start, start + count):
    if n % 50 == 0:
        event(n, actor_id="svc1", actor_email="Ada.Lovelace@acme.example", actor_name="Ada Lovelace", effective_id="root",
              description="svc1 read it", target_path="/home/svc1/file-%d" % n,
              context={"who": "SVC1", "url": "https://x.example/?u=ada.lovelace%40acme.example",
                       "text": "{\"user\":\"\\u0053vc1\"}", "n": n})
    elif n % 50 == 1:
        event(n, actor_id="svc10", actor_name="Ten", description="svc10 and svc1-test and mysvc1", target_path="/home/svc10")
    elif n % 50 == 2:
        event(n, actor_id="root", effective_id="root", description="root looked at svc1.", changes={"svc1": {"to": "svc1"}})
    else:
        event(n, actor_id="user%d" % (n % 40), description="nothing of note %d" % n)
END
python3 make.py 0 9000 >sealed.jsonl
python3 make.py 9000 1000 >tail.jsonl
cat >faulty.jsonl <<'END'
{"id":"bad1","action":"x","time":"never","actor_id":"svc1"}
{"id":"bad2","action":"x","time":"never","actor_id":"svc10"}
{"id":"bad3" svc1 is here
END
for part in sealed tail faulty; do
	auditd-ingest -q "$part.jsonl" --source app 2>/dev/null
done
audit-query -q --save hers --actor svc1
audit-query -q --save others --actor svc10
audit-export -q -O export.jsonl --actor svc1 --since 2026
audit-verify -q --init-keys --origin audit.example/t >log.pub
audit-verify -q --sign >before.checkpoint
audit-query -r -o jsonl 'source!=audit-toolkit' >before.jsonl
for text in svc1 ada.lovelace 'Ada Lovelace'; do
	check "before: $text is in the file" holds "$text"
done
cp "$db" untouched.db

# ---- A dry run ----

run audit-erase --subject svc1
ends "a dry run" 0
check "changes nothing, and says so" grep -q "nothing was erased; --apply --reason TEXT does it" err
same "no byte" "$db" untouched.db
cp out plan
is "it counts events" "$(sed -n 's/^events *//p' plan)" 400
is "by field" "$(sed -n 's/^  target_path *//p' plan)" 200
is "refused lines" "$(sed -n 's/^quarantine *//p' plan)" 2
is "saved queries" "$(sed -n 's/^saved *//p' plan)" 1
is "and the records of the toolkit: a query saved, an export" "$(sed -n 's/^own records *//p' plan)" 2
check "the address that was seen with it is shown as it can be typed" \
    grep -q -- "--also 'Ada.Lovelace@acme.example'  actor_email of 200 events$" plan
check "so is the name" grep -q -- "--also 'Ada Lovelace'  *actor_name of 200 events$" plan
check "a role that others have too is told apart" \
    grep -q -- "--also 'root'  *effective_id of 200 events, and of 200 that are of others: not taken" plan
run audit-erase --subject svc1 --also-seen -o json
is "as JSON, with what was seen" "$(jq -c '[.values, .events, .fields.actor_email]' out)" \
    '[["svc1","Ada.Lovelace@acme.example","Ada Lovelace"],400,200]'
is "one that occurs nowhere" "$(audit-erase --subject nobody.at.all -o json 2>/dev/null | jq -c '[.events,.seen]')" '[0,[]]'

# Names that somebody wrote into an event of hers to have others' events changed.
printf '{"id":"p%d","time":"2026-03-01T00:00:00Z","action":"%s","actor_id":"%s","actor_name":"%s","actor_email":"%s","tenant":"tenant9"}\n' \
    1 deploy user:mallet deploy Ten.Ten@acme.example 2 deploy user:mallet tenant9 svc10 \
    3 deploy user:other x mallet@acme.example >poison.jsonl
auditd-ingest -q -D poison.db poison.jsonl
printf '{"id":"p4","time":"2026-03-01T00:00:00Z","action":"a","actor_id":"user:svc10"}\n' | auditd-ingest -q -D poison.db
run audit-erase -D poison.db --subject mallet --also-seen -o json
is "a word of others is not taken for hers" "$(jq -c '[.values, ([.seen[] | select(.taken | not) | .value] | sort)]' out)" \
    '[["mallet","Ten.Ten@acme.example"],["deploy","svc10","tenant9"]]'
is "and it is said why" "$(jq -c '[.seen[] | .why_not] | map(select(. != null))' out)" \
    '["the action of events has it too","the tenant of events has it too"]'

# ---- What is refused ----

run audit-erase
refuses "nobody" 2 "--subject ID or --subject-file FILE"
run audit-erase svc1
refuses "an operand" 2 "unexpected 'svc1'"
run audit-erase --subject svc1 --apply
refuses "no reason" 2 "--apply needs --reason TEXT"
run audit-erase --subject svc1 --reason why
refuses "a reason for nothing" 2 "--reason goes with --apply"
run audit-erase --subject xy
refuses "a value that is in everything" 2 "3 to 256 bytes"
run audit-erase --subject svc1 --pseudonym 'a b'
refuses "no pseudonym" 2 "pseudonym"
run audit-erase --subject svc1 --pseudonym person-svc1
refuses "a pseudonym with the value in it" 2 "pseudonym"
run audit-erase --deferred --subject svc1
refuses "what waits, and somebody" 2 "takes no person"
run audit-erase --subject svc1 -o yaml
refuses "a format that is none" 2 "yaml"
run audit-erase --subject-file no-such-file
refuses "a file that is not there" 2 "--subject-file: no-such-file"
run env AUDIT_DB="$work/none.db" audit-erase --subject svc1
refuses "no store" 2 "no such store"
if [ "$(id -u)" -ne 0 ]; then
	chmod a-w "$db"
	run audit-erase --subject svc1 --apply --reason r
	chmod u+w "$db"
	refuses "a store that can only be read" 4 "an erasure that cannot be recorded is refused"
else
	skip "a store that can only be read" "root may write everything"
fi
same "nothing was changed by all that" "$db" untouched.db

# ---- Carried out ----

printf 'svc1\r\n\n' >values.txt
run audit-erase --subject-file values.txt --also-seen --pseudonym person-77 --apply --reason 'svc1 asked' -o json
ends "carried out, the value from a file" 0
quiet "without a word"
cp out receipt.json
is "the receipt counts" "$(told ' | [.pseudonym,.events,.records,.quarantine,.saved,.deferred,.kept] | join(" ")')" \
    "person-77 400 2 2 1 0 0"
is "by field" "$(told '.fields | [.actor_id,.target_path,.actor_email] | join(" ")')" "200 200 200"
is "and has the reason without the person" "$(told .reason)" "person-77 asked"
is "nothing is left" "$(told '.check | [.[] | select(type == "number")] as $n | [.found_events,.found_elsewhere,.found_waiting,
	.found_files,.found_signed,.found_since,.found_bytes,.free_pages_not_zero,.found_remains] | add')" 0
check "all events were looked at" jq -e '.erasures[0].check.events > 10000 and .erasures[0].check.values > 100' out
is "and all bytes" "$(told .check.bytes)" "$(wc -c <"$db")"
is "no journal is left" "$(told .check.journal) $(ls "$db"-* 2>/dev/null)" "false "
check "what is out of reach is named" jq -e '.out_of_reach | map(test("backup")) | any' out
check "a value stands nowhere in the receipt" sh -c '! grep -qi -e "svc1\b" -e lovelace receipt.json'

for text in ada.lovelace 'Ada Lovelace' lovelace%40; do
	check "after: $text is nowhere in the file" lacks "$text"
done
cat >words.py <<'END'
import re, sys
left = re.findall(rb"(?i)(?<![a-z0-9_.@+-])svc1(?![a-z0-9_]|[-.@+][a-z0-9])", open(sys.argv[1], "rb").read())
sys.exit(1 if left else 0)
END
check "svc1 as a word is not either" python3 words.py "$db"
check "svc10 is" holds svc10
audit-query -r -o jsonl 'source!=audit-toolkit' >after.jsonl
cat >compare.py <<'END'
import json, re, sys
def without(value):
    if isinstance(value, str):
        for old in (r"(?<![A-Za-z0-9_])svc1(?![A-Za-z0-9_]|-[a-z])", r"ada\.lovelace(@|%40)acme\.example", r"ada lovelace",
                    r"\\u0053vc1"):
            value = re.sub(old, "person-77", value, flags=re.I)
        return value
    if isinstance(value, dict):
        return {without(k): without(v) for k, v in value.items()}
    return value
before, after = ([json.loads(line) for line in open(name)] for name in sys.argv[1:])
assert len(before) == len(after), "as many"
for a, b in zip(before, after):
    if without(a) != b:
        sys.exit("%s\n%s" % (a, b))
END
check "each event is what it was, but for the person" python3 compare.py before.jsonl after.jsonl
is "all of hers are one person's still" "$(audit-query -c --actor person-77)" 200
is "the saved query asks for the pseudonym" "$(audit-query -c -Q hers)" 200
is "the other one is as it was" "$(audit-query -Q others --print-where)" "$(audit-query --actor svc10 --print-where)"
is "refused lines can be listed, without" "$(audit-query --quarantine -o jsonl | jq -r .bytes | grep -c person-77)" 2

audit-query -r -o jsonl action=audit.erase >records
is "parts and a closing record" "$(jq -s -c '[(map(select(.context.part) | .context.events) | add),
	(map(select(.context.closing) | [.context.events, .context.records, .context.reason]))]' records)" \
    '[402,[[400,2,"person-77 asked"]]]'
is "all of one operation, that the receipt names" "$(jq -r .context.operation records | sort -u)" \
    "$(jq -r '.erasures[0].operation' receipt.json)"
run audit-verify -o json
ends "the store verifies" 0
is "the changed events are told apart" "$(jq '[.. | .erased? | numbers] | max' out)" 402
run audit-verify --checkpoint before.checkpoint
ends "with the checkpoint that was signed before" 0

run auditd-ingest --receipt ingested.json sealed.jsonl --source app
is "the file again: nothing is stored" "$status $(jq .stored ingested.json)" "0 0"
run sh -c 'cat sealed.jsonl | auditd-ingest --receipt ingested.json --source app'
is "its lines through a pipe are duplicates" "$status $(jq -c '[.stored,.duplicates]' ingested.json)" "0 [0,9000]"

run audit-erase --subject svc1 --also-seen --pseudonym person-77 --apply --reason again -o json
is "a second time there is nothing to do" "$status $(told .events) $(told .records)" "0 0 0"
run audit-erase --subject Ten --pseudonym person-10 --apply --reason 'her name'
ends "somebody else, as text" 0
check "for people" grep -q '^left  *0$' out
check "with what was looked at" grep -q '^looked at  *[0-9]* events, [0-9]* dictionary values, [0-9]* bytes$' out
is "no line is wider than a terminal" "$(awk 'length > 79' out)" ""
check "with what is out of reach" grep -q '^Out of reach' out
printf '{"id":"late","time":"2026-06-01T00:00:00Z","action":"x","actor_id":"svc1"}\n' | auditd-ingest -q --source app
run sh -c "printf 'svc1\n' | audit-erase --subject-file - --pseudonym person-77 --apply --reason late -o json"
is "a late event becomes the same person" "$status $(told .events) $(audit-query -c actor_id=person-77)" "0 1 201"

# ---- Holds ----

rm -rf "$db" "$db.keys"
python3 make.py 0 6000 >one.jsonl
auditd-ingest -q one.jsonl --source app
audit-hold place -q --matter M-1 --reason claim --tenant beta actor_id=svc1 >/dev/null
beta=$(audit-query -c --tenant beta actor_id=svc1)
check "some are held" test "$beta" -gt 0
run audit-erase --subject svc1
check "the plan names the matter" grep -q "^  matter M-1 (hold 1): [1-9]" out
run audit-erase --subject svc1 --pseudonym person-9 --apply --reason 'request 9' -o json
ends "an erasure that a hold defers in part ends with 3" 3
check "with a line that says so" grep -q 'wait for holds to be lifted' err
is "and the matter" "$(told '.matters[0].matter')" M-1
is "the others were changed" "$(audit-query -c actor_id=person-9 'tenant!=beta')" "$(audit-query -c actor_id=person-9)"
is "the held ones were not" "$(audit-query -c actor_id=svc1)" "$beta"
check "the check found what is left, and no more" \
    jq -e '.erasures[0] | .check.found_events == .deferred and .check.found_waiting == 1' out
run audit-erase --deferred
ends "it is listed" 0
check "with its matter and its reason" grep -q 'person-9 .*M-1.*request 9' out
run audit-erase --deferred -o json
is "as JSON, without the values" "$(jq -c '.waiting | [length, .[0].pseudonym, .[0].matters[0].matter]' out)$(grep -c svc1 out)" \
    '[1,"person-9","M-1"]0'
records=$(audit-query -c --source audit-toolkit)
run audit-erase --deferred --apply -o json
is "while the hold is active nothing more is done" "$status $(told .events)" "3 0"
check "with a line that says so, too" grep -q 'wait for holds to be lifted' err
is "nor recorded, night after night" "$(audit-query -c --source audit-toolkit) $(jq -c '.erasures[0] | [.operation,.check]' out)" \
    "$records [null,null]"
run audit-verify
ends "it verifies" 0
audit-hold lift -q --matter M-1 --reason settled >/dev/null
run audit-erase --deferred --apply -o json
ends "after the lift it is carried out" 0
check "all of it" jq -e '.erasures[0] | .carried_on and .deferred == 0 and .check.found_events == 0 and .check.found_bytes == 0' out
is "by the same pseudonym" "$(audit-query -c actor_id=person-9) $(audit-query -c actor_id=svc1)" "120 0"
check "svc1 as a word is nowhere in the file" python3 words.py "$db"
run audit-erase --deferred
is "nothing waits any more" "$status $(cat out)$(cat err)" "0 audit-erase: no erasure waits"
run audit-erase --deferred --apply
is "nor is anything to be carried on" "$status $(cat out)" "0 "
run audit-verify
ends "it verifies again" 0

# ---- Terminals ----

esc=$(printf '\033')
printf '{"id":"t1","time":"2026-06-01T00:00:00Z","action":"x","actor_id":"mallory","actor_name":"M%s[2Jx"}\n' '\u001b' |
    auditd-ingest -q --source app
run audit-erase --subject mallory
check "what steers a terminal is shown, not sent" sh -c '! grep -q "$0" out && grep -q "x1b" out' "$esc"

# ---- The log that it came from, read again ----

AUDIT_DB=$work/again.db
printf '{"time":"2026-06-01T00:00:0%dZ","action":"x","actor_id":"%s"}\n' 1 svc1 2 other 3 svc1 >app.jsonl
run auditd-ingest -q app.jsonl
run audit-erase --subject svc1 --apply --reason r
ends "erased from events that have no id of their own" 0
printf '{"time":"2026-06-01T00:00:04Z","action":"x","actor_id":"late"}\n' >>app.jsonl
run auditd-ingest --receipt receipt app.jsonl
is "the log goes on where it was left" "$status $(jq '[.read, .stored] | join(" ")' receipt)" '0 "1 1"'
is "so nothing is there twice, nor there again" "$(audit-query -c source!=audit-toolkit) $(audit-query -c actor_id=svc1)" "4 0"

finish
