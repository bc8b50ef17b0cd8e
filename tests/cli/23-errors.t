#!/bin/sh
# What goes wrong gives one clear line on standard error, nothing on standard
# output, and the exit status of the contract.

. "$(dirname "$0")/lib.sh"
sample=$top/examples/sample.jsonl

run auditd-ingest "$sample"
ends "the sample is stored" 0
readers="audit-query audit-summary audit-export"
programs="auditd-ingest $readers audit-prune"

# ---- the store ----

for program in $readers; do
	run $program -D missing.db
	refuses "$program: no store" 2 "missing.db: .*[Nn]o such"
done
run audit-prune -D missing.db --older-than 400d
refuses "audit-prune: no store" 2 "missing.db"
is "and none was made" "$(ls missing.db 2>/dev/null)" ""
run auditd-ingest -D no/such/folder/events.db "$sample"
refuses "auditd-ingest: no folder" 2 "no/such/folder"

: >empty.db
printf 'this is a text, and a long enough one to be looked at by anything\n' >text.db
printf '\211PNG\r\n\032\n\000\000\000\rIHDR\000\000\000\001' >picture.db
for other in text picture; do
	cp $other.db before
	for program in auditd-ingest $readers; do
		case $program in auditd-ingest) run $program -D $other.db "$sample" ;; *) run $program -D $other.db ;; esac
		refuses "$program: a $other file" 2 "$other.db: "
	done
	same "which stays as it was" before $other.db
done
for program in $readers; do
	run $program -D empty.db
	refuses "$program: an empty file" 2 "empty.db: "
done
run audit-query -D "$work"
refuses "a folder" 2 "$work: "

# What is found before the damage may be shown.
size=$(wc -c <"$db")
sed 's/"id":"/&again-/' "$sample" >more.jsonl
for left in 50 3000 $((size / 2 / 4096 * 4096)) $((size - 4096)) $((size - 1)); do
	head -c $left "$db" >short.db
	for program in auditd-ingest $readers; do
		name="$program: a store of which $left bytes are left"
		case $program in auditd-ingest) run $program -D short.db more.jsonl ;; *) run $program -D short.db ;; esac
		: >out
		case $status in 2|5) refuses "$name" $status "short.db: " ;;
		*) not_ok "$name" "status $status" ;; esac
	done
done

if command -v sqlite3 >/dev/null; then
	sqlite3 other.db 'CREATE TABLE t(x); INSERT INTO t VALUES(1);'
	cp "$db" newer.db
	sqlite3 newer.db 'PRAGMA user_version = 99;'
	for program in $readers; do
		run $program -D other.db
		refuses "$program: another program's database" 2 "other.db: "
		run $program -D newer.db
		refuses "$program: a newer format" 2 "newer.*99"
	done
	run auditd-ingest -D other.db "$sample"
	refuses "auditd-ingest: another program's database" 2 "other.db: "
	is "which stays as it was" "$(sqlite3 other.db '.tables')" "t"
	run auditd-ingest -D newer.db "$sample"
	refuses "auditd-ingest: a newer format" 2 "newer.*99"
else
	skip "other databases" "sqlite3 is not installed"
fi

# ---- permission, as someone who is not root ----

mkdir shut
cp "$db" shut/events.db
cp "$sample" given.jsonl
chmod 0644 given.jsonl
chmod 0444 shut/events.db
chmod 0555 shut
as=
if [ "$(id -u)" -eq 0 ]; then
	chmod 0755 "$work"
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
run $as audit-query --version
if [ "$status" -eq 0 ]; then
	run $as audit-query -D shut/events.db -c
	is "a read-only store in a read-only folder can be queried" "$status $(cat out)" "0 $(wc -l <"$sample")"
	run $as auditd-ingest -D shut/events.db given.jsonl
	refuses "but not written" 2 "shut/events.db: "
	run $as auditd-ingest -D shut/new.db given.jsonl
	refuses "nor one made there" 2 "shut/new.db: "
	run $as audit-export -D shut/events.db -o jsonl
	refuses "an export that cannot be recorded is refused" 4 "shut/events.db: "
	run $as audit-prune -D shut/events.db --older-than 400d --apply
	refuses "a prune that cannot be recorded is refused" 4 "shut/events.db: "
	chmod 0000 shut/events.db
	run $as audit-query -D shut/events.db
	refuses "a store that may not be read" 2 "shut/events.db: .*[Pp]ermission denied"
else
	skip "read-only store" "cannot run the programs as another user"
fi
chmod 0755 shut

# ---- input ----

