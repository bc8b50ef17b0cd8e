#!/bin/sh
# Exports as evidence: the file, its proof and its manifest go to someone who
# has the verifier key and nothing else; whatever is changed on the way is
# noticed and named.

. "$(dirname "$0")/lib.sh"
need jq python3 gzip zstd sha256sum

run auditd-ingest "$top/examples/sample.jsonl" --source shop

# ---- Asked for wrongly ----

for wrong in '-o csv -O x.csv' '-o json -O x.json' '-O x.jsonl --fields id,time' '-O x.csv'; do
	# shellcheck disable=SC2086 # words
	run audit-export $wrong --proof
	refuses "--proof with $wrong" 2 "jsonl"
done
run audit-export --proof
refuses "--proof to standard output" 2 "-O FILE"
run audit-export --manifest -O -
refuses "and --manifest" 2 "-O FILE"
mkfifo fifo
run audit-export --manifest -O fifo
refuses "beside a fifo" 2 "regular"
run audit-export --proof -O x.jsonl
refuses "before anything is signed" 2 "no checkpoint.*audit-verify --sign"
is "none of this left a file" "$(ls x* 2>/dev/null)" ""
is "or a record" "$(audit-query -c action=audit.export)" 0

# ---- There and elsewhere ----

audit-verify -q --init-keys --origin audit.example.com/shop >log.pub
audit-verify -q --sign >first.note
size=$(sed -n 2p first.note)
mkdir there
for name in plain.jsonl packed.jsonl.gz packed.jsonl.zst; do
	run audit-export -S 2026-01-01 -U 2027 source=shop -O there/$name --proof --manifest
	ends "$name is made" 0
done
key=$(cat log.pub)
bring() { # takes what was exported to an empty folder
	rm -rf else && cp -R there else && cd else || exit 99
}
judge() { # FILE...: without the store
	run env AUDIT_DB=/nonexistent audit-verify -q --key "$key" "$@"
}
(
	bring
	for name in plain.jsonl packed.jsonl.gz packed.jsonl.zst; do
		for file in $name $name.proof $name.manifest.json; do
			judge $file
			echo "$file $status $(cat err)"
		done
	done
) >judged
is "everything holds elsewhere" "$(grep -c ' 0 $' judged)" 9
cd there || exit 99
run audit-verify --key "$key" -o json plain.jsonl
cd .. || exit 99
is "nothing is said on standard error" "$(cat there/err; rm -f there/err there/out)" ""
run audit-verify there/plain.jsonl
ends "without a key it cannot be judged" 2
is "the manifest tells what there is" \
    "$(jq -c '[.manifest, .origin, .count, .size, .since, .until, [.files[].name]]' there/plain.jsonl.manifest.json)" \
    "[1,\"audit.example.com/shop\",$(wc -l <there/plain.jsonl),$size,\"2026-01-01T00:00:00.000000Z\",\"2028-01-01T00:00:00.000000Z\",[\"plain.jsonl\",\"plain.jsonl.proof\"]]"
is "its filter can be typed" "$(audit-query -c --where "$(jq -r .filter there/plain.jsonl.manifest.json)")" \
    "$(wc -l <there/plain.jsonl)"
is "its checkpoint is the one that was signed" "$(jq -j .checkpoint there/plain.jsonl.manifest.json | sha256sum)" \
    "$(sha256sum <first.note)"
audit-query -r -o jsonl action=audit.export context.phase=outcome >outcomes
is "the log itself vouches for the files" "$(jq -r '.context | .sha256, .manifest_sha256' outcomes | head -n 2)" \
    "$(sha256sum there/plain.jsonl there/plain.jsonl.manifest.json | cut -d ' ' -f 1)"
is "as they are on the disk" "$(jq -r .context.sha256 outcomes | tail -n 1)" \
    "$(sha256sum <there/packed.jsonl.zst | cut -d ' ' -f 1)"

# ---- Changed on the way ----

