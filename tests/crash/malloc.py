#!/usr/bin/env python3
"""Memory runs out at any allocation of a program, once or for good, or for
large ones only: the address space is limited.

    malloc.py SECONDS SEED      about how long it takes; prints what went wrong

In an empty folder that has starve.so.  Whatever the program, it ends by itself:
as always and with the same answer, or with 2 and a message.  What it wrote is
whole, and the same command then comes to its end.
"""
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
from model import canonical, people, random_event  # noqa: E402

DAY = 86400 * 1000000
ALICE = people()[0]
SLOWEST = 60  # seconds, on a busy machine


class Failure(Exception):
    """Something that must not be."""


class Case:
    """A command; `again`: how it may end when it is run once more; writes: the
    store is looked at afterwards."""

    def __init__(self, name, *words, wanted=0, again=(), writes=False, store="base.db"):
        self.name, self.words, self.wanted, self.store = name, words, wanted, store
        self.again = (wanted, *again)
        self.writes = writes
        self.weight = 4 if writes else 1  # of the time: they take longer


CASES = [
    Case("a new store", "auditd-ingest", "-q", "../few.jsonl", wanted=3, again=(0,), writes=True, store=None),
    Case("a segment more", "auditd-ingest", "-q", "../many.jsonl", writes=True),
    Case("a packed file", "auditd-ingest", "-q", "../few.jsonl.gz", wanted=3, again=(0,), writes=True),
    Case("a dry run", "auditd-ingest", "--dry-run", "../few.jsonl", wanted=3),
    Case("events", "audit-query", "--actor", ALICE.email, "-o", "jsonl"),
    Case("a page", "audit-query", "-n", "20", "-o", "table", "-T", "policy"),
    Case("by an expression", "audit-query", "--where", "actor_id ~ '^user' and not severity = info", "-o", "csv"),
    Case("values", "audit-query", "-F", "action", "-o", "json"),
    Case("a summary", "audit-summary", "--by", "action", "-o", "json"),
    Case("a trail", "audit-trail", "--identity", ALICE.email, "-o", "json"),
    Case("sessions", "audit-sessions", "--all", "-o", "csv"),
    Case("a check", "audit-verify", "--key", "log.pub", wanted=3),
    Case("an export", "audit-export", "-q", "--tenant", "acme", "-O", "out.jsonl.zst", "--manifest", "--proof", writes=True),
    Case("a plan", "audit-prune", "-q", "--older-than", "90d", "--plan", "plan"),
    Case("a prune", "audit-prune", "-q", "--older-than", "90d", "--apply", writes=True),
    Case("a hold", "audit-hold", "place", "--matter", "M-1", "--reason", "r", "--tenant", "globex", writes=True),
    Case("an erasure", "audit-erase", "-q", "--subject", ALICE.key, "--also", ALICE.email, "--pseudonym", "person-1", "--apply",
         "--reason", "article 17", writes=True, again=(3,)),
    Case("alerts", "audit-detect", "-q", "--rules", "../rules.yaml", writes=True),
    Case("rules in the Sigma format", "audit-detect", "--rules", "../sigma.yml", "--test-rules"),
    Case("a checkpoint", "audit-verify", "--sign", writes=True),
]


RULES = """\
rules:
  - {name: refused, match: outcome = failure, by: actor_id, count: 3, within: 30d}
  - {name: places, match: 'true', by: actor_id, distinct: ip, count: 3, within: 30d}
  - {name: unseen, match: 'true', by: tenant, new: action}
"""
SIGMA = """\
title: Refused
name: refused
logsource: { product: aws, service: cloudtrail }
detection: { s: { errorCode|contains: x }, t: { userAgent|endswith: y }, condition: not 1 of * }
---
title: Refused again and again
correlation: { type: event_count, rules: [refused], group-by: [eventName], timespan: 30d, condition: { gte: 4 } }
"""


def run(words, cwd="work", starve=None, space=None):
    env = dict(os.environ, AUDIT_DB="events.db", AUDIT_CONFIG="/dev/null")
    if starve is not None:
        env.update(starve, LD_PRELOAD=os.path.abspath("starve.so"))

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    try:
        return subprocess.run(words, capture_output=True, check=False, env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                              timeout=SLOWEST, preexec_fn=limit if space else None)
    except subprocess.TimeoutExpired as why:
        raise Failure(f"{words[0]}: did not end in {SLOWEST} s") from why


def fine(words, wanted):
    done = run(words)
    if done.returncode not in wanted:
        raise Failure(f"{' '.join(words)}: then {done.returncode}, wanted {wanted}: {done.stderr.decode()[-400:]}")
    return done.stdout


def make_inputs():
    rng = random.Random(5)
    now = int(time.time() * 1e6)
    persons = [(person, 1) for person in people()]
    for name, count, first in (("few", 40, 0), ("base", 4300, 1000), ("many", 4200, 10000)):
        text = "".join(canonical(random_event(rng, f"e-{n}", now - rng.randrange(40 * DAY, 400 * DAY), persons)) + "\n"
                       for n in range(first, first + count))
        pathlib.Path(name + ".jsonl").write_text(text + ("nonsense\n" if name == "few" else ""))
    subprocess.run(["gzip", "-k", "few.jsonl"], check=True)
    pathlib.Path("rules.yaml").write_text(RULES)
    pathlib.Path("sigma.yml").write_text(SIGMA)


