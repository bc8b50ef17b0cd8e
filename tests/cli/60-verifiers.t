#!/bin/sh
# Notes, inclusion and consistency proofs and whole ranges, judged by two
# verifiers that share no code with ours: tests/cli/verify.py, and Go's
# sumdb/note and sumdb/tlog where Go and Debian's golang-golang-x-mod-dev are.

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

finish
