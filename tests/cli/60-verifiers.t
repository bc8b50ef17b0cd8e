#!/bin/sh
# Notes, inclusion and consistency proofs and whole ranges, judged by two
# verifiers that share no code with ours: tests/cli/verify.py, and Go's
# sumdb/note and sumdb/tlog where Go and Debian's golang-golang-x-mod-dev are.
# And what audit-export and audit-verify make of a store, whole and spoiled.

. "$(dirname "$0")/lib.sh"
need python3
facts=$build/tests/cli/facts
verify=$top/tests/cli/verify.py
seeds=$top/tests/fuzz/corpus
[ -x "$facts" ] || skip_all "tests/cli/facts is not built"

check "the second verifier agrees with the vectors" python3 "$verify" vectors

# ---- A note and a bundle of the vectors, whole and spoiled ----

key=$(cat "$seeds/note/key")
run python3 "$verify" note "$key" "$seeds/note/ours"
is "it reads our note" "$status $(cat out)" \
	"0 3 c2b3ffdaba9d4a3b51555d30137f674d2283f5efaee101bb0cf0e804d54dab8a"
run python3 "$verify" note "$key" "$seeds/note/two-lines"
ends "it lets signatures of unknown keys by" 0
run python3 "$verify" note "$(echo "$key" | tr 7 8)" "$seeds/note/ours"
refuses "it refuses a key whose ID does not fit" 5 "does not fit"
sed '2s/3/4/' "$seeds/note/ours" >other
run python3 "$verify" note "$key" other
refuses "it refuses a note of another size" 5 "does not hold"

run python3 "$verify" bundle "$key" "$seeds/proof/ours"
is "it proves the event of our bundle" "$status $(sed -n '2s/"time".*//p' out)" '0 {"id":"m-0001",'
sed 's/^index 2/index 1/' "$seeds/proof/ours" >other
run python3 "$verify" bundle "$key" other
refuses "it refuses another index" 5 "inclusion: "
sed '4d' "$seeds/proof/ours" >other
run python3 "$verify" bundle "$key" other
refuses "it refuses a path cut short" 5 "too short"

probes=${AUDIT_CORPORA-}/conformance/tlog/transparency-dev-merkle/testdata
if [ -d "$probes" ]; then
	run python3 "$verify" probes "$probes"
	is "it judges all probe files of another project right" "$status $(cat out)" "0 196"
else
	skip "it judges all probe files of another project right" "AUDIT_CORPORA is not set"
fi

# ---- Random trees of 1 to 5,000 leaves ----

seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
run "$facts" 40 "$seed"
is "we tell of 40 trees (seed $seed)" "$status $(grep -c ^inclusion out)" "0 40"
mv out facts
grep -v ^signer facts >public
run python3 "$verify" facts public
is "the second verifier agrees (seed $seed)" "$status $(cat out)" \
	"0 40 consistency, 40 inclusion, 1 key, 40 note, 40 range"
head -n 3 public | tr 'ab' 'ba' >other
run python3 "$verify" facts other
ends "and notices a fact that is not one" 5

gocode=${GOCODE:-/usr/share/gocode}
if command -v go >/dev/null && [ -d "$gocode/src/golang.org/x/mod/sumdb" ]; then
	GOPATH=$gocode GO111MODULE=off GOCACHE=$work/cache GOFLAGS=
	export GOPATH GO111MODULE GOCACHE GOFLAGS
	run go run "$top/tests/cli/facts.go" <facts
	is "Go's note and tlog agree (seed $seed)" "$status $(cat out)" "0 40 trees agree"
else
	skip "Go's note and tlog agree" "Go or golang-golang-x-mod-dev is not installed"
fi

# ---- What the programs make of a store ----

if [ ! -x "$build/audit-verify" ] || ! command -v jq >/dev/null; then
	skip "exports and proofs" "audit-verify is not built, or jq is not installed"
	finish
fi

