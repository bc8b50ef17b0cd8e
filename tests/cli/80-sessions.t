#!/bin/sh
# Sessions are what a naive model makes of the same events, whatever their order
# and wherever they are stored; and are shown the same in every format.

. "$(dirname "$0")/lib.sh"
need python3 jq

# ---- The model ----

# Some of the log in segments, some in the tail, and some revoked in between.
modelled() { # SEED KIND
	rm -f "$db"
	python3 "$top/tests/cli/sessions.py" make "$1" 4600 "$2" >events.jsonl
	head -n 4200 events.jsonl | auditd-ingest -q
	audit-sessions -q --revoke-all-for "$(audit-sessions -n 1 | jq -r .actor_id)" --reason model >revoked
	tail -n +4201 events.jsonl | auditd-ingest -q
	audit-query -o jsonl >stored.jsonl
	audit-sessions --all -o json >sessions.json
	check "$2 ids, seed $1: as the model" \
	    python3 "$top/tests/cli/sessions.py" check stored.jsonl sessions.json
	for filter in actor_id=u7 host=h1; do
		audit-sessions --all -o json $filter >sessions.json
		check "$2 ids, seed $1: those with an event that has $filter" \
		    python3 "$top/tests/cli/sessions.py" check stored.jsonl sessions.json $filter
	done
}
modelled 1 few
check "some were revoked by us" grep -q ': revoked$' revoked
modelled 2 distinct
audit-sessions --all -o json >sessions.json
jq -c '.sessions[0].events += 1' sessions.json >wrong.json
check "the model notices one event more" \
    sh -c "! python3 '$top/tests/cli/sessions.py' check stored.jsonl wrong.json"

# ---- One by one ----

