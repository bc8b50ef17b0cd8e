#!/bin/sh
# The configuration's policy: what the manual and the example show is taken,
# what is not understood stops every program, and the first rule decides.

. "$(dirname "$0")/lib.sh"
need jq

run auditd-ingest -q "$top/examples/sample.jsonl"
ends "a store" 0
mkdir -p config/audit-toolkit

taken() { # NAME FILE
	run audit-query --config "$2" -c
	is "$1" "$status $(cat err)" "0 "
}

# Each literal block of the manual's page that is a configuration, alone.
manual=$top/man/audit-toolkit.yaml.5
awk '/^\.Bd -literal/ { n++; on = 1; next } /^\.Ed/ { on = 0 } on { print > ("block" n ".yaml") }' "$manual"
for block in block*.yaml; do
	taken "the manual's $block" "$block"
done
is "the manual has four" "$(ls block*.yaml | wc -l)" 4
taken "examples/config.yaml" "$top/examples/config.yaml"
for key in db keys verifier_key checkpoint retention archive export_limits record_reads sandbox sessions; do
	check "the manual explains $key" grep -q "^\.It Ic $key\$" "$manual"
	check "the example has $key" grep -q "^$key:" "$top/examples/config.yaml"
done

# What is wrong is told with its place, by every program, and nothing is done.
cat >wrong.yaml <<'END'
retention:
  - name: short
    keep: 29d
END
for program in audit-query audit-summary audit-export audit-prune audit-verify audit-hold; do
	run $program --config wrong.yaml
	ends "$program does not work with half a configuration" 2
done
run audit-prune --config wrong.yaml --apply
is "where it is wrong is told" "$(cat err)" \
    "audit-prune: wrong.yaml:3:11: keep: 29d is too short: nothing younger than 30 days is removed"

# The first rule that matches decides.
cat >policy.yaml <<'END'
retention:
  - {name: failures, category: authentication, severity: warning, keep: forever}
  - {name: sign-ins, category: authentication, keep: 30d}
  - {name: old, action: [share.*, role.*], keep: 40d}
END
at_time '2027-03-01 00:00:00'
if [ -n "$clock" ]; then
	eval "$clock audit-prune --config policy.yaml -o json" >plan 2>/dev/null
	goes=$(jq -s '[.[] | select((.category // "" | ascii_downcase) == "authentication" and
	    ((.severity // "info") | IN("warning", "error", "critical") | not))] | length' "$top/examples/sample.jsonl")
	is "what goes by one rule is what a naive filter finds" \
	    "$(jq '.rules[] | select(.name == "sign-ins").events' plan)" "$goes"
	is "what stays for ever does not go" \
	    "$(jq -c '.rules[] | select(.name == "failures") | [.events, .cutoff]' plan)" "[0,null]"
	check "and there is something to see" test "$goes" -gt 0
else
	skip "what goes is what a naive filter finds" "there is no faketime that works here"
fi

# A key of the user's file replaces all of it in the system's; root reads none.
if [ "$(id -u)" -ne 0 ]; then
	echo "retention: [{keep: 5d}]" >config/audit-toolkit/config.yaml
	run audit-prune
	ends "the user's own file is read" 2
else
	skip "the user's own file is read" "root reads none"
fi

finish
