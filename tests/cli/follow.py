"""Logs that are written, rotated, truncated and packed at random, while
auditd-ingest --follow reads them and is killed and started again.  At the end
each line must be in the store once.

A line that a truncation removed before it was read is lost, as it would be for
any reader: those that were added since everything had been read are allowed to
be missing, but not to be there twice.

    follow.py SEED STEPS
"""
import collections
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

PATIENCE = 60
LOGS = ["one.jsonl", "two.log", "three"]

random.seed(int(sys.argv[1]))
lines = {}           # the number of each line: whether it must be there
story = []


class Log:
    def __init__(self, name):
        self.name = name
        self.held = ""       # the rest of a line that is half written ...
        self.half = None     # ... and its number
        self.rotated = []    # newest first
        self.days = 0
        self.fresh = []      # numbers since everything was known to be read
        self.late = None     # a writer that still has the rotated file open

    def numbered(self):
        number = len(lines)
        lines[number] = True
        self.fresh.append(number)
        return json.dumps({"time": "2026-04-23T18:00:00Z", "action": "read", "actor_id": "u%d" % number,
                           "description": "x" * random.choice((0, 0, 10, 2000))}) + "\n"

    def append(self, count, partial=False):
        text = self.held + "".join(self.numbered() for _ in range(count))
        self.held = ""
        if partial:
            last = self.numbered()
            self.half = self.fresh[-1]
            cut = random.randrange(1, len(last))
            text, self.held = text + last[:cut], last[cut:]
        with open(self.name, "a") as out:
            out.write(text)

    def finish_line(self):
        if self.held:
            self.append(0)

    def stop_late(self):
        if self.late:
            self.late.close()
            self.late = None

    def shift(self):
        for i in range(len(self.rotated) - 1, -1, -1):
            old = self.rotated[i]
            end = ".gz" if old.endswith(".gz") else ""
            new = "%s.%d%s" % (self.name, i + 2, end)
            os.rename(old, new)
            self.rotated[i] = new

    def rotate(self, dated, late):
        self.stop_late()
        self.finish_line()
        if not os.path.exists(self.name):
            return
        if late:
            self.late = open(self.name, "a")
        if dated:
            self.days += 1
            new = "%s-2026%04d" % (self.name, self.days)
            os.rename(self.name, new)
            return
        self.shift()
        os.rename(self.name, self.name + ".1")
        self.rotated.insert(0, self.name + ".1")

    def write_late(self):
        if self.late:
            self.late.write(self.numbered())
            self.late.flush()

    def copy_truncate(self):
        self.stop_late()
        self.finish_line()
        if not os.path.exists(self.name):
            return
        self.shift()
        shutil.copyfile(self.name, self.name + ".1")
        os.truncate(self.name, 0)
        self.rotated.insert(0, self.name + ".1")

    def truncate(self):
        self.stop_late()
        if not os.path.exists(self.name):
            return
        for number in self.fresh:
            lines[number] = False
        self.held = ""
        os.truncate(self.name, 0)

    def pack(self):
        """As logrotate does it: the time of change is kept."""
        for i, name in enumerate(self.rotated):
            if i == 0 and self.late or name.endswith(".gz"):
                continue
            was = os.stat(name)
            with open(name, "rb") as plain, open(name + ".tmp", "wb") as out, gzip.GzipFile("", "wb", 6, out) as packed:
                shutil.copyfileobj(plain, packed)
            os.utime(name + ".tmp", ns=(was.st_atime_ns, was.st_mtime_ns))
            os.rename(name + ".tmp", name + ".gz")
            os.unlink(name)
            self.rotated[i] = name + ".gz"


follower = None


def start():
    global follower
    follower = subprocess.Popen(["auditd-ingest", "-q", "--follow"] + LOGS, stderr=open("said", "a"))


def stop(number):
    follower.send_signal(number)
    status = follower.wait()
    if number == signal.SIGTERM and status not in (0, -signal.SIGTERM):  # the latter before it had begun
        fail("ended with %d after SIGTERM" % status)


def stored():
    out = subprocess.run(["audit-query", "-o", "jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if out.returncode not in (0, 1, 75, 2):
        fail("audit-query: %d %s" % (out.returncode, out.stderr))
    return collections.Counter(int(json.loads(line)["actor_id"][1:]) for line in out.stdout.splitlines())


def fail(why):
    print(why)
    print("seed %s: %s" % (sys.argv[1], " ".join(story[-60:])))
    if os.path.exists("said"):
        print(open("said").read()[-2000:])
    if follower and follower.poll() is None:
        follower.kill()
    sys.exit(1)


def settle(logs):
    """Waits until everything that must be there is."""
    end = time.monotonic() + PATIENCE
    half = {log.half for log in logs if log.held}
    while True:
        have = stored()
        missing = [n for n, must in lines.items() if must and n not in half and n not in have]
        if not missing:
            break
        if follower.poll() is not None:
            fail("the follower ended with %d" % follower.returncode)
        if time.monotonic() > end:
            fail("missing: %s of %d" % (missing[:20], len(lines)))
        time.sleep(0.1)
    for log in logs:
        log.fresh = [n for n in log.fresh if n in half]
    return have


def step(logs):
    log = random.choice(logs)
    what = random.choices(["append", "partial", "finish", "rotate", "dated", "late", "more", "copy", "truncate", "pack", "kill",
                           "term", "settle", "nap"], [30, 8, 4, 5, 3, 4, 8, 4, 2, 4, 4, 2, 3, 12])[0]
    story.append("%s(%s)" % (what, log.name))
    if what in ("append", "partial"):
        log.append(random.choice((1, 1, 3, 50, 2000)) if what == "append" else random.choice((0, 1, 5)), what == "partial")
    elif what == "finish":
        log.finish_line()
    elif what in ("rotate", "dated", "late"):
        log.rotate(what == "dated", what == "late")
    elif what == "more":
        log.write_late()
    elif what == "copy":
        log.copy_truncate()
    elif what == "truncate":
        log.truncate()
    elif what == "pack":
        log.pack()
    elif what == "kill":
        stop(signal.SIGKILL)
        if random.random() < 0.5:
            for _ in range(random.randrange(4)):
                quiet_step(logs)
        start()
    elif what == "term":
        stop(signal.SIGTERM)
        start()
    elif what == "settle":
        settle(logs)
    else:
        time.sleep(random.choice((0.01, 0.05, 0.2)))


def quiet_step(logs):
    """While nobody looks."""
    log = random.choice(logs)
    what = random.choice(("append", "rotate", "copy", "pack"))
    story.append("unseen %s(%s)" % (what, log.name))
    if what == "append":
        log.append(random.choice((1, 3, 50)))
    elif what == "rotate":
        log.rotate(False, False)
    elif what == "copy":
        log.copy_truncate()
    else:
        log.pack()


def main():
    logs = [Log(name) for name in LOGS]
    start()
    # What a log was rotated into before anything of it was stored is not read.
    for log in logs:
        log.append(2)
    settle(logs)
    for _ in range(int(sys.argv[2])):
        step(logs)
    for log in logs:
        log.finish_line()
    have = settle(logs)
    stop(signal.SIGTERM)
    twice = [n for n, count in have.items() if count > 1]
    if twice:
        fail("twice: %s" % twice[:20])
    lost = sum(1 for n in lines if n not in have)
    print("%d lines, %d lost by truncation" % (len(lines), lost))
    if subprocess.run(["audit-verify", "-q"]).returncode != 0:
        fail("the store does not verify")


main()
