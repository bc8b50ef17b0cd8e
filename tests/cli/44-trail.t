#!/bin/sh
# audit-trail: the events of one resource or one identity, and their summary,
# against jq, and over lines as over the store.

. "$(dirname "$0")/lib.sh"
need jq python3

python3 "$top/tests/cli/events.py" 2500 44 >events.jsonl
cat "$top/examples/sample.jsonl" >>events.jsonl
cat >>events.jsonl <<'END'
{"action":"GetSecretValue","time":"2026-08-20T10:00:00Z","actor_name":"a,b*c","target_name":"odd, with * and \\"}
{"action":"touch","category":"file_access","time":"2026-08-21T10:00:00Z","actor_id":"x","target_id":"odd, with * and \\"}
{"action":"touch","category":"ADMIN","time":"2026-08-22T10:00:00Z","actor_id":"x","target_path":"odd, with * and \\"}
{"action":"x","category":"SHARING","time":"2026-08-01T10:00:00Z","actor_id":"y","target_path":"odd, with * and \\"}
{"action":"add,\\*?","category":"ADMIN","time":"2026-07-01T10:00:00Z","actor_email":"y","target_path":"odd, with * and \\"}
{"action":"edit","time":"2026-08-30T10:00:00Z","effective_id":"x","actor_id":"z","target_path":"else"}
END
run auditd-ingest events.jsonl
ends "events are stored" 0
audit-query -r -o jsonl >all.jsonl

# ---- the summary, by jq from the lines ----

# Words of the manual; past forms as the sample has none.
words() { # HEADING
	sed -n "/^\\.It $1\$/,/^\\.\\(It\\|El\\)/p" "$top/man/audit-trail.1" | grep -v '^\.' | tr ' ' '\n' | sort
}
words reads >reads
words writes >writes
for verb in READ WRITE; do
	sed -n "s/^\\t{ \"\\([a-z]*\\)\", VERB_$verb },\$/\\1/p" "$top/src/event/verb.c" |
		grep -v -x -e copied -e modified -e transferred -e written -e wrote | sort >table
	same "the manual lists the words of $verb" table "$(echo $verb | tr A-Z a-z)s"
done

cat >oracle.jq <<'END'
def verb:
  (.action | split("[.:/]"; null)[-1]) as $part
  | ($part | gsub("(?<a>[a-z0-9])(?<b>[A-Z])"; "\(.a) \(.b)") | [splits("[ _-]+")] | map(select(. != "") | ascii_downcase)) as $words
  | ($words | map(if IN(($reads | split("\n"))[]) then "read" elif IN(($writes | split("\n"))[]) then "write" else null end)) as $known
  | if ($part | test("[a-z0-9][A-Z]") | not) and $known[-1] then $known[-1]
    elif any($known[]; .) then first($known[] | select(.))
    elif .category and (.category | ascii_upcase | IN("FILE_ACCESS", "DATA_ACCESS")) then "read"
    elif .category and (.category | ascii_upcase | IN("FILE_MODIFICATION", "SHARING")) then "write"
    else "neither" end;
def identity: .actor_id // .actor_email // .actor_name;
def resource: .target_path // .target_id // .target_name;
def latest: map(.time) | max;
map(select(resource as $r | $kind == "identity" or ([.target_path, .target_id, .target_name] | index($name)))
  | select($kind == "resource" or ([.actor_id, .actor_name] | index($name)) or
      (.actor_email | . != null and ascii_downcase == ($name | ascii_downcase))))
| . as $all | map(select(.time >= $from and .time < $until)) as $recent
| if $kind == "resource" then
    {total_reads_30d: ($recent | map(select(verb == "read")) | length),
     total_writes_30d: ($recent | map(select(verb == "write")) | length),
     unique_accessors_30d: ($recent | map(identity | select(.)) | unique | length),
     last_read: ($all | map(select(verb == "read")) | latest),
     last_write: ($all | map(select(verb == "write")) | latest)}
  else
    {total_actions_30d: ($recent | length),
     resources_accessed_30d: ($recent | map(resource | select(.)) | unique | length),
     last_activity: ($all | latest)}
  end
END

oracle() { # KIND NAME FROM UNTIL
	jq -s -c --arg kind "$1" --arg name "$2" --arg from "$3" --arg until "$4" --arg reads "$(cat reads)" \
	    --arg writes "$(cat writes)" -f oracle.jq all.jsonl
}

