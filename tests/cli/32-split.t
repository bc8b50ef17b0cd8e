#!/bin/sh
# --split: an export in parts, each within its size, which together are what one
# file would be; they are a set when their manifest is there, and only then.

. "$(dirname "$0")/lib.sh"
need jq python3 zstd gzip sha256sum

python3 - >in.jsonl <<'END'
import random
rng = random.Random(4)
for n in range(9000):
    words = " ".join("%x" % rng.getrandbits(24) for _ in range(rng.randrange(40)))
    late = rng.randrange(90000) if rng.random() < 0.02 else 0
    print('{"id":"e%d","time":%d,"action":"a%d","actor_id":"=u%d","description":"%s"}' % (
        n, 1777593600 + n // 3 - late, n % 9, n % 7, words))
END
auditd-ingest -q --source app in.jsonl
key=$(audit-verify --init-keys --origin test.example/split 2>/dev/null)
audit-verify -q --sign >first.note
records() {
	audit-query -r -o jsonl source=audit-toolkit action=audit.export "$@"
}
split() { # FOLDER NAME SIZE [OPTION...]: the source's events
	mkdir -p "$1"
	split_out=$1/$2 split_size=$3
	shift 3
	run audit-export -q -O "$split_out" --split "$split_size" source=app "$@"
}
unpack() { # FILE...
	for unpack_file; do
		case $unpack_file in
		*.zst) zstd -qdc "$unpack_file" ;;
		*.gz) gzip -dc "$unpack_file" ;;
		*) cat "$unpack_file" ;;
		esac
	done
}
sizes() {
	wc -c "$@" | grep -v ' total$' | awk '{ print $1 }'
}
judge() {
	run audit-verify --key "$key" "$@"
}

# ---- By events ----

audit-export -q -O whole.jsonl source=app
split n x.jsonl 2000
ends "2,000 events a part" 0
quiet "nothing is said"
is "five parts, and their manifest" "$(ls n | tr '\n' ' ')" \
    "x.0001.jsonl x.0002.jsonl x.0003.jsonl x.0004.jsonl x.0005.jsonl x.jsonl.manifest.json "
is "each is full but the last" "$(wc -l n/x.0*.jsonl | awk '$2 != "total" { print $1 }' | tr '\n' ' ')" "2000 2000 2000 2000 1000 "
cat n/x.0*.jsonl >joined
same "together they are the whole" joined whole.jsonl
is "exactly as many as fit: no empty part" "$(split even x.jsonl 4500; ls even | wc -l)" 3
split one x.jsonl 9000
is "one part, when all fits" "$(ls one | tr '\n' ' ')" "x.0001.jsonl x.jsonl.manifest.json "
split huge x.jsonl 18446744073709551615
same "any number of events" huge/x.0001.jsonl whole.jsonl
split single x.jsonl 1 --actor =u3 --action a8 -T ff
is "one event a part" "$(cat single/x.0*.jsonl | wc -l) $(wc -l single/x.0*.jsonl | awk '$2 != "total" && $1 != 1' | wc -l)" \
    "$(audit-query -c source=app --actor =u3 --action a8 -T ff) 0"
split none x.jsonl.gz 10 --actor nobody
is "nothing is one empty part" "$(ls none | tr '\n' ' ') $(unpack none/x.0001.jsonl.gz | wc -c) $(jq -c '.files[0].count' none/*.json)" \
    "x.0001.jsonl.gz x.jsonl.gz.manifest.json  0 0"

# ---- By size ----

for size in 100K 333333B; do
	bytes=$(echo "$size" | sed 's/B$//; s/K$/ * 1024/')
	bytes=$((bytes))
	for name in x.jsonl x.jsonl.gz x.jsonl.zst x.ocsf x.csv; do
		rm -rf s && split s $name $size
		is "$size, $name: ends well" "$status" 0
		is "no part is larger" "$(sizes s/x.0* | awk -v most=$bytes '$1 > most' | wc -l)" 0
		# Those of compressed files, too, as nearly as an event.
		is "nor much smaller, but for the last" \
		    "$(sizes s/x.0* | sed '$d' | awk -v most=$bytes '$1 < most - 2000' | wc -l)" 0
		case $name in
		x.jsonl*)
			unpack s/x.0* >joined
			same "together they are the whole" joined whole.jsonl
			;;
		esac
	done
