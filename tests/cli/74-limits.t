#!/bin/sh
# What may be exported a day is limited by tenant, and nothing goes beyond it:
# not one export after the other, nor several at the same time.

. "$(dirname "$0")/lib.sh"
need jq

cat >config.yaml <<'END'
export_limits:
  - tenant: acme
    rows: 100
  - tenant: "small-*"
    rows: 3
  - tenant: ""
    rows: 5
END
AUDIT_CONFIG=$work/config.yaml
export AUDIT_CONFIG

events() { # TENANT COUNT
	awk -v tenant="$1" -v n="$2" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "{\"id\":\"%s%d\",\"time\":\"2026-05-01T00:%02d:%02dZ\",\"action\":\"read\"%s}\n",
			    tenant, i, i / 60 % 60, i % 60, tenant == "" ? "" : ",\"tenant\":\"" tenant "\""
	}'
}
{
	events acme 80
	events small-1 3
	events small-2 4
	events other 500
	events "" 5
} | auditd-ingest -q --source app
records() { # JQ-FILTER
	audit-query -r -o jsonl source=audit-toolkit action=audit.export | jq -c "$1"
}

run audit-export --tenant acme -O one.jsonl
ends "within the limit" 0
is "the intent says how many of whom" "$(records .context | jq -c 'select(.phase == "intent").tenants')" '{"acme":80}'
is "and on which day" "$(records 'select(.context.phase == "intent") | .context.day == .time[:10]')" true
run audit-export --tenant acme -O two.jsonl
refuses "twice is too much" 4 "tenant 'acme': no more than 100 rows a day .* were 80, .* has 80"
check "nothing was written" test ! -e two.jsonl
is "the refusal is on record" "$(records 'select(.context.phase == "refused") | [.outcome, .context.tenant, .context.limit,
	.context.used, .context.asked]')" '["failure","acme",100,80,80]'
is "and names its intent" "$(records 'select(.context.phase == "refused").context.intent')" \
    "$(records 'select(.context.phase == "intent").id' | tail -n 1)"
run audit-export --tenant acme
refuses "nor to the standard output" 4 acme
is "refused ones do not count" "$(audit-export -q --tenant acme --until 2026-05-01T00:00:20Z | wc -l)" 20
run audit-export --tenant acme -U 2026-05-01T00:00:01Z
refuses "the limit is reached, to the row" 4 "were 100, .* has 1"
run audit-export --tenant acme --actor nobody
ends "no row is none too many" 0

run audit-export --tenant 'small-*' -O small.jsonl
refuses "each tenant has its own" 4 "tenant 'small-2': .* 3 rows .* were 0, .* has 4"
is "all of them are counted" "$(records .context.tenants | tail -n 2 | head -n 1)" '{"small-2":4,"small-1":3}'
run audit-export --tenant small-1 -O small.jsonl
ends "one of them" 0
run audit-export --tenant other -O other.jsonl
ends "without a limit" 0
is "is not counted" "$(records .context.tenants | tail -n 2 | head -n 1)" '{}'
run audit-export --where 'source = app and not has tenant' -O none.jsonl
ends "events without a tenant" 0
run audit-export --where 'source = app and not has tenant' -O none.jsonl
refuses "have the limit of the empty one" 4 "events without a tenant: no more than 5"
run audit-export --source app -O all.jsonl
refuses "all of them together" 4 "rows a day"

# ---- What does not count, and what does ----

sed -i 's/rows: 100/rows: 180/' config.yaml
run audit-export --tenant acme -O no/such/folder/x.jsonl
ends "one that fails before its first byte" 2
run audit-export --tenant acme -O three.jsonl
ends "does not count" 0
is "a day has what it has" "$(cat one.jsonl three.jsonl | wc -l)" 160
sed -i 's/rows: 180/rows: 400/' config.yaml
mkfifo slow
audit-export -q --tenant acme -O slow 2>/dev/null &
exporter=$!
exec 3<slow
sleep 0.2
kill -KILL $exporter 2>/dev/null
wait $exporter 2>/dev/null
exec 3<&-
is "one that was killed is an intent more" "$(records 'select(.context.tenants.acme == 80 and .context.phase == "intent").id' |
	wc -l)" 7
sed -i 's/rows: 400/rows: 339/' config.yaml
run audit-export --tenant acme -O four.jsonl
refuses "and counts" 4 "were 260, .* has 80"

# ---- At the same time ----

sed -i 's/rows: 339/rows: 420/' config.yaml
for i in 1 2 3 4 5 6 7 8; do
	(
		status=0
		audit-export -q --tenant acme -O race$i.jsonl 2>/dev/null || status=$?
		echo $status >race$i.status
	) &
done
wait
is "of eight at once, two fit" "$(cat race*.status | sort | uniq -c | tr -s ' \n' ' ')" " 2 0 6 4 "
is "and no more came out" "$(cat race*.jsonl | wc -l)" 160

# ---- Since last time ----

echo "export_limits: [{tenant: acme, rows: 440}]" >config.yaml
run audit-export --tenant acme --cursor-file cursor -O late1.jsonl
refuses "with a cursor" 4 "were 420"
check "which is not left then" test ! -e cursor
AUDIT_CONFIG='' audit-export -q --tenant acme --cursor-file cursor -O late1.jsonl
auditd-ingest -q --source app <<'END'
{"id":"late1","time":"2026-05-02T00:00:00Z","action":"read","tenant":"acme"}
{"id":"late2","time":"2026-05-02T00:00:00Z","action":"read","tenant":"acme"}
END
run audit-export --tenant acme --cursor-file cursor -O late2.jsonl
ends "what came since fits" 0
is "it is counted alone" "$(records 'select(.context.phase == "intent").context.tenants' | tail -n 1)" '{"acme":2}'

# ---- Of another day ----

at_time +25h
if [ -n "$clock" ]; then
	eval "run $clock audit-export --tenant acme -O tomorrow.jsonl"
	ends "a new day begins with nothing" 0
else
	skip "a new day begins with nothing" "there is no faketime that works here"
fi

# ---- Names that others wrote ----

awk 'BEGIN { for (i = 0; i < 1001; i++) printf "{\"id\":\"t%d\",\"time\":\"2026-06-01T00:00:00Z\",\"action\":\"a\",\"tenant\":\"many\\\"\\\\\\u0007%d\"}\n", i, i }' |
	auditd-ingest -q --source many
echo 'export_limits: [{tenant: "*", rows: 1}]' >config.yaml
run audit-export --source many -O many.jsonl
refuses "more tenants than can be told" 4 "more than 1000 tenants"
run audit-export --source many id!=t7 -O many.jsonl
ends "as many as can be" 0
run audit-export --source many id=t8
refuses "are limited one by one" 4 'no more than 1 rows'

# ---- Who asked for it ----

AUDIT_CONFIG=
run audit-export --tenant small-1 --request 'TICKET-7 "äü"' -O asked.jsonl
ends "a request" 0
is "is in both records" "$(records 'select(.context.request == "TICKET-7 \"äü\"").context.phase' | tr '\n' ' ')" '"intent" "outcome" '
run audit-export --request ''
refuses "an empty one" 2 "--request"
run audit-export --request "$(printf '%0129d' 0)"
refuses "or a long one" 2 "--request takes 1 to 128 bytes"
run audit-export --request "$(printf 'a\377b')"
refuses "or one that is no text" 2 "--request"

finish