# both NAME STATUS KIND FILE [OLD]: both verifiers, without the store, end so.
both() {
	both_name=$1 both_status=$2 both_kind=$3 both_file=$4
	shift 4
	run env AUDIT_DB=/nonexistent audit-verify --key "$key" ${1+--checkpoint "$1"} "$both_file"
	both_ended=$status
	[ "$both_ended" = "$both_status" ] || head -n 3 err | sed 's/^/# ours: /'
	run python3 "$verify" "$both_kind" "$key" "$@" "$both_file"
	is "$both_name" "$both_ended $status" "$both_status $both_status"
}

cat >make.py <<'END'
import random, sys
sys.path.insert(0, sys.argv[1])
import events
made = events.random_events(random.Random(60), 3000)
events.write_lines("one.jsonl", made[:2000])
events.write_lines("two.jsonl", made[2000:])
with open("cell.jsonl", "w") as out:
    for n in range(66000):
        out.write('{"id":"n%d","time":"2026-06-01T%02d:%02d:00Z","action":"a%d"}\n' % (n, n // 60 % 24, n % 60, n % 9))
END
python3 make.py "$top/tests/cli"
make_log() {
	auditd-ingest -q one.jsonl &&
	key=$(audit-verify --init-keys --origin test.example/both) &&
	audit-verify --sign >first.note &&
	auditd-ingest -q cell.jsonl &&
	later=$(audit-verify --rotate-key) &&
	auditd-ingest -q two.jsonl &&
	audit-verify --sign >latest.note
}
run make_log
ends "a log of two cells and two epochs is made" 0

export_to() { # FILE [FILTER...]: with its proof and manifest
	export_file=$1
	shift
	run audit-export -q --proof --manifest -O "$export_file" "$@"
	case $status in
	0 | 3) ;;
	*) not_ok "export to $export_file" ;;
	esac
}

export_to whole.jsonl --until 2100
both "the whole log" 0 export whole.jsonl
is "every line of it was shown" "$(python3 "$verify" export "$key" whole.jsonl | cut -d ' ' -f 1)" "69002"
both "its manifest" 0 manifest whole.jsonl.manifest.json
export_to some.jsonl.gz --source app --actor user:alice
both "chosen events, late ones among them, with gzip" 0 export some.jsonl.gz
both "its manifest" 0 manifest some.jsonl.gz.manifest.json
if command -v zstd >/dev/null; then
	export_to some.jsonl.zst --severity error
	both "with zstd" 0 export some.jsonl.zst
else
	skip "with zstd" "zstd is not installed"
fi
export_to none.jsonl --actor nobody-at-all
both "no event at all" 0 export none.jsonl
export_to records.jsonl action=audit.key-init,audit.key-rotate
both "the toolkit's own records" 0 export records.jsonl
echo '{"id":"late","time":"2026-07-01T00:00:00Z","action":"late"}' | auditd-ingest -q --source late
export_to beyond.jsonl --since 2026-06-20 source!=audit-toolkit
both "lines that are not signed yet" 3 export beyond.jsonl

