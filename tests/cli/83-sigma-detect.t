#!/bin/sh
# Rules in the Sigma format over logs in their own shapes: what audit-detect
# writes for them, that correlations are as a model has them, and that whoever
# is killed goes on where it was.

. "$(dirname "$0")/lib.sh"
need python3 jq
seed=${AUDIT_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}

model() { # NAME MODE ARGUMENT...
	model_name=$1
	shift
	mkdir model
	(cd model && exec python3 "$top/tests/cli/sigma_detect.py" "$@") >out 2>err
	status=$?
	sed -n 's/^# /# /p' out
	if [ $status -eq 0 ]; then ok "$model_name"; else not_ok "$model_name" "$(head -c 6000 out err)"; fi
	rm -rf model
}

# ---- logs in their own shapes ----

cat >cloudtrail.jsonl <<'END'
{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/amy","accountId":"111122223333","userName":"amy"},"eventTime":"2026-03-01T10:00:00Z","eventSource":"kms.amazonaws.com","eventName":"DisableKey","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-cli/2.15","requestParameters":{"keyId":"k-1"},"eventID":"ct-1","eventType":"AwsApiCall","recipientAccountId":"111122223333"}
{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/amy","accountId":"111122223333","userName":"amy"},"eventTime":"2026-03-01T10:00:01Z","eventSource":"kms.amazonaws.com","eventName":"ScheduleKeyDeletion","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.7","userAgent":"HashiCorp Terraform/1.7","requestParameters":{"keyId":"k-2"},"eventID":"ct-2","eventType":"AwsApiCall","recipientAccountId":"111122223333"}
{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDA2","arn":"arn:aws:iam::111122223333:user/bob","accountId":"111122223333","userName":"bob"},"eventTime":"2026-03-01T10:00:02Z","eventSource":"kms.amazonaws.com","eventName":"scheduleKeyDeletion","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.8","userAgent":"console","requestParameters":{"keyId":"k-3"},"errorCode":"AccessDenied","errorMessage":"no","eventID":"ct-3","eventType":"AwsApiCall","recipientAccountId":"111122223333"}
{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/amy","accountId":"111122223333","userName":"amy"},"eventTime":"2026-03-01T10:30:00Z","eventSource":"kms.amazonaws.com","eventName":"DisableKey","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-cli/2.15","requestParameters":{"keyId":"k-4"},"eventID":"ct-4","eventType":"AwsApiCall","recipientAccountId":"111122223333"}
END
cat >kubernetes.jsonl <<'END'
{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"k8s-1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/prod/pods/web-0/exec?command=sh","verb":"create","user":{"username":"carol","groups":["dev"]},"sourceIPs":["198.51.100.4"],"userAgent":"kubectl/1.31","objectRef":{"resource":"pods","namespace":"prod","name":"web-0","apiVersion":"v1","subresource":"exec"},"responseStatus":{"code":101},"requestReceivedTimestamp":"2026-03-01T11:00:00.000000Z","stageTimestamp":"2026-03-01T11:00:00.000000Z"}
{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"k8s-2","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/prod/pods/web-0/log","verb":"get","user":{"username":"carol","groups":["dev"]},"sourceIPs":["198.51.100.4"],"userAgent":"kubectl/1.31","objectRef":{"resource":"pods","namespace":"prod","name":"web-0","apiVersion":"v1","subresource":"log"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-03-01T11:00:01.000000Z","stageTimestamp":"2026-03-01T11:00:01.000000Z"}
END
cat >github.jsonl <<'END'
{"@timestamp":1772364000000,"_document_id":"gh-1","action":"protected_branch.destroy","actor":"dave","actor_id":7,"actor_ip":"203.0.113.5","org":"acme","repo":"acme/site","operation_type":"remove"}
{"@timestamp":1772364001000,"_document_id":"gh-2","action":"protected_branch.create","actor":"dave","actor_id":7,"actor_ip":"203.0.113.5","org":"acme","repo":"acme/site","operation_type":"create"}
END
cat >gcp.jsonl <<'END'
{"insertId":"gcp-1","logName":"projects/p1/logs/cloudaudit.googleapis.com%2Factivity","protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{"principalEmail":"erin@acme.example"},"methodName":"google.logging.v2.ConfigServiceV2.DeleteSink","requestMetadata":{"callerIp":"192.0.2.20"},"resourceName":"projects/p1/sinks/siem","serviceName":"logging.googleapis.com","status":{}},"resource":{"type":"logging_sink","labels":{"project_id":"p1"}},"severity":"NOTICE","timestamp":"2026-03-01T13:00:00Z"}
{"insertId":"gcp-2","logName":"projects/p1/logs/cloudaudit.googleapis.com%2Factivity","protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{"principalEmail":"erin@acme.example"},"methodName":"google.logging.v2.ConfigServiceV2.GetSink","requestMetadata":{"callerIp":"192.0.2.20"},"resourceName":"projects/p1/sinks/siem","serviceName":"logging.googleapis.com","status":{}},"resource":{"type":"logging_sink","labels":{"project_id":"p1"}},"severity":"NOTICE","timestamp":"2026-03-01T13:00:01Z"}
END
cat >okta.jsonl <<'END'
{"uuid":"okta-1","published":"2026-03-01T14:00:00.000Z","eventType":"policy.rule.update","severity":"INFO","displayMessage":"Update policy rule","actor":{"id":"00u1","type":"User","alternateId":"frank@acme.example","displayName":"Frank"},"client":{"ipAddress":"192.0.2.30"},"outcome":{"result":"SUCCESS"},"target":[{"id":"p1","type":"PolicyRule","displayName":"Admins need a key"}]}
{"uuid":"okta-2","published":"2026-03-01T14:00:01.000Z","eventType":"policy.rule.update","severity":"WARN","displayMessage":"Update policy rule","actor":{"id":"00u1","type":"User","alternateId":"frank@acme.example","displayName":"Frank"},"client":{"ipAddress":"192.0.2.30"},"outcome":{"result":"FAILURE","reason":"denied"},"target":[{"id":"p1","type":"PolicyRule","displayName":"Admins need a key"}]}
END
cat >azure.json <<'END'
{"records":[{"time":"2026-03-01T15:00:00Z","resourceId":"/SUBSCRIPTIONS/S1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/V1","operationName":"MICROSOFT.KEYVAULT/VAULTS/DELETE","category":"Administrative","resultType":"Success","callerIpAddress":"192.0.2.40","correlationId":"c-1","level":"Information","caller":"grace@acme.example","properties":{"eventDataId":"az-1"}},
{"time":"2026-03-01T15:00:01Z","resourceId":"/SUBSCRIPTIONS/S1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/V2","operationName":"MICROSOFT.KEYVAULT/VAULTS/READ","category":"Administrative","resultType":"Success","callerIpAddress":"192.0.2.40","correlationId":"c-2","level":"Information","caller":"grace@acme.example","properties":{"eventDataId":"az-2"}}]}
END
cat >auditd.log <<'END'
type=SYSCALL msg=audit(1772380800.100:21): arch=c000003e syscall=59 success=yes exit=0 a0=5581 a1=7f32 ppid=1 pid=2 auid=1000 uid=0 tty=pts0 ses=3 comm="chattr" exe="/usr/bin/chattr" key="exec"ARCH=x86_64 SYSCALL=execve AUID="heidi" UID="root"
type=EXECVE msg=audit(1772380800.100:21): argc=3 a0="chattr" a1="-i" a2="/etc/shadow"
type=EOE msg=audit(1772380800.100:21):
type=SYSCALL msg=audit(1772380801.100:22): arch=c000003e syscall=59 success=yes exit=0 a0=5581 a1=7f32 ppid=1 pid=2 auid=1000 uid=0 tty=pts0 ses=3 comm="ls" exe="/usr/bin/ls" key="exec"ARCH=x86_64 SYSCALL=execve AUID="heidi" UID="root"
type=EXECVE msg=audit(1772380801.100:22): argc=3 a0="ls" a1="-i" a2="/etc/shadow"
type=EOE msg=audit(1772380801.100:22):
END
for file in cloudtrail.jsonl kubernetes.jsonl github.jsonl gcp.jsonl okta.jsonl azure.json auditd.log; do
	run auditd-ingest -q --from "${file%.*}" "$file"
	ends "${file%.*}: the log goes in" 0
done

mkdir rules
cat >rules/cloudtrail.yml <<'END'
title: A key of the key service goes
id: 6f3c1a52-0001-4000-8000-000000000001
status: test
level: high
author: us
tags: [attack.impact, attack.t1485]
logsource: { product: aws, service: cloudtrail }
detection:
  gone:
    eventSource: kms.amazonaws.com
    eventName: [DisableKey, ScheduleKeyDeletion]
  filter_ours:
    userAgent|contains: terraform
  condition: gone and not 1 of filter_*
END
cat >rules/kubernetes.yml <<'END'
title: A shell in a pod
id: 6f3c1a52-0001-4000-8000-000000000002
level: medium
logsource: { product: kubernetes, service: audit }
detection:
  s: { verb: [create, get], objectRef.resource: pods, objectRef.subresource: exec }
  condition: s
END
cat >rules/github.yml <<'END'
title: Protection taken off a branch
name: branch_unprotected
level: critical
logsource: { product: github, service: audit }
detection:
  one: { action|startswith: protected_branch. }
  two: { action|endswith: .destroy }
  condition: all of them
END
cat >rules/gcp.yml <<'END'
title: "A sink is gone: \"siem\""
level: low
logsource: { product: gcp, service: gcp.audit }
detection:
  s: { gcp.audit.method_name|re: 'Config.*\.DeleteSink$' }
  condition: s
END
cat >rules/okta.yml <<'END'
title: A policy was changed
id: 6f3c1a52-0001-4000-8000-000000000005
level: informational
logsource: { product: okta, service: okta }
detection:
  s: { eventType|cased: policy.rule.update, outcome.result: success }
  condition: s
END
cat >rules/azure.yml <<'END'
title: A vault was deleted
id: 6f3c1a52-0001-4000-8000-000000000006
logsource: { product: azure, service: activitylogs }
detection:
  s: { operationName: Microsoft.KeyVault/vaults/delete, properties.nothing|exists: false }
  condition: s
END
cat >rules/auditd.yml <<'END'
title: A file may be changed again
id: 6f3c1a52-0001-4000-8000-000000000007
level: high
logsource: { product: linux, service: auditd }
detection:
  s: { type: EXECVE, a0|contains: chattr, a1|contains: -i }
  condition: s
END

run audit-detect --rules rules --test-rules
ends "rules of seven products can be read" 0
is "each is a filter" "$(grep -c ': count, [a-z]*: .*source = ' out)" 7
cat >hook <<'END'
#!/bin/sh
cat >>told
END
chmod +x hook
printf 'detect: {rules: [%s], hook: {command: [%s], limit: 5s}}\n' "$PWD/rules" "$PWD/hook" >config.yaml
run audit-detect --rules rules/cloudtrail.yml --dry-run -o table
is "a dry run, for people" "$(cat out)" \
"TIME                 SEVERITY  RULE                                  DESCRIPTION
2026-03-01 10:00:00  error     6f3c1a52-0001-4000-8000-000000000001  A key of the key service goes: arn:aws:iam::111122223333:user/amy
2026-03-01 10:00:02  error     6f3c1a52-0001-4000-8000-000000000001  A key of the key service goes: arn:aws:iam::111122223333:user/bob"
run audit-detect --config config.yaml -o jsonl
ends "they are asked about the logs" 0
quiet "without a word"
cp out alerts
is "each finds what it is about: its rule, level, severity, whose, where from, which events" \
    "$(jq -r '[.context.rule, .context.level // "-", .severity, .target_id // "-", (.context.events | join(","))] | join(" ")' alerts)" \
"6f3c1a52-0001-4000-8000-000000000001 high error arn:aws:iam::111122223333:user/amy ct-1
6f3c1a52-0001-4000-8000-000000000001 high error arn:aws:iam::111122223333:user/bob ct-3
6f3c1a52-0001-4000-8000-000000000002 medium warning carol $(audit-query -o jsonl request_id=k8s-1 | jq -r .id)
branch_unprotected critical critical 7 gh-1
A sink is gone: \"siem\" low info erin@acme.example gcp-1
6f3c1a52-0001-4000-8000-000000000005 informational info 00u1 okta-1
6f3c1a52-0001-4000-8000-000000000006 - warning grace@acme.example az-1
6f3c1a52-0001-4000-8000-000000000007 high error uid:1000 $(audit-query -o jsonl context.serial=21 | jq -r .id)"
is "an alert, field by field" "$(head -n 1 alerts | jq -cS 'del(.id, .ingested)')" "$(jq -cS . <<'END'
{ "time": "2026-03-01T10:00:00.000000Z", "source": "audit-toolkit", "channel": "detect", "category": "SECURITY",
  "action": "detect.sigma", "severity": "error", "outcome": "unknown",
  "description": "A key of the key service goes: arn:aws:iam::111122223333:user/amy",
  "actor_type": "system", "actor_name": "audit-detect",
  "target_type": "identity", "target_id": "arn:aws:iam::111122223333:user/amy",
  "context": { "rule": "6f3c1a52-0001-4000-8000-000000000001", "title": "A key of the key service goes", "level": "high",
    "tags": ["attack.impact", "attack.t1485"], "group": { "host": null, "actor_id": "arn:aws:iam::111122223333:user/amy" },
    "count": 1, "first": "2026-03-01T10:00:00.000000Z", "last": "2026-03-01T10:00:00.000000Z",
    "until": "2026-03-01T11:00:00.000000Z", "events": ["ct-1"], "seqs": [0] } }
END
)"
same "the hook was told the same lines" alerts told
run audit-query -r -o jsonl channel=detect
same "and the log has them" alerts out
run audit-detect --config config.yaml -o jsonl
is "run again, nothing is found" "$(cat out err)" ""
same "and nobody is told" alerts told
run audit-detect --config config.yaml --name again --dry-run -o jsonl
is "under another name the alerts of before count: the actor is left alone for an hour" "$(cat out)" ""
run audit-verify
ends "the log verifies" 0

# ---- what is refused ----

# correlation WHY LINE...: beside a rule that can be asked, one that cannot.
correlation() {
	correlation_why=$1
	shift
	{ cat rules/cloudtrail.yml && printf '%s\n' --- 'title: Several' 'correlation:' '  rules: [6f3c1a52-0001-4000-8000-000000000001]' \
	    "$@"; } >refused.yml
	run audit-detect --rules refused.yml --test-rules
	is "refused: $correlation_why" "$status $(sed -n 's/.*refused.yml:[0-9]*: refused: Several: //p' out)" "3 $correlation_why"
}
correlation 'condition: a condition other than gt and gte is known at the end of a time only, and not as events come' \
    '  type: event_count' '  timespan: 1m' '  condition: { lt: 3 }'
correlation 'condition: its count is too great' '  type: event_count' '  timespan: 1m' '  condition: { gte: 100001 }'
correlation 'condition: it is always true' '  type: event_count' '  timespan: 1m' '  condition: { gte: 0 }'
correlation 'timespan: from 1s to 366d' '  type: event_count' '  timespan: 400d' '  condition: { gte: 3 }'
correlation 'field: the values of one field can be counted, not of several together' \
    '  type: value_count' '  timespan: 1m' '  condition: { gte: 3, field: [eventName, userAgent] }'
correlation 'temporal_ordered has no condition' '  type: temporal_ordered' '  timespan: 1m' '  condition: { gte: 2 }'
printf '%s\n' 'title: Several' 'correlation: { type: event_count, rules: [nowhere], timespan: 1m, condition: { gte: 2 } }' >refused.yml
run audit-detect --rules refused.yml --test-rules
is 'refused: a rule that is nowhere' "$status $(cat out)" "3 refused.yml:1: refused: Several: there is no rule nowhere"
cp rules/okta.yml both.yml
cat >>both.yml <<'END'
---
title: Refused
logsource: { product: aws, service: cloudtrail }
detection: { s: { eventName|expand: "%names%" }, condition: s }
END
run audit-detect --rules both.yml --name both --from-now -o jsonl
ends "a rule that is refused does not keep the others from being asked" 0
check "which is said" grep -q '1 rules are refused (--test-rules says why)' err

# ---- correlations ----

model "random correlations over random records are as the model has them (seed $seed)" \
    random "${AUDIT_DETECT_RUNS:-12}" "$seed"
model "killed anywhere, it goes on: each alert once (seed $seed)" killed "${AUDIT_DETECT_KILLS:-8}" "$seed"
model "killed while it follows: each alert once (seed $seed)" followed 4 "$seed"

# ---- the public rules over real logs ----

if [ -z "${AUDIT_CORPORA:-}" ]; then
	skip 'every public rule fires where audit-query finds something' 'AUDIT_CORPORA is not set'
	finish
fi
mkdir public
number=0
find "$AUDIT_CORPORA/sigma/rules" -name '*.yml' | sort >files
while read -r file; do
	number=$((number + 1))
	cp "$file" "public/$number.yml"
done <files
run audit-detect --rules public --test-rules
cp out first
is "every public rule is a filter or refused with a reason" \
    "$(grep -c -E ': (count, [a-z]*|refused): ' out) $(sort -u out | wc -l)" "$(wc -l <out) $(wc -l <files)"
run audit-detect --rules public --test-rules
same "and the same when it is read again" first out
AUDIT_DB=$PWD/real.db
for product in cloudtrail kubernetes github gcp auditd; do
	# shellcheck disable=SC2046 # names without spaces
	auditd-ingest -q --from $product $(find "$AUDIT_CORPORA/$product" -name '*.json' -o -name '*.jsonl' -o -name '*.log' | sort) 2>/dev/null
done
model 'every public rule fires where audit-query finds something' real "$PWD/public"

finish
