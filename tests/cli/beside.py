#!/usr/bin/env python3
"""Two writers, a reader and a verifier at work while events are pruned, holds
placed and lifted, and persons erased.

    beside.py SECONDS SEED     0 when nothing was lost, double or falsely alarmed

One hold is never lifted: what it names never goes.  Of a person who was
erased, nothing is left of what was stored before, but for what that hold keeps.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

from events import rfc3339

DAY = 86400 * 1000000
OLD = 100  # days: what is older may go
KEPT = "acme"
BUSY = 75


class Log:
    def __init__(self, seconds, seed):
        self.until = time.time() + seconds
        self.seed = seed
        self.folder = pathlib.Path("beside").absolute()
        self.folder.mkdir()
        self.env = dict(os.environ, AUDIT_DB=str(self.folder / "log.db"))
        self.lock = threading.Lock()
        self.wrong = []
        self.stored = {}    # id: (tenant, old, person), acknowledged
        self.persons = {}   # person: whether erased, and the ids stored before it
        self.named = [f"person.{n}" for n in range(40)]
        self.counts = {}

    def run(self, *words, wanted=(0,), **more):
        done = subprocess.run(words, capture_output=True, check=False, env=self.env, **more)
        with self.lock:
            key = f"{words[0]} {done.returncode}"
            self.counts[key] = self.counts.get(key, 0) + 1
            if done.returncode not in (*wanted, BUSY):
                self.wrong.append(f"{' '.join(words)}: {done.returncode}\n{done.stdout.decode()[-2000:]}"
                                  f"{done.stderr.decode()[-1000:]}")
        return done

    def going(self):
        return time.time() < self.until and not self.wrong

    # ---- who writes ----

    def events(self, rng, name, count):
        now, out = int(time.time() * 1e6), []
        for number in range(count):
            old = rng.random() < 0.5
            us = now - rng.randrange((OLD + 5) * DAY, 300 * DAY) if old else now - rng.randrange(40 * DAY)
            person = self.named[0] if rng.random() < 0.2 and self.named else None
            tenant = rng.choice([KEPT, "globex", "initech"])
            event = {"id": f"{name}-{number}", "time": rfc3339(us), "source": name, "tenant": tenant,
                     "action": rng.choice(["login", "read"]), "description": "text %x" % rng.getrandbits(32)}
            if person:
                event["actor_id"] = person
                event["context"] = {"note": f"asked {person} twice"}
            out.append((event, old, person))
        return out

    def write(self, name):
        rng, number = random.Random(f"{self.seed}{name}"), 0
        while self.going():
            number += 1
            some = self.events(rng, f"{name}{number}", rng.choice([1, 30, 400, 5000]))
            path = self.folder / f"{name}{number}.jsonl"
            path.write_text("".join(json.dumps(event) + "\n" for event, _, _ in some))
            while self.run("auditd-ingest", "-q", str(path)).returncode == BUSY:
                pass
            with self.lock:
                self.stored.update((event["id"], (event["tenant"], old, person)) for event, old, person in some)

    # ---- who reads ----

    def read(self):
        before = set()
        while self.going():
            with self.lock:
                stored = {one for one, (tenant, old, _) in self.stored.items() if tenant == KEPT or not old}
            done = self.run("audit-query", "-o", "jsonl", "source!=audit-toolkit", wanted=(0, 1, 3))
            if done.returncode == BUSY:
                continue
            ids = [json.loads(line)["id"] for line in done.stdout.decode().split("\n") if line]
            if len(ids) != len(set(ids)):
                self.wrong.append("a reader saw an event twice")
            lost = stored - set(ids)
            if lost:
                self.wrong.append(f"a reader missed {len(lost)} events, such as {min(lost)}")
            before |= stored

    def verify(self, key):
        while self.going():
            self.run("audit-verify", "--key", key, wanted=(0, 3))

    # ---- who prunes, holds and erases ----

    def prune(self):
        while self.going():
            self.run("audit-prune", "-q", "--older-than", f"{OLD}d", "--apply", "--clock-ok")
            time.sleep(0.05)

    def hold(self):
        rng, number = random.Random(self.seed), 0
        while self.going():
            number += 1
            chosen = rng.choice([["--tenant", "globex"], ["--until", "2020"], ["--actor", "person.3?"]])
            self.run("audit-hold", "place", "--matter", f"M-{number}", "--reason", "r", *chosen)
            time.sleep(rng.random() * 0.1)
            while self.run("audit-hold", "lift", "--matter", f"M-{number}", "--reason", "r",
                           wanted=(0, 2)).returncode == BUSY:
                pass

    def erase(self):
        while self.going() and len(self.named) > 1:
            with self.lock:
                person = self.named.pop(0)
                before = {one for one, (tenant, _, who) in self.stored.items() if who == person and tenant != KEPT}
            done = self.run("audit-erase", "--subject", person, "--apply", "--reason", "article 17", wanted=(0, 3))
            if done.returncode != BUSY:
                self.persons[person] = before
            time.sleep(0.1)

    def sign(self):
        while self.going():
            self.run("audit-verify", "--keys", str(self.folder / "keys"), "--sign", wanted=(0,))
            time.sleep(0.15)

    # ---- in the end ----

    def judge(self, key):
        self.until = time.time() + 60
        for matter in {hold["matter"] for hold in self.holds()} - {"kept"}:
            self.run("audit-hold", "lift", "--matter", matter, "--reason", "the end")
        self.run("audit-erase", "--deferred", "--apply", wanted=(0, 3))
        self.run("audit-verify", "--key", key, wanted=(0, 3))
        lines = self.run("audit-query", "-o", "jsonl", "source!=audit-toolkit").stdout.decode().split("\n")[:-1]
        found = {}
        for line in lines:
            event = json.loads(line)
            if event["id"] in found:
                self.wrong.append(f"{event['id']} is there twice")
            found[event["id"]] = line
        for one, (tenant, old, _) in self.stored.items():
            if one not in found and (tenant == KEPT or not old):
                self.wrong.append(f"{one} is lost: tenant {tenant}")
        for one in found.keys() - self.stored.keys():
            self.wrong.append(f"{one} was never acknowledged")
        for person, ids in self.persons.items():
            for one in ids & found.keys():
                if f'"{person}"' in found[one] or f" {person} " in found[one]:
                    self.wrong.append(f"{one} still has {person}: {found[one]}")

    def holds(self):
        return json.loads(self.run("audit-hold", "list", "-o", "json").stdout)

    def go(self):
        first = self.events(random.Random(self.seed), "first", 6000)
        path = self.folder / "first.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event, _, _ in first))
        self.run("auditd-ingest", "-q", str(path))
        self.stored.update((event["id"], (event["tenant"], old, person)) for event, old, person in first)
        key = self.run("audit-verify", "--keys", str(self.folder / "keys"), "--init-keys").stdout.decode().strip()
        self.run("audit-verify", "--keys", str(self.folder / "keys"), "--sign")
        self.run("audit-hold", "place", "--matter", "kept", "--reason", "r", "--tenant", KEPT)
        at_work = [threading.Thread(target=one, args=args) for one, args in (
            (self.write, ("a",)), (self.write, ("b",)), (self.read, ()), (self.verify, (key,)), (self.prune, ()),
            (self.hold, ()), (self.erase, ()), (self.sign, ()))]
        for one in at_work:
            one.start()
        for one in at_work:
            one.join()
        if not self.wrong:
            self.judge(key)
        print(f"beside.py: {len(self.stored)} events, {len(self.persons)} persons, {self.counts}")
        for what in self.wrong[:5]:
            print(what)
        done = {name.split()[0] for name, count in self.counts.items() if name.split()[1] in "03" and count}
        idle = {"auditd-ingest", "audit-query", "audit-verify", "audit-prune", "audit-hold", "audit-erase"} - done
        if idle:
            print(f"never got to work: {idle}")
        return 1 if self.wrong or idle else 0


def main(seconds, seed):
    os.umask(0o077)
    return Log(float(seconds), int(seed)).go()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
