#!/bin/sh
# Saved queries: kept in the store as typed, for every program and user.

. "$(dirname "$0")/lib.sh"
need jq

auditd-ingest -q "$top/examples/sample.jsonl" --source shop
ids() {
	audit-export "$@" | jq -r .id | grep '^shop-' | sort
}
records() {
	audit-query -r -o jsonl source=audit-toolkit "action=audit.query.$1"
}

# ---- Saving and using ----

run audit-query --actor 'user:*' --outcome failure 'reason=bad*' --save logins
ends "a filter is saved" 0
is "it prints no events" "$(cat out)" ""
is "and says how to use it" "$(cat err)" "audit-query: saved as logins: -Q logins"
ids --actor 'user:*' --outcome failure 'reason=bad*' >wanted
check "it selects something" test -s wanted
ids -Q logins >got
same "another program knows it" got wanted
is "so does the summary" "$(audit-summary -Q logins -o json | jq .total_events)" "$(wc -l <wanted)"
is "and the query" "$(audit-query -c --saved logins)" "$(wc -l <wanted)"
audit-query -o jsonl source=shop >shop.jsonl
is "for lines as well as for the store" "$(audit-query -c -Q logins -i shop.jsonl)" "$(wc -l <wanted)"

ids -Q logins --actor user:bob >got
ids --actor 'user:*' --actor user:bob --outcome failure 'reason=bad*' actor_id=user:bob >wanted
same "it narrows what else is said" got wanted
is "its expression can be seen" "$(audit-query -Q logins --print-where)" \
    "$(audit-query --actor 'user:*' --outcome failure 'reason=bad*' --print-where)"

# ---- Relative times stay relative ----

now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
echo '{"id":"young","time":"'"$now"'","action":"young"}' | auditd-ingest -q --source app
run audit-query --last 1h action=young --save recent
is "a span is kept as typed" "$(audit-query --list-saved | jq -c 'select(.name == "recent").words')" \
    '["--last=1h","action=young"]'
is "and means what it means when it is used" "$(audit-query -c -Q recent)" 1
at_time +2h
if [ -n "$clock" ]; then
	is "two hours later too" "$(eval "$clock audit-query -c -Q recent")" 0
else
	skip "two hours later too" "there is no faketime that works"
fi

# ---- One inside another ----

run audit-query -Q logins --ip 203.0.113.0/24 --save strangers
ends "a saved query in a saved query" 0
ids -Q strangers >got
ids --actor 'user:*' --outcome failure 'reason=bad*' --ip 203.0.113.0/24 >wanted
same "means both" got wanted
run audit-query -Q strangers --save logins
refuses "a loop" 2 "saved query 'logins' leads back to itself by 'strangers'"
run audit-query -Q logins --save logins
refuses "a short loop" 2 "'logins' leads back to itself"
is "the one that was refused is as it was" "$(audit-query --list-saved | jq -c 'select(.name == "logins").words[1]')" \
    '"--outcome=failure"'

audit-query -q status=500 --save d0
for depth in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	audit-query -q -Q d$((depth - 1)) --save d$depth
done
run audit-query -c -Q d15
check "sixteen deep is fine" test "$status" -le 1
run audit-query -q -Q d15 --save d16
check "seventeen is not" test "$status" -eq 2
audit-query -q -Q d1 -Q d1 --save w0
for wide in 1 2 3 4 5; do
	audit-query -q $(for i in 1 2 3 4 5 6 7 8; do echo -Q w$((wide - 1)); done) --save w$wide 2>err || break
done
check "nor are more than fit" grep -q "more than 256 saved queries" err

# ---- What is said of them ----

run audit-query --list-saved
is "each is told, by name" "$(jq -r .name out | head -n 3)" "$(printf 'd0\nd1\nd10')"
is "with who and when" "$(jq -r 'select(.name == "logins") | [.by, (.at | length)] | @tsv' out)" "$(printf '%s\t27' "$(id -un)")"
run audit-query --list-saved -o json
is "as one document" "$(jq -r 'map(.name) | sort == . and length > 3' out)" true
run audit-query -T "it's" 'description=$(touch x)*' --save quotes
run audit-query --list-saved -o table
check "a table has a header" grep -q '^NAME .*QUERY$' out
line=$(sed -n 's/^quotes .* \(--text\)/\1/p; s/^quotes .* \(.--text\)/\1/p' out)
is "words can be pasted" "$(eval "printf '<%s>' $line")" "<--text=it's><description=\$(touch x)*>"
check "and touch nothing" test ! -e x