# spoiled NAME PATTERN FILE COMMAND...: the command, run in the folder with the
# files, makes FILE fail with words that match.
spoiled() {
	spoiled_name=$1 spoiled_words=$2 spoiled_file=$3
	shift 3
	spoiled_said=$(
		bring
		"$@" || exit 99
		judge "$spoiled_file"
		echo "$status"
		cat err
	)
	case $spoiled_said in
	"5
"*) if echo "$spoiled_said" | grep -q -- "$spoiled_words"; then ok "$spoiled_name"
	else not_ok "$spoiled_name" "$spoiled_said, which does not match: $spoiled_words"; fi ;;
	*) not_ok "$spoiled_name" "$spoiled_said" ;;
	esac
}
edit() { # FILE SED...
	edit_file=$1
	shift
	sed "$@" "$edit_file" >edited && ! cmp -s edited "$edit_file" && mv edited "$edit_file"
}
edit_packed() { # FILE SED...
	zstd -qdc "$1" >unpacked && packed=$1 && shift && edit unpacked "$@" && zstd -qf unpacked -o "$packed"
}
edit_json() { # JQ
	jq "$1" plain.jsonl.manifest.json >edited && mv edited plain.jsonl.manifest.json
}
flip() { # FILE OFFSET: one bit
	python3 -c 'import sys
f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); b = f.read(1)[0]; f.seek(-1, 1); f.write(bytes([b ^ 4]))' "$@"
}
cut_short() { # FILE BYTES
	head -c "-$2" "$1" >short && mv short "$1"
}

# Another log of the same size, with our checkpoint in its proof.
sed 's/alice/malice/g' "$top/examples/sample.jsonl" >false.jsonl
auditd-ingest -q -D false.db --source shop false.jsonl
audit-verify -q -D false.db --init-keys --origin audit.example.com/shop >/dev/null
audit-verify -q -D false.db --sign >false.note
audit-export -q -D false.db -S 2026-01-01 -U 2027 source=shop -O false.jsonl --proof
is "another log of the same size" "$(sed -n 2p false.note)" "$size"
sed '/^audit.example.com/,$d' false.jsonl.proof | cat - first.note >false && mv false false.jsonl.proof

f=plain.jsonl
spoiled "the lines and tree of another log" "not the events of the log that was signed" $f sh -c \
    "cp ../false.jsonl $f && cp ../false.jsonl.proof $f.proof"
spoiled "a changed value" "$f" $f edit $f '3s/"severity":"[a-z]*"/"severity":"debug"/'
spoiled "a line left out" "$f" $f edit $f 5d
spoiled "the first one" "$f" $f edit $f 1d
spoiled "the last one" "$f" $f edit $f '$d'
spoiled "a line twice" "$f" $f edit $f 7p
spoiled "two lines swapped" "$f" $f edit $f '10{h;d;};11G'
spoiled "a line more" "line 20[0-9]" $f sh -c "sed -n 1p $f >more && cat more >>$f"
spoiled "an empty line more" "$f" $f sh -c "echo >>$f"
spoiled "no newline at the end" "ends within line" $f cut_short $f 1
spoiled "another end of line" "$f" $f edit $f '1s/$/\r/'
spoiled "a blank" "$f" $f edit $f '2s/,/, /'
spoiled "nothing left" "$f" $f sh -c ": >$f"
spoiled "the file of another export" "$f" $f sh -c "head -n 50 $f >x && mv x $f"
spoiled "packed: a changed value" "packed.jsonl.zst" packed.jsonl.zst edit_packed packed.jsonl.zst '3s/"severity":"[a-z]*"/"severity":"debug"/'
spoiled "packed: a flipped bit" "packed.jsonl.zst" packed.jsonl.zst flip packed.jsonl.zst 2000
spoiled "packed: cut short" "packed.jsonl.gz" packed.jsonl.gz cut_short packed.jsonl.gz 9
for offset in 2 33 46 100 300 400; do
	spoiled "a bit of the proof ($offset)" "$f" $f flip $f.proof $offset
