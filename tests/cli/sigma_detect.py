#!/usr/bin/env python3
"""Rules in the Sigma format, run by audit-detect, against a naive model.

    sigma_detect.py random COUNT SEED    COUNT sequences; 0 when all went well
    sigma_detect.py killed COUNT SEED    the program is killed so many times
    sigma_detect.py followed COUNT SEED  the same of one that follows
    sigma_detect.py real RULES           each rule against audit-query, in $AUDIT_DB

`random` makes up records of AWS CloudTrail in their own shape, detections with
correlations over them, and brings the records in random portions, some late;
the model looks at the records alone.  Whoever is killed goes on where it was:
in the end there is each alert that an undisturbed run has, once.  Prints what
went wrong and the seed to see it again.  In an empty folder; the programs are
found in PATH.
"""
import collections
import datetime
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

from detect import START, Failure, Model, alerts, micros, rfc3339, run

HOUR = 3600
NAMES = {"ConsoleLogin": "signin", "CreateUser": "iam", "AttachUserPolicy": "iam", "AssumeRole": "sts", "StopLogging": "cloudtrail"}
ARNS = ["arn:aws:iam::1:user/amy", "arn:aws:iam::1:user/bo b", "arn:aws:iam::1:user/*", 'arn:aws:iam::1:user/c"d\\']
ADDRESSES = ["192.0.2.1", "192.0.2.2", "2001:db8::1", None]
REGIONS = ["eu-west-1", "us-east-1"]
AGENTS = ["aws-cli/2.0", "Terraform", "console"]
ERRORS = ["AccessDenied", "Throttling", None, None]
LEVELS = {"informational": "info", "low": "info", "medium": "warning", "high": "error", "critical": "critical", None: "warning"}


# ---- records, and what rules see of them ----

def random_record(rng, number, us):
    name = rng.choice(list(NAMES))
    record = {"eventVersion": "1.08", "eventTime": rfc3339(us)[:19] + "Z", "eventSource": NAMES[name] + ".amazonaws.com",
              "eventName": name, "awsRegion": rng.choice(REGIONS), "userAgent": rng.choice(AGENTS), "eventID": f"e{number}",
              "userIdentity": {"type": "IAMUser"}, "requestParameters": {"userName": rng.choice(ARNS[:2] + ["eve"])}}
    for holder, key, values in ((record, "sourceIPAddress", ADDRESSES), (record, "errorCode", ERRORS),
                                (record["userIdentity"], "arn", ARNS)):
        value = rng.choice(values)
        if value is not None:
            holder[key] = value
    return record


def field(record, name):
    """The value of a field, as groups and counts have it: the name of an event with its source."""
    if name == "eventName":
        return record["eventSource"] + ":" + record["eventName"]
    value = record
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


# What a search identifier may ask, and whether a record has it.
def random_test(rng):
    kind = rng.randrange(6)
    if kind < 2:
        names = rng.sample(list(NAMES), rng.randint(1, 3))
        return {"eventName": [rng.choice([n, n.lower(), n.upper()]) for n in names]}, lambda r: r["eventName"] in names
    if kind == 2:
        part = rng.choice(["iam", "sign", "trail.amazonaws"])
        return {"eventSource|contains": part.upper()}, lambda r: part in r["eventSource"]
    if kind == 3:
        region = rng.choice(REGIONS)
        return {"awsRegion|startswith": region[:3]}, lambda r: r["awsRegion"] == region
    if kind == 4:
        return {"errorCode|re": "^Acc.*d$"}, lambda r: r.get("errorCode") == "AccessDenied"
    return {"sourceIPAddress|cidr": "192.0.2.0/31"}, lambda r: r.get("sourceIPAddress") == "192.0.2.1"


class Detection:
    def __init__(self, rng, number):
        self.id = f"00000000-0000-4000-8000-{number:012d}" if rng.random() < 0.7 else None
        self.named = f"named_{number}" if self.id is None or rng.random() < 0.5 else None
        self.title = f"Detection {number}"
        self.level = rng.choice(list(LEVELS))
        (one, has_one), (two, has_two) = random_test(rng), random_test(rng)
        text, self.test = rng.choice([
            ("one", has_one), ("one and not two", lambda r: has_one(r) and not has_two(r)),
            ("1 of *", lambda r: has_one(r) or has_two(r)), ("all of them", lambda r: has_one(r) and has_two(r))])
        self.detection = {"one": one, "two": two, "condition": text}

    @property
    def name(self):
        return self.id or self.named

    def documents(self):
        out = {"title": self.title, "logsource": {"product": "aws", "service": "cloudtrail"}, "detection": self.detection,
               "id": self.id, "name": self.named, "level": self.level}
        return {k: v for k, v in out.items() if v is not None}

    # As the model has rules: one event, and an hour of silence for the actor on the host.
    kind, count, within, silence = "count", 1, 1, HOUR

    def hits(self, record):
        if self.test(record):
            yield {"host": None, "actor_id": field(record, "userIdentity.arn")}, None


