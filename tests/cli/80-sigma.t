#!/bin/sh
# Rules in the Sigma format select the events that the specification says: by a
# matcher of our own on the native records, for random rules with all modifiers
# and for the public ones.  AUDIT_ORACLE_FILTERS=N asks for more random rules.

. "$(dirname "$0")/lib.sh"
need python3 jq
rules=$build/tests/cli/rules
[ -x "$rules" ] || skip_all "tests/cli/rules is not built"
many=${AUDIT_ORACLE_FILTERS:-0}
mappings=$top/mappings/sigma

model() { # MODE ARGUMENT...
	model_mode=$1
	shift
	python3 "$top/tests/cli/sigma.py" "$model_mode" --rules "$rules" --mappings "$mappings" "$@"
}

# where FILE: the filter, or the refusal, of its only rule.
where() {
	"$rules" "$mappings" "$1" | jq -r '.where // .refusal'
}

# ---- Random rules ----

for product in cloudtrail kubernetes github gcp okta; do
	count=14
	[ "$many" -le "$count" ] || count=$many
	check "random rules over $product" model generated --count "$count" --seed 7 \
	    "$top/tests/data/mapping/$product.json" "$product"
done

# ---- One record of an event ----

cat >audit.log <<'END'
type=SYSCALL msg=audit(1700000000.100:1): arch=c000003e syscall=59 success=yes exit=0 a0=5581 a1=7f32 ppid=1 pid=2 auid=1000 uid=0 tty=pts0 ses=3 comm="cp" exe="/usr/bin/cp" key="exec"ARCH=x86_64 SYSCALL=execve AUID="amy" UID="root"
type=EXECVE msg=audit(1700000000.100:1): argc=3 a0="cp" a1="/bin/sh" a2="/tmp/crond"
type=PATH msg=audit(1700000000.100:1): item=0 name="/usr/bin/cp" inode=1 dev=fe:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL
type=EOE msg=audit(1700000000.100:1):
type=SYSCALL msg=audit(1700000001.100:2): arch=c000003e syscall=59 success=yes exit=0 a0=5581 a1=7f32 ppid=1 pid=2 auid=1000 uid=0 tty=pts0 ses=3 comm="mv" exe="/usr/bin/mv" key="exec"ARCH=x86_64 SYSCALL=execve AUID="amy" UID="root"
type=EXECVE msg=audit(1700000001.100:2): argc=2 a0="mv" a1="/bin/sh"
type=PATH msg=audit(1700000001.100:2): item=0 name="cp" inode=1 dev=fe:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL
type=EOE msg=audit(1700000001.100:2):
type=SYSCALL msg=audit(1700000002.100:3): arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7f32 ppid=1 pid=2 auid=1000 uid=0 tty=pts0 ses=3 comm="nc" exe="/usr/bin/nc" key="net"ARCH=x86_64 SYSCALL=connect AUID="amy" UID="root"
type=SOCKADDR msg=audit(1700000002.100:3): saddr=0200115CCB0071090000000000000000
type=EOE msg=audit(1700000002.100:3):
END
run auditd-ingest -q --from auditd audit.log
ends 'records of Linux audit go in' 0

auditd() { # NAME SERIALS DETECTION...: the rule selects these events
	auditd_name=$1 auditd_wanted=$2 auditd_service=$3
	shift 3
	{ printf 'title: t\nlogsource: { product: linux, %s }\ndetection:\n' "$auditd_service"
		printf '  %s\n' "$@"; } >rule.yml
	is "$auditd_name" "$(audit-query -r -o jsonl --where "$(where rule.yml)" 2>&1 | jq -r .context.serial | paste -sd ' ')" \
	    "$auditd_wanted"
}
auditd 'a rule is asked of one record' 1 'service: auditd' \
    'a: { type: EXECVE, a0: cp, a1: /bin/sh }' 'condition: a'
auditd 'also across its search identifiers' 1 'service: auditd' \
    'a: { type: execve }' 'b: [cp]' 'condition: a and b'