# event MINUTES-AGO ACTION SESSION [MORE...]: members of JSON
event() {
	printf '{"time":"%s","action":"%s","session_id":"%s"%s}\n' \
	    "$(date -u -d "-$1 minutes" +%Y-%m-%dT%H:%M:%SZ)" "$2" "$3" "${4:+,$4}"
}
rm -f "$db"
{
	event 100 login s-live '"actor_id":"u1","actor_email":"Ann@acme.example","ip":"192.0.2.1","idp":"okta"'
	event 5 read s-live '"actor_id":"u1","ip":"192.0.2.2","user_agent":"Mozilla/5.0 (iPhone)"'
	event 300 login s-idle '"actor_id":"u2","actor_name":"Bo"'
	event 200 read s-idle '"actor_id":"u2"'
	event 90 login s-ended '"actor_id":"u2"'
	event 80 logout s-ended '"actor_id":"u2"'
	event 70 read s-ended '"actor_id":"u2","outcome":"failure"'
	event 4000 login s-unused '"actor_id":"u3"'
	event 60 login s-used '"actor_id":"u3"'
	event 50 logout s-used '"actor_id":"u3"'
	event 40 read s-used '"actor_id":"u3"'
	event 30 login s-\\u001b[31mred '"actor_id":"\u001b]0;title\u0007"'
	event 20 read 17 '"actor_id":"u4","host":"h1"'
	event 21 read 17 '"actor_id":"u5","host":"h2"'
	event 10 login s-failed '"outcome":"failure"'
	event 10 read s-denied '"outcome":"failure"'
	event 9 login s-long "\"actor_id\":\"u6\",\"context\":{\"expires_at\":\"$(date -u -d '+90 days' +%Y-%m-%dT%H:%M:%SZ)\"}"
	event 8 login s-short "\"actor_id\":\"u6\",\"context\":{\"expires_at\":$(date -u -d '-1 minutes' +%s)}"
	printf '{"time":"%s","action":"read"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
} >events.jsonl
auditd-ingest -q --source portal events.jsonl

said() { # FILTER of jq
	audit-sessions --all -o json | jq -c "$1"
}
state() {
	said "[.sessions[] | select(.session_id == \"$1\") | .state, .used_after != null]"
}
is "live" "$(state s-live)" '["live",false]'
is "idle" "$(state s-idle)" '["idle",false]'
is "ended; what failed afterwards is no use" "$(state s-ended)" '["ended",false]'
is "ended, and used since" "$(state s-used)" '["ended",true]'
is "expired, unused for a day" "$(state s-unused)" '["expired",false]'
is "a sign-in that failed is of no session" "$(said '[.sessions[] | select(.session_id == "s-failed")]')" '[]'
is "what else failed is of one" \
    "$(said '.sessions[] | select(.session_id == "s-denied") | [.state, .signed_in, .events]')" '["live",false,1]'
is "it says itself that it lasts long" \
    "$(said '.sessions[] | select(.session_id == "s-long") | (.expires[0:10] > (now + 80 * 86400 | todate))')" true
is "and that it is over" "$(state s-short)" '["expired",false]'
is "counted ids are of a host" \
    "$(said '[.sessions[] | select(.session_id == "17") | [.host, .actor_id]] | sort')" '[["h1","u4"],["h2","u5"]]'
is "what is told of one" "$(said '.sessions[] | select(.session_id == "s-live") |
    [.source, .tenant, .host, .user, .actor_id, .idp, .device_kind, .ip, .last_ip, .signed_in, .events, .closed]')" \
    '["portal",null,null,"Ann@acme.example","u1","okta","phone","192.0.2.1","192.0.2.2",true,2,null]'
is "in use by default, last used first" "$(audit-sessions | jq -r .session_id | cat -v | tr '\n' ' ')" \
    's-live s-long s-denied 17 17 s-^[[31mred s-used s-idle '

is "--idle" "$(audit-sessions --idle 1h | jq -r .session_id)" s-idle
is "--user by e-mail, in any case" "$(audit-sessions --user ann@ACME.example | jq -r .session_id)" s-live
is "--user by a pattern" "$(audit-sessions --user 'B*,u6' | jq -r .session_id | tr '\n' ' ')" "s-long s-idle "
is "-n" "$(audit-sessions -n 2 | jq -r .session_id | tr '\n' ' ')" "s-live s-long "
is "a filter chooses sessions, not events" \
    "$(audit-sessions --ip 192.0.2.2 | jq -c '[.session_id, .events]')" '["s-live",2]'
is "a window" "$(audit-sessions --all --last 7min | jq -r .session_id)" s-live

# ---- Formats ----

audit-sessions --all -o jsonl >lines
audit-sessions --all -o json | jq -c '.sessions[]' >wanted
same "json has what jsonl has" lines wanted
audit-sessions --all -o csv >table.csv
python3 - table.csv <<'END' >got
import csv, json, sys
for row in csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")):
    out = {k: v if v != "" else None for k, v in row.items()}
    out["signed_in"], out["events"] = out["signed_in"] == "true", int(out["events"])
    print(json.dumps(out, separators=(",", ":"), ensure_ascii=False))
END
jq -c . got >got.jsonl
jq -c . lines >lines.jsonl
same "csv has it too" got.jsonl lines.jsonl
run audit-sessions --all -o table
is "a table for people" "$status $(head -n 1 out | tr -s ' ')" \
    "0 USER STATE LAST STARTED EXPIRES DEVICE ADDRESS PROVIDER SESSION"
check "no byte of it steers a terminal" sh -c '! grep -q "[[:cntrl:]]" out'
check "and it has all" test "$(wc -l <out)" -eq "$(($(wc -l <lines) + 1))"

# ---- What does not work ----

run audit-sessions -o tabel
refuses "a mistyped format" 2 "the nearest is table"
run audit-sessions --idle 0s
refuses "--idle of nothing" 2 "at least 1s"
run audit-sessions --idle soon
refuses "--idle that is no span" 2 "^audit-sessions: --idle"
run audit-sessions -D nowhere.db
refuses "no store" 2 "nowhere.db"
run audit-sessions --all actor_id=nobody
is "nobody" "$status $(cat out) $(cat err)" "0  audit-sessions: no session is known"
run audit-sessions -o csv --user nobody
is "in use" "$(wc -l <out) $(cat err)" "1 audit-sessions: no session is in use"
audit-sessions --all -o csv >/dev/full 2>err && status=0 || status=$?
is "a full disk" "$status" 2
echo 'record_reads: [audit-sessions]' >config.yaml
audit-sessions --config config.yaml --user u1 source=portal >/dev/null
is "a read is recorded where it is to be" \
    "$(audit-query --action audit.read -o jsonl | jq -r '[.context.program, .context.filter] | join(" ")')" \
    "audit-sessions source = portal"

# ---- Rules of one's own ----

cat >config.yaml <<'END'
sessions:
  sign_in: [read]
  sign_out: []
  idle: 1m
  unused: forever
  lifetime: forever
END
is "other actions, other spans" "$(audit-sessions --config config.yaml --all -o json |
    jq -c '.sessions[] | select(.session_id == "s-used" or .session_id == "s-unused") |
	[.session_id, .state, .signed_in, .expires]' | tr '\n' ' ')" \
    '["s-used","idle",true,null] ["s-unused","idle",false,null] '

finish
