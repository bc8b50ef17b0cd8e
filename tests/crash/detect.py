#!/usr/bin/env python3
"""audit-detect, and audit-sessions as it revokes, are cut short at each of their
system calls: by SIGKILL, by a disk that is full or broken, once or for good.

    detect.py CALLS POINTS SEED     CALLS: the program of calls.c; in an empty folder

Looked at afterwards: an alert is in the store if and only if how far the rules
are has moved with it; the hook was told of nothing that is not in the store, and
of nothing twice; whoever did not come to its end says so with 2.  The same
command again then comes to the alerts of an undisturbed run, each once.  Of
revocations, each is recorded once, and after --retry the application was told of
each.  Prints how many points there were and what went wrong.
"""
import contextlib
import errno
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from points import choose  # noqa: E402

TAIL = 4096  # events that become a segment
NOW = int(time.time()) - 4000
WAYS = {  # calls' options, behind the number; of which calls; how many of the points
    "killed": ("-k", [], 6),
    "full once": ("-n", ["-e", str(errno.ENOSPC)], 2),
    "full for good": ("-n", ["-e", str(errno.ENOSPC), "-c", "0"], 2),
    "broken once": ("-n", ["-e", str(errno.EIO)], 1),
    "broken for good": ("-n", ["-e", str(errno.EIO), "-c", "0"], 1),
}
RULES = """\
rules:
  - {name: lockout, match: outcome = failure, by: [actor_id, ip], count: 3, within: 1m, action: login.lockout}
  - {name: places, match: action = login, by: actor_id, distinct: ip, count: 3, within: 5m}
  - {name: unseen, match: action = read, by: actor_id, new: target_id}
"""
SIGMA = """\
title: Refused
name: refused
logsource: { product: aws, service: cloudtrail }
detection: { s: { errorCode: no }, condition: s }
---
title: Refused again and again
correlation:
  { type: event_count, rules: [refused], group-by: [sourceIPAddress], timespan: 5m, condition: { gte: 4 }, generate: true }
"""
HOOK = "#!/bin/sh\nexec cat >>told\n"


class Failure(Exception):
    """Something that must not be."""


def run(words, cwd, good=(0,), **more):
    try:
        done = subprocess.run(words, capture_output=True, check=False, timeout=120, cwd=cwd, **more)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"{' '.join(words)}: does not end") from late
    if good is not None and done.returncode not in good:
        raise Failure(f"{' '.join(words)}: {done.returncode}, wanted {good}: {done.stderr.decode()[-400:]}")
    return done


def lines(count, first=0):
    rng = random.Random(first)
    out = ""
    for number in range(first, first + count):
        failed = rng.random() < 0.1
        out += json.dumps({"id": f"e{number}", "time": NOW + number % 3600, "action": rng.choice(["login", "login", "read", "write"]),
                           "outcome": "failure" if failed else "success", "actor_id": f"u{rng.randrange(4)}",
                           "ip": f"192.0.2.{rng.randrange(3)}", "target_id": f"t{rng.randrange(6)}",
                           **({"error_code": "no"} if failed else {})}) + "\n"
    return out.encode()


