#!/usr/bin/env python3
"""Rules over random events, in random portions, against a naive model.

    detect.py COUNT SEED    COUNT sequences; 0 when all went well

The model keeps all events of a group and all times at which the rule fired,
and looks through all windows for each event.  Prints what went wrong and the
seed to see it again.  In an empty folder; the programs are found in PATH.
"""
import datetime
import json
import pathlib
import random
import shutil
import subprocess
import sys

START = 1767225600  # 2026-01-01
ACTORS = ["alice", "bob", "*", 'c"d\\', "é{}", None]
ADDRESSES = ["10.0.0.1", "10.0.0.2", "2001:db8::1", None]
ACTIONS = ["login", "read", "write"]


class Failure(Exception):
    """Something that the model says otherwise."""


def micros(stamp):
    day = datetime.datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return int(day.timestamp()) * 10**6 + int(stamp[20:26])


def rfc3339(us):
    day = datetime.datetime.fromtimestamp(us // 10**6, datetime.timezone.utc)
    return day.strftime("%Y-%m-%dT%H:%M:%S.") + f"{us % 10**6:06d}Z"


class Rule:
    def __init__(self, rng, name):
        self.name = name
        self.kind = rng.choice(["count", "count", "distinct", "new"])
        self.action = rng.choice(ACTIONS + [None])
        self.by = rng.sample(["actor_id", "ip"], rng.randint(0, 2))
        left = [field for field in ("actor_id", "ip", "action") if field not in self.by]
        self.value = rng.choice(left)
        self.count = rng.randint(1, 5) if self.kind == "count" else rng.randint(2, 3)
        self.within = rng.choice([10, 60, 600])
        self.silence = rng.choice([None, 1, 30, 900])

    def yaml(self):
        out = [f"  - name: {self.name}", f"    match: {'action = ' + self.action if self.action else 'true'}"]
        if self.by:
            out.append(f"    by: [{', '.join(self.by)}]")
        if self.kind == "new":
            return "\n".join(out + [f"    new: {self.value}"])
        if self.kind == "distinct":
            out.append(f"    distinct: {self.value}")
        out += [f"    count: {self.count}", f"    within: {self.within}s"]
        if self.silence:
            out.append(f"    silence: {self.silence}s")
        return "\n".join(out)


class Model:
    """Looks at everything, again and again."""

    def __init__(self, rules, late):
        self.rules, self.late = rules, late
        self.latest = None
        self.groups = {}
        self.known = set()

    def portion(self, events):
        """[(rule, group, at, until, value, ids)] of the events, in order."""
        out = []
        for event in sorted(events, key=lambda ev: (ev["us"], ev["number"])):
            for rule in self.rules:
                if rule.action and event["action"] != rule.action:
                    continue
                self.latest = max(self.latest or event["us"], event["us"])
                out += self.ask(rule, event)
        self.forget()
        return out

    def forget(self):
        for rule in self.rules:
            oldest = (self.latest or 0) - (rule.within + self.late) * 10**6
            for name, group in self.groups:
                if name == rule.name:
                    entries, fired = self.groups[name, group]
                    self.groups[name, group] = entries, [one for one in fired if one[1] >= oldest]

    def ask(self, rule, event):
        group = json.dumps({field: event.get(field) for field in rule.by}, ensure_ascii=False, separators=(",", ":"))
        value = event.get(rule.value)
        if rule.kind == "new":
            return self.ask_new(rule, event, group, value)
        return self.ask_group(rule, event, group, value)

    def ask_group(self, rule, event, group, value):
        if rule.kind == "distinct" and value is None:
            return []
        looks_back = rule.kind == "distinct" or rule.count > 1
        oldest = self.latest - (rule.within + self.late) * 10**6 if looks_back else 0
        if event["us"] < oldest:
            return []
        entries, fired = self.groups.setdefault((rule.name, group), ([], []))
        if any(at <= event["us"] < until for at, until in fired):
            return []
        low = max([until for at, until in fired if at <= event["us"]] + [oldest])
        high = min([at for at, until in fired if at > event["us"]], default=1 << 62)
        entries.append((event["us"], event["number"], value, event["id"]))
        entries.sort()
        found = self.window(rule, [one for one in entries if low <= one[0] < high], event["number"])
        if not found:
            return []
        at = found[-1][0]
        until = at + (rule.silence or rule.within) * 10**6
        fired.append((at, until))
        return [(rule.name, group, at, until, None, [one[3] for one in found])]

    def window(self, rule, entries, number):
        """The events of the earliest window that has this one and enough."""
        for first, start in enumerate(entries):
            inside = [one for one in entries[first:] if one[0] - start[0] <= rule.within * 10**6]
            for n in range(1, len(inside) + 1):
                enough = n if rule.kind == "count" else len({one[2] for one in inside[:n]})
                if enough == rule.count and any(one[1] == number for one in inside[:n]):
                    if rule.kind == "count" or len({one[2] for one in inside[:n - 1]}) < rule.count:
                        return inside[:n]
        return None

    def ask_new(self, rule, event, group, value):
        if value is None:
            return []
        first, fresh = (rule.name, group) not in self.known, (rule.name, group, value) not in self.known
        self.known |= {(rule.name, group), (rule.name, group, value)}
        return [(rule.name, group, event["us"], None, value, [event["id"]])] if fresh and not first else []


def random_events(rng, count, number, clock):
    """In order of time, but for some."""
    out = []
    for _ in range(count):
        clock += rng.choice([0, 1, 10**5, 10**6, 5 * 10**6, 20 * 10**6, 10**9 if rng.random() < 0.02 else 10**6])
        late = rng.choice([10**6, 10**8, 10**10]) if rng.random() < 0.05 else 0
        us = clock - rng.randrange(late + 1)
        event = {"id": f"e{number}", "time": rfc3339(us), "action": rng.choice(ACTIONS), "us": us, "number": number}
        for field, values in (("actor_id", ACTORS), ("ip", ADDRESSES)):
            value = rng.choice(values)
            if value is not None:
                event[field] = value
        number += 1
        out.append(event)
    return out, number, clock


def run(*words, good=(0,), **more):
    done = subprocess.run(words, capture_output=True, check=False, **more)
    if done.returncode not in good:
        raise Failure(f"{' '.join(words)}: ended {done.returncode}\n{done.stderr.decode()}")
    return done.stdout.decode()


def alerts(lines):
    out = []
    for line in lines.splitlines():
        event = json.loads(line)
        context = event["context"]
        group = json.dumps(context["group"], ensure_ascii=False, separators=(",", ":"))
        until = micros(context["until"]) if "until" in context else None
        if event["source"] != "audit-toolkit" or event["channel"] != "detect" or event["category"] != "SECURITY":
            raise Failure(f"no alert: {line}")
        if len(context["events"]) != min(context["count"], 100):
            raise Failure(f"count and evidence: {line}")
        out.append((context["rule"], group, micros(event["time"]), until, context.get("new"), context["events"]))
    return out


def sequence(rng, folder):
    db = str(folder / "log.db")
    rules = [Rule(rng, f"r{i}") for i in range(rng.randint(1, 4))]
    late = rng.choice([1, 60, 3600])
    (folder / "rules.yaml").write_text("rules:\n" + "\n".join(rule.yaml() for rule in rules) + "\n")
    model, told = Model(rules, late), []
    number, clock = 0, START * 10**6
    for _ in range(rng.randint(1, 5)):
        events, number, clock = random_events(rng, rng.randint(1, 300), number, clock)
        lines = "".join(json.dumps({k: v for k, v in event.items() if k not in ("us", "number")}) + "\n" for event in events)
        run("auditd-ingest", "-q", "-D", db, "-", input=lines.encode())
        words = ["audit-detect", "-q", "-D", db, "--rules", str(folder / "rules.yaml"), "--late", f"{late}s", "-o", "jsonl"]
        wanted = model.portion(events)
        dry = alerts(run(*words, "--dry-run"))
        got = alerts(run(*words))
        key = lambda one: (one[2], one[0], one[1], str(one[4]))
        if dry != got:
            raise Failure(f"a dry run has {dry}, then there were {got}")
        if rules_differ(got, wanted, key):
            more, less = [one for one in got if one not in wanted], [one for one in wanted if one not in got]
            raise Failure(f"there were\n{sorted(more, key=key)}\nand the model has\n{sorted(less, key=key)}\n"
                          + (folder / "rules.yaml").read_text())
        if run(*words) != "":
            raise Failure("asked again, something was found")
        told += got
    stored = alerts(run("audit-query", "-D", db, "-r", "-o", "jsonl", "channel=detect")) if told else []
    if sorted(map(str, stored)) != sorted(map(str, told)):
        raise Failure("what the store has is not what was told")
    run("audit-verify", "-D", db)


def rules_differ(got, wanted, key):
    """Events of one value may stand for each other as evidence of `distinct`: only their number of values counts."""
    def bare(alert, with_ids):
        return alert[:5] + ((tuple(alert[5]),) if with_ids else ())
    return sorted(map(str, (bare(one, False) for one in got))) != sorted(map(str, (bare(one, False) for one in wanted)))


def main(count, seed):
    for number in range(count):
        folder = pathlib.Path(f"s{number}").absolute()
        folder.mkdir()
        try:
            sequence(random.Random(seed + number), folder)
        except Failure as why:
            print(f"detect.py 1 {seed + number}: {why}"[:6000])
            return 1
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
