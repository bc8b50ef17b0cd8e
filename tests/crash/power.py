#!/usr/bin/env python3
"""The power is lost at any moment of a store's life, and with it any part of
what was not synced (disk.py has the rules).

    power.py STATES SEED [--lying FILE...]

In an empty folder that has record.so.  A store is made, filled, signed, pruned,
erased, exported; for each of so many states of the disk, chosen at random:
whoever comes first opens the store, it verifies, with every checkpoint that was
printed, what a program had said is done is done, nothing is there twice, and
the command that was cut short comes to its end when it is run again.

--lying: syncs of a file whose name ends so do not happen; to see that it is
found.  Prints one line, and what went wrong, of which the state is kept in
broken-*.  The seed chooses the same moments and ways again.
"""
import collections
import contextlib
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
sys.path.insert(0, str(HERE))
import disk  # noqa: E402
from model import canonical, people, random_event  # noqa: E402

DAY = 86400 * 1000000
ALICE = people()[0]
TALK = 60  # lines that are acknowledged one by one
RULES = "rules:\n  - {name: refused, match: outcome = failure, by: actor_id, count: 3, within: 30d}\n"
FIELDS = "source,time,action,actor_id,actor_email,target_id,description"


class Failure(Exception):
    """Something that must not be."""


class Step:
    """A command, how it ends, and how it may end when it is run again."""

    def __init__(self, name, *words, wanted=(0,), again=(), given=None):
        self.name = name
        self.words = words
        self.wanted = wanted
        self.again = (*wanted, *again)
        self.given = given  # what a pipe gives: a file's name
        self.talks = "--ack" in words
        self.outcome = None
        self.files = set()


# ---- The life of a store ----

def events(rng, count, first, oldest, newest, ids=True):
    now = int(time.time() * 1e6)
    persons = [(person, 1) for person in people()]
    text = ""
    for number in range(first, first + count):
        event = random_event(rng, f"e-{number}", now - rng.randrange(newest * DAY, oldest * DAY), persons)
        if not ids:
            del event["id"]
        text += canonical(event) + "\n"
    return text


def life(rng, root):
    """The steps; their inputs are made beside the folder that may be lost."""
    inputs = {
        "one.jsonl": events(rng, 40, 0, 400, 40, ids=False),
        "two.jsonl": events(rng, 30, 100, 400, 300) + "nonsense\n" + events(rng, 30, 200, 90, 40) + '{"action":"x"}\n',
        "piped.jsonl": events(rng, 60, 300, 400, 40),
        "talk.jsonl": events(rng, TALK, 500, 90, 40),
        "many.jsonl": events(rng, 4150, 1000, 400, 40, ids=False),
    }
    inputs["grown.jsonl"] = inputs["one.jsonl"] + events(rng, 25, 10000, 60, 40, ids=False)
    inputs["rules.yaml"] = RULES
    for name, text in inputs.items():
        pathlib.Path(name).write_text(text)

    sign = ("audit-verify", "--sign")
    return [
        Step("the first ingest", "auditd-ingest", "-q", "one.jsonl"),
        Step("the first key", "audit-verify", "--init-keys", again=(2, 4)),
        Step("refused lines", "auditd-ingest", "-q", "two.jsonl", wanted=(3,), again=(0,)),
        Step("a checkpoint", *sign),
        Step("standard input", "auditd-ingest", "-q", "--source", "pipe", "-", given="piped.jsonl"),
        Step("acknowledged lines", "auditd-ingest", "-q", "--ack", "omprog", "-", given="talk.jsonl"),
        Step("a segment", "auditd-ingest", "-q", "many.jsonl"),
        Step("alerts", "audit-detect", "-q", "--rules", os.path.abspath("rules.yaml")),
        Step("a hold", "audit-hold", "place", "--matter", "M-1", "--reason", "court order", "--tenant", "acme",
             "--severity", "error"),
        Step("another checkpoint", *sign),
        Step("what was seen", "audit-verify", "--state", root + "/seen", wanted=(0, 3)),
        Step("an export", "audit-export", "-q", "--tenant", "acme", "-O", root + "/evidence.jsonl.zst", "--manifest"),
        Step("a prune", "audit-prune", "-q", "--older-than", "301d", "--archive-to", root + "/archive", "--apply"),
        Step("an erasure", "audit-erase", "--subject", ALICE.key, "--also", ALICE.email, "--also", ALICE.name,
             "--pseudonym", "person-0123456789ab", "--apply", "--reason", "article 17", wanted=(0, 3)),
        Step("a new key", "audit-verify", "--rotate-key"),
        Step("what has grown and was moved", "auditd-ingest", "-q", "grown.jsonl"),
        Step("a hold is lifted", "audit-hold", "lift", "--matter", "M-1", "--reason", "settled", again=(2,)),
        Step("the last checkpoint", *sign),
        Step("space given back", "audit-prune", "-q", "--reclaim"),
    ]


