#!/usr/bin/env python3
"""Prune, hold and erase are cut short at each system call that changes
something: by SIGKILL, by a full disk, by an error of the disk.

    lawful.py SECONDS      about how long it takes; prints what went wrong

Afterwards whoever may write opens the store, it verifies, and the same command
again comes to the same end as if nothing had happened; in the folder of
archives nothing has a final name that is not whole.  In an empty folder.
"""
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
from events import rfc3339  # noqa: E402
from model import canonical, people, random_event  # noqa: E402

DAY = 86400 * 1000000
CALLS = ["pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "unlinkat", "rename", "renameat", "renameat2", "write",
         "openat"]
WAYS = ["signal=KILL", "error=ENOSPC", "error=EIO"]
FAILING = ["pwrite64", "write", "fdatasync", "fsync"]
PSEUDONYM = "person-0123456789ab"
ALICE = people()[0]


class Failure(Exception):
    """Something that must not be."""


def run(*words, wanted=None, **more):
    done = subprocess.run(words, capture_output=True, check=False, **more)
    if wanted is not None and done.returncode not in wanted:
        raise Failure(f"{' '.join(words)}: {done.returncode}, wanted {wanted}: {done.stderr.decode()[-600:]}")
    return done


# ---- The store that everything begins with ----

def make_events(rng, count, first, oldest, newest):
    now = int(time.time() * 1e6)
    persons = [(person, 1) for person in people()]
    return [random_event(rng, f"e-{first + number}", now - rng.randrange(newest * DAY, oldest * DAY), persons)
            for number in range(count)]


def make_store():
    """A segment that is old, one that is half old, and a tail."""
    rng = random.Random(77)
    first = 0
    for count, oldest, newest in ((4200, 400, 300), (4300, 300, 40), (300, 300, 40)):
        text = "".join(canonical(event) + "\n" for event in make_events(rng, count, first, oldest, newest))
        run("auditd-ingest", "-q", "-D", "base.db", "-", input=text.encode(), wanted=(0,))
        first += count
        if first == 4200:
            key = run("audit-verify", "-D", "base.db", "--keys", "keys", "--init-keys", wanted=(0,)).stdout
            run("audit-verify", "-D", "base.db", "--keys", "keys", "--sign", wanted=(0,))
    run("auditd-ingest", "-q", "-D", "base.db", "-", input=f"nonsense by {ALICE.email}\n".encode(), wanted=(3,))
    run("audit-query", "-D", "base.db", "--actor", ALICE.email, "--save", "hers", wanted=(0,))
    run("audit-hold", "place", "-D", "base.db", "--matter", "M-0", "--reason", "court order", "--tenant", "acme",
        "--severity", "error", wanted=(0,))
    run("audit-verify", "-D", "base.db", "--keys", "keys", "--sign", wanted=(0,))
    return key.decode().strip()


# ---- What is cut short ----

ERASE = ["--apply", "--reason", "article 17"]
HERS = ["--subject", ALICE.key, "--also", ALICE.email, "--also", ALICE.name, "--pseudonym", PSEUDONYM]
SCENARIOS = {  # name: (what is done first, the command, how it ends)
    "whole segments": ([], ["audit-prune", "-q", "--older-than", "301d", "--apply"], (0,)),
    "mixed segments and an archive": ([], ["audit-prune", "-q", "--older-than", "90d", "--archive-to", "archive",
                                           "--apply"], (0,)),
    "reclaim": ([["audit-prune", "-q", "--older-than", "90d", "--apply"]], ["audit-prune", "-q", "--reclaim"], (0,)),
    "place": ([], ["audit-hold", "place", "--matter", "M-1", "--reason", "r", "--tenant", "globex"], (0,)),
    "lift": ([], ["audit-hold", "lift", "--matter", "M-0", "--reason", "over"], (0, 2)),
    "erase": ([["audit-hold", "lift", "--matter", "M-0", "--reason", "over"]], ["audit-erase", *HERS, *ERASE], (0,)),
    "erase, partly held": ([], ["audit-erase", *HERS, *ERASE], (3,)),
    "what was deferred": ([["audit-erase", *HERS, *ERASE], ["audit-hold", "lift", "--matter", "M-0", "--reason", "o"]],
                          ["audit-erase", "--deferred", "--apply"], (0,)),
}