class Correlation:
    def __init__(self, rng, number, detections):
        self.id, self.title, self.level = f"ffffffff-0000-4000-8000-{number:012d}", f"Correlation {number}", rng.choice(list(LEVELS))
        self.name = self.id
        self.type = rng.choice(["event_count", "value_count", "temporal", "temporal_ordered"])
        most = min(3, len(detections))
        temporal = self.type.startswith("temporal")
        self.of = rng.sample(detections, rng.randint(2 if temporal else 1, most))
        self.by = rng.sample(["userIdentity.arn", "sourceIPAddress", "awsRegion", "eventName", "who"], rng.randint(0, 2))
        self.aliases = {one.name: rng.choice(["userIdentity.arn", "requestParameters.userName"]) for one in self.of}
        self.value = rng.choice(["userAgent", "errorCode", "eventName", "sourceIPAddress"])
        self.within = self.silence = rng.choice([10, 60, 600])
        self.generate = rng.random() < 0.4
        self.least = rng.randint(1, 5) if self.type == "event_count" else rng.randint(2, 3)
        self.bound = rng.choice([{"gte": self.least}, {"gt": self.least - 1}])
        if self.type == "temporal_ordered" or (self.type == "temporal" and rng.random() < 0.7):
            self.bound, self.least = {}, len(self.of)
        self.count = self.least
        self.kind = {"event_count": "count", "temporal_ordered": "ordered"}.get(self.type, "distinct")

    def documents(self):
        what = {"type": self.type, "rules": [one.name for one in self.of], "timespan": f"{self.within}s"}
        if self.by:
            what["group-by"] = self.by
        if "who" in self.by:
            what["aliases"] = {"who": self.aliases}
        if self.bound:
            what["condition"] = dict(self.bound, **({"field": self.value} if self.type == "value_count" else {}))
        if self.generate:
            what["generate"] = True
        out = {"title": self.title, "id": self.id, "level": self.level, "correlation": what}
        return {k: v for k, v in out.items() if v is not None}

    def hits(self, record):
        for number, one in enumerate(self.of):
            if one.test(record):
                group = {name: field(record, self.aliases[one.name] if name == "who" else name) for name in self.by}
                yield group, field(record, self.value) if self.type == "value_count" else number


# ---- the model ----

class Correlations(Model):
    """What several rules match; events come as (record, us, number, id)."""

    def portion(self, events):
        out = []
        for event in sorted(events, key=lambda ev: (ev["us"], ev["number"])):
            for rule in self.rules:
                for group, value in rule.hits(event["record"]):
                    self.latest = max(self.latest or event["us"], event["us"])
                    group = json.dumps(group, ensure_ascii=False, separators=(",", ":"))
                    seen = self.groups.get((rule.name, group), ([], []))[0]
                    if rule.kind != "count" or all(one[1] != event["number"] for one in seen):
                        out += self.ask_group(rule, event, group, value)
        self.forget()
        return [one[:5] + (list(dict.fromkeys(one[5])),) for one in out]

    def window(self, rule, entries, number):
        if rule.kind != "ordered":
            return super().window(rule, entries, number)
        for first, start in enumerate(entries):
            inside = [one for one in entries[first:] if one[0] - start[0] <= rule.within * 10**6]
            for n in range(1, len(inside) + 1):
                wanted = iter(one[2] for one in inside[:n])
                if start[2] == 0 and all(k in wanted for k in range(rule.count)) and any(one[1] == number for one in inside[:n]):
                    return inside[:n]
        return None


# ---- sequences ----

def portion(rng, number, clock):
    events = []
    for _ in range(rng.randint(1, 200)):
        clock += rng.choice([0, 1, 1, 5, 20, 1000 if rng.random() < 0.02 else 1]) * 10**6
        late = rng.choice([1, 100, 10000]) if rng.random() < 0.05 else 0
        us = clock - rng.randrange(late + 1) * 10**6
        events.append({"record": random_record(rng, number, us), "us": us, "number": number, "id": f"e{number}"})
        number += 1
    return events, number, clock


def random_rules(rng):
    detections = [Detection(rng, i) for i in range(rng.randint(2, 4))]
    correlations = [Correlation(rng, i, detections) for i in range(rng.randint(1, 4))]
    inner = {one.name for c in correlations if not c.generate for one in c.of}
    documents = detections + correlations
    rng.shuffle(documents)  # a correlation may stand before its rules
    return documents, [one for one in documents if one.name not in inner]


