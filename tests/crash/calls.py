#!/usr/bin/env python3
"""An ingest is cut short at each of its system calls: by SIGKILL, by a disk that
is full or broken once, for a while, or for good.

    calls.py CALLS POINTS SEED     CALLS: the program of calls.c; in an empty folder

Looked at afterwards: what was acknowledged is stored; the same command again
needs no hand and ends well; then the store has exactly the events of the input,
once each, and verifies.  Prints how many points there were of each kind and
what went wrong.
"""
import errno
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from points import choose  # noqa: E402

CELL = 65536
TAIL = 4096

# Ways to be cut short: calls' options behind the number, whether there is
# patience, and the share of points.
WAYS = {
    "killed": ("-k", [], [], 4),
    "full once": ("-n", ["-e", str(errno.ENOSPC)], [], 2),
    "full for a while": ("-n", ["-e", str(errno.ENOSPC), "-c", "9"], [], 2),
    "full for good": ("-n", ["-e", str(errno.ENOSPC), "-c", "0"], ["--on-full", "exit"], 1),
    "quota used up": ("-n", ["-e", str(errno.EDQUOT)], [], 1),
    "broken once": ("-n", ["-e", str(errno.EIO)], [], 1),
    "broken for good": ("-n", ["-e", str(errno.EIO), "-c", "0"], [], 1),
}


class Failure(Exception):
    """Something that must not be."""


def run(words, **more):
    try:
        return subprocess.run(words, capture_output=True, check=False, timeout=120, **more)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"{' '.join(words)}: does not end") from late


def lines(name, count, with_id=True):
    rng = random.Random(name)
    out = []
    for number in range(count):
        words = " ".join("%x" % rng.getrandbits(24) for _ in range(rng.randrange(12)))
        identity = f'"id":"{name}-{number}",' if with_id else ""
        out.append(f'{{{identity}"action":"{name}-{number}","time":{1777593600 + number // 3},'
                   f'"actor_id":"user-{rng.randrange(50)}","description":"{words}"}}\n')
    return out


