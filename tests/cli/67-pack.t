#!/bin/sh
# Evidence packs: one archive for an auditor's control, the same bytes from the
# same log, judged elsewhere with nothing but the key; whatever is changed on
# the way is noticed.

. "$(dirname "$0")/lib.sh"
need jq python3 tar zstd sha256sum

python3 "$top/tests/cli/events.py" 600 67 2026-08-01 60 >events.jsonl
cat "$top/examples/sample.jsonl" >>events.jsonl
run auditd-ingest -q --source shop events.jsonl
ends "events are stored" 0
cat >config.yaml <<'END_YAML'
retention:
  - {name: sign-ins, category: AUTHENTICATION, keep: 400d}
  - {name: others, keep: forever}
END_YAML
AUDIT_CONFIG=$work/config.yaml
export AUDIT_CONFIG
run audit-hold place --matter 2026-17 --reason 'claim of <Acme> & co' --target 'prod/*'
ends "some are held" 0
run audit-export --evidence soc2:CC7.2 -O early.tar.zst
refuses "before anything is signed" 2 "nothing is signed yet.*audit-verify --sign"
audit-verify -q --init-keys --origin audit.example.com/shop >log.pub
audit-verify -q --sign >checkpoint
size=$(sed -n 2p checkpoint)
key=$(cat log.pub)

judge() { # FILE: without the store
	run env AUDIT_DB=/nonexistent AUDIT_CONFIG=/dev/null audit-verify --key "$key" "$@"
}
unpack() { # PACK: to ./evidence-pack
	rm -rf evidence-pack
	case $1 in *.zst) zstd -dcq "$1" | tar xf - ;; *) tar xf "$1" ;; esac
}

# ---- each control ----

shipped=$(audit-export --list-values control)
is "there are controls of four kinds" "$(echo $shipped)" "gdpr:30 iso27001:A.8.15 nis2:21.2.j soc2:CC7.2"
for control in $shipped; do
	pack=$(echo "$control" | tr : -).tar # to tar a colon is another machine's
	run audit-export --evidence "$control" -O "$pack" --since 2026-07 --request T-17
	ends "$control: a pack is made" 0
	is "$control: is what its index says" "$(python3 "$top/tests/cli/pack.py" look "$pack" 2>&1)" ok
	judge "$pack"
	ends "$control: it holds elsewhere" 0
	check "$control: which is told" grep -q "pack for $control, 11 files.*of audit.example.com/shop" out
	unpack "$pack"
	filter=$(jq -r .filter evidence-pack/pack.json)
	audit-query -r --seq -o jsonl --where "$filter" | jq -r "select(.seq < $size) | .id" >wanted
	jq -r .id evidence-pack/events.jsonl >got
	same "$control: its events are those of its filter, up to the checkpoint" got wanted
	judge evidence-pack/events.jsonl.manifest.json
	ends "$control: unpacked, export and proof hold by themselves" 0
	check "$control: the page names it" grep -q "Evidence for <bdi>$control" evidence-pack/index.html
done

# ---- what it says ----

unpack iso27001-A.8.15.tar
cd evidence-pack || exit 99
is "the index" "$(jq -c '[.pack, .control, .origin, .size, .since, .until]' pack.json)" \
    "[1,\"iso27001:A.8.15\",\"audit.example.com/shop\",$size,\"2026-07-01T00:00:00.000000Z\",null]"
is "the checkpoint" "$(jq -j .checkpoint verification.json | sha256sum)" "$(sha256sum <../checkpoint)"
is "the rules in force" "$(jq -c '.rules[] | [.name, .filter, .keep_seconds]' retention.json | tr '\n' ' ')" \
    '["sign-ins","category = authentication",34560000] ["others","true",null] '
is "the holds in force" "$(jq -c '.holds[] | [.matter, .reason, .filter]' holds.json)" \
    '["2026-17","claim of <Acme> & co","target_id = prod/* or target_name = prod/* or target_path = prod/*"]'
check "on the page as text" grep -q 'claim of &lt;Acme&gt; &amp; co' index.html
is "nothing was pruned" "$(jq -c '[.complete, .quarantined]' coverage.json)" '[true,0]'
same "the key" log.pub ../log.pub
cd ..
is "the log's own record has the hash of the pack" \
    "$(audit-query -r -o jsonl action=audit.export context.phase=outcome | jq -r .context.sha256 | sed -n 2p)" \
    "$(sha256sum <iso27001-A.8.15.tar | cut -d ' ' -f 1)"
is "and who asked" "$(audit-query -c action=audit.export context.request=T-17)" 8

# ---- the same bytes ----