def check_words(lines, rules):
    """Title, level and severity of each alert are those of its rule."""
    by_name = {rule.name: rule for rule in rules}
    for line in lines.splitlines():
        event = json.loads(line)
        rule = by_name[event["context"]["rule"]]
        said = (event["action"], event["context"]["title"], event["context"].get("level"), event["severity"])
        if said != ("detect.sigma", rule.title, rule.level, LEVELS[rule.level]) or not event["description"].startswith(rule.title):
            raise Failure(f"not the words of its rule: {line}")


def differences(got, wanted):
    key = lambda one: (one[2], one[0], one[1], str(one[5]))
    more, less = [one for one in got if one not in wanted], [one for one in wanted if one not in got]
    return f"there were\n{sorted(more, key=key)[:5]}\nand there should have been\n{sorted(less, key=key)[:5]}\n"


def sequence(rng, folder):
    db, path = str(folder / "log.db"), folder / "rules.yml"
    documents, rules = random_rules(rng)
    late = rng.choice([1, 60, 3600])
    path.write_text("\n---\n".join(json.dumps(one.documents(), ensure_ascii=False) for one in documents) + "\n")
    words = ["audit-detect", "-q", "-D", db, "--rules", str(path), "--late", f"{late}s", "-o", "jsonl"]
    run("audit-detect", "--rules", str(path), "--test-rules")
    model, told = Correlations(rules, late), []
    number, clock = 0, START * 10**6
    for _ in range(rng.randint(1, 5)):
        events, number, clock = portion(rng, number, clock)
        lines = "".join(json.dumps(event["record"], ensure_ascii=False) + "\n" for event in events)
        run("auditd-ingest", "-q", "-D", db, "--from", "cloudtrail", "-", input=lines.encode())
        wanted, lines = model.portion(events), run(*words)
        got = alerts(lines)
        check_words(lines, rules)
        if sorted(map(str, got)) != sorted(map(str, wanted)):
            raise Failure(differences(got, wanted) + path.read_text())
        if run(*words) != "":
            raise Failure("asked again, something was found")
        told += got
    stored = alerts(run("audit-query", "-D", db, "-r", "-o", "jsonl", "channel=detect")) if told else []
    if sorted(map(str, stored)) != sorted(map(str, told)):
        raise Failure("what the store has is not what was told")
    run("audit-verify", "-D", db)
    return collections.Counter(one.type if isinstance(one, Correlation) else "detection"
                               for told_of in told for one in rules if one.name == told_of[0])


def sequences(count, seed):
    fired = collections.Counter()
    for number in range(count):
        folder = pathlib.Path(f"s{number}").absolute()
        folder.mkdir()
        try:
            fired += sequence(random.Random(seed + number), folder)
        except Failure as why:
            raise Failure(f"random 1 {seed + number}: {why}"[:6000]) from why
        shutil.rmtree(folder)
    if count >= 10 and len(fired) < 5:
        raise Failure(f"not all kinds fired: {fired}")


# ---- killed ----

RULES = """\
title: A user was made
id: 10000000-0000-4000-8000-000000000001
logsource: { product: aws, service: cloudtrail }
detection: { s: { eventName: CreateUser }, condition: s }
---
title: Many were refused
id: 20000000-0000-4000-8000-000000000002
name: refused
logsource: { product: aws, service: cloudtrail }
detection: { s: { errorCode: AccessDenied }, condition: s }
---
title: One address, refused again and again
id: 30000000-0000-4000-8000-000000000003
correlation:
  { type: event_count, rules: [refused], group-by: [sourceIPAddress], timespan: 10m, condition: { gte: 12 } }
---
title: Refused, then a user
id: 40000000-0000-4000-8000-000000000004
correlation:
  type: temporal_ordered
  rules: [refused, 10000000-0000-4000-8000-000000000001]
  group-by: [userIdentity.arn]
  timespan: 1m
  generate: true
"""


def plain_events(rng, first, count, users):
    """Events as --from cloudtrail makes them; in order, one in a second; this share of them makes users."""
    lines = []
    for number in range(first, first + count):
        name = "CreateUser" if rng.random() < users else "GetUser"
        more = ',"error_code":"AccessDenied","outcome":"failure"' if rng.random() < 0.02 else ""
        lines.append(f'{{"id":"e{number}","time":{START + number},"action":"iam.amazonaws.com:{name}",'
                     f'"actor_id":"arn:aws:iam::1:user/u{rng.randrange(40)}","ip":"192.0.2.{rng.randrange(9)}"{more}}}\n')
    return "".join(lines).encode()


def ingest(db, lines):
    run("auditd-ingest", "-q", "-D", db, "--source", "cloudtrail", "-", input=lines)


def found(db):
    return sorted(map(str, alerts(run("audit-query", "-D", db, "-r", "-o", "jsonl", "channel=detect"))))