auditd 'and what is not there is not there in that record' '1 2' 'service: auditd' \
    'a: { type: PATH }' 'b: { name: /usr/bin/mv }' 'condition: a and not b'
auditd 'a number is one' '1 2' 'service: auditd' 'a: { type: EXECVE, argc|gte: 2 }' 'condition: a'
auditd 'the name of a call is that of an enriched log' 3 'service: auditd' \
    'a: { type: SYSCALL, SYSCALL: connect }' 'condition: a'
auditd 'a category is asked of the whole event' 1 'category: process_creation' \
    'a: { Image|endswith: /cp, CommandLine|contains: crond }' 'condition: a'
auditd 'connections have an address and a port' 3 'category: network_connection' \
    'a: { Initiated: "true", DestinationIp|cidr: [10.0.0.0/8, 203.0.113.0/24], DestinationPort: [80, 4444] }' 'condition: a'

# ---- What is refused ----

refused() { # NAME REFUSAL LINE...
	refused_name=$1 refused_why=$2
	shift 2
	printf '%s\n' "$@" >rule.yml
	is "$refused_name" "$(where rule.yml)" "$refused_why"
}
refused 'an unknown log source' "2:1: no mapping for product 'os/2' category '' service ''" \
    'title: t' 'logsource: { product: os/2 }' 'detection: { a: [x], condition: a }'
refused 'an aggregation' '5:3: condition, character 3: aggregations behind | are no part of the format any more; a correlation says it' \
    'title: t' 'logsource: { product: okta, service: okta }' 'detection:' '  a: [x]' '  condition: a | count() > 3'
refused 'a field that no record has' '4:8: the field ParentImage: Linux audit does not record the program of the parent process' \
    'title: t' 'logsource: { product: linux, category: process_creation }' 'detection:' '  a: { ParentImage: x }' '  condition: a'
printf 'a: [\n' >broken.yml
run "$rules" "$mappings" broken.yml
refuses 'what is no YAML is an error with its place' 1 '^broken.yml:2:1: not YAML: '

# ---- The manual ----

# shown N: the Nth display of audit-sigma(5).
shown() {
	awk -v n="$1" '/^\.Bd/ { i++; inside = 1; next } /^\.Ed/ { inside = 0 } inside && i == n' "$top/man/audit-sigma.5" |
		sed 's/\\(dq/"/g'
}
shown 1 >rule.yml
is 'the rule in the manual means what stands there' "$(where rule.yml)" "$(shown 2 | paste -sd ' ')"
mkdir own
shown 3 >own/deploy.yaml
printf '%s\n' 'title: t' 'logsource: { product: acme, service: deploy }' \
    'detection: { a: { verb: [Start, stop], Who: amy, addresses|cidr: 10.0.0.0/8 }, condition: a }' >rule.yml
run "$rules" own rule.yml
is 'and the mapping there can be used' "$(jq -r .where out)" 'source = deploy and action like (deploy.start, deploy.stop)'\
' and actor_id like amy and (ip in 10.0.0.0/8 or context.addresses within 10.0.0.0/8)'

# ---- The public rules ----

if [ -z "${AUDIT_CORPORA:-}" ]; then
	skip 'the public rules' 'AUDIT_CORPORA is not set'
elif ! python3 -c 'import yaml' 2>/dev/null; then
	skip 'the public rules' 'python3 has no yaml'
else
	folder=$AUDIT_CORPORA/sigma/rules
	check 'every public rule is a filter or refused with a reason' model all --folder "$folder"
	for product in kubernetes github gcp; do
		find "$AUDIT_CORPORA/$product" -name '*.json' -o -name '*.jsonl' | sort >files
		# shellcheck disable=SC2046 # names without spaces
		check "public rules over real logs: $product" model real --folder "$folder" "$product" $(cat files)
	done
	check 'public rules over real logs: cloudtrail' model real --folder "$folder" cloudtrail \
	    "$AUDIT_CORPORA/cloudtrail/panther/AWS.CloudTrail.jsonl"
fi

finish