done
audit-export -q -O whole.csv source=app
bom=$(printf '\357\273\277')
is "a table's parts begin with mark and header" "$(for file in s/x.0*.csv; do head -c 6 $file; echo; done | sort -u)" "${bom}id,"
first=yes
for file in s/x.0*.csv; do
	if [ $first ]; then cat $file; else sed 1d $file; fi
	first=
done >joined
same "and without these are the whole" joined whole.csv
for format in ecs cef leef; do
	audit-export -q -o $format -O whole.$format source=app
	split f$format x.$format 100K
	cat f$format/x.0*.$format >joined
	same "$format: together they are the whole" joined whole.$format
done
audit-export -q -o syslog --framing octets -O whole.syslog source=app
split fsyslog x.syslog 100K --framing octets
cat fsyslog/x.0*.syslog >joined
same "messages with their lengths, too" joined whole.syslog
split byte x.jsonl 1B --actor =u3 --action a8 -T ff
is "one byte: each event has its part" "$(ls byte/x.0* | wc -l) $(cat byte/x.0* | wc -l)" "$(ls single/x.0* | wc -l) $(cat single/x.0* | wc -l)"
split byte-zst x.jsonl.zst 1B --actor =u3 --action a8 -T ff
unpack byte-zst/x.0* >joined && cat single/x.0* >wanted
same "compressed, too" joined wanted
is "in as many parts" "$(ls byte-zst/x.0* | wc -l)" "$(ls single/x.0* | wc -l)"
split large x.jsonl 9000TiB
same "any size" large/x.0001.jsonl whole.jsonl
split chosen x.jsonl 50K --fields id,time
is "chosen fields" "$(cat chosen/x.0* | jq -r .id | sort | uniq | wc -l) $(sizes chosen/x.0* | awk '$1 > 51200' | wc -l)" "9000 0"
mkdir folder
run audit-export -q -O folder --split 5000 source=app
is "in a folder the names are of the time" "$(ls folder | sed 's/^audit-log-[0-9]\{8\}T[0-9]\{6\}\.[0-9]\{6\}Z/T/' | tr '\n' ' ')" \
    "T.0001.jsonl T.0002.jsonl T.jsonl.manifest.json "

# ---- What is said of them ----

run audit-export -O told.jsonl --split 4000 source=app
is "how many parts there are" "$(sed 's/.*told/told/' err)" "told.jsonl: 3 parts, 9000 events"
is "the record says it, too" \
    "$(records | tail -n 1 | jq -c '.context | [.phase, .count, .bytes, .first_seq, .last_seq, .parts, .sha256]')" \
    "[\"outcome\",9000,$(wc -c <whole.jsonl),0,8999,3,null]"
is "and has the manifest's hash" "$(records | tail -n 1 | jq -r .context.manifest_sha256)" \
    "$(sha256sum <told.jsonl.manifest.json | cut -d ' ' -f 1)"
is "the manifest has each part" "$(jq -c '.files[] | [.name, .bytes, .sha256, .count]' told.jsonl.manifest.json)" \
    "$(for file in told.0001.jsonl told.0002.jsonl told.0003.jsonl; do
	printf '["%s",%d,"%s",%d]\n' $file "$(wc -c <$file)" "$(sha256sum <$file | cut -d ' ' -f 1)" "$(wc -l <$file)"
done)"
seqs() { # FILE: the lowest and the highest number of its events
	audit-query --seq -o jsonl source=app | jq -r '[.id, .seq] | @tsv' | sort >seqs
	jq -r .id "$1" | sort | join - seqs | cut -d ' ' -f 2 | sort -n | sed -n '1p;$p' | tr '\n' ' '
}
is "and which events it has" "$(jq -r '.files[1] | "\(.first_seq) \(.last_seq) "' told.jsonl.manifest.json)" \
    "$(seqs told.0002.jsonl)"
is "and all of them" "$(jq -c '[.manifest, .count, .first_seq, .last_seq, (.files | length)]' told.jsonl.manifest.json)" \
    "[2,9000,0,8999,3]"

# ---- Refused ----

records | wc -l >before
for bad in 0 0M -1 +1 1.5M '10 M' M 10X '' 0x10 99999999999999999999 16777216TiB; do
	run audit-export -O no.jsonl --split "$bad"
	refuses "--split '$bad'" 2 "--split"
