#!/bin/sh
# The formats of log collectors: each event is one record that has what the
# format requires, and every value of it comes back, whatever it is made of.

. "$(dirname "$0")/lib.sh"
need python3 jq
look="python3 $top/tests/cli/dialects.py"

# all NAME: every format of the store, held against its JSON lines.
all() {
	audit-query -r -o jsonl >events
	count=$(wc -l <events)
	for format in ocsf ecs cef leef syslog octets; do
		case $format in octets) words='syslog --framing octets' ;; *) words=$format ;; esac
		# shellcheck disable=SC2086 # words
		audit-query -r -o $words >records
		run $look $format events records
		is "$1: $format" "$status $(cat out err)" "0 $count"
		# shellcheck disable=SC2086
		audit-query -r -i events -o $words >alone
		check "$1: $format by one thread is the same" cmp records alone
	done
}

$look make 7 500 >hostile.jsonl
run auditd-ingest -q --source "$(printf 'a|b\\c]=\n')" hostile.jsonl
ends "hostile events are stored" 0
all "hostile events"

rm "$db"
auditd-ingest -q "$top/examples/sample.jsonl" --source shop
audit-export -q -O export.jsonl
all "the sample"
export=$(audit-query --action audit.export -o jsonl | wc -l)
is "records of the toolkit are Event Log Activity, an export its activity 3" \
    "$(audit-query --action audit.export -o ocsf | jq -r .type_uid | sort | uniq -c | tr -s ' ')" " $export 100803"
is "a failed sign-in" "$(audit-query -n 1 action=login --outcome failure -o ocsf |
	jq -c '[.class_uid,.activity_id,.category_uid,.type_uid,.status_id,.user.uid != null]')" \
    "$(audit-query -n 1 action=login --outcome failure -o jsonl | jq -c '[3002,1,3,300201,2,.actor_id != null]')"

if [ -z "${AUDIT_CORPORA-}" ]; then
	skip "the real logs" "AUDIT_CORPORA is not set"