trail() { # KIND NAME LITERAL UNTIL FROM END
	oracle "$1" "$2" "$5" "$6" >wanted
	audit-trail "--$1" "$3" --until "$4" -o json -n 1 | jq -c .summary >got
	same "$1 $2 until $4: the summary" got wanted
	audit-trail "--$1" "$3" --until "$4" -o json -n 1 -i all.jsonl | jq -c .summary >got
	same "$1 $2 until $4: from lines too" got wanted
}

each() { # KIND NAME [LITERAL]
	trail "$1" "$2" "${3-$2}" 2026-08 2026-08-02T00:00:00.000000Z 2026-09-01T00:00:00.000000Z
	trail "$1" "$2" "${3-$2}" 2026-09-20T00:00:00Z 2026-08-21T00:00:00.000000Z 2026-09-20T00:00:00.000000Z
	trail "$1" "$2" "${3-$2}" 2026-03-20 2026-02-19T00:00:00.000000Z 2026-03-21T00:00:00.000000Z
}

for name in $(jq -r '.target_path // empty' all.jsonl | grep -v '[*?, \\]' | sort | uniq -c | sort -rn | awk 'NR <= 3 { print $2 }'); do
	each resource "$name"
done
for name in $(jq -r '.actor_id // empty' all.jsonl | grep -v '[*?, \\]' | sort | uniq -c | sort -rn | awk 'NR <= 2 { print $2 }'); do
	each identity "$name"
done
each identity MEI@acme.example
each identity nobody
each resource 'odd, with * and \' 'odd\, with \* and \\'
each identity 'a,b*c' 'a\,b\*c'
each identity x

# ---- the events ----

agree() { # NAME SUBJECT-OPTION FILTER-OPTION VALUE OPTION...
	name=$1 subject=$2 filter=$3 value=$4
	shift 4
	audit-query "$filter" "$value" "$@" -o jsonl >wanted
	audit-trail "$subject" "$value" "$@" -o jsonl >got
	same "$name" got wanted
	check "$name: there are some" test -s got
}
agree "the events of a resource are those of --target" --resource --target prod/db/orders
agree "those of an identity are those of --actor" --identity --actor mei@acme.example
agree "all filters apply" --identity --actor user:mei --outcome failure --since 2026-09-01 -n 2
agree "also expressions" --resource --target 'prod/*' --where 'outcome = failure or status >= 500'
audit-query -n 3 --actor user:mei -o csv --fields time,action,context.mfa >wanted
audit-trail -n 3 --identity user:mei -o csv --fields time,action,context.mfa >got
same "columns are chosen as in audit-query" got wanted
for format in table short text detail; do
	run audit-trail --identity user:mei -n 2 -o $format --until 2026-09
	ends "$format" 0
	is "$format has the summary below" "$(tail -n 4 out | sed 's/  *[0-9].*//; s/^ *//' | tr '\n' ' ')" \
	    "$(printf '30 days before 2026-10-01 00:00:00 actions resources Last activity ' | sed 's/  *2026.*00 / /; s/^30 days/30 days/')"
done

# ---- JSON ----

audit-trail --identity user:mei --until 2026-09 -n 2 -o json >out
is "the document" "$(jq -r 'keys_unsorted | join(" ")' out)" "identity_id events has_more coverage summary"
is "its events and whether there are more" "$(jq -c '[.identity_id, (.events | length), .has_more]' out)" \
    '["user:mei",2,true]'
is "a resource is a path" "$(audit-trail --resource 'x"y' -o json | jq -r .target_path)" 'x"y'
is "it is the whole of what was asked" "$(jq .coverage.complete out)" true

run audit-trail --identity user:mei --until 2026-09 -n 0 -o table
ends "-n 0: the summary alone" 0
is "it is the same" "$(cat out)" "$(audit-trail --identity user:mei --until 2026-09 -n 1 -o table | tail -n 4)"
run audit-trail --identity nobody --until 2026-09 -n 0 -o table
ends "it tells whether there are any" 1

# ---- what they touched ----