done
spoiled "the proof itself is named" "$f.proof" $f.proof flip $f.proof 2
spoiled "its order" "$f" $f edit $f.proof 's/^order 0/order 1/'
spoiled "its size" "$f.proof" $f edit $f.proof 's/^size [0-9]*/size 9/'
spoiled "no salts" "$f" $f edit $f.proof '/^cell/d'
spoiled "more behind it" "$f.proof" $f sh -c "echo >>$f.proof"
spoiled "cut short" "$f.proof" $f cut_short $f.proof 1
spoiled "empty" "$f.proof" $f sh -c ": >$f.proof"
spoiled "a root that nobody signed" "$f" $f edit $f.proof '/^audit.example.com/{n;n;s/^A/B/;t;s/^./A/;}'
spoiled "another size that nobody signed" "$f" $f edit $f.proof '/^audit.example.com/{n;s/$/0/;}'
spoiled "another log's name" "$f" $f edit $f.proof 's/^audit.example.com/audit.example.org/'
m=$f.manifest.json
spoiled "manifest: the file is another" "$f.*SHA-256" $m edit $f '3s/"severity":"info"/"severity":"Info"/'
spoiled "the file is longer" "$f.*bytes" $m sh -c "echo >>$f"
spoiled "the file is gone" "$f.*not there" $m rm $f
spoiled "the proof is gone" "$f.proof.*not there" $m rm $f.proof
spoiled "the proof is another" "$f.proof.*SHA-256" $m flip $f.proof 100
spoiled "a hash" "SHA-256" $m edit_json '.files[0].sha256 = .files[1].sha256'
spoiled "a size" "bytes" $m edit_json '.files[0].bytes += 1'
spoiled "the count" "count" $m edit_json '.count -= 1'
spoiled "the lowest number" "first_seq" $m edit_json '.first_seq += 1'
spoiled "the highest" "last_seq" $m edit_json '.last_seq -= 1'
spoiled "the size of the log" "size" $m edit_json '.size -= 1'
spoiled "the checkpoint" "checkpoint" $m edit_json '.checkpoint |= sub("\n2"; "\n1")'
spoiled "no checkpoint" "checkpoint" $m edit_json '.checkpoint = null'
spoiled "the log" "origin" $m edit_json '.origin = "audit.example.org"'
spoiled "a key more" "keys" $m edit_json '.more = 1'
spoiled "a key less" "keys" $m edit_json 'del(.filter)'
spoiled "a key twice" "manifest" $m edit $m 's/"count"/"size": 1, "count"/'
spoiled "a file elsewhere" "files" $m edit_json \
    '.files[0].name = "../there/plain.jsonl" | .files[1].name = "../there/plain.jsonl.proof"'
spoiled "other files" "files" $m edit_json '.files[1].name = "packed.jsonl.gz.proof"'
spoiled "a date that is none" "created" $m edit_json '.created = "now"'
spoiled "not JSON" "manifest: line" $m cut_short $m 4
spoiled "empty" "manifest" $m sh -c ": >$m"
(
	bring
	cp packed.jsonl.gz.proof plain.jsonl.proof
	judge plain.jsonl
	echo "$status"
) >judged
is "what is in the file counts, not how it is packed" "$(cat judged)" 0
cp there/plain.jsonl bare.jsonl
judge bare.jsonl
refuses "a file without proof" 2 "bare.jsonl.*proof"

# ---- Not signed yet, nothing, and late ----

printf '%s\n' '{"id":"n1","time":"2026-05-01T00:00:00Z","action":"new"}' '{"id":"n2","time":"2020-01-01T00:00:00Z","action":"new"}' |
	auditd-ingest -q --source late
