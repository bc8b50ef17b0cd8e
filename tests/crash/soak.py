#!/usr/bin/env python3
"""Everything at once: eight writers through the socket, readers, a verifier,
a signer and a prune beside them, and the server killed again and again.

    soak.py SECONDS SEED        in an empty folder; prints what went wrong

Writers send again what was not acknowledged.  No reader sees less than what was
acknowledged before it began.  At the end the store has exactly what was
acknowledged, once, but for old events that prunes took; and it continues every
checkpoint that was ever printed.
"""
import itertools
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time

WRITERS = 8
PATIENCE = 60  # seconds, for anything that must happen at last
SOCKET = "ingest.sock"
OLD_DAYS = 400
BUSY = 75


class Soak:
    def __init__(self, seconds, seed):
        self.until = time.monotonic() + seconds
        self.seed = seed
        self.lock = threading.Lock()
        self.failures = []
        self.acked = {"old": set(), "new": set()}
        self.counts = {}
        self.checkpoints = b""
        self.key = None
        self.server = None
        self.kills = 0

    def going(self):
        return time.monotonic() < self.until and len(self.failures) < 5

    def fail(self, text):
        with self.lock:
            self.failures.append(text)

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def acknowledged(self, kind):
        with self.lock:
            return len(self.acked[kind])

    # ---- The server ----

    def start_server(self):
        log = open("server.log", "ab")
        self.server = subprocess.Popen(["auditd-ingest", "--listen", SOCKET, "--source", "soak"], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log)
        log.close()

    def keep_killing(self):
        """The supervisor: a service manager and its worst enemy."""
        rng = random.Random(f"{self.seed} kills")
        while self.going():
            until = time.monotonic() + rng.choice([0.1, 0.5, 1, 3]) * rng.random() + 0.2
            while time.monotonic() < until and self.server.poll() is None:
                time.sleep(0.01)
            if self.server.poll() is not None:
                self.fail(f"the server has ended by itself, {self.server.returncode}: {tail('server.log')}")
                return
            self.server.kill()
            self.server.wait()
            self.kills += 1
            self.start_server()

    def stop_server(self):
        self.server.send_signal(signal.SIGTERM)
        try:
            status = self.server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.server.kill()
            status = "not at all"
        if status != 0:
            self.fail(f"asked to stop, the server ended {status}: {tail('server.log')}")

    # ---- Writers ----

    def write(self, name):
        rng = random.Random(f"{self.seed} writer {name}")
        waiting, numbers = [], itertools.count()
        while self.going() or waiting:
            connection = connect()
            if connection is None:
                self.fail(f"writer {name}: nobody listens for {PATIENCE} s: {tail('server.log')}")
                return
            with connection:
                try:
                    self.converse(connection, rng, name, waiting, numbers)
                except (ConnectionError, socket.timeout, BrokenPipeError) as why:
                    self.count("connections broken")
                    if isinstance(why, socket.timeout):
                        self.fail(f"writer {name}: no answer for {PATIENCE} s")
                        return
                except ValueError as why:
                    self.fail(f"writer {name}: {why}")
                    return

    def converse(self, connection, rng, name, waiting, numbers):
        """On one connection: what waits again, then more; until it breaks."""
        lines = Answers(connection)
        sent = 0  # of the first so many in waiting
        while self.going() or waiting:
            if self.going() and len(waiting) < 200:
                for _ in range(rng.choice([1, 1, 5, 60])):
                    waiting.append(make_event(rng, name, next(numbers)))
            if sent < len(waiting):
                new = waiting[sent:]
                sent = len(waiting)
                connection.sendall(b"".join(line for _, _, line in new))
            done = lines.acknowledged(wait=len(waiting) > 50 or not self.going() or rng.random() < 0.3)
            with self.lock:
                for kind, event_id, _ in waiting[:done]:
                    self.acked[kind].add(event_id)
            del waiting[:done]
            sent -= done
            time.sleep(rng.random() * 0.02)

    # ---- Those beside them ----

    def beside(self, what, words, statuses, look=None, pause=0.3):
        rng = random.Random(f"{self.seed} {what}")
        while self.going():
            before = self.acknowledged("new")
            try:
                done = subprocess.run(words(), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self.fail(f"{what}: did not end in {PATIENCE} s")
                return
            if done.returncode == BUSY:
                self.count(what + ", busy")
            elif done.returncode not in statuses:
                self.fail(f"{what}: {done.returncode}: {done.stderr.decode()[-500:]} {done.stdout[-500:]}")
            else:
                self.count(what)
                if look is not None:
                    look(before, done.stdout)
            time.sleep(pause * rng.random())

    def at_least(self, what, before, found):
        if found < before:
            self.fail(f"{what}: {found} events, and {before} had been acknowledged")

    def take_checkpoint(self, _, out):
        with self.lock:
            self.checkpoints += out

    def verify_words(self):
        with self.lock:
            pathlib.Path("checkpoints").write_bytes(self.checkpoints)
        return ["audit-verify", "--key", self.key, *(["--checkpoint", "checkpoints"] if self.checkpoints else [])]

    def threads(self):
        yield from (threading.Thread(target=self.write, args=(name,)) for name in range(WRITERS))
        yield threading.Thread(target=self.keep_killing)
        count = ["audit-query", "-c", "--action", "new"]
        summary = ["audit-summary", "-o", "json", "--action", "new"]
        export = ["audit-export", "-q", "--action", "new", "-O", "export.jsonl"]
        follow = ["audit-query", "-f", "--timeout", "2s", "-o", "jsonl", "--action", "new"]
        for one in (
                ("a count", lambda: count, (0, 1), lambda n, out: self.at_least("a count", n, int(out))),
                ("a summary", lambda: summary, (0, 1),
                 lambda n, out: self.at_least("a summary", n, json.loads(out)["total_events"])),
                ("an export", lambda: export, (0,),
                 lambda n, _: self.at_least("an export", n, pathlib.Path("export.jsonl").read_bytes().count(b"\n")), 2),
                ("a follower", lambda: follow, (0, 1)),
                ("a verifier", self.verify_words, (0, 3), None, 1),
                ("a signer", lambda: ["audit-verify", "--sign"], (0,), self.take_checkpoint, 1),
                ("a prune", lambda: ["audit-prune", "-q", "--older-than", "301d", "--apply"], (0,), None, 4)):
            yield threading.Thread(target=self.beside, args=one)

    def go(self):
        run("auditd-ingest", "-q", "-")
        self.key = run("audit-verify", "--init-keys").decode().strip()
        self.checkpoints = run("audit-verify", "--sign")
        self.start_server()
        threads = list(self.threads())
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.stop_server()
        self.look_back()

    def look_back(self):
        self.checkpoints += run("audit-verify", "--sign")
        run(*self.verify_words())
        text = run("audit-query", "-r", "-o", "csv", "--fields", "action,id", "source=soak", statuses=(0, 3)).decode()
        found = [tuple(row.split(",")[-2:]) for row in text.split("\r\n")[1:] if row]
        if len(found) != len(set(found)):
            self.fail(f"{len(found) - len(set(found))} events are there twice")
        for kind in ("old", "new"):
            there = {event_id for action, event_id in found if action == kind}
            lost, more = self.acked[kind] - there, there - self.acked[kind]
            if (lost and kind == "new") or more:
                self.fail(f"{kind}: {len(lost)} were acknowledged and are lost ({min(lost, default='')}), "
                          f"{len(more)} are there and were not acknowledged ({min(more, default='')})")
        run("audit-prune", "-q", "--older-than", "301d", "--apply")
        run(*self.verify_words(), statuses=(0, 3))
        if int(run("audit-query", "-c", "--action", "old", statuses=(0, 1, 3)) or 0) != 0:
            self.fail("old events are there after the last prune")


class Answers:
    def __init__(self, connection):
        self.connection = connection
        self.rest = b""
        self.acked = 0

    def acknowledged(self, wait):
        """How many more lines are, at least one of them when told to wait."""
        before = self.acked
        while True:
            self.connection.settimeout(PATIENCE if wait and self.acked == before else 0.0001)
            try:
                received = self.connection.recv(65536)
            except (socket.timeout, BlockingIOError):
                if wait and self.acked == before:
                    raise
                return self.acked - before
            finally:
                self.connection.settimeout(PATIENCE)
            if not received:
                raise ConnectionError("the end")
            *lines, self.rest = (self.rest + received).split(b"\n")
            for line in lines:
                word, number, *_ = line.split(b" ", 2)
                if word != b"ack":
                    raise ValueError(f"the server said {line!r}")
                self.acked = int(number)


def make_event(rng, name, number):
    kind = "old" if rng.random() < 0.1 else "new"
    event_id = f"{name}-{number}"
    when = time.time() - (OLD_DAYS * 86400 if kind == "old" else 0)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when)) + f".{int(when % 1 * 1e6):06d}Z"
    event = {"id": event_id, "time": text, "action": kind, "actor_id": f"user:{rng.randrange(50)}",
             "description": "%x" % rng.getrandbits(8 * rng.choice([8, 100]))}
    return kind, event_id, json.dumps(event).encode() + b"\n"


def connect():
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        try:
            connection.connect(SOCKET)
            return connection
        except OSError:
            connection.close()
            time.sleep(0.02)
    return None


def run(*words, statuses=(0,)):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode not in statuses:
        raise RuntimeError(f"{' '.join(words)}: {done.returncode}: {done.stderr.decode()[-600:]} {done.stdout.decode()[-600:]}")
    return done.stdout


def tail(path):
    return pathlib.Path(path).read_text(errors="replace")[-600:]


def main(seconds, seed):
    soak = Soak(float(seconds), seed)
    try:
        soak.go()
    except RuntimeError as why:
        soak.fail(str(why))
    finally:
        if soak.server is not None and soak.server.poll() is None:
            soak.server.kill()
    for what, n in sorted(soak.counts.items()):
        print(f"{what}: {n}")
    print(f"seed {seed}: {soak.acknowledged('old') + soak.acknowledged('new')} events acknowledged, {soak.kills} kills, "
          f"{len(soak.failures)} bad")
    for failure in soak.failures:
        print("bad:", failure)
    return 1 if soak.failures or soak.kills == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