done
run audit-export --split 10
refuses "to standard output" 2 "split.*-O FILE"
run audit-export --split 10 -O -
refuses "in whatever way" 2 "split.*-O FILE"
run audit-export --split 10 -O no.json
refuses "one document" 2 "split.*lines"
run audit-export --split 10 --evidence soc2:CC7.2 -O no.tar.zst
refuses "a pack" 2 "--evidence"
mkfifo pipe
run audit-export --split 10 -O pipe
refuses "a pipe" 2 "regular files"
cp -r n taken
run audit-export --split 10 -O taken/x.jsonl
refuses "a set that is there" 2 "x.jsonl.manifest.json: is there already"
rm taken/x.jsonl.manifest.json
run audit-export --split 10 -O taken/x.jsonl
refuses "a part that is there" 2 "x.0001.jsonl: is there already"
ln -s nowhere taken/y.0001.jsonl
run audit-export --split 10 -O taken/y.jsonl
refuses "even a link to nothing" 2 "y.0001.jsonl: is there already"
is "none of that is on record" "$(records | wc -l)" "$(cat before)"
echo precious >taken/z.0003.jsonl
split taken z.jsonl 1000
refuses "one that is in the way later" 2 "z.0003.jsonl: is there already"
is "stays, and no other part does" "$(ls taken | grep '^z' | tr '\n' ' ')$(cat taken/z.0003.jsonl)" "z.0003.jsonl precious"
is "which is on record as failed" "$(records | tail -n 1 | jq -c '[.outcome, .context.parts, (.context.error | length > 0)]')" \
    '["failure",0,true]'

# ---- Proved ----

split p x.jsonl.zst 2000 --proof
ends "with a proof of each part" 0
judge p/x.*.jsonl.zst
ends "each part is verified by itself" 0
is "all of them" "$(cut -d ' ' -f 2-3 out | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " 1 1000 events,; 4 2000 events,;"
judge p/x.jsonl.zst.manifest.json
is "and the set" "$status $(cut -d ' ' -f 2- out)" \
    "0 10 files as they were made, 9000 events, all in the log of 9001 events of test.example/split"
python3 "$top/tests/cli/verify.py" manifest "$key" p/x.jsonl.zst.manifest.json >out
is "which another verifier says, too" "$(cat out)" "10 files, 0 beyond"
judge n/x.jsonl.manifest.json
is "without proofs it is as it was made, and no more" "$status $(cut -d ' ' -f 2- out)" \
    "3 5 files as they were made; nothing shows their 9000 events to be in the log"

