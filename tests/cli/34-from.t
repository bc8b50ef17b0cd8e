#!/bin/sh
# Logs of other products: each mapping on its sample through the program,
# stored once however it is packed and sent, going on where it was.
. "$(dirname "$0")/lib.sh"
need jq gzip

samples=$top/tests/data/mapping

# adds NAME N OPTION|FILE...: stores N events and ends well.
adds() {
	adds_name=$1 adds_n=$2
	shift 2
	rm -f receipt.json
	run auditd-ingest --receipt receipt.json "$@"
	is "$adds_name" "$status: $(receipt stored)" "0: $adds_n"
}

# piped FILE OPTION...: runs auditd-ingest on a pipe.
piped() {
	piped_file=$1
	shift
	run sh -c 'f=$1; shift; cat "$f" | auditd-ingest --receipt receipt.json "$@"' sh "$piped_file" "$@"
}

# trail FROM TO: records as CloudTrail has them, a line each.
trail() {
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++)
		printf "{\"eventVersion\":\"1.08\",\"eventTime\":\"2026-03-01T10:%02d:%02dZ\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\"eventID\":\"e%d\",\"userIdentity\":{\"arn\":\"arn:aws:iam::1:user/a\"}}\n",
		    i / 60, i % 60, i }'
}

# packed FROM TO: the same as the file that AWS delivers.
packed() {
	printf '{"Records":['
	trail "$1" "$2" | paste -sd, | tr -d '\n'
	printf ']}'
}

# ---- Each mapping ----

