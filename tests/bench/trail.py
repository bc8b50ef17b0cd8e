"""trail: the CloudTrail log of a busy account, and Sigma rules about it, for bench.

Of a thousand calls few make up most of the log (Zipf).  Half of the rules name
a service and calls, as most public ones do; the others use what else the format
has: parts of texts, networks, regular expressions, nulls, filters, keywords.
Some match often, some rarely, and those about calls that nobody makes never.
"""
import json
import random
import time

import logs

BEGIN, STEP = 1790000000, 2.6  # a million in a month
DRAWS = 20000  # lists with each value as often as it is frequent
SERVICES = ("s3", "ec2", "iam", "sts", "kms", "lambda", "rds", "ssm", "ecr", "eks", "logs", "config", "sns", "sqs",
            "route53", "organizations", "secretsmanager", "cloudtrail", "guardduty", "elasticloadbalancing")
VERBS = ("Get", "List", "Describe", "Put", "Create", "Update", "Delete", "Attach", "Detach", "Start", "Stop", "Enable")
THINGS = ("Object", "Instance", "Role", "Policy")
NEVER = ("Purge", "Seize", "Unlock", "Forge")  # no verbs of theirs


def call(service, verb, thing):
    """Its name, which no other service has."""
    return verb + service.capitalize() + thing


CALLS = [(service, call(service, verb, thing)) for service in SERVICES for verb in VERBS for thing in THINGS]
random.Random(1).shuffle(CALLS)  # the most frequent one comes first
RARE = CALLS[len(CALLS) // 4:]   # each in less than one of a thousand events
ARGUMENTS = ("name", "instanceId", "bucketName", "keyId", "filter")
AGENTS = (["aws-cli/2.%d.0 Python/3.11 Linux/6.1" % i for i in range(20)]
          + ["aws-sdk-go/1.%d (go1.22; linux; amd64)" % i for i in range(20)]
          + ["APN/1.0 HashiCorp/1.0 Terraform/1.%d" % i for i in range(8)]
          + ["console.amazonaws.com", "Boto3/1.34 md/Botocore#1.34", "S3 Browser/11.6", "kali-tools/0.3"])
ERRORS = ("AccessDenied", "Client.UnauthorizedOperation", "ThrottlingException", "NoSuchEntity", "ValidationException")
POLICIES = ["", '{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}',
            '{"Effect":"Deny","Action":"*","Resource":"*"}', '{"Effect":"Allow","Action":"*","Resource":"*"}']


# ---- the log ----

def record(service, name, argument):
    """As logs.each takes it: <0> is its number, <1> the time, <2> who, <3> an address, <4> a user agent,
    <5> a resource, <6> a policy, <7> one of ten; <8> are members about an error."""
    text = logs.template({
        "eventVersion": "1.08", "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE<2>:session", "accountId": "111122223333",
            "arn": "arn:aws:sts::111122223333:assumed-role/worker-<2>/session", "accessKeyId": "ASIAEXAMPLE<2>",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE<2>", "accountId": "111122223333",
                                  "arn": "arn:aws:iam::111122223333:role/worker-<2>", "userName": "worker-<2>"},
                "attributes": {"creationDate": "2026-03-01T00:00:00Z", "mfaAuthenticated": "false"}}},
        "eventTime": "<1>", "eventSource": service + ".amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "<3>", "userAgent": "<4>",
        "requestParameters": {argument: "res-<5>", "policyDocument": "<6>", "attribute": "public-<7>"},
        "responseElements": None, "requestID": "R-<0>", "eventID": "E-<0>",
        "readOnly": name.startswith(("Get", "List", "Describe")), "eventType": "AwsApiCall", "managementEvent": True,
        "recipientAccountId": "111122223333", "eventCategory": "Management", "<8>": None})
    return text.replace('"{8}":null', "{8}") + "\n"