# spoiled NAME PATTERN COMMAND...: in a copy of the set.
spoiled() {
	spoiled_name=$1 spoiled_words=$2
	shift 2
	rm -rf spoiled && cp -r p spoiled
	(cd spoiled && "$@") || not_ok "$spoiled_name: it was not spoiled"
	judge spoiled/x.jsonl.zst.manifest.json
	if [ "$status" -eq 5 ] && grep -q -- "$spoiled_words" err; then ok "$spoiled_name"
	else not_ok "$spoiled_name" "wanted 5 and: $spoiled_words"; fi
	run python3 "$top/tests/cli/verify.py" manifest "$key" spoiled/x.jsonl.zst.manifest.json
	is "so finds another verifier" "$status" 5
}
swap() {
	mv "$1" swapped && mv "$2" "$1" && mv swapped "$2"
}
edit() { # JQ
	jq "$@" x.jsonl.zst.manifest.json >edited && ! cmp -s edited x.jsonl.zst.manifest.json &&
		mv edited x.jsonl.zst.manifest.json
}
# The manifest is not signed: it follows.
swap_all() {
	swap x.0002.jsonl.zst x.0003.jsonl.zst && swap x.0002.jsonl.zst.proof x.0003.jsonl.zst.proof &&
		edit '.files |= [.[0, 1], (.[4] | .name = "x.0002.jsonl.zst"), (.[5] | .name = "x.0002.jsonl.zst.proof"),
		    (.[2] | .name = "x.0003.jsonl.zst"), (.[3] | .name = "x.0003.jsonl.zst.proof"), .[6:][]]'
}
twice() {
	rm x.* && cp ../few/x.* . &&
		cp x.0001.jsonl.zst x.0005.jsonl.zst && cp x.0001.jsonl.zst.proof x.0005.jsonl.zst.proof &&
		edit '.files |= [.[0:8][], (.[0] | .name = "x.0005.jsonl.zst"), (.[1] | .name = "x.0005.jsonl.zst.proof")] |
		    (.files | map(select(.count))) as $p | .first_seq = ([$p[].first_seq] | min) |
		    .last_seq = ([$p[].last_seq] | max)'
}
split few x.jsonl.zst 200 --proof --action a1
spoiled "a part is missing" "x.0003.jsonl.zst: the manifest names it" rm x.0003.jsonl.zst
spoiled "a proof is missing" "x.0003.jsonl.zst.proof: the manifest names it" rm x.0003.jsonl.zst.proof
spoiled "two parts are swapped" "x.0002.jsonl.zst" swap x.0002.jsonl.zst x.0003.jsonl.zst
spoiled "a part twice" "event .*, which another part has too" twice
spoiled "a part that the manifest no longer has" "files" edit 'del(.files[4, 5])'
spoiled "nor its count" "files" edit 'del(.files[4, 5]) | .count = 7000'
spoiled "the last part is left out" "files" edit 'del(.files[8, 9])'
spoiled "a proof is left out" "files" edit 'del(.files[5])'
spoiled "another count" "files" edit '.files[0].count = 1999 | .files[2].count = 2001 | .x = 1 | del(.x) | .count = 8999'
spoiled "counts that make the same sum" "x.0001.jsonl.zst.*count" edit '.files[0].count = 1999 | .files[2].count = 2001'
spoiled "numbers of events" "files\|first_seq" edit '.files[0].last_seq = 8999'
spoiled "a part of another export" "files" edit '.files[2].name = "y.0002.jsonl.zst" | .files[3].name = "y.0002.jsonl.zst.proof"'
spoiled "parts in another order" "files" edit '.files = .files[2:4] + .files[0:2] + .files[4:]'
spoiled "a line of a part" "x.0002.jsonl.zst" sh -c 'zstd -qdc x.0002.jsonl.zst | sed 5d | zstd -q >new && mv new x.0002.jsonl.zst'
rm -rf spoiled && cp -r p spoiled && (cd spoiled && swap_all)
judge spoiled/x.jsonl.zst.manifest.json
is "parts under each other's numbers are what they are: events of the log" "$status" 0

# Later than what was signed.
split later x.jsonl 4000 --proof
echo '{"id":"late","time":"2026-06-01T00:00:00Z","action":"a"}' | auditd-ingest -q --source app
split later y.jsonl 4000 --proof
ends "what is not signed yet is told" 3
judge later/y.jsonl.manifest.json
is "and not shown" "$status $(cut -d ' ' -f 2- out)" "3 6 files as they were made, 9000 events, all in the log of 9001 \
events of test.example/split; 1 more came after the checkpoint: not shown"

# ---- What arrived since last time ----

split c first.jsonl 4000 --cursor-file cur
auditd-ingest -q --source app <<'END'
{"id":"new1","time":"2026-05-01T00:00:00Z","action":"new"}
{"id":"new2","time":"2026-05-01T00:00:00Z","action":"new"}
END
cp cur before
split c no/such/folder.jsonl 1 --cursor-file cur
ends "one that fails" 2
same "leaves the cursor" cur before
echo precious >c/second.0002.jsonl
split c second.jsonl 1 --cursor-file cur
ends "also after the first part" 2
same "leaves it, too" cur before
split c third.jsonl 1 --cursor-file cur
is "the next one has it all" "$status $(cat c/third.0*.jsonl | jq -r .id | tr '\n' ' ')" "0 new1 new2 "
split c fourth.jsonl 1 --cursor-file cur
is "and then there is nothing" "$status $(jq .count c/fourth.jsonl.manifest.json)" "0 0"

# ---- Back into a store ----

run auditd-ingest -q -D back.db --restore p/x.0003.jsonl.zst
ends "a part goes back into a store: the set's manifest says whose it is" 0
is "all of it" "$(audit-query -D back.db -c)" 2000
cp p/x.0003.jsonl.zst p/x.0009.jsonl.zst
run auditd-ingest -q -D back.db --restore p/x.0009.jsonl.zst
refuses "not one that the manifest does not name" 5 "x.0009.jsonl.zst.*does not name it"
rm p/x.0009.jsonl.zst