# ---- Programs, and what they say of a store ----

def surroundings(root, record=None):
    env = dict(os.environ, LD_PRELOAD=os.path.abspath("record.so"), AUDIT_RECORD_ROOT=root, AUDIT_DB=root + "/events.db")
    if record is not None:
        env["AUDIT_RECORD"] = record
    return env


def run(words, root, given=None, wanted=None, record=None):
    text = pathlib.Path(given).read_bytes() if given else b""
    done = subprocess.run(words, input=text, capture_output=True, check=False, env=surroundings(root, record))
    if wanted is not None and done.returncode not in wanted:
        raise Failure(f"{' '.join(words)[:200]}: {done.returncode}, wanted {wanted}: "
                      f"{done.stderr.decode()[-600:]} {done.stdout.decode(errors='replace')[-1500:] if done.returncode == 5 else ''}")
    return done


def talk(words, root, given, record):
    """A pipe that waits, every few lines, until all before are acknowledged."""
    lines = pathlib.Path(given).read_bytes().splitlines(keepends=True)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=surroundings(root, record)) as talker:
        talker.stdout.readline()
        for first in range(0, len(lines), 7):
            talker.stdin.write(b"".join(lines[first:first + 7]))
            talker.stdin.flush()
            for _ in lines[first:first + 7]:
                if talker.stdout.readline() != b"OK\n":
                    raise Failure(f"{words[0]}: a line was not acknowledged")
        talker.stdin.close()
    if talker.returncode != 0:
        raise Failure(f"{words[0]}: {talker.returncode}")
    return talker


def moved(words, old, new):
    return [word.replace(old, new) for word in words]


class Answers:
    """What a store holds, as counters; the same answer is read once."""

    def __init__(self):
        self.known = {}

    @staticmethod
    def in_order(root):
        """Events in the order they were stored, as look has them."""
        query = ["audit-query", "-r", "-o", "csv", "--seq", "--fields", FIELDS, "source!=audit-toolkit"]
        rows = [row.split(b",", 1) for row in run(query, root, wanted=(0,)).stdout.split(b"\r\n")[1:] if row]
        return [row for _, row in sorted(rows, key=lambda row: int(row[0]))]

    def look(self, root):
        """Every event and alert, as often as it is there, and what is refused and held."""
        if not os.path.exists(root + "/events.db"):
            return collections.Counter()
        query = ["audit-query", "-r", "-o", "csv", "--seq", "--fields", FIELDS,
                 "--where", "source != audit-toolkit or channel = detect"]
        text = run(query, root, wanted=(0, 1, 3)).stdout
        with contextlib.closing(sqlite3.connect(f"file:{root}/events.db?mode=ro", uri=True)) as store:
            rest = store.execute("SELECT 'refused', origin, line FROM quarantine").fetchall()
            rest += store.execute("SELECT DISTINCT 'hold', lift IS NULL, length(runs) FROM hold").fetchall()
        key = hashlib.sha256(text + repr(sorted(rest)).encode()).digest()
        if key not in self.known:
            lines = [line.split(b",", 1)[1] for line in text.split(b"\r\n")[1:] if line]
            self.known[key] = collections.Counter(lines + rest)
        return self.known[key]


def final(root):
    """Files that have their final names, below root."""
    names = (path.relative_to(root) for path in pathlib.Path(root).glob("**/*"))
    return {str(name) for name in names
            if not any(part.startswith(".") for part in name.parts) and not name.name.endswith("-journal")}