def make_base():
    os.mkdir("work")
    fine(["auditd-ingest", "-q", "../base.jsonl"], (0,))
    pathlib.Path("work/log.pub").write_bytes(fine(["audit-verify", "--keys", "keys", "--init-keys"], (0,)))
    fine(["audit-verify", "--keys", "keys", "--sign"], (0,))
    fine(["audit-query", "--tenant", "acme", "--save", "one"], (0,))
    os.rename("work", "base")


def prepare(case):
    shutil.rmtree("work", ignore_errors=True)
    shutil.copytree("base", "work")
    if case.store is None:
        os.unlink("work/events.db")


def events():
    """What came from outside, in order, and alerts, whose ids are new each time."""
    query = ["audit-query", "-r", "-o", "csv", "--seq", "--fields", "source,id,time,action,actor_id", "source!=audit-toolkit"]
    alerts = ["audit-query", "-r", "-o", "csv", "--seq", "--fields", "time,description", "channel=detect"]
    rows = fine(query, (0, 1, 3)).split(b"\n")[1:] + fine(alerts, (0, 1, 3)).split(b"\n")[1:]
    return sorted(row.split(b",", 1)[1] for row in rows if row)


class Trial:
    def __init__(self, case, rng):
        self.case = case
        self.rng = rng
        self.words = [*case.words, *(["--keys", "keys"] if case.name == "a checkpoint" else [])]
        prepare(case)
        done = run(self.words, starve={"AUDIT_STARVE_COUNT": os.path.abspath("count")})
        if done.returncode != case.wanted:
            raise Failure(f"{case.name}: {done.returncode}, wanted {case.wanted}: {done.stderr.decode()[-400:]}")
        self.out = done.stdout
        self.allocations = int(pathlib.Path("count").read_text())
        self.end = events() if case.writes else None
        self.same = 0
        self.points = 0

    def judge(self, done):
        """How a starved run may end."""
        if done.returncode < 0:
            raise Failure(f"ended by signal {-done.returncode}")
        if done.returncode in (2, 4):  # 4: what it could not have a look at, it refuses
            if not done.stderr.strip():
                raise Failure("2, without a word")
        elif done.returncode != self.case.wanted:
            raise Failure(f"ended with {done.returncode}: {done.stderr.decode()[-300:]}")
        elif not self.case.writes and done.stdout != self.out:
            raise Failure(f"{done.returncode}, with another answer: {len(done.stdout)} bytes, not {len(self.out)}")
        else:
            self.same += 1
        if self.case.writes:
            self.go_on(done.returncode == self.case.wanted)

    def go_on(self, ended):
        if ended and events() != self.end:
            raise Failure("it has ended well, and not all is there")
        if os.path.exists("work/out.jsonl.zst"):
            for name in pathlib.Path("work").glob("out.*"):
                name.unlink()
        fine(self.words, self.case.again)
        if events() != self.end:
            raise Failure("run again, it came to another end")
        fine(["audit-verify"], (0, 3))

    def try_at(self, number, on):
        starve = {"AUDIT_STARVE_AT": str(number)}
        if on:
            starve["AUDIT_STARVE_ON"] = "1"
        where = f"allocation {number} of {self.allocations}{' and all after it' if on else ''}"
        self.trial(where, lambda: run(self.words, starve=starve))

    def try_space(self, megabytes):
        self.trial(f"{megabytes} MiB of address space", lambda: run(self.words, space=megabytes << 20))

    def trial(self, where, go):
        if self.case.writes:
            prepare(self.case)
        self.points += 1
        try:
            self.judge(go())
        except Failure as why:
            raise Failure(f"{self.case.name}, {where}: {why}") from why

    def go(self, seconds):
        """The first ones all, as they are those of opening; then at random."""
        until = time.time() + seconds
        if not self.case.writes:
            prepare(self.case)
        numbers = list(range(1, min(self.allocations, 40) + 1))
        rest = list(range(41, self.allocations + 1))
        self.rng.shuffle(numbers)
        self.rng.shuffle(rest)
        failures = []
        for number in numbers + rest:
            if time.time() > until or len(failures) >= 3:
                break
            try:
                self.try_at(number, self.rng.random() < 0.5)
                if self.rng.random() < 0.1:
                    self.try_space(self.rng.randrange(16, 160))
            except Failure as why:
                failures.append(str(why))
        return failures


def main(seconds, seed):
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    make_inputs()
    make_base()
    failures, points = [], 0
    for case in CASES:
        trial = Trial(case, random.Random(f"{seed} {case.name}"))
        found = trial.go(float(seconds) * case.weight / sum(one.weight for one in CASES))
        points += trial.points
        failures += found
        print(f"{case.name}: {trial.points} of {trial.allocations} allocations, ended as always {trial.same} times")
    print(f"seed {seed}: {points} points, {len(failures)} bad")
    for failure in failures:
        print("bad:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