# spoil NAME FILE-COMMAND PROOF-COMMAND: neither takes a spoiled export.
gzip -dc some.jsonl.gz >plain.jsonl
cp some.jsonl.gz.proof plain.jsonl.proof
both "an export that was unpacked" 0 export plain.jsonl
spoil() {
	sh -c "$2" <plain.jsonl >other.jsonl
	sh -c "$3" <plain.jsonl.proof >other.jsonl.proof
	if cmp -s plain.jsonl other.jsonl && cmp -s plain.jsonl.proof other.jsonl.proof; then
		not_ok "$1" "nothing was spoiled"
	else
		both "$1" 5 export other.jsonl
	fi
}
spoil "a line is missing" 'sed 2d' cat
spoil "the last line is missing" 'sed \$d' cat
spoil "a line more" 'sed 2p' cat
spoil "two lines exchanged" 'sed "2{h;d;};3G"' cat
spoil "a letter changed" 'sed 3s/user:alice/user:alicf/' cat
spoil "the last line is cut" 'head -c -1' cat
spoil "an empty line behind" 'cat; echo' cat
spoil "another size" cat 'sed "2s/.$/x&/;2s/x[0-8]/9/;2s/x9/8/"'
spoil "an order with a seq less" cat 'sed "3s/ [^ ]*$//"'
spoil "an order of other events" cat 'sed "3s/^order \([0-9]*\)+/order 9\1+/"'
spoil "a cell less" cat 'sed 4d'
spoil "a cell twice" cat 'sed 4p'
spoil "other kinds" cat 'sed "4s/^\(cell [0-9]* [^ ]*\) [^ ]*/\1 0+1/"'
spoil "lines that are said to be erased, and are not" cat 'sed "4s/^\(cell [0-9]* [^ ]* [^ ]*\) -/\1 0+1/"'
spoil "salts missing" cat 'sed "4s/^\(cell [0-9]* [^ ]* [^ ]* [^ ]*\) [^ ]*/\1 AAAA/"'
spoil "a salt changed" cat 'awk "NR == 4 { \$6 = substr(\$6, 1, 8) (substr(\$6, 9, 1) == \"A\" ? \"B\" : \"A\") substr(\$6, 10) } 1"'
spoil "a hash changed" cat 'awk "NR == 4 { \$7 = substr(\$7, 1, 8) (substr(\$7, 9, 1) == \"A\" ? \"B\" : \"A\") substr(\$7, 10) } 1"'
spoil "another root of a cell" cat 'awk "NR == 4 { \$3 = substr(\$3, 1, 8) (substr(\$3, 9, 1) == \"A\" ? \"B\" : \"A\") substr(\$3, 10) } 1"'
spoil "other hashes outside" cat 'sed "s/^outside .*/outside AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=/"'
spoil "the note of another size" cat "sed '/^\$/,\$d'; echo; cat first.note"
spoil "without the chain of keys" cat 'sed "/^c2sp/,\$d"'
spoil "without the note" cat 'sed "/^$/,\$d"'
spoil "a proof that is cut" cat 'head -c -1'
spoil "a proof with more" cat 'cat; echo'
spoil "an empty proof" cat true

# ---- Lines that an erasure changed ----

# A prover that holds a line and its salt calls it erased, and shows another.
cat >pretend.py <<'END'
import base64
import sys
sys.path.insert(0, sys.argv[1])
from proofs import gap, leaf_hash
from verify import read_export_proof, read_hashes, read_salts
data = open("three.jsonl.proof", "rb").read()
proof, lines = read_export_proof(data), open("three.jsonl", "rb").read().split(b"\n")
words, order = proof["cells"][0], [seq % 65536 for seq in proof["order"]]
blob = base64.b64decode(words[5])
salts = {}
for i in range(0, len(blob), 19):
    salts.update(read_salts(blob[i:i + 19], [int.from_bytes(blob[i + 1:i + 3], "big")]))
place, at = 0, 0
for offset in order[:2]:
    place += len(list(gap(at, offset)))
    at = offset + 1
hashes = read_hashes(words[6])
hashes.insert(place, leaf_hash(salts[order[1]], 0, lines[1]))
kept = b"".join(bytes([16]) + o.to_bytes(2, "big") + salts[o] for o in (order[0], order[2]))
made = [*words[:4], b"%d+1" % order[1], base64.b64encode(kept), base64.b64encode(b"".join(hashes))]
open("other.jsonl.proof", "wb").write(data.replace(b" ".join(words), b" ".join(made)))
lines[1] = b'{"never":"happened"}'
open("other.jsonl", "wb").write(b"\n".join(lines))
END
ids=$(audit-query -r -o jsonl --source app -n 9 | jq -r .id | sed -n '1p;5p;9p' | paste -sd ,)
export_to three.jsonl --source app --id "$ids"
both "three lines" 0 export three.jsonl
run python3 pretend.py "$top/tests/cli"
both "a line that is called erased is no line that is shown" 3 export other.jsonl
run audit-verify --key "$key" other.jsonl
check "it is named" grep -q "2 events, .* 1 more (line 2)" out
check "with what it means" grep -q "line 2: the proof says that an erasure changed it: not shown" err
sed -i '1s/"action"/"Action"/' other.jsonl
both "the others are" 5 export other.jsonl