class Scenario:
    """before: events in the store already.  files, pipe: how many events come."""

    def __init__(self, name, before, files=(), pipe=0, refused=0, acknowledged=False, share=4):
        self.name = name
        self.share = share
        self.folder = pathlib.Path(name.replace(" ", "-")).absolute()
        self.folder.mkdir()
        self.db = self.folder / "events.db"
        self.wanted = []
        self.operands = []
        self.text = None
        self.refused = refused
        self.acknowledged = acknowledged
        self.before = before
        for number, count in enumerate(files):
            path = self.folder / f"in{number}.jsonl"
            path.write_text("".join(lines(f"f{number}", count, with_id=number % 2 == 0) +
                                    [f"nonsense {n}\n" for n in range(refused)]))
            self.operands.append(str(path))
            self.wanted += [f"f{number}-{n}" for n in range(count)]
        if pipe > 0:
            self.text = "".join(lines("p", pipe)).encode()
            self.operands = ["-", "--source", "pipe"] + (["--ack", "omprog"] if acknowledged else [])
            self.wanted += [f"p-{n}" for n in range(pipe)]
        self.base = None
        if before > 0:
            self.base = self.folder / "base.db"
            seed = "".join(lines("old", before))
            done = run(["auditd-ingest", "-q", "-D", str(self.base), "--source", "old", "-"], input=seed.encode())
            if done.returncode != 0:
                raise Failure(done.stderr.decode())
        self.command = ["auditd-ingest", "-D", str(self.db), *self.operands]
        self.calls, self.disk, self.ended = self.cut(["-e", str(errno.EIO)], [])[:3]
        if self.ended != (3 if refused else 0):
            raise Failure(f"{name}: ends with {self.ended} when nothing is wrong")
        self.look()

    def clear(self):
        for path in self.folder.glob("events.db*"):
            path.unlink()
        if self.base is not None:
            shutil.copyfile(self.base, self.db)

    def cut(self, how, more):
        """Number of calls, of disk calls, how it ended, which call it was, and what it said."""
        self.clear()
        report = self.folder / "report"
        report.unlink(missing_ok=True)
        done = run([CALLS, "-o", str(report), "-s", "events.db", "-q", *how, *self.command, *more], input=self.text or b"")
        if not report.exists():
            raise Failure(f"calls: {done.stderr.decode()}")
        found = re.fullmatch(r"calls (\d+) disk (\d+) hit (\S+) (-?\d+)\n", report.read_text())
        return int(found[1]), int(found[2]), int(found[4]), found[3], done.stdout.decode(), done.stderr.decode()

    def stored(self):
        """Actions of what is stored, but for what was there before."""
        done = run(["audit-query", "-D", str(self.db), "-o", "csv", "--fields", "action", "--no-pager", "source!=old"])
        if done.returncode not in (0, 1):
            return None
        return done.stdout.decode().replace("\r", "").split("\n")[1:-1]

    def look(self):
        """The end that everything must come to."""
        found = self.stored()
        if found is None or sorted(found) != sorted(self.wanted):
            have = found or []
            raise Failure(f"{len(have)} events, wanted {len(self.wanted)}; missing {sorted(set(self.wanted) - set(have))[:3]}, "
                          f"{len(have) - len(set(have))} twice")
        done = run(["audit-query", "-D", str(self.db), "--quarantine", "-o", "jsonl"])
        if done.stdout.count(b"\n") != self.refused:
            raise Failure(f"{done.stdout.count(bytes([10]))} quarantined, wanted {self.refused}")
        done = run(["audit-verify", "-q", "-D", str(self.db)])
        if done.returncode != 0:
            raise Failure(f"audit-verify: {done.returncode}: {done.stdout.decode()[-300:]}{done.stderr.decode()[-300:]}")

    def check_acknowledged(self, way, call, ended, out, err):
        """What it said was stored is, and it said what it should."""
        found = self.stored()
        if ended in (0, 3):
            told = len(self.wanted)
        else:
            receipt = re.search(r"(\d+) stored", err)
            told = int(receipt[1]) if receipt else 0
        if self.acknowledged:
            told = max(told, len(re.findall(r"^OK$", out, re.M)) - 1)
        if told > len(found or []):
            raise Failure(f"{told} events were acknowledged, {len(found or [])} are stored")
        if self.acknowledged and found is not None and not set(self.wanted[:told]) <= set(found):
            raise Failure("others are stored than were acknowledged")
        if way != "killed" and ended not in (0, 2, 3):
            raise Failure(f"ended with {ended}: {err}")
        if ended == 2 and not err.strip():
            raise Failure("ended with 2 and said nothing")
        # Elsewhere the program asks the disk itself, which has room again by then.
        if way == "full once" and call == "pwrite64" and self.base and ended == 2:
            raise Failure(f"a full disk was not waited out: {err}")

    def point(self, way, number):
        option, how, more, _ = WAYS[way]
        _, _, ended, call, out, err = self.cut([option, str(number), *how], more)
        if call == "-":
            return False
        try:
            self.check_acknowledged(way, call, ended, out, err)
            again = run(self.command, input=self.text or b"")
            if again.returncode not in (0, self.ended):
                raise Failure(f"run again: {again.returncode}: {again.stderr.decode()}")
            self.look()
        except Failure as why:
            raise Failure(f"{self.name}: {way} at {number} ({call}): {why}") from why
        return True


def main(points, seed):
    scenarios = [
        Scenario("a new store", 0, files=[30], share=4),
        Scenario("a tail", 40, files=[30, 25], share=4),
        Scenario("refused lines", 3, files=[20], refused=4, share=3),
        Scenario("a pipe", 40, pipe=30, share=3),
        Scenario("a pipe with answers", 5, pipe=12, acknowledged=True, share=4),
        Scenario("sealing", TAIL - 10, files=[0, 30], share=2),
        Scenario("many at once", 0, files=[6000], share=2),
        Scenario("the end of a cell", CELL - 15, files=[30], share=1),
    ]
    rng = random.Random(seed)
    weight = sum(scenario.share for scenario in scenarios)
    bad = 0
    for scenario in scenarios:
        done = {}
        for way, number in choose(rng, WAYS, scenario, points * scenario.share // weight):
            try:
                if scenario.point(way, number):
                    done[way] = done.get(way, 0) + 1
            except Failure as why:
                bad += 1
                print(f"not ok: {why}", flush=True)
        counts = ", ".join(f"{way} {count}" for way, count in done.items())
        print(f"{scenario.name}: {scenario.calls} calls, {scenario.disk} of the disk: {sum(done.values())} points ({counts})",
              flush=True)
        if len(done) < len(WAYS):
            bad += 1
            print(f"not ok: {scenario.name}: some kinds never came to be")
    print(f"{bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    CALLS = sys.argv[1]
    sys.exit(main(int(sys.argv[2]), int(sys.argv[3])))
