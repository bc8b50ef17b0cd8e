#!/bin/sh
# Where the configuration wants it, who looks is on record before anything is
# seen, and who cannot be recorded sees nothing.

. "$(dirname "$0")/lib.sh"
need jq

auditd-ingest -q "$top/examples/sample.jsonl" --source shop
AUDIT_CONFIG=$work/config.yaml
export AUDIT_CONFIG
reads() { # the records, without leaving another
	audit-query --config /dev/null -r -o jsonl action=audit.read | jq -c "$1"
}
last() {
	reads "[.context.program, .context.filter, .outcome]" | tail -n 1
}

echo 'record_reads: none' >config.yaml
audit-query -c >/dev/null
audit-summary >/dev/null
audit-trail --identity user:alice >/dev/null
is "none" "$(reads . | wc -l)" 0

echo 'record_reads: [audit-query, audit-trail]' >config.yaml
run audit-query -o jsonl --outcome failure --severity warning
ends "a query" 0
is "is on record" "$(last)" '["audit-query","severity >= warning and outcome = failure","success"]'
is "with who it was" "$(reads '[.actor_id, .source, .category]')" "[\"uid:$(id -u)\",\"audit-toolkit\",\"COMPLIANCE\"]"
audit-query -c >/dev/null
audit-query -F action >/dev/null
audit-query -f --timeout 0.1s -n 1 >/dev/null
audit-query --quarantine -o jsonl >/dev/null
is "so are counts, values, what follows, quarantine" "$(reads .context.program | sort | uniq -c | tr -s ' ')" ' 5 "audit-query"'
audit-summary >/dev/null
is "a program that is not named is not" "$(reads . | wc -l)" 5
audit-trail --resource invoice/42 --outcome failure >/dev/null
is "a trail" "$(reads 'select(.context.program == "audit-trail").context.filter')" \
    "\"$(audit-trail --resource invoice/42 --outcome failure --print-where)\""

audit-query -i "$top/examples/sample.jsonl" >/dev/null
audit-trail -i "$top/examples/sample.jsonl" --identity user:alice >/dev/null
is "files are not the store" "$(reads . | wc -l)" 6
run audit-query no_such_field=1
ends "a question that is none" 2
is "reads nothing" "$(reads . | wc -l)" 6
audit-query -q --save mine --actor user:alice
audit-query --print-where -Q mine >/dev/null
audit-query --list-saved >/dev/null
is "nor do those who look at no event" "$(reads . | wc -l)" 6
is "the record comes first" "$(audit-query -o jsonl -n 1 | jq -r .action)" audit.read

echo 'record_reads: all' >config.yaml
audit-summary --outcome failure >/dev/null
is "all" "$(last)" '["audit-summary","outcome = failure","success"]'

# ---- What cannot be recorded ----

cannot() { # NAME COMMAND...: as someone who may read only
	cannot_name=$1
	shift
	if [ "$(id -u)" -ne 0 ]; then
		chmod a-w "$db"
		run "$@"
		chmod u+w "$db"
	elif command -v setpriv >/dev/null && [ -r "$build/audit-query" ] &&
	    setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$build/audit-query" -a -r "$db" 2>/dev/null; then
		run setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	else
		skip "$cannot_name" "root may write all, and nobody else may read here"
		return
	fi
	refuses "$cannot_name" 4 "cannot be recorded"
}
chmod 755 "$work"
chmod 644 "$db" config.yaml
before=$(reads . | wc -l)
cannot "a query that cannot be recorded" audit-query -c
cannot "a summary" audit-summary
cannot "a trail" audit-trail --identity user:alice
cannot "an export" audit-export
is "left no record" "$(reads . | wc -l)" "$before"
audit-query --config /dev/null -c >all
echo 'record_reads: none' >config.yaml
if [ "$(id -u)" -ne 0 ]; then
	chmod a-w "$db"
	run audit-query -c
	chmod u+w "$db"
else
	run setpriv --reuid 65534 --regid 65534 --clear-groups audit-query -c 2>/dev/null
fi
if [ "$status" -eq 0 ]; then
	same "where reads are not recorded, they need no more than reading" out all
else
	skip "where reads are not recorded, they need no more than reading" "nobody else may read here"
fi

echo 'record_reads: [audit-query' >config.yaml
run audit-query -c
refuses "a configuration that nobody understands: nothing is read" 2 "config.yaml:"

# ---- No terminal ----

echo 'record_reads: all' >config.yaml
if command -v setsid >/dev/null; then
	setsid audit-query -c </dev/null >/dev/null 2>&1
	is "as cron starts it there is no terminal" "$(reads '.context | has("terminal")' | tail -n 1)" false
else
	skip "as cron starts it there is no terminal" "setsid is not installed"
fi

finish