run audit-export --evidence soc2:CC7.2 -O first.tar.zst --last 90d
ends "a pack" 0
sleep 1
echo '{"action":"login","category":"SECURITY"}' | auditd-ingest -q --assume-now --source shop
mkdir elsewhere
run audit-export --evidence soc2:CC7.2 -O elsewhere/again.tar.zst --last 90d
ends "and again, later, with new events and records behind the checkpoint" 0
same "is the same, byte for byte" first.tar.zst elsewhere/again.tar.zst
run audit-export --evidence soc2:CC7.2 -O plain.tar --last 90d
zstd -dcq first.tar.zst >unpacked.tar
same "also not compressed" plain.tar unpacked.tar
run audit-export --evidence "$top/controls/soc2-CC7.2.yaml" -O file.tar --last 90d
same "and by the control's file" plain.tar file.tar
audit-verify -q --sign >/dev/null
run audit-export --evidence soc2:CC7.2 -O signed.tar --last 90d
ends "when the log was signed again" 0
check "it is another pack" test -n "$(cmp plain.tar signed.tar 2>&1)"
judge first.tar.zst plain.tar signed.tar
ends "and all hold" 0
is "nothing else was left" "$(ls -A . elsewhere | grep audit-pack)" ""

# ---- an own control ----

cat >own.yaml <<'END_YAML'
control: acme:7
framework: Acme's own rules
title: Keys are <b>rotated</b>
requirement: Keys are rotated each month.
selection: Rotations.
where: "action = key.*"
shows: {events: Each rotation.}
END_YAML
run audit-export --evidence own.yaml -O own.tar
ends "an own control" 0
is "is one too" "$(python3 "$top/tests/cli/pack.py" look own.tar 2>&1)" ok
unpack own.tar
is "with its own words" "$(jq -r '.files[1].shows' evidence-pack/pack.json)" "Each rotation."
check "which are text on the page" grep -q 'Keys are &lt;b&gt;rotated' evidence-pack/index.html
sed '/^where/s/.*/where: "action = "/' own.yaml >wrong.yaml
run audit-export --evidence wrong.yaml -O wrong.tar
refuses "a filter that is none" 2 "wrong.yaml:6:[0-9]*: "
sed '/^where/s/.*/where: time > 2026-01-01/' own.yaml >wrong.yaml
run audit-export --evidence wrong.yaml -O wrong.tar
refuses "one that says when" 2 "wrong.yaml:6:.*the time is not part of a control"
sed 's/^title/titel/' own.yaml >wrong.yaml
run audit-export --evidence wrong.yaml -O wrong.tar
refuses "a key mistyped" 2 "wrong.yaml:3:.*title"
sed '/^selection/d' own.yaml >wrong.yaml
run audit-export --evidence wrong.yaml -O wrong.tar
refuses "a key forgotten" 2 "selection: is missing"
run audit-export --evidence soc2:CC7.3 -O wrong.tar
refuses "a control mistyped" 2 "the nearest is soc2:CC7.2"
for wrong in "-O wrong.jsonl" "-O wrong.tar --proof" "-O wrong.tar -o csv" "-O wrong.tar --cursor-file c" ""; do
	# shellcheck disable=SC2086 # words
	run audit-export --evidence gdpr:30 $wrong
	refuses "--evidence $wrong" 2 "vidence"
done
mkdir folder.tar
run audit-export --evidence gdpr:30 -O folder.tar
refuses "--evidence into a folder" 2 "folder.tar: is a folder"
run audit-export --evidence gdpr:30 -O missing/x.tar
is "--evidence where there is no folder" "$status $(grep -c 'missing/' err)" "2 1"
is "none of this left a file" "$(ls wrong.tar wrong.jsonl 2>/dev/null)" ""

# ---- changed on the way ----

cp iso27001-A.8.15.tar whole.tar
mkdir changed
python3 "$top/tests/cli/pack.py" change whole.tar changed >changes
while read -r number change; do
	judge "changed/$number.tar"
	if [ "$change" = nothing ]; then
		same "taken apart and put together it is the same" whole.tar "changed/$number.tar"
	else
		refuses "changed: $change" 5 "changed/$number.tar: "
	fi
done <changes
head -c 30000 whole.tar >changed.tar
judge changed.tar
refuses "changed: cut short" 5 "ends early"
head -c 2000 first.tar.zst >changed.tar.zst
judge changed.tar.zst
refuses "changed: a compressed one cut short" 5 "changed.tar.zst"
# What claims to be small and unpacks to much is read no further than it says.
{ cat whole.tar; head -c 50000000 /dev/zero; } | zstd -q >bomb.tar.zst
judge bomb.tar.zst
refuses "a bomb" 5 "behind its end"
run env AUDIT_DB=/nonexistent audit-verify whole.tar
ends "without a key nothing is judged" 2
echo '{"action":"login"}' | auditd-ingest -q --assume-now -D other.db
audit-verify -q -D other.db --init-keys --origin audit.example.com/other >other.pub
run audit-verify --key other.pub whole.tar
refuses "by another log's key" 5 "whole.tar"

# ---- a log that is not what was signed ----

python3 - "$db" <<'END_PYTHON'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("pragma writable_schema=off")
table = [name for (name,) in db.execute("select name from sqlite_master where type='table' and name like '%checkpoint%'")][0]
column = [row[1] for row in db.execute("pragma table_info(%s)" % table) if row[1] == "note"][0]
db.execute("update %s set %s = replace(%s, 'audit.example.com', 'Audit.example.com')" %
           (table, column, column))
db.commit()
END_PYTHON
run audit-export --evidence gdpr:30 -O spoiled.tar
is "no evidence is made of it" "$status $(ls spoiled.tar 2>/dev/null)" "5 "
is "nor is anything left" "$(ls -A | grep audit-pack)" ""
finish