if [ -x "$build/audit-erase" ]; then
	run audit-erase --subject user:Chloé --apply --reason test
	ends "someone is erased" 0
	audit-verify --sign >erased.note
	export_to erased.jsonl --source app
	both "an export with lines that were changed" 3 export erased.jsonl
	both "its manifest" 3 manifest erased.jsonl.manifest.json
	is "both count the same" "$(audit-verify --key "$key" -o json erased.jsonl | jq -r '.[0].events')" \
	    "$(python3 "$verify" export "$key" erased.jsonl | cut -d ' ' -f 1)"
	is "all that have the pseudonym" "$(audit-verify --key "$key" -o json erased.jsonl | jq '.[0].erased')" \
	    "$(grep -c 'person-[0-9a-f]\{12\}' erased.jsonl)"
	both "what was exported before still holds" 0 export plain.jsonl
	export_to untouched.jsonl --source app --where 'line !~ "person-[0-9a-f]{12}"'
	both "the others are shown as before" 0 export untouched.jsonl
	erased="export erased.jsonl"
else
	skip "lines that an erasure changed" "audit-erase is not built"
	erased=
fi

seq=$(audit-query --seq -o jsonl --actor user:bob -n 1 --source app | sed -n 's/.*"seq":\([0-9]*\).*/\1/p')
audit-verify --prove "$seq" >event.proof
both "one event's proof" 0 bundle event.proof
run python3 "$verify" bundle "$key" event.proof
is "shows the event of that number" "$(sed -n '1s/.*"seq": \([0-9]*\).*/\1/p' out)" "$seq"
audit-verify --consistency first.note >continues
both "one checkpoint goes on from another" 0 consistency continues first.note
sed '/^old /s/^old \(.*\)/old 1\1/' continues >other
both "not from one of another size" 5 consistency other first.note
sed '/^old /{n;d;}' continues >other
both "not with a hash less" 5 consistency other first.note
both "not from another checkpoint" 5 consistency continues latest.note
sed '/^c2sp/,/^old/{/^old/!d;}' continues >other
both "not without what introduces its key" 5 consistency other first.note

both "a checkpoint under the first key" 0 note first.note
both "not one of a later epoch" 5 note latest.note
first=$key key=$later
both "the key of the later epoch is enough for its checkpoints" 0 note latest.note
both "for its proofs" 0 bundle event.proof
both "and its exports" 0 export plain.jsonl
both "but for nothing that was signed before" 5 note first.note
both "and for what goes on from an older one that is given" 0 consistency continues first.note
both "of that size" 5 consistency other first.note
key=$(audit-verify -D other.db --init-keys 2>/dev/null || { auditd-ingest -q -D other.db one.jsonl &&
    audit-verify -D other.db --init-keys --origin test.example/both; } 2>/dev/null)
both "the key of another log of that name is none" 5 bundle event.proof
both "for its exports neither" 5 export plain.jsonl
key=$first

audit-verify --prove 7 >old.proof
run python3 "$top/tests/cli/spoil.py" "$key" "${AUDIT_SPOIL:-100}" "$seed" bundle event.proof bundle old.proof \
    note first.note export plain.jsonl export none.jsonl export other.jsonl $erased consistency continues
is "both agree on whatever is spoiled at random (seed $seed)" "$status $(cat out err)" "0 "

for change in 's/"bytes": \([0-9]\)/"bytes": 1\1/' 's/"sha256": "./"sha256": "x/' 's/"bytes": ./"bytes": -/' \
    's/"name": "some/"name": "same/' 's/"count"/"counts"/' '1s/{/{"more":1,/'; do
	sed "$change" some.jsonl.gz.manifest.json >other.manifest.json
	both "a manifest changed: $change" 5 manifest other.manifest.json
done

finish