for sample in "$samples"/*.json; do
	name=$(basename "$sample" .json)
	run auditd-ingest --from "$name" --dry-run "$sample"
	jq -c 'del(.source)' out >mapped
	jq -c . "$samples/$name.jsonl" >wanted
	same "$name: events are as its sample says" mapped wanted
	run auditd-ingest --from auto --dry-run "$sample"
	jq -c 'del(.source)' out >guessed
	check "$name: and it is recognised" cmp guessed wanted
	n=$(wc -l <wanted)
	adds "$name: is stored" "$n" --from "$name" "$sample"
	adds "$name: once" 0 --from "$name" "$sample"
	gzip -c "$sample" >"$name.json.gz"
	adds "$name: a packed copy adds nothing" 0 --from "$name" "$name.json.gz"
	piped "$sample" --db "$name.db" --from "$name"
	is "$name: a pipe gives the same" "$status: $(receipt stored)" "0: $n"
done
is 'standard input is called as its mapping' "$(audit-query --db okta.db -o jsonl | jq -r .source | sort -u)" okta

# ---- Containers ----

packed 1 100 >list.json
adds 'a list in an object goes in' 100 --from cloudtrail list.json
adds 'once' 0 --from cloudtrail list.json
packed 91 110 >next.json
adds 'an event that is in two files is one' 10 --from cloudtrail next.json
is 'since all are one log' "$(audit-query --count --source next)" 0
rm -f events.db
trail 1 50 | jq . >pretty.json
adds 'records of several lines' 50 --from cloudtrail pretty.json
trail 51 60 | jq . >>pretty.json
adds 'what is added to them' 10 --from cloudtrail pretty.json
is 'and nothing else is read' "$(receipt read)" 10
trail 61 70 | jq -s . >array.json
adds 'an array of several lines' 10 --from cloudtrail array.json
trail 61 75 | jq -s . >array.new
cat array.new >array.json
adds 'that was rewritten with more behind' 5 --from cloudtrail array.json
run auditd-ingest --from cloudtrail --strict list.json
ends '--strict takes a file without fault' 0
{ trail 101 102; echo '{"eventName":1'; trail 103 104; } >faulty.json
run auditd-ingest --from cloudtrail --strict faulty.json
refuses '--strict refuses one with a fault' 2 'faulty.json:3: not JSON'
run auditd-ingest --from cloudtrail --receipt receipt.json faulty.json
is 'else only the fault is quarantined' "$status: $(receipt stored) $(receipt quarantined)" '3: 4 1'

# ---- The end of a file that grows ----

rm -f events.db
{ trail 1 3; trail 4 4 | head -c 40; } >growing.log
run auditd-ingest --from cloudtrail --receipt receipt.json growing.log
is 'a record that has begun waits' "$status: $(receipt stored)" '0: 3'
check 'which is said' grep -q 'growing.log: its last record is incomplete and was left for the next time$' err
trail 1 5 >growing.log
adds 'and is taken when it is whole' 2 --from cloudtrail growing.log
{ trail 1 1; trail 2 2 | head -c 40; } >cut.log
piped cut.log --from cloudtrail --db pipe.db
is 'in a pipe there is no next time' "$status: $(receipt stored) $(receipt quarantined)" '3: 1 1'

# ---- Tables ----

rm -f events.db
printf '\357\273\277Timestamp,User Name,Action,Result\r\n2026-03-01T10:00:00Z,ann,login,success\r\n' >t.csv
adds 'a table goes in' 1 --from csv t.csv
printf '2026-03-01T10:00:01Z,"bob, jr",login,failure\r\n' >>t.csv
adds 'with what is added' 1 --from csv t.csv
is 'by the names of its header' \
	"$(audit-query -o jsonl | jq -r '[.action, .outcome, .actor_id // .actor_name] | join(" ")' | sort)" \
	"$(printf 'login failure bob, jr\nlogin success ann')"
printf '2026-03-01T10:00:02Z,eve,login,success,more\r\n' >>t.csv
run auditd-ingest --from csv --receipt receipt.json t.csv
is 'a row with too many cells is quarantined' "$status: $(receipt quarantined)" '3: 1'
printf '2026-03-01T10:00:03Z,"eve,login\r\n' >>t.csv
printf '2026-03-01T10:00:04Z,"x"y,login,success\r\n' >>t.csv
run auditd-ingest --from csv t.csv
is 'what is no strict CSV is an error' "$status: $(grep -c 't.csv: line 5: no strict CSV' err)" '2: 1'
printf 'time,action\n2026-03-01T10:00:00Z,read\n,write\n' >no-time.csv
adds 'a time that is not told is assumed if asked for' 2 --from csv --assume-now no-time.csv
printf ',erase\n' >>no-time.csv
adds 'once' 1 --from csv --assume-now no-time.csv

printf 'time,action\n2026-03-01T10:00:00Z,read\n2026-03-01T10:00:01Z,write' >open.csv
adds 'a last row without newline waits' 1 --from csv open.csv
touch -d '1 hour ago' open.csv
adds 'but not for ever' 1 --from csv open.csv
adds 'and is there once' 0 --from csv open.csv

# ---- Killed ----

# Each try is killed a little later; what was committed is not stored again.
rm -f events.db
packed 1 3000 | sed 's/"eventID"/"requestParameters":{"pad":"'"$(head -c 2000 /dev/zero | tr '\0' x)"'"},&/g' >big.json
for delay in 0.02 0.04 0.06 0.08 0.1 0.12; do
	timeout -s KILL "$delay" auditd-ingest -q --from cloudtrail big.json 2>/dev/null
done
run auditd-ingest --from cloudtrail --receipt receipt.json big.json
is 'what was killed is finished' "$status: $(audit-query --count)" '0: 3000'
check 'and in order' audit-verify -q

# A time that was assumed would be another one if the row were read again.
rm -f events.db
{ echo time,action; seq 200000 | sed 's/^/,a/'; } >no-time.csv
auditd-ingest -q --from csv --assume-now no-time.csv &
tries=0
until [ "$(audit-query --count 2>/dev/null || echo 0)" -gt 0 ] || [ $((tries += 1)) -gt 1000 ]; do :; done
kill -KILL $!
wait $! 2>/dev/null
run auditd-ingest -q --from csv --assume-now no-time.csv
is 'nor when times are assumed' "$status: $(audit-query --count)" '0: 200000'

# ---- Choosing ----

rm -f events.db
run auditd-ingest list.json
check 'no message is wider than a screen' test "$(awk 'length > 110' err | wc -l)" -eq 0
check 'the default names what fits' grep -q 'list.json: it looks like AWS CloudTrail: --from cloudtrail reads that' err
is 'and leaves it alone' "$status: $(audit-query --quarantine -o jsonl | wc -l)" '2: 0'
adds 'so that it is read as what it is' 100 --from cloudtrail list.json
run auditd-ingest --from cloudtrial list.json
refuses 'a typo gets the nearest name' 2 cloudtrail
printf '{"time":"2026-03-01T10:00:00Z","action":"read"}\n' >own.jsonl
adds 'auto takes our own events' 1 --from auto own.jsonl
check 'and says so' grep -q 'own.jsonl: reading it as events, one JSON object a line$' err
run auditd-ingest --from "$top/examples/deploy.yaml" --dry-run "$top/examples/deploy.json"
is 'a product that nobody knew' "$status: $(jq -r .action out | paste -sd' ')" '0: deploy.start deploy.scale'
check 'what its mapping drops is counted' grep -q '^auditd-ingest: 3 read: 2 printed, none stored, 1 dropped' err
run sh -c '{ printf "{\"Records\":[\n"; sleep 0.3; cut -c 13- list.json; } | auditd-ingest --from auto --db slow.db'
check 'a pipe that begins slowly is waited for' grep -q 'stdin: reading it as AWS CloudTrail$' err
adds '--drop leaves out and counts' 1 --from "$top/examples/deploy.yaml" --drop 'actor_id = bob' "$top/examples/deploy.json"
is 'both kinds' "$(receipt dropped)" 2
# Of 2001 events in a record one is an event.
awk 'BEGIN { printf "{\"id\":{\"applicationName\":\"login\",\"uniqueQualifier\":\"1\",\"time\":\"2026-03-01T10:00:00Z\"},"
	printf "\"events\":[{\"name\":\"login_success\"}"; for (i = 0; i < 2000; i++) printf ",1"; print "]}" }' >many.jsonl
run auditd-ingest --from google-workspace --receipt receipt.json --db many.db many.jsonl
is 'a record is quarantined once, however many of its events are refused' \
    "$status: $(receipt read) $(receipt stored) $(audit-query --db many.db --quarantine -o jsonl | wc -l)" '3: 2 1 1'

# ---- What cannot be read to its end ----

{ trail 1 3000 | gzip -c | head -c 8000; } >cut.json.gz
{ awk 'BEGIN { for (i = 0; i < 3000; i++)
	printf "{\"time\":\"2026-03-01T10:00:00Z\",\"action\":\"read\",\"actor_id\":\"%d\"}\n", i * 7919 }' | gzip -c | head -c 5000; } >cut.gz
for way in 'cloudtrail cut.json.gz' 'auto cut.json.gz' 'auto cut.gz'; do
	set -- $way
	rm -f broken.db*
	run auditd-ingest --db broken.db --from "$1" "$2"
	n=$(audit-query --db broken.db --count)
	check "what stands before the fault is stored ($way)" test "$status $((n > 100))" = '2 1'
	piped "$2" --db broken.db.pipe --from "$1"
	is "and of a pipe as much ($way)" "$status $(audit-query --db broken.db.pipe --count)" "2 $n"
done

# ---- The real logs ----

real() { # NAME FORMAT READ STORED FILE...
	real_name=$1 real_from=$2 real_wanted="$3 $4"
	shift 4
	if [ ! -e "$1" ]; then
		skip "$real_name" 'the real logs are not there'
		return
	fi
	run auditd-ingest --db "$real_name.db" --from "$real_from" --receipt receipt.json "$@"
	is "$real_name" "$(receipt read) $(receipt stored)" "$real_wanted"
	run auditd-ingest --db "$real_name.db" --from "$real_from" --receipt receipt.json "$@"
	is "$real_name: again" "$(receipt read)" 0
}

c=${AUDIT_CORPORA:-/nonexistent}
real 'CloudTrail as AWS delivers it' cloudtrail 2900 2900 "$c"/cloudtrail/invictus/*.json
real 'CloudTrail in lists of several lines' auto 310 310 "$c"/cloudtrail/stratus/*.json
real 'Kubernetes' kubernetes 37 37 "$c"/kubernetes/audit2rbac/*.log
real 'a journal as JSON' auto 461 461 "$c"/journald/fluent/*.json
real 'and exported' auto 461 461 "$c"/journald/fluent/*.export
real 'a table' csv 301 301 "$c"/csv/otrf/*.csv

finish