class Scenario:
    """events: how many are there; asked: of these, about how many rules were asked already."""

    def __init__(self, name, events, asked=0, rules=RULES, share=1):
        self.name, self.share = name, share
        self.folder = pathlib.Path(name.replace(" ", "-")).absolute()
        self.folder.mkdir()
        self.db = self.folder / "events.db"
        hook = self.folder / "hook"
        hook.write_text(HOOK)
        hook.chmod(0o755)
        (self.folder / "config.yaml").write_text(f"db: {self.db}\n" + self.configuration(hook))
        (self.folder / "rules.yml").write_text(rules)
        self.prepare_base(events, asked)
        shutil.copy(self.db, self.folder / "base.db")
        self.before = self.state()
        self.calls, self.disk, ended = self.cut(["-e", str(errno.EIO)])[:3]
        if ended != 0:
            raise Failure(f"{name}: ends with {ended} when nothing is wrong")
        self.after = self.state()
        self.verify()

    command = ["audit-detect", "--config", "config.yaml", "--rules", "rules.yml", "-o", "jsonl"]

    @staticmethod
    def configuration(hook):
        return f"detect: {{hook: {{command: [{hook}], limit: 30s}}}}\n"

    def prepare_base(self, events, asked):
        ingest = ["auditd-ingest", "-q", "-D", str(self.db), "--source", "cloudtrail", "-"]
        if asked > 0:
            run(ingest, self.folder, input=lines(asked))
            run([*self.command, "-q"], self.folder)
        run(ingest, self.folder, input=lines(events - asked, asked))

    def clear(self):
        for path in (*self.folder.glob("events.db*"), *self.folder.glob("told")):
            path.unlink()
        shutil.copy(self.folder / "base.db", self.db)

    def cut(self, how):
        """Number of calls, of disk calls, how it ended, which call it was, what it printed and said."""
        self.clear()
        report = self.folder / "report"
        report.unlink(missing_ok=True)
        # The process of the hook has the same standard error: when that is closed, it is gone.
        done = run([CALLS, "-o", str(report), "-s", "events.db", "-q", *how, *self.command], self.folder, good=None)
        if not report.exists():
            raise Failure(f"calls: {done.stderr.decode()}")
        found = re.fullmatch(r"calls (\d+) disk (\d+) hit (\S+) (-?\d+)\n", report.read_text())
        return int(found[1]), int(found[2]), int(found[4]), found[3], done.stdout.decode(), done.stderr.decode()

    def told(self):
        path = self.folder / "told"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def ours(self, *filters):
        out = run(["audit-query", "-D", str(self.db), "-r", "-o", "jsonl", "source=audit-toolkit", *filters], self.folder, (0, 1))
        return [json.loads(line) for line in out.stdout.decode().splitlines()]

    def verify(self):
        run(["audit-verify", "-q", "-D", str(self.db)], self.folder)

    def mend(self):
        """Whoever may write makes a store whole that somebody was killed in."""
        run(["auditd-ingest", "-q", "-D", str(self.db), "-"], self.folder, input=b"")

    # What is to be the same in the end: the alerts, and how far the rules are.

    def state(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as store:
            place = store.execute("SELECT key, seq, latest FROM detector").fetchall()
        alerts = sorted(json.dumps({k: v for k, v in one.items() if k not in ("id", "ingested")}) for one in self.ours("channel=detect"))
        return place, alerts

    def check_cut(self, ended, out, err):
        place, alerts = self.state()
        if (place == self.before[0]) != (alerts == self.before[1]) or place not in (self.before[0], self.after[0]):
            raise Failure(f"{len(alerts)} alerts, {len(self.before[1])} before, {len(self.after[1])} in the end; the place is {place}")
        if alerts not in (self.before[1], self.after[1]):
            raise Failure(f"a part of the alerts: {len(alerts)} of {len(self.after[1])}")
        there = {one["id"] for one in self.ours("channel=detect")}
        told, printed = [one["id"] for one in self.told()], [json.loads(line)["id"] for line in out.splitlines(True) if line[-1] == "\n"]
        if not set(told) <= there or not set(printed) <= there:
            raise Failure("told of alerts that are not there")
        if len(set(told)) != len(told):
            raise Failure("told of an alert twice")
        new = len(self.after[1]) - len(self.before[1])
        heard = len(told) == new or "the hook failed" in err  # its pipe is none of a disk
        if ended == 0 and (alerts != self.after[1] or len(printed) != new or not heard):
            raise Failure(f"ended well with {len(alerts)} alerts, {len(printed)} printed and {len(told)} told")

    def go_on(self):
        run(self.command, self.folder)
        place, alerts = self.state()
        # Further on, past the alerts themselves, when there was nothing left to do.
        if alerts != self.after[1] or place[0][1] < self.after[0][0][1]:
            raise Failure(f"run again: {place}, {len(alerts)} alerts, wanted {self.after[0]}, {len(self.after[1])}")
        told = [one["id"] for one in self.told()]
        if len(set(told)) != len(told):
            raise Failure("run again, and told of an alert twice")
        if run(self.command, self.folder).stdout:
            raise Failure("run a third time, it found something")

    def point(self, way, number):
        option, how, _ = WAYS[way]
        _, _, ended, call, out, err = self.cut([option, str(number), *how])
        if call == "-":
            return False
        try:
            if way != "killed" and ended not in (0, 2, 4, 75):
                raise Failure(f"ended with {ended}: {err}")
            if ended > 0 and not err.strip():
                raise Failure(f"ended with {ended} and said nothing")
            if way == "full for good" and ended not in (0, 2):
                raise Failure(f"a full disk is 2, and it ended with {ended}: {err}")
            self.mend()
            self.check_cut(ended, out, err)
            self.go_on()
            self.verify()
        except Failure as why:
            raise Failure(f"{self.name}: {way} at {number} ({call}): {why}") from why
        return True


class Revoking(Scenario):
    command = ["audit-sessions", "--config", "config.yaml", "-q", "--revoke-all-for", "ann", "--reason", "left"]

    @staticmethod
    def configuration(hook):
        return f"sessions: {{hook: {{command: [{hook}], limit: 30s}}}}\n"

    def prepare_base(self, events, asked):
        text = "".join(json.dumps({"id": f"e{n}", "time": NOW + n, "action": "login", "outcome": "success", "actor_id": "ann",
                                   "session_id": f"s{n}"}) + "\n" for n in range(events))
        run(["auditd-ingest", "-q", "-D", str(self.db), "--source", "portal", "-"], self.folder, input=text.encode())

    def state(self):
        return sorted(one["session_id"] for one in self.ours("action=session.revoke"))

    def check_cut(self, ended, out, err):
        recorded, told = self.state(), [one["session_id"] for one in self.told()]
        if not set(told) <= set(recorded) or len(set(recorded)) != len(recorded):
            raise Failure(f"{recorded} are recorded, {told} were told")
        if ended == 0 and (recorded != self.after or sorted(told) != self.after):
            raise Failure(f"ended well, {recorded} are recorded, {told} were told")

    def go_on(self):
        run(["audit-sessions", "--config", "config.yaml", "-q", "--retry"], self.folder)
        run(self.command, self.folder)
        told = {one["session_id"] for one in self.told()}
        if self.state() != self.after or sorted(told) != self.after:
            raise Failure(f"run again: {self.state()} are recorded, {told} were told")
        before = len(self.told())
        run(["audit-sessions", "--config", "config.yaml", "-q", "--retry"], self.folder)
        if len(self.told()) != before:
            raise Failure("something was still to be told")


def main(points, seed):
    scenarios = [
        Scenario("a first run", 120, share=3),
        Scenario("a later run", 200, asked=120, share=3),
        Scenario("rules in the Sigma format", 150, asked=30, rules=SIGMA, share=2),
        Scenario("alerts that make a segment", TAIL - 5, asked=TAIL - 200, share=2),
        Revoking("revocations", 4, share=3),
    ]
    rng = random.Random(seed)
    weight = sum(scenario.share for scenario in scenarios)
    bad = 0
    for scenario in scenarios:
        done, failed = {}, 0
        for way, number in choose(rng, WAYS, scenario, points * scenario.share // weight):
            try:
                if scenario.point(way, number):
                    done[way] = done.get(way, 0) + 1
            except Failure as why:
                failed += 1
                print(f"not ok: {why}", flush=True)
        counts = ", ".join(f"{way} {count}" for way, count in done.items())
        print(f"{scenario.name}: {scenario.calls} calls, {scenario.disk} of the disk: {sum(done.values())} points ({counts})",
              flush=True)
        if len(done) < len(WAYS) and failed == 0:
            failed += 1
            print(f"not ok: {scenario.name}: some kinds never came to be")
        bad += failed
    print(f"{bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    os.environ.pop("AUDIT_DB", None)
    CALLS = sys.argv[1]
    sys.exit(main(int(sys.argv[2]), int(sys.argv[3])))
