"""logs: logs of other products in the shape that they have, for bench.

Each function writes at least n records into a file and returns how many.
"""

import json
import re


def template(record):
    """The record as text for str.format, with {0} for <0> and so on."""
    text = json.dumps(record, separators=(",", ":")).replace("{", "{{").replace("}", "}}")
    return re.sub("<([0-9])>", r"{\1}", text)


def each(text, n):
    """{0} is the number, {1} a time of day, {2} one of 97."""
    for i in range(n):
        yield text.format(i, "%02d:%02d:%02d" % (i // 3600 % 24, i // 60 % 60, i % 60), i % 97)


def cloudtrail(path, n):
    """Files of AWS are one list in an object, on one line."""
    text = template({
        "eventVersion": "1.08", "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE<2>:session", "accountId": "111122223333",
            "arn": "arn:aws:sts::111122223333:assumed-role/worker-<2>/session", "accessKeyId": "ASIAEXAMPLE<2>",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE<2>", "accountId": "111122223333",
                                  "arn": "arn:aws:iam::111122223333:role/worker-<2>", "userName": "worker-<2>"},
                "attributes": {"creationDate": "2026-03-01T00:00:00Z", "mfaAuthenticated": "false"}}},
        "eventTime": "2026-03-01T<1>Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.<2>", "userAgent": "aws-sdk-go/1.44 (linux; amd64)",
        "requestParameters": {"bucketName": "data-<2>", "key": "in/<0>.parquet", "Host": "s3.eu-west-1.amazonaws.com"},
        "responseElements": None, "additionalEventData": {"SignatureVersion": "SigV4", "bytesTransferredOut": 1024},
        "requestID": "R<0>", "eventID": "9e1f0000-0000-4000-8000-<0>", "readOnly": True,
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::data-<2>/in/<0>.parquet"}],
        "eventType": "AwsApiCall", "managementEvent": False, "recipientAccountId": "111122223333",
        "eventCategory": "Data"})
    with open(path, "w", encoding="utf-8") as log:
        log.write('{"Records":[')
        log.writelines((", " if i > 0 else "") + record for i, record in enumerate(each(text, n)))
        log.write("]}")
    return n


def kubernetes(path, n):
    text = template({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": "5b1f-<0>",
        "stage": "ResponseComplete", "requestURI": "/api/v1/namespaces/shop/pods/cart-<2>", "verb": "patch",
        "user": {"username": "system:serviceaccount:kube-system:deployer-<2>", "uid": "u-<2>",
                 "groups": ["system:serviceaccounts", "system:authenticated"]},
        "sourceIPs": ["192.0.2.<2>"], "userAgent": "kubectl/v1.30 (linux/amd64)",
        "objectRef": {"resource": "pods", "namespace": "shop", "name": "cart-<2>", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestObject": {"spec": {"containers": [{"name": "cart", "image": "registry.example/cart:<0>"}]}},
        "requestReceivedTimestamp": "2026-03-01T<1>.000001Z", "stageTimestamp": "2026-03-01T<1>.000002Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "RBAC"}})
    with open(path, "w", encoding="utf-8") as log:
        log.writelines(record + "\n" for record in each(text, n))
    return n


def journal(path, n):
    """As journalctl -o export writes it."""
    entry = ("__CURSOR=s=1;i={0:x}\n__REALTIME_TIMESTAMP={1}\n__MONOTONIC_TIMESTAMP={0}\n_BOOT_ID=1f00\n"
             "_TRANSPORT=syslog\nPRIORITY=6\nSYSLOG_FACILITY=10\nSYSLOG_IDENTIFIER=sshd\n_UID=0\n_GID=0\n_PID={2}\n"
             "_COMM=sshd\n_EXE=/usr/sbin/sshd\n_HOSTNAME=web{2}\n_SYSTEMD_UNIT=ssh.service\n"
             "MESSAGE=Accepted publickey for user{2} from 192.0.2.{2} port 4711 ssh2\n\n")
    with open(path, "w", encoding="utf-8") as log:
        log.writelines(entry.format(i, 1772323200000000 + i * 1000, i % 97) for i in range(n))
    return n


def table(path, n):
    with open(path, "w", encoding="utf-8") as log:
        log.write("Time,Action,User,Result,Resource,IP Address,Message\r\n")
        log.writelines('2026-03-01T%02d:%02d:%02dZ,read,user%d,success,data/%d,192.0.2.%d,"file %d, from the web"\r\n'
                       % (i // 3600 % 24, i // 60 % 60, i % 60, i % 97, i, i % 97, i) for i in range(n))
    return n


def audit(path, n):
    """An enriching auditd with a rule that watches what people run: seven records an event."""
    event = "".join("type=%s msg=audit({0}.{1:03}:{2}): %s\n" % record for record in (
        ("SYSCALL", "arch=c000003e syscall=59 success=yes exit=0 a0=55d782c96198 a1=55d782c96120 a2=55d782c96158 a3=1 "
         "items=2 ppid=26595 pid={3} auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 "
         "ses=842 comm=\"logger\" exe=\"/usr/bin/logger\" key=\"exec\"\x1dARCH=x86_64 SYSCALL=execve AUID=\"amy\" "
         "UID=\"root\" GID=\"root\" EUID=\"root\" SUID=\"root\" FSUID=\"root\" EGID=\"root\" SGID=\"root\""),
        ("EXECVE", "argc=4 a0=\"logger\" a1=\"-t\" a2=\"backup\" a3=696E6372656D656E74616C206261636B7570"),
        ("CWD", "cwd=\"/srv/data/{4}\""),
        ("PATH", "item=0 name=\"/usr/bin/logger\" inode=312545 dev=00:13 mode=0100755 ouid=0 ogid=0 rdev=00:00 "
         "nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID=\"root\" OGID=\"root\""),
        ("PATH", "item=1 name=\"/lib64/ld-linux-x86-64.so.2\" inode=370637 dev=00:13 mode=0100755 ouid=0 ogid=0 "
         "rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID=\"root\" OGID=\"root\""),
        ("PROCTITLE", "proctitle=6C6F67676572002D74006261636B75700069"),
        ("EOE", "")))
    events = -(-n // 7)
    with open(path, "w", encoding="utf-8") as log:
        for i in range(events):
            log.write(event.format(1700000000 + i // 1000, i % 1000, i, i % 32768, i % 97))
    return 7 * events