is "saving is recorded" "$(records save | head -n 1 | jq -c '[.actor_id, .context.name, .context.words]')" \
    "[\"uid:$(id -u)\",\"logins\",[\"--actor=user:*\",\"--outcome=failure\",\"reason=bad*\"]]"

# ---- Replacing and deleting ----

run audit-query --action login --save quotes
is "which is said" "$(cat err)" "audit-query: quotes is replaced: -Q quotes"
is "saving again replaces" "$(audit-query --list-saved | jq -c 'select(.name == "quotes").words')" '["--action=login"]'
run audit-query --delete-saved quotes
ends "one is deleted" 0
is "and gone" "$(audit-query --list-saved | jq -r 'select(.name == "quotes").name')" ""
is "which is recorded" "$(records delete | jq -r .context.name)" quotes
run audit-query --delete-saved quotes
refuses "deleting what is not there" 2 "no saved query is called 'quotes'"
run audit-query --delete-saved logns
refuses "the nearest name" 2 "no saved query is called 'logns'; the nearest is 'logins'"
run audit-query -Q logns
refuses "also where one is used" 2 "nearest is 'logins'"
is "what failed is not recorded" "$(records delete | wc -l)" 1
audit-query -q --delete-saved logins
run audit-query -c -Q strangers
refuses "one that needs another that is gone" 2 "saved query 'strangers': no saved query is called 'logins'"

# ---- Refused ----

for name in '' '-x' '.x' 'a b' 'a/b' 'ä' "$(printf 'x%.0s' 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5)"; do
	run audit-query --action login --save="$name"
	refuses "the name '$name'" 2 "a name is a letter or digit"
done
run audit-query --save everything
refuses "no filter at all" 2 "no filter to save"
run audit-query --action login --list-saved
refuses "a filter that would do nothing" 2 "takes no filter"
run audit-query --list-saved --print-where
refuses "two things at a time" 2 "one at a time"
run audit-query nosuch=1 --save bad
refuses "a filter that is wrong" 2 "nosuch"
is "is not kept" "$(audit-query --list-saved | grep -c '"bad"')" 0
run audit-query --list-saved -o csv
refuses "a format it has not" 2 "no such format"

if [ "$(id -u)" -ne 0 ]; then
	chmod a-w "$db"
	run audit-query --action login --save x
	refuses "a store that may only be read" 4 "cannot be recorded"
	check "lists them" audit-query --list-saved
	chmod u+w "$db"
else
	skip "a store that may only be read" "root may write all"
	skip "lists them" "root may write all"
fi

run audit-query -D nowhere.db --action login --save x
refuses "a store that is not there" 2 "nowhere.db"
check "is not made" test ! -e nowhere.db

# ---- Whoever wrote the file ----

if command -v sqlite3 >/dev/null; then
	table=$(sqlite3 "$db" "select name from sqlite_master where type = 'table' and name like '%saved%'" | head -n 1)
	change() { # WORDS
		sqlite3 "$db" "update $table set words = '$1' where name = 'd0'"
		run audit-query -c -Q d0
	}
	change '["--db=/etc/passwd"]'
	refuses "an option that is no filter" 2 "saved query 'd0': unknown option --db"
	change '{"a":1}'
	refuses "what is no list" 2 "saved query 'd0'"
	change '["--saved=d0"]'
	refuses "a loop that somebody wrote" 2 "leads back to itself"
	change "$(printf '["--text=\033]0;owned\007"]')"
	check "no byte of it is shown raw" sh -c 'audit-query --list-saved -o table | LC_ALL=C grep -q "$(printf "\\033")" && exit 1; exit 0'
else
	skip "hostile words" "sqlite3 is not installed"
fi

finish