audit-trail --identity user:mei --distinct target_path -o csv | sed -n '2,$s/\r//p' | sort >got
jq -r 'select(.actor_id == "user:mei") | .target_path // empty' all.jsonl | sort | uniq -c |
	sed 's/^ *\([0-9]*\) \(.*\)/\2,\1/' | sort >wanted
same "--distinct lists values with counts" got wanted
audit-trail --identity user:mei --distinct target_path -o csv -i all.jsonl | sed -n '2,$s/\r//p' | sort >got
same "--distinct over lines" got wanted
is "-n: the most frequent" "$(audit-trail --identity user:mei --distinct action -n 1 -o jsonl | jq -r .value)" \
    "$(jq -r 'select(.actor_id == "user:mei").action' all.jsonl | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')"
is "a path into the payload" "$(audit-trail --identity user:mei --distinct context.mfa -o jsonl | jq -r .value)" true
run audit-trail --identity nobody --distinct ip
ends "nothing to list" 1

# ---- the thirty days ----

at_time '2026-09-20 00:00:00'
if [ -n "$clock" ]; then
	is "without a window they end now" \
	    "$(eval "$clock audit-trail --resource prod/db/orders -o json" | jq -c .summary)" \
	    "$(oracle resource prod/db/orders 2026-08-21T00:00:00.000000Z 2026-09-20T00:00:00.000000Z)"
else
	skip "without a window they end now" "there is no faketime that works here"
fi
is "where the window begins makes no difference" \
    "$(audit-trail --resource prod/db/orders --since 2026-09-15 --until 2026-09-20T00:00:00Z -o json | jq -c .summary)" \
    "$(oracle resource prod/db/orders 2026-08-21T00:00:00.000000Z 2026-09-20T00:00:00.000000Z)"
is "--around ends behind it" \
    "$(audit-trail --resource prod/db/orders --around 2026-09-19T00:00:00Z --window 1d -o json | jq -c .summary)" \
    "$(oracle resource prod/db/orders 2026-08-21T00:00:00.000000Z 2026-09-20T00:00:00.000000Z)"
is "other filters count for the summary" \
    "$(audit-trail --identity user:mei --until 2026-09 --outcome failure -o json | jq .summary.total_actions_30d)" \
    "$(audit-query -c --actor user:mei --outcome failure --since 2026-09-01 --until 2026-09)"
run audit-query --actor user:mei --until 2026-09 --outcome success --save mei
is "also those of a saved query, but not its window" \
    "$(audit-trail -Q mei --identity user:mei --since 2026-09-19 -o json | jq -c .summary)" \
    "$(audit-trail --outcome success --identity user:mei --until 2026-09 -o json | jq -c .summary)"
is "--by ingested is obeyed" \
    "$(audit-trail --identity user:mei --by ingested --since today -n 1 -o json | jq .summary.total_actions_30d)" \
    "$(audit-query -c --actor user:mei)"

# ---- how it ends ----

run audit-trail --identity nobody -o json
ends "nothing matched" 1
is "the summary is there nevertheless" "$(jq -c .summary out)" \
    '{"total_actions_30d":0,"resources_accessed_30d":0,"last_activity":null}'
run audit-trail
refuses "no subject" 2 "say whose trail it is"
run audit-trail --identity a --resource b
refuses "two subjects" 2 "one trail at a time"
run audit-trail --identity a --identity b
refuses "twice the same" 2 "one trail at a time"
run audit-trail --identity a --actor b
refuses "--actor beside --identity" 2 "--actor: --identity says that already"
run audit-trail --resource ''
refuses "an empty subject" 2 "--resource: the value is empty"
run audit-trail --identity a --distinct actoin
refuses "a mistyped field" 2 "did you mean action"
run audit-trail --identity a --distinct action -o detail
refuses "values as sentences" 2 "--distinct prints table, jsonl, json or csv"
is "the filter can be printed" "$(audit-trail --resource a --print-where)" \
    'target_id = a or target_name = a or target_path = a'
echo 'no event' >>all.jsonl
run audit-trail -i all.jsonl --identity user:mei -n 1 -o jsonl
ends "a faulty line is told" 3
is "the others are there" "$(wc -l <out)" 1
run audit-prune --older-than 30d --apply
run audit-trail --identity nobody --since 2026-03-01 -o json
ends "nothing found where events were pruned" 3
is "coverage says so" "$(jq .coverage.complete out)" false

finish