def outcome(folder):
    """What a command came to, whatever number of transactions it took."""
    lines = run("audit-query", "-r", "-o", "jsonl", "--seq", "source!=audit-toolkit", wanted=(0,)).stdout
    holds = run("audit-hold", "list", "--all", "-o", "json", wanted=(0,)).stdout
    holds = {(hold["matter"], hold["filter"], hold["active"]) for hold in json.loads(holds)}
    rest = run("audit-query", "--quarantine", "-o", "jsonl").stdout + run("audit-query", "--list-saved").stdout
    archived = set()
    for path in folder.glob("archive/*.jsonl.zst"):
        archived.update(run("zstd", "-dcq", str(path), wanted=(0,)).stdout.split(b"\n"))
    return hashlib.sha256(lines).hexdigest(), lines.count(b"\n"), holds, rest, archived


def check_archives(folder):
    """What has a final name is whole."""
    for path in folder.glob("archive/*"):
        if path.name.startswith(".") or path.suffix == ".tmp" or ".tmp" in path.name:
            continue
        if path.name.endswith(".jsonl.zst"):
            run("zstd", "-tq", str(path), wanted=(0,))
        elif path.name.endswith(".manifest.json"):
            manifest = json.loads(path.read_text())
            for one in manifest["files"]:
                data = (path.parent / one["name"]).read_bytes()
                if hashlib.sha256(data).hexdigest() != one["sha256"]:
                    raise Failure(f"{one['name']} is not as its manifest says")


class Sweep:
    def __init__(self, name, key):
        self.name = name
        self.key = key
        self.before, self.command, self.wanted = SCENARIOS[name]
        self.folder = pathlib.Path("work").absolute()
        self.db = self.folder / "events.db"
        os.environ["AUDIT_DB"] = str(self.db)
        self.cuts = 0

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / "archive").mkdir()
        shutil.copy("prepared.db", self.db)

    def begin(self):
        """The store it begins with, and the end that it must come to."""
        shutil.copy("base.db", "prepared.db")
        self.prepare()
        for words in self.before:
            run(*words, wanted=(0, 3), cwd=self.folder)
        shutil.copy(self.db, "prepared.db")
        self.prepare()
        run(*self.command, wanted=self.wanted, cwd=self.folder)
        self.end = outcome(self.folder)
        self.verify()

    def verify(self):
        run("audit-verify", "--key", self.key, wanted=(0, 3))

    def cut(self, call, when, way):
        """Cut short there, looked at, and run again."""
        self.prepare()
        done = run("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", f"--inject={call}:{way}:when={when}",
                   *self.command, cwd=self.folder)
        if done.returncode in self.wanted and way == "signal=KILL":
            return
        self.cuts += 1
        check_archives(self.folder)
        run("auditd-ingest", "-q", "-", stdin=subprocess.DEVNULL, wanted=(0,))
        self.verify()
        run(*self.command, wanted=(*self.wanted, 0) if done.returncode in self.wanted else self.wanted, cwd=self.folder)
        check_archives(self.folder)
        end = outcome(self.folder)
        if end != self.end:
            differ = [number for number, (one, two) in enumerate(zip(end, self.end)) if one != two]
            raise Failure(f"it came to another end (parts {differ}): {str(end)[:300]} and not {str(self.end)[:300]}")
        self.verify()

    def points(self):
        """Every call of the command in turn, as strace counts them: for each
        thread by itself.  In random order, those that kill first."""
        self.prepare()
        run("strace", "-f", "-qq", "-o", "calls", "-e", "trace=" + ",".join(CALLS), *self.command, cwd=self.folder)
        counts = {}
        for line in (self.folder / "calls").read_text(errors="replace").split("\n"):
            found = re.match(r"(\d+) +(\w+)\(", line)
            if found:
                counts[found[2], found[1]] = counts.get((found[2], found[1]), 0) + 1
        most = {}
        for (call, _), count in counts.items():
            most[call] = max(most.get(call, 0), count)
        points = [(call, when, way) for way in WAYS for call, count in most.items() for when in range(1, count + 1)
                  if way == WAYS[0] or call in FAILING]
        rng = random.Random(len(points))
        return sorted(points, key=lambda point: (rng.random() + (0.5 if point[2] != WAYS[0] else 0)))

    def go(self, seconds):
        self.begin()
        until = time.time() + seconds
        points = self.points()
        for call, when, way in points:
            if time.time() > until:
                break
            try:
                self.cut(call, when, way)
            except Failure as why:
                raise Failure(f"{self.name}: {way} at {call} {when}: {why}") from why
        return len(points)


def main(seconds):
    os.umask(0o077)
    key = make_store()
    status = 0
    for name in SCENARIOS:
        sweep = Sweep(name, key)
        try:
            points = sweep.go(float(seconds) / len(SCENARIOS))
            print(f"{name}: cut short {sweep.cuts} times, at {points} places it could be")
            if sweep.cuts == 0:
                raise Failure(f"{name}: it was never cut short")
        except Failure as why:
            print(f"not ok: {why}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