run auditd-ingest -D in.db missing.jsonl
refuses "no such input" 2 "missing.jsonl: .*No such file"
run auditd-ingest -D in.db "$work"
refuses "a folder as input" 2 "$work: "
gzip -c "$sample" | head -c 900 >cut.gz
run auditd-ingest -D in.db cut.gz
is "compressed input that ends early" "$status $(grep -c 'cut.gz' err)" "2 1"
printf '{"action":"a"}\nnot json\n{"action":"b","time":"2026-05-01"}\n' >faulty.jsonl
printf '{"action":"ok","time":"2026-05-01T00:00:00Z"}\n' >>faulty.jsonl
run auditd-ingest -D in.db --receipt receipt.json faulty.jsonl
ends "input that is partly no events" 3
is "is counted" "$(receipt read) $(receipt stored) $(receipt quarantined)" "4 1 3"
run audit-query -D in.db --quarantine -o jsonl
is "and kept, with reasons" \
    "$(sed -n 's/.*"reason":"\([^"]*\)".*/\1/p' out | tr '\n' ' ')" "no-time not-json bad-time "
run audit-query -i faulty.jsonl -o jsonl
is "audit-query -i says what it left out" "$status $(wc -l <out) $(cat err)" \
    "3 1 audit-query: 3 lines of input are no events and were left out, first faulty.jsonl:1: no time"
run sh -c 'head -n 2 faulty.jsonl | sed 1d | audit-summary -i - -o json'
is "one line as well" "$status $(cat err)" \
    "3 audit-summary: a line of input is no event and was left out: stdin:1: not JSON"

# ---- output ----

if [ -c /dev/full ]; then
	for words in "audit-query -o jsonl" "audit-query -o json" "audit-query -o csv" "audit-query -o table" \
	    "audit-query -c" "audit-summary" "audit-summary -o json" "audit-export -o jsonl" \
	    "audit-prune --older-than 9000d" "audit-erase --subject alice" "audit-query --help"; do
		status=0
		$words >/dev/full 2>err || status=$?
		: >out
		sed -i '/nothing was removed/d' err
		refuses "$words to a full disk" 2 "[Nn]o space left"
	done
	run audit-export -O /dev/full
	refuses "audit-export -O to a full disk" 2 "[Nn]o space left"
fi
(audit-query -o jsonl; echo $? >status) 2>err | head -n 1 >out
is "a closed pipe ends in silence" "$(wc -l <out) $(wc -l <err)" "1 0"
run audit-export -O no/such/folder/out.jsonl
refuses "no folder for an export" 2 "no/such/folder"

# ---- the command line ----

for program in $programs; do
	run $program --quite
	refuses "$program: an unknown option, with the nearest" 2 "quite.*--quiet"
	run $program --db
	refuses "$program: an option without its value" 2 "db"
	run $program --help
	is "$program: --help to stdout" "$status $(wc -l <err)" "0 0"
	check "$program: which begins with examples" grep -q "$program" out
	run $program --version
	is "$program: --version names SQLite and the format" \
	    "$status $(wc -l <err) $(grep -ci sqlite out)" "0 0 1"
done
for program in $readers; do
	run $program --sinse 2026
	refuses "$program: a mistyped option" 2 "sinse.*--since"
	run $program acton=login
	refuses "$program: a mistyped field" 2 "acton.*action"
	run $program user=alice
	refuses "$program: an alias is told as the field it is" 2 "user.*actor_id"
	run $program --since yesterdy
	refuses "$program: no time" 2 "since.*yesterdy"
	run $program --ip 10.0.0.0/33
	refuses "$program: no network" 2 "10.0.0.0/33"
	run $program --severity sever
	refuses "$program: no severity" 2 "sever"
	run $program -o jsno
	refuses "$program: a mistyped format" 2 "jsno.*json"
done
run audit-query -n 0
refuses "a limit that is none" 2 "limit\|-n"
run audit-query --fields time,acton
refuses "a mistyped field to show" 2 "acton.*action"
run audit-query --config missing.yaml
refuses "no such configuration" 2 "missing.yaml"
printf 'db: /tmp/x.db\nbd: /tmp/y.db\n' >bad.yaml
run audit-query --config bad.yaml
refuses "a mistyped key in the configuration, with its line" 2 "bad.yaml:2"
run audit-prune --older-than 400d extra
refuses "an operand too many" 2 "extra"
run audit-prune
refuses "a prune of what?" 2 "older-than"

# ---- exit status of what went well ----

run audit-query --actor nobody -o jsonl
is "nothing found is 1, in silence" "$status $(cat out err)" "1 "
run audit-export --actor nobody -o jsonl
is "an empty export is 0" "$status $(cat out err)" "0 "
run audit-summary --actor nobody -o json
is "an empty summary is 0" "$status $(cat err)" "0 "

finish