# ---- Erased since ----

auditd-ingest -q --source gone <<'END'
{"id":"g1","time":"2026-05-01T00:00:00Z","action":"a","actor_id":"bob@acme.example"}
{"id":"g2","time":"2026-05-01T00:00:01Z","action":"a","actor_id":"mei@acme.example"}
{"id":"g3","time":"2026-05-01T00:00:02Z","action":"a","actor_id":"bob@acme.example"}
END
audit-erase -q --subject bob@acme.example --apply --reason test >receipt
audit-verify -q --sign >/dev/null
run audit-export -O gone.jsonl --split 2 --proof source=gone
check "of erased events the place is proved, which is said" grep -q "2 of 3 events were changed by an erasure" err
judge gone.jsonl.manifest.json
is "and in which part they are" "$status $(sed 's/.*; //' out)" "3 1 of gone.0002.jsonl) changed by an erasure: only their places are shown"
check "all of them" grep -q "(lines 1 of gone.0001.jsonl; 1 of gone.0002.jsonl)" out

# ---- Cut short ----

if ! command -v "${CC:-cc}" >/dev/null || ! "${CC:-cc}" -O2 -D_GNU_SOURCE -o calls "$top/tests/crash/calls.c" ||
    ! ./calls -o report true 2>/dev/null; then
	skip "cut short anywhere" "nothing can be traced here"
	finish
fi
export_traced() { # [OPTION...]: of calls
	rm -rf cut && mkdir cut && cp before cur
	# Who looks for leaks is traced by nobody.
	run env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" ./calls -o report "$@" \
	    audit-export -q -O cut/x.jsonl.zst --split 2500 --proof source=app --cursor-file cur
	status=$(sed 's/.* //' report)
}
# Everything, each time.
: >before
export_traced
ends "what is to be cut short" 0
calls=$(sed 's/^calls \([0-9]*\) .*/\1/' report) disk=$(sed 's/.* disk \([0-9]*\) .*/\1/' report)
is "is a set of four parts" "$(ls cut | wc -l)" 9
check "at enough calls" test "$disk" -gt 100

# whole: what the folder has is a set that holds.
whole() {
	audit-verify -q --key "$key" cut/x.jsonl.zst.manifest.json 2>whole.err
}
wrong='' sets=0 halves=0
for i in $(seq 1 40); do
	export_traced -k $((calls * i / 40 - i % 3))
	if [ -e cut/x.jsonl.zst.manifest.json ]; then
		sets=$((sets + 1))
		whole || wrong="$wrong kill $i: a set that does not hold;"
	else
		halves=$((halves + 1))
		[ ! -s cur ] || wrong="$wrong kill $i: the cursor moved;"
	fi
	for file in cut/x.0*.jsonl.zst; do
		[ -e "$file" ] || continue
		zstd -qt "$file" || wrong="$wrong kill $i: a part that is cut;"
	done
done
is "killed at any call: no set without its parts, no part that is cut, no cursor before the set" "$wrong" ""
check "before and after the set was whole ($halves, $sets)" test "$sets" -gt 0 -a "$halves" -gt 20
wrong=
for i in $(seq 1 40); do
	error=$((i % 2 ? 28 : 5)) # ENOSPC, EIO
	export_traced -n $((disk * i / 40 - i % 3)) -e $error -c $((i % 4 < 2)) # 0: from then on
	if [ -e cut/x.jsonl.zst.manifest.json ]; then
		whole || wrong="$wrong $i: a set that does not hold ($status);"
	else
		[ "$status" -ne 0 ] || wrong="$wrong $i: ends with $status;"
		[ -z "$(ls -A cut)" ] || [ $((i % 4 < 2)) -eq 0 ] || wrong="$wrong $i: leaves $(ls -A cut | tr '\n' ' ');"
		[ ! -s cur ] || wrong="$wrong $i: the cursor moved;"
	fi
done
is "a disk that is full or broken: all or nothing" "$wrong" ""
rm -rf cut && mkdir cut && cp before cur
run audit-export -q -O cut/x.jsonl.zst --split 2500 --proof source=app --cursor-file cur
is "then it is made again" "$status $(ls cut | wc -l)" "0 9"

finish