else
	rm "$db"
	c=$AUDIT_CORPORA
	{
		auditd-ingest -q --from auto "$c"/cloudtrail/stratus/*.json
		auditd-ingest -q --from kubernetes "$c"/kubernetes/audit2rbac/*.log
		auditd-ingest -q --from auto "$c"/journald/fluent/*.json
		auditd-ingest -q --from auditd "$c"/auditd/otrf/*.log "$c"/auditd/plaso/*.log
	} 2>/dev/null
	check "there are some" [ "$(audit-query -c)" -gt 500 ]
	all "the real logs"
	rm "$db"
	auditd-ingest -q "$top/examples/sample.jsonl" --source shop
fi

# ---- With other options ----

audit-query -n 5 -o cef >five
run audit-query --show-cursor -n 3 -o cef
cursor=$(sed -n 's/^cursor: //p' err)
{ cat out; audit-query -n 2 -o cef --cursor "$cursor"; } >pages
same "pages" pages five
audit-query -r -n 4 --seq -o ocsf | jq .metadata.sequence >got
audit-query -r -n 4 --seq -o ecs | jq .event.sequence >>got
audit-query -r -n 4 --seq -o cef | sed 's/.* AuditSeq=\([0-9]*\).*/\1/' >>got
audit-query -r -n 4 --seq -o leef | tr '\t' '\n' | sed -n 's/^seq=//p' >>got
audit-query -r -n 4 --seq -o syslog | sed 's/.* seq="\([0-9]*\)".*/\1/' >>got
for i in 1 2 3 4 5; do audit-query -r -n 4 --seq -o jsonl | jq .seq; done >wanted
same "--seq" got wanted
run audit-query -f -n 3 --timeout 100ms -o leef
is "-f" "$(grep -c '^LEEF:2.0|audit-toolkit|' out)" 3
audit-query -n 3 -o ecs --cursor-file place >/dev/null
audit-query -o ecs --cursor-file place >rest
check "--cursor-file" test -s rest
audit-query -r -o ocsf >wanted
run audit-export -O out.ocsf
check "an export, its format by its name" cmp out.ocsf wanted
mkdir folder
audit-export -q -o syslog -O folder/
check "or in a folder" sh -c 'ls folder/audit-log-*.syslog'
audit-query -r -n 1 -o syslog --fields time,action >got
is "the message of syslog may have chosen fields" "$(sed 's/^[^{]*//' got | jq -r keys[] | tr '\n' ' ')" "action time "

priority() {
	audit-query -n 1 --severity info..info -o syslog "$@" | sed 's/>.*//'
}
is "facilities" "$(priority) $(priority --facility local7) $(priority --facility 0)" "<110 <190 <6"

# ---- What makes no sense ----

run audit-query -o jsonl --facility audit
refuses "--facility without syslog" 2 "audit-query: --facility and --framing are for -o syslog"
run audit-query -o syslog --facility autpriv
refuses "a facility with a typo" 2 "no such facility; the nearest is authpriv"
run audit-query -o syslog --facility 24
refuses "one beyond the last" 2 "no such facility"
run audit-query -o syslog --framing octet
refuses "a framing with a typo" 2 "it is newline or octets"
run audit-export -o csv --dialect-map "$top/examples/dialects.yaml"
refuses "a map without such a format" 2 "--dialect-map is for -o ocsf, ecs, cef, leef and syslog"
run audit-query -o cef --fields time
refuses "--fields" 2 "-o cef has fields of its own: no --fields"
run audit-query -c -o cef
refuses "a count has no format" 2 "-c prints a number"
run audit-query -F action -o ocsf
refuses "values have formats of their own" 2 "-F prints table, jsonl, json or csv"
run audit-trail --identity alice -o ocsf
refuses "a trail is no list of records" 2 "no such format"
run audit-export -o leef -O x.leef --proof
refuses "a proof is of JSON lines" 2 "--proof is for whole events"

# ---- A map of the user's ----

map=$top/examples/dialects.yaml
event='{"id":"1","time":"2026-04-23T18:00:00Z","action":"deploy.finish","severity":"critical","actor_id":"ann","ip":"10.0.0.7","host":"h","context":{"permission":"a=b","peer":"10.0.0.8"}}'
tunnel='{"id":"2","time":"2026-04-23T18:00:00Z","source":"vpn","action":"tunnel.up","host":"h","context":{"peer":"10.0.0.8"}}'
printf '%s\n%s\n' "$event" "$tunnel" >two
run audit-query -r -i two -o ocsf --dialect-map "$map"
is "OCSF: a class that is not built in" \
    "$(jq -c '[.type_uid, .category_uid, .dst_endpoint.ip, .metadata.product.name, .device]' out | tr '\n' ' ')" \
    '[600303,6,null,"Acme Shop",null] [400199,4,"10.0.0.8","Acme Shop",null] '
is "OCSF: what is omitted goes to unmapped" "$(jq -c .unmapped.host out | tr '\n' ' ')" '"h" "h" '
run audit-query -r -i two -o ecs --dialect-map "$map"
is "ECS: a rule, labels, a number" \
    "$(jq -c '[.event.category, .event.type, .labels.permission, .event.risk_score]' out | tr '\n' ' ')" \
    '[["configuration"],["change"],"a=b",99] [null,null,null,10] '
run audit-query -r -n 1 -i two -o cef --dialect-map "$map"
is "CEF: another vendor, a custom string" "$(sed 's/|[0-9].*cs1=/ cs1=/; s/ Audit.*//' out)" \
    'CEF:0|Acme|Shop cs1=a\=b cs1Label=permission'
printf 'dialect_map: %s\n' "$map" >config.yaml
run audit-query --config config.yaml -n 1 -i two -o leef
is "LEEF, by the configuration" "$(cut -d '|' -f 2,3 out)" "Acme|Shop"
run audit-query --config config.yaml -r -n 1 -i two -o syslog
is "syslog: application and parameter" "$(sed 's/.* h \([^ ]*\) .*\(permission="[^"]*"\).*/\1 \2/' out)" \
    'shop-audit permission="a=b"'

# faulty TEXT PATTERN: a map that is refused, with its place.
faulty() {
	printf "$1" >bad.yaml
	run audit-query -i two -o ocsf --dialect-map bad.yaml
	refuses "refused: $2" 2 "bad.yaml:.*$2"
}
faulty 'ocfs: {}\n' "1:1: .*the nearest is ocsf"
faulty 'cef:\n  rules: []\n' "2:3: rules: cef has none"
faulty 'ocsf:\n  fields:\n    a b: ip\n' "3:.*'a b' cannot be a name in ocsf"
faulty 'ocsf:\n  fields:\n    class_uid: status\n' "3:.*not for fields: ocsf makes it"
faulty 'ecs:\n  fields:\n    user.id.x: ip\n' "'user.id' and 'user.id.x' cannot both be in a record"
faulty 'ocsf:\n  fields:\n    resources.x: ip\n' "cannot both be in a record"
faulty 'ecs:\n  fields:\n    a: action\n    a: ip\n' "4:.*'a' is there twice"
faulty 'ecs:\n  fields:\n    a: acton\n' "3:.*acton"
faulty 'ecs:\n  fields:\n    a: {as: text}\n' "needs from or text"
faulty 'ecs:\n  fields:\n    a: {text: "{", as: json}\n' "text is no json"
faulty 'ecs:\n  fields:\n    a: {from: ip, else: x}\n' "else belongs to lookup"
faulty 'ecs:\n  fields:\n    a: {from: ip, class: 1}\n' "only ocsf has classes"
faulty 'ocsf:\n  fields:\n    a: {from: ip, lookup: {x: y}, as: integer}\n' "lookup: 'y' is no integer"
faulty 'ocsf:\n  rules: [{action: x}]\n' "one of ocsf has class"
faulty 'ocsf:\n  rules: [{action: x, class: 3002, activity: 100}]\n' "a number up to 99"
faulty 'ecs:\n  rules: [{action: x, categories: [file], types: [start]}]\n' "'start' goes with none of the categories"
faulty 'ecs:\n  rules: [{action: x, categories: [fil]}]\n' "the nearest is file"
faulty 'cef:\n  omit: [name]\n' "'name' is a part of each header"
faulty 'cef:\n  omit: [nmae]\n' "cef has no 'nmae'"
faulty 'cef:\n  fields: {"a=b": ip}\n' "cannot be a name in cef"
faulty 'leef:\n  fields: {"a\\tb": ip}\n' "cannot be a name in leef"
faulty 'syslog:\n  fields: {"a]b": ip}\n' "cannot be a name in syslog"
run audit-query -i two -o cef --dialect-map missing.yaml
refuses "a map that is not there" 2 "missing.yaml"
{ echo 'ecs:'; echo '  fields:'; seq 257 | sed 's/.*/    a&: ip/'; } >bad.yaml
run audit-query -i two -o cef --dialect-map bad.yaml
refuses "too many fields" 2 "259:5: fields: more than 256"
printf 'dialect_map: relative.yaml\n' >config.yaml
run audit-query --config config.yaml -i two -o cef
refuses "a relative path in the configuration" 2 "expected an absolute path"

# On a terminal no byte steers it.
printf '{"time":"2026-04-23T18:00:00Z","action":"a\\u202eb\\u009bc"}\n' >steering
command -v script >/dev/null && {
	script -qec "audit-query -i steering -o cef" /dev/null >shown
	check "a terminal is shown no control or bidi character" \
	    sh -c '! LC_ALL=C grep -q "$(printf "\342\200\256")" shown && grep -q "u202e" shown'
}

finish