run audit-export action=new,login -O new.jsonl --proof --manifest
ends "events that are not signed yet" 3
check "are told" grep -q "2 of [0-9]* events .*last checkpoint, of $size" err
judge new.jsonl
ends "also by who verifies" 3
judge new.jsonl.manifest.json
ends "by the manifest too" 3
audit-verify -q --sign >second.note
run audit-export action=new,login -O new.jsonl --proof --manifest
ends "signed, they are proved; late ones come first" "$(jq -r .id new.jsonl | head -n 1 | sed s/n2/0/)"
judge new.jsonl new.jsonl.manifest.json
ends "and hold" 0
run audit-export --actor nobody -O nothing.jsonl.zst --proof --manifest
ends "an empty export" 0
judge nothing.jsonl.zst nothing.jsonl.zst.manifest.json
ends "holds" 0
zstd -qf there/plain.jsonl -o nothing.jsonl.zst
judge nothing.jsonl.zst
refuses "only as long as it is empty" 5 "line 1"
run audit-export -O table.csv --manifest
ends "a manifest of a table" 0
judge table.csv.manifest.json
ends "agrees, and proves nothing" 3
echo >>table.csv
judge table.csv.manifest.json
refuses "or does not agree" 5 "table.csv"
audit-export -q --actor nobody -O none.csv -o csv --manifest
judge none.csv.manifest.json
ends "also when it is empty" 3

# A name that stands for the standard input elsewhere.
cp there/plain.jsonl.proof ./-.proof
echo '{"id":"never-happened"}' >-
run audit-verify --key "$key" -- - <there/plain.jsonl
ends "a file called - is what is looked at" 5
rm -f ./- ./-.proof

# Nothing that was sent is waited for.
mkfifo sent.jsonl.proof
cp there/plain.jsonl sent.jsonl
judge sent.jsonl
refuses "a FIFO in the place of a proof" 2 "sent.jsonl.proof: is not a regular file"
run audit-export --cursor-file cur -O one.jsonl --proof
run audit-export --cursor-file cur -O two.jsonl --proof
judge one.jsonl
ends "in order of arrival" 3
mkdir folder
run audit-export -O folder/ --proof --manifest
is "three files in a folder" "$(ls folder | sed 's/-[0-9T.Z]*\.jsonl/X/' | tr '\n' ' ')" \
    "audit-logX audit-logX.manifest.json audit-logX.proof "

# ---- One event, and the log continued ----

seq=$(audit-query --seq -o jsonl id=n1 | jq .seq)
audit-verify -q --prove n1 >event
audit-verify -q --prove "$seq" >same-event
same "by id and by number" event same-event
judge event
ends "one event holds" 0
edit event 's/^index .*/index 0/'
judge event
refuses "at its place only" 5 "event"
run audit-verify -q --key "$key" --checkpoint first.note same-event
refuses "a checkpoint of another size says nothing of it" 2 "same-event.*--consistency"
run audit-verify -q --key "$key" --checkpoint second.note same-event
ends "that of its own size does" 0
run audit-verify --prove 999999
refuses "an event that is none" 2 "999999"
audit-verify -q --consistency first.note >consistency
run audit-verify -q --key "$key" --checkpoint first.note consistency
ends "the log was continued" 0
run audit-verify -q --key "$key" --checkpoint second.note consistency
refuses "from this checkpoint and no other" 5 "consistency"
judge consistency
refuses "which has to be given" 2 "given"

# ---- A new key ----