def check_files(root, needed=frozenset()):
    """What has its final name is whole, and what had one still does."""
    there = final(root)
    if needed - there:
        raise Failure(f"gone: {' '.join(needed - there)}")
    for path in (pathlib.Path(root, name) for name in there):
        if path.name.endswith(".manifest.json"):
            for one in json.loads(path.read_text())["files"]:
                if hashlib.sha256((path.parent / one["name"]).read_bytes()).hexdigest() != one["sha256"]:
                    raise Failure(f"{one['name']} is not as its manifest says")
        elif path.name.endswith(".zst"):
            run(["zstd", "-tq", str(path)], root, wanted=(0,))


# ---- The recording ----

class Recording:
    def __init__(self, seed):
        self.root = os.path.abspath("life")
        os.mkdir(self.root)
        os.mkdir(self.root + "/archive")
        self.steps = life(random.Random(seed), self.root)
        self.records = []  # (step, record)
        self.key = None
        self.told = []  # events of which each was acknowledged by itself, in order
        self.answers = Answers()

    def make(self):
        first = disk.Disk(self.root)
        for number, step in enumerate(self.steps):
            trace = f"trace.{number}"
            if step.talks:
                talk(step.words, self.root, step.given, os.path.abspath(trace))
                self.told = self.answers.in_order(self.root)[-TALK:]
            else:
                done = run(step.words, self.root, step.given, step.wanted, os.path.abspath(trace))
            self.take(number, trace)
            if step.name == "the first key":
                self.key = done.stdout.decode().strip()
            step.outcome = self.answers.look(self.root)
            step.files = final(self.root)
        return first

    def take(self, number, trace):
        records = list(disk.read_records(trace))
        said = b"".join(record[3] for record in records if record[0] == disk.SAY)
        if self.steps[number].talks and said.count(b"OK\n") <= TALK:
            raise Failure("not every acknowledgement was recorded")
        self.records += [(number, record) for record in records]
        os.unlink(trace)


# ---- One state ----

def verify(recording, root, published):
    if not os.path.exists(root + "/events.db"):
        return
    words = ["audit-verify"]
    if published:
        words += ["--key", recording.key, "--checkpoint", published]
    if os.path.exists(root + "/seen"):
        words += ["--state", root + "/seen"]
    run(words, root, wanted=(0, 3))  # 3: not all of it is signed yet


class Judge:
    """Looks at states, one after the other in one folder."""

    def __init__(self, recording, name, rng):
        self.recording = recording
        self.root = os.path.abspath(f"state-{name}")
        self.published = os.path.abspath(f"published-{name}")
        self.rng = rng

    def judge(self, state, done, under_way, said, told):
        """done: how many steps had ended; said: notes that were printed; told:
        how many lines of the step were acknowledged."""
        shutil.rmtree(self.root, ignore_errors=True)
        os.mkdir(self.root)
        disk.write_state(state, self.root)
        steps = self.recording.steps
        before = steps[done - 1].outcome if done else collections.Counter()
        pathlib.Path(self.published).write_bytes(said)
        check_files(self.root, steps[done - 1].files if done else frozenset())
        if done:
            self.look_first(said)
            after = steps[done].outcome if under_way else before
            found = self.recording.answers.look(self.root)
            if found not in (before, after):
                lost, more = before - found - (before - after), found - before - (after - before)
                if lost or more:
                    raise Failure(f"lost: {show(lost)}; of nowhere: {show(more)}")
            unheld = collections.Counter(self.recording.told[:told]) - found if under_way else None
            if unheld:
                raise Failure(f"acknowledged and lost: {show(unheld)}")
        if under_way:
            step = steps[done]
            run(moved(step.words, self.recording.root, self.root), self.root, step.given, step.again)
            found = self.recording.answers.look(self.root)
            if found != step.outcome:
                raise Failure(f"run again: lost: {show(step.outcome - found)}; too much: {show(found - step.outcome)}")
            check_files(self.root, steps[done - 1].files if done else frozenset())
            self.verify(said)

    def verify(self, said):
        verify(self.recording, self.root, self.published if said else None)

    def look_first(self, said):
        """A reader, a writer or the verifier comes first."""
        first = self.rng.randrange(3)
        if first == 0:
            run(["auditd-ingest", "-q", "-"], self.root, wanted=(0,))
        elif first == 1:
            run(["audit-query", "-n", "1", "-o", "csv"], self.root, wanted=(0, 1, 3))
        self.verify(said)