def undisturbed(words, db):
    start = time.monotonic()
    run(*words, "-D", db)
    took = time.monotonic() - start
    out = found(db)
    if len(out) < 20:
        raise Failure(f"only {len(out)} alerts to compare with")
    return out, took


def killed(count, seed):
    """Two portions of the log, and some way to the first."""
    rng = random.Random(seed)
    pathlib.Path("rules.yml").write_text(RULES)
    words = ["audit-detect", "-q", "--rules", "rules.yml", "-o", "jsonl"]
    ingest("base.db", plain_events(rng, 0, 200000, 0.0005))
    shutil.copy("base.db", "whole.db")
    wanted, took = undisturbed(words, "whole.db")
    cut, some = 0, 0
    for number in range(count):
        if number % 2 == 0:
            shutil.copy("base.db", "cut.db")
        start = time.monotonic()
        with subprocess.Popen([*words, "-D", "cut.db"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
            try:
                program.wait(rng.uniform(0.4, 1.1) * took)
                took = time.monotonic() - start
            except subprocess.TimeoutExpired:
                program.send_signal(signal.SIGKILL)
                cut += 1
        if number % 2 == 0:
            continue
        run("auditd-ingest", "-q", "-D", "cut.db", "-", input=b"")  # whoever may write makes it whole again
        some += 0 < int(run("audit-query", "-D", "cut.db", "-c", "channel=detect", good=(0, 1))) < len(wanted)
        run(*words, "-D", "cut.db")
        if found("cut.db") != wanted:
            raise Failure(f"killed {seed}, the {number + 1}th time: {len(found('cut.db'))} alerts, not {len(wanted)}")
        run("audit-verify", "-D", "cut.db")
    if cut == 0:
        raise Failure("it was never killed")
    print(f"# killed {cut} times of {count}, {some} times when some of the alerts were there")


def followed(count, seed):
    rng = random.Random(seed)
    pathlib.Path("rules.yml").write_text(RULES)
    words = ["audit-detect", "-q", "--rules", "rules.yml", "-o", "jsonl"]
    parts = [plain_events(rng, 700 * number, 700, 0.02) for number in range(count + 1)]
    for part in parts:
        ingest("whole.db", part)
    wanted, _ = undisturbed(words, "whole.db")
    ingest("cut.db", parts[0])
    some = 0
    for part in parts[1:]:
        lines = part.splitlines(keepends=True)
        with subprocess.Popen([*words, "-D", "cut.db", "--follow"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
            for third in range(0, len(lines), 250):
                ingest("cut.db", b"".join(lines[third:third + 250]))
                time.sleep(rng.uniform(0, 0.3))
            program.send_signal(signal.SIGKILL)
            some += program.stdout.read() != b""
    run("auditd-ingest", "-q", "-D", "cut.db", "-", input=b"")
    run(*words, "-D", "cut.db")
    if found("cut.db") != wanted:
        raise Failure(f"followed {seed}: {len(found('cut.db'))} alerts, not {len(wanted)}")
    if some == 0:
        raise Failure("those that follow found nothing before they were killed")
    print(f"# {some} of {count} found something before they were killed")


# ---- rules and logs of others ----

def real(rules):
    """Of each rule, what audit-query finds with its filter, thinned by an hour of silence."""
    out = subprocess.run(["audit-detect", "--rules", rules, "--test-rules"], capture_output=True, check=False)
    if out.returncode not in (0, 3):
        raise Failure(out.stderr.decode())
    wanted, asked = collections.Counter(), 0
    for line in out.stdout.decode().splitlines():
        parts = re.fullmatch(r"\S+:\d+: (\S+): count, \w+: (.*)", line)
        if parts is None:
            if ": refused: " not in line:
                raise Failure(f"neither a filter nor refused: {line}")
            continue
        asked += 1
        silent = {}
        events = run("audit-query", "-r", "-o", "jsonl", "--fields", "time,host,actor_id", "--where", parts[2],
                     "source!=audit-toolkit", good=(0, 1))
        for event in map(json.loads, events.splitlines()):
            at, group = micros(event["time"]), (event.get("host"), event.get("actor_id"))
            if at >= silent.get(group, 0):
                silent[group] = at + HOUR * 10**6
                wanted[parts[1]] += 1
    got = collections.Counter(one[0] for one in alerts(run("audit-detect", "-q", "--rules", rules, "-o", "jsonl")))
    if got != wanted:
        raise Failure(f"too many {got - wanted}, missing {wanted - got}")
    if not got:
        raise Failure("nothing was found")
    print(f"# {asked} rules, of which {len(got)} fired {sum(got.values())} times")


def main(mode, *what):
    modes = {"random": sequences, "killed": killed, "followed": followed}
    try:
        if mode == "real":
            real(*what)
        else:
            modes[mode](*map(int, what))
    except Failure as why:
        print(f"sigma_detect.py {why}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