audit-verify -q --rotate-key >second.pub
audit-export -q source=shop -O sealed.jsonl --proof
judge sealed.jsonl
ends "the seal of the old key is a checkpoint, too" 0
auditd-ingest -q --source app <<'END'
{"id":"k1","time":"2026-05-02T00:00:00Z","action":"rotated"}
END
audit-verify -q --sign >third.note
run audit-export -O chained.jsonl --proof --manifest
judge chained.jsonl chained.jsonl.manifest.json
ends "the first key leads to the second" 0
audit-export -q --source app -O app.jsonl --proof
judge app.jsonl
ends "which signed this" 0
run audit-verify -q --key second.pub app.jsonl
ends "it can be pinned, too" 0
run audit-verify -q --key second.pub there/plain.jsonl
refuses "but is not for the time before" 5 "key"
judge third.note
refuses "a checkpoint alone does not say where its key is from" 5 "another epoch"
sed '/^c2sp/,$d' app.jsonl.proof >cut && mv cut app.jsonl.proof && cp app.jsonl.proof bare.proof
judge app.jsonl
refuses "a chain that is cut" 5 "app.jsonl.proof.*another epoch"
run audit-verify -q --key second.pub app.jsonl
ends "which its own key does not need" 0
audit-verify -q --rotate-key >third.pub
echo '{"id":"k2","time":"2026-05-02T00:00:00Z","action":"rotated"}' | auditd-ingest -q --source app
audit-verify -q --sign >fourth.note
audit-verify -q --prove k1 >event
judge event
ends "two changes of the key" 0
python3 -c 'import re, sys
part = re.split("(?m)^(?=c2sp)", open("event").read())[1:]
open("gap", "w").write(part[1] + part[2])
open("order", "w").write(part[1] + part[0] + part[2])
open("open", "w").write(part[0] + part[2])'
for spoilt in gap order open; do
	judge $spoilt
	refuses "a chain with a $spoilt" 5 "$spoilt"
done
audit-verify -q --consistency first.note >consistency
run audit-verify -q --key "$key" --checkpoint first.note consistency
ends "over two changes" 0

# ---- While others write, and after a prune ----

(
	round=0
	while [ $round -lt 12 ]; do
		round=$((round + 1))
		printf '{"id":"b%d","time":"2026-05-03T00:00:00Z","action":"busy"}\n' $round | auditd-ingest -q --source busy
	done
) &
writer=$!
for round in 1 2 3 4; do
	audit-export -q --source busy,shop -O busy$round.jsonl --proof 2>/dev/null
	judge busy$round.jsonl
	case $status in 0 | 3) ;; *) not_ok "an export beside a writer ($round)" ;; esac
done
wait $writer
ok "exports beside a writer hold"
printf '{"id":"old%d","time":"2020-01-01T00:00:00Z","action":"old"}\n' 1 2 3 4 5 6 7 8 9 | auditd-ingest -q --source old
audit-verify -q --sign >/dev/null
audit-export -q -U 2021 -O old.jsonl --proof
run audit-prune -q --older-than 2000d --apply
ends "the oldest are pruned" 0
run audit-export source=shop -O after.jsonl --proof --manifest
judge after.jsonl after.jsonl.manifest.json
ends "what is left is proved" 0
judge old.jsonl there/plain.jsonl
ends "and what was exported before still is" 0
run audit-verify --prove "$(audit-query --seq -o jsonl id=k1 | jq .seq)"
ends "one of the others" 0

# ---- Many ----

awk 'BEGIN {
	for (i = 0; i < 100000; i++)
		printf "{\"id\":\"m%d\",\"time\":\"2026-05-04T%02d:%02d:%02dZ\",\"action\":\"a%d\",\"actor_id\":\"user:%d\",\"description\":\"%040d\"}\n",
		    i, i / 3600 % 24, i / 60 % 60, i % 60, i % 7, i % 1000, i
}' | auditd-ingest -q --source many
audit-verify -q --sign >/dev/null
audit-export -q --source many -O many.jsonl.zst --proof --manifest
is "100,000 lines" "$(jq .count many.jsonl.zst.manifest.json)" 100000
peak() { # COMMAND...: how much memory it took, in MB, and how it ended
	python3 -c 'import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, status)' "$@"
}
set -- $(peak audit-verify -q --key "$key" many.jsonl.zst)
is "hold" "$2" 0
if nm "$build/audit-verify" 2>/dev/null | grep -q __asan; then
	skip "in little memory" "a sanitizer needs its own"
else
	check "in little memory" test "$1" -lt 64
fi

finish