def show(counter):
    return f"{sum(counter.values())} such as {str(next(iter(counter), ''))[:160]}" if counter else "nothing"


# ---- Many ----

def points(recording, states, rng):
    """Behind which records the power goes: anywhere, and more often near a
    sync, a name that goes, and the end of a command."""
    records = recording.records
    near = [n for n, (step, record) in enumerate(records)
            if record[0] in (disk.SYNC, disk.UNLINK, disk.RENAME) or n + 1 == len(records) or records[n + 1][0] != step]
    chosen = collections.Counter()
    for _ in range(states):
        if rng.random() < 0.5:
            chosen[rng.randrange(len(records))] += 1
        else:
            chosen[min(max(rng.choice(near) + rng.randrange(-2, 2), 0), len(records) - 1)] += 1
    return chosen


def fingerprint(state):
    digest = hashlib.sha256()
    for path, (_, data) in sorted(state.items()):
        digest.update(path.encode() + b"\0" + (hashlib.sha256(data).digest() if data is not None else b"folder"))
    return digest.digest()


def keep(state, folder):
    """For who wants to look at it."""
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    disk.write_state(state, os.path.abspath(folder))


def sweep(recording, first, name, states, seed, lying):
    """One worker: its states, in the order of their moments."""
    rng = random.Random(f"{seed} {name}")
    judge = Judge(recording, name, rng)
    chosen = points(recording, states, rng)
    seen, said, told, owed, failures = set(), b"", 0, 0, []
    for number, (step, record) in enumerate(recording.records):
        inode = first.open.get(record[1])
        path = next((path for path, one in first.now.items() if one is inode), "?")
        if not (record[0] == disk.SYNC and any((first.root + path).endswith(end) for end in lying)):
            out = first.apply(*record)
            if out is not None and b"\n\xe2\x80\x94 " in out:
                said += out
            if out is not None and recording.steps[step].talks:
                told += out.count(b"OK\n")
        if not recording.steps[step].talks:
            told = 0
        ended = number + 1 == len(recording.records) or recording.records[number + 1][0] != step
        owed += chosen[number]
        for _ in range(3 * owed):  # where there are few ways to fall, others fall more often
            if owed == 0:
                break
            state = first.fall(rng)
            # At an end mostly after the program has ended.
            done = step + 1 if ended and rng.random() < 0.9 else step
            name_of = (done, told, fingerprint(state))
            if name_of in seen:
                continue
            seen.add(name_of)
            owed -= 1
            try:
                judge.judge(state, done, done == step, said, max(told - 1, 0))  # the first says: ready
            except (Failure, OSError, ValueError, sqlite3.Error) as why:
                keep(state, f"broken-{name}-{number}")
                failures.append(f"{recording.steps[step].name}, call {number} of {len(recording.records)}: {why}")
                if len(failures) >= 5:
                    return len(seen), failures
    return len(seen), failures


def main(states, seed, *lying):
    os.umask(0o077)
    seed = int(seed)
    recording = Recording(seed)
    first = recording.make()
    workers = len(os.sched_getaffinity(0))
    children = []
    for name in range(workers):
        out, into = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(out)
            with open(into, "w", encoding="utf-8") as file:
                json.dump(sweep(recording, first, name, int(states) // workers, seed, lying[1:]), file)
            os._exit(0)
        os.close(into)
        children.append((pid, out))
    seen, failures = 0, []
    for pid, out in children:
        with open(out, encoding="utf-8") as file:
            text = file.read()
        os.waitpid(pid, 0)
        if not text:
            sys.exit("a worker has ended early")
        count, found = json.loads(text)
        seen += count
        failures += found
    print(f"seed {seed}: {seen} different states of {states}, of {len(recording.records)} calls: {len(failures)} bad")
    for failure in failures:
        print("bad:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
