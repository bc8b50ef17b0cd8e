# work.sh: what is done most, for the gate of instruction counts, and for
# `make profile`.  Both have in.jsonl, generated, and one.jsonl, an event more,
# and say what count NAME PROGRAM ARGUMENT... does.

count ingest auditd-ingest -q in.jsonl
count append auditd-ingest -q one.jsonl
count newest audit-query -o jsonl -n 100
count columns audit-query -c --outcome failure --ip 10.0.0.0/8
count text audit-query -c -T rollback
count regex audit-query -c -g '(rollback|replica) [a-z]+ exceeded'
count payload audit-query -c context.geo.region=eu-west-1
count lines audit-query -o jsonl --outcome failure
count summary audit-summary -o json
count groups audit-summary -o json --by target_path
count pairs audit-summary -o json --by action,outcome
count csv audit-export -o csv --category SECURITY
count export audit-export -o jsonl
count verify audit-verify -q