def frequent_first(chance, values):
    """A list to draw from, in which the first is twice as frequent as the second, and so on."""
    return chance.choices(values, [1 / (i + 1) for i in range(len(values))], k=DRAWS)


def trail(path, n, first=0):
    """Writes n events into a file; behind others they begin with that number."""
    chance = random.Random(first)

    def draw(values):
        return values[int(chance.random() * len(values))]

    records = frequent_first(chance, [record(*one, draw(ARGUMENTS)) for one in CALLS])
    agents = frequent_first(chance, AGENTS)
    workers = frequent_first(chance, range(500))
    networks, byte = ("10.7", "10.99", "192.0", "198.51"), range(250)
    addresses = frequent_first(chance, ["%s.%d.%d" % (draw(networks), draw(byte), draw(byte)) for _ in range(3000)])
    policies = [json.dumps(policy)[1:-1] for policy in POLICIES]
    errors = ['"errorCode":"%s"' % error for error in ERRORS]
    with open(path, "w", encoding="utf-8") as log:
        for i in range(first, first + n):
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(BEGIN + i * STEP))
            log.write(draw(records).format(
                i, at, draw(workers), draw(addresses), draw(agents), int(chance.random() * 20000), draw(policies),
                int(chance.random() * 10), draw(errors) if chance.random() < 0.05 else '"sharedEventID":null'))
    return n


# ---- the rules ----

def detection(chance, i):
    """One of ten kinds, of which half name calls."""
    service, name = chance.choice(RARE)
    source = {"eventSource": service + ".amazonaws.com"}
    verb, thing = chance.choice(VERBS), chance.choice(THINGS)
    return (
        {"selection": {**source, "eventName": name}, "condition": "selection"},
        {"selection": {**source, "eventName": [call(service, v, thing) for v in chance.sample(VERBS, 3)]},
         "condition": "selection"},
        {"selection": {**source, "eventName": [call(service, v, thing) for v in NEVER]}, "condition": "selection"},
        {"event": {"eventName": name}, "status_success": {"errorCode": "Success"}, "status_null": {"errorCode": None},
         "condition": "event and 1 of status_*"},
        {"selection": {**source, "eventName": [call(service, verb, t) for t in THINGS]},
         "filter_agent": {"userAgent|contains": ["Terraform", "Botocore#%d" % i]},
         "filter_role": {"userIdentity.arn|endswith": ["worker-%d/session" % chance.randrange(9), "admin-%d/session" % i]},
         "condition": "selection and not 1 of filter_*"},
        {"selection": {"eventName|startswith": verb,
                       "userAgent|contains": ["Browser/%d" % (i % 30 - 4), "kali-tools", "cli/1.%d." % i]},
         "condition": "selection"},
        {"selection": {**source, "requestParameters.policyDocument|contains|all": ['"Allow"', '"Action":"*"'],
                       "eventName|endswith": thing}, "condition": "selection"},
        {"selection": {"userIdentity.arn|re": r".+:assumed-role/worker-%d\d/.+" % (i % 60), "eventName": name},
         "internal": {"sourceIPAddress|cidr": ["10.0.0.0/8", "192.0.%d.0/24" % (i % 250)]},
         "condition": "selection and not internal"},
        {"denied": {**source, "errorCode|contains": ["Denied", "Unauthorized"]},
         "public": {"requestParameters.attribute": "public-%d" % (i % 12), "eventName": name},
         "condition": "1 of them"},
        {"words": ["mining-pool-%d" % i, "res-%d7" % i], "selection": source, "condition": "selection and words"},
    )[i % 10]


def rules(path, n):
    """Writes n rules into a file of YAML, of which JSON is a part."""
    chance = random.Random(2)
    with open(path, "w", encoding="utf-8") as file:
        for i in range(n):
            print("---\n" + json.dumps({
                "title": "Rule %d" % i, "logsource": {"product": "aws", "service": "cloudtrail"}, "level": "medium",
                "detection": detection(chance, i)}), file=file)
    return n
