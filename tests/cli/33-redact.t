#!/bin/sh
# Redaction as a user sees it, and as it is measured: the figures are those of
# audit-redaction(7), and none may become worse.

. "${0%/*}/lib.sh"
need python3

# better NAME FIGURE THAN: not less
better() {
	check "$1: $2 is not below $3" awk "BEGIN { exit !($2 >= $3) }"
}

# promised SET COLUMN: a figure of the manual
promised() {
	sed -n "s/^\.It $1 .* Ta \([0-9.]*\) Ta \([0-9.]*\)\$/\\$2/p" "$top/man/audit-redaction.7"
}

measured() { # WORD
	sed -n "s/^$1 //p" out
}

run python3 "$top/tests/cli/redact.py" own
ends 'the own set is redacted' 0
better 'own set, recall' "$(measured recall)" "$(promised 'own set' 1)"
better 'own set, precision' "$(measured precision)" "$(promised 'own set' 2)"
is 'redacting twice is redacting once' "$(grep -c 'not idempotent' out)" 0

samples=${AUDIT_CORPORA-}/conformance/secrets/gitleaks/samples.json
if [ -n "${AUDIT_CORPORA-}" ] && [ -f "$samples" ]; then
	run python3 "$top/tests/cli/redact.py" samples "$samples"
	better 'samples of gitleaks, recall' "$(measured recall)" "$(promised 'samples of gitleaks' 1)"
	better 'samples of gitleaks, precision' "$(measured precision)" "$(promised 'samples of gitleaks' 2)"
	run python3 "$top/tests/cli/redact.py" clean "$AUDIT_CORPORA"
	is 'in real logs no form is found that is none' "$(measured others | cut -d ' ' -f 1)" 0
	is 'in real logs keystrokes are hidden' "$(measured keystrokes)" 3
	better 'in real logs values under secret names are found' "$(measured secret-key)" 100
else
	skip 'samples and real logs' 'AUDIT_CORPORA is not set'
fi

# ---- rules of the user's, and rules left out ----

echo '{"time":"2026-04-23T18:00:00Z","action":"a","description":"EMP-123456 ghp_16C7e42F292c6912E7710c838347Ae178B4a"}' >in.jsonl
echo 'EMP-654321 is no JSON' >>in.jsonl
cat >rules.yaml <<'END'
rules:
  - name: staff-number
    literal: EMP-
    pattern: 'EMP-\d{6}'
END
run auditd-ingest --redact rules.yaml --receipt receipt.json in.jsonl
ends 'a line was quarantined' 3
check 'the receipt counts by rule' grep -q '"redacted":3,.*"redacted_by":{"github-token":1,"staff-number":2}' receipt.json
run audit-query -o jsonl
check 'the event has markers' grep -q 'staff-number\] \[REDACTED:github-token\]' out
is 'neither value is in the file' "$(grep -a -c -e EMP-123456 -e EMP-654321 -e ghp_16C7 "$db")" 0

run auditd-ingest --dry-run --no-redact github-token in.jsonl
check 'a rule that is left out hides nothing' grep -q 'EMP-123456 ghp_16C7' out
run auditd-ingest --dry-run --no-redact githubtoken in.jsonl
ends 'a rule that is not there is refused' 2
is 'with the nearest name' "$(cat err)" \
    'auditd-ingest: there is no rule githubtoken (did you mean github-token?)'
printf 'rules:\n  - name: x\n    literal: abc\n    pattern: "("\n' >wrong.yaml
run auditd-ingest --dry-run --redact wrong.yaml in.jsonl
ends 'a wrong file of rules is refused' 2
check 'with its place' grep -q '^auditd-ingest: wrong.yaml:4:14: pattern: ' err

# ---- what was stored when fewer secrets were known ----

rm -f "$db"
echo '{"id":"1","time":"2026-04-23T18:00:00Z","action":"a","description":"mysql -phunter2 db"}' >open.jsonl
auditd-ingest -q --no-redact all open.jsonl
audit-export -q --manifest -O export.jsonl
run auditd-ingest --restore --receipt receipt.json export.jsonl
is 'an export of it adds nothing' "$status $(receipt duplicates) $(receipt quarantined)" '0 1 0'
cat open.jsonl | { run auditd-ingest --source open --receipt receipt.json; echo "$status" >status; }
is 'nor does its line' "$(cat status) $(receipt duplicates) $(audit-query -c --source open)" '0 1 1'
run auditd-ingest -D other.db --restore --receipt receipt.json export.jsonl
is 'in another store it is hidden' "$(grep -a -c hunter2 other.db) $(receipt redacted)" '0 1'
sed 's/hunter2/hunter3/' open.jsonl | auditd-ingest -q --source open 2>err
is 'another secret in its place is a conflict' "$(audit-query --quarantine -o jsonl | grep -c conflict)" 1

finish
