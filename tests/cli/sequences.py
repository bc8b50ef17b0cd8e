#!/usr/bin/env python3
"""Random lawful steps on a store, verified after each; at the end of each
sequence an older copy is put back, and one unlawful change is made.

    sequences.py steps COUNT SEED    COUNT sequences; 0 when all went well
    sequences.py beside SECONDS SEED verification in a loop while others work

Prints what went wrong and the seed to see it again.  In an empty folder; the
programs are found in PATH.
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time

import forge
from events import rfc3339

DAY = 86400 * 1000000
ORIGIN = "test.example/sequences"


class Failure(Exception):
    """A step that did not end as it must."""


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


def lines(rng, count, name):
    """Small events of the last 200 days, so that some of them may be pruned."""
    now = int(time.time() * 1e6)
    out = []
    for number in range(count):
        event = {"id": f"{name}-{number}", "time": rfc3339(now - rng.randrange(200 * DAY)), "source": "app",
                 "action": rng.choice(["login", "read", "share.add"]), "severity": "info",
                 "actor_id": f"user:{rng.randrange(40)}", "description": "event %x" % rng.getrandbits(40)}
        if rng.random() < 0.1:
            event["context"] = {"n": rng.randrange(9)}
        out.append(json.dumps(event, separators=(",", ":")))
    return "\n".join(out) + "\n"


class Sequence:
    def __init__(self, rng, folder):
        self.rng = rng
        self.folder = folder
        self.db = str(folder / "log.db")
        self.state = str(folder / "state")
        self.keys = str(folder / "keys")
        self.inputs = 0
        self.said = []
        self.copies = []
        self.ingest(200)
        done = run("audit-verify", "-D", self.db, "--keys", self.keys, "--init-keys", "--origin", ORIGIN)
        if done.returncode != 0:
            raise Failure(f"--init-keys: {done.returncode} {done.stderr}")
        self.key = done.stdout.strip()
        self.sign()

    def sign(self):
        done = run("audit-verify", "-D", self.db, "--keys", self.keys, "--sign")
        if done.returncode != 0:
            raise Failure(f"--sign: {done.returncode} {done.stderr}")

    def input(self, count):
        self.inputs += 1
        path = self.folder / f"in{self.inputs}.jsonl"
        path.write_text(lines(self.rng, count, f"i{self.inputs}"))
        return ["auditd-ingest", "-q", "-D", self.db, str(path)]

    def ingest(self, count):
        done = run(*self.input(count))
        if done.returncode != 0:
            raise Failure(f"ingest: {done.returncode} {done.stderr}")

    def command(self):
        """The words of the next command; what it reads is written."""
        rng = self.rng
        kind = rng.choices(["few", "many", "cell", "prune", "sign", "rotate", "export", "refuse", "place", "lift", "erase"],
                           [6, 3, 0.5, 3, 4, 3, 2, 1, 1, 1, 2])[0]
        if kind == "few":
            return self.input(rng.randint(1, 400))
        if kind == "many":
            return self.input(rng.randint(3000, 9000))
        if kind == "cell":
            return self.input(66000)
        if kind == "prune":
            return ["audit-prune", "-q", "-D", self.db, "--older-than", f"{rng.randint(30, 220)}d", "--apply",
                    "--clock-ok"]
        if kind == "sign":
            return ["audit-verify", "-D", self.db, "--keys", self.keys, "--sign"]
        if kind == "rotate":
            return ["audit-verify", "-D", self.db, "--keys", self.keys, "--rotate-key"]
        if kind == "place":
            return ["audit-hold", "place", "-D", self.db, "--matter", f"M-{rng.randrange(3)}", "--reason", "r", "--actor",
                    f"user:{rng.randrange(40)}", "--until", "2100"]
        if kind == "lift":
            return ["audit-hold", "lift", "-D", self.db, "--matter", f"M-{rng.randrange(3)}", "--reason", "r"]
        if kind == "erase":
            return ["audit-erase", "-D", self.db, "--subject", f"user:{rng.randrange(40)}", "--apply", "--reason", "r"]
        if kind == "refuse":
            path = self.folder / "refused"
            path.write_text(f"nonsense {rng.random()}\n")
            return ["auditd-ingest", "-q", "-D", self.db, str(path)]
        return ["audit-export", "-q", "-D", self.db, "--actor", f"user:{rng.randrange(40)}", "-O",
                str(self.folder / f"export{rng.randrange(10 ** 9)}.jsonl")]

    def step(self):
        words = self.command()
        kill = self.rng.random() < 0.25
        self.said.append(("killed: " if kill else "") + " ".join(words))
        if kill:
            self.kill(words)
            return
        done = run(*words)
        wanted = (0, 2, 3) if words[1] == "lift" else (0, 3)  # 2: nothing of that matter is held
        if done.returncode not in wanted:
            raise Failure(f"{' '.join(words)}: {done.returncode} {done.stderr}")
        self.export(words)

    def export(self, words):
        """Its proof, if there can be one, holds elsewhere."""
        if words[0] != "audit-export":
            return
        path = words[-1] + ".2.jsonl"
        done = run(*words[:-1], path, "--proof")
        if done.returncode == 2 and "--sign" in done.stderr:
            return
        if done.returncode not in (0, 3):
            raise Failure(f"export with proof: {done.returncode} {done.stderr}")
        judged = run("audit-verify", "--key", self.key, path)
        if judged.returncode != done.returncode:
            raise Failure(f"the proof of an export: {judged.returncode} after {done.returncode} {judged.stderr}")

    def kill(self, words):
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(self.rng.expovariate(1 / 0.02))
            process.kill()
        # Whoever may write opens the file first, as the service does.
        done = run("auditd-ingest", "-q", "-D", self.db, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failure(f"after a kill: {done.returncode} {done.stderr}")

    def verify(self, wanted, what, *more):
        done = run("audit-verify", "-D", self.db, "--key", self.key, *more)
        if done.returncode not in wanted:
            raise Failure(f"{what}: {done.returncode} instead of {wanted}\n{done.stdout[-3000:]}{done.stderr}")

    def size(self):
        st = forge.Store(self.db)
        size = st.one("SELECT size FROM state")
        st.close()
        return size

    def restore(self):
        """An older copy is put back, and noticed; then the true one."""
        older = [copy for copy in self.copies if copy[1] < self.size()]
        if not older:
            return
        copy = self.rng.choice(older)[0]
        true = str(self.folder / "true.db")
        shutil.move(self.db, true)
        shutil.copy(copy, self.db)
        self.verify((5,), f"an older copy ({copy}) put back", "--state", self.state)
        shutil.move(true, self.db)
        self.verify((0, 3), "the true one again", "--state", self.state)

    def attack(self):
        """One change that nobody may make, behind a last checkpoint."""
        self.ingest(20)
        self.sign()
        st = forge.Store(self.db)
        seqs = [seq for seq, in st.all("SELECT seq FROM tail WHERE kind = 0")] or [0]
        segments = st.one("SELECT count(*) FROM segment")
        removals = st.one("SELECT removals FROM state")
        seals = st.one("SELECT count(*) FROM key") - 1
        st.close()
        seq = str(self.rng.choice(seqs))
        attacks = [("line", seq), ("line", seq, "--repair"), ("delete", seq), ("delete", seq, "--repair"),
                   ("insert", seq, "--repair"), ("swap", str(seqs[0]), str(seqs[-1])),
                   ("sql", "DELETE FROM tail WHERE seq = " + seq),
                   ("sql", "UPDATE tail SET kind = 1 WHERE seq = " + seq),
                   ("sql", "UPDATE state SET removals = removals + 1"), ("sql", "DELETE FROM key"),
                   ("sql", "UPDATE cell SET salts = zeroblob(length(salts)) WHERE no = (SELECT max(no) FROM cell)"),
                   ("sql", "CREATE TABLE more (a)")]
        if segments:
            attacks += [("flip", "time", "1"), ("flip", "actor_id", "1"), ("flip", "id", "1"),
                        ("flip", "ingested", "1"),
                        ("sql", "DELETE FROM segment WHERE id = (SELECT max(id) FROM segment)"),
                        ("sql", "UPDATE segment SET max_time = max_time - 1"),
                        ("sql", "UPDATE segment SET fields = fields - 1")]
        if removals:
            attacks += [("sql", "DELETE FROM removal WHERE generation = 1"),
                        ("sql", "DELETE FROM removal", "UPDATE state SET removals = 0"),
                        ("sql", "UPDATE removal SET runs = x'0001'")]
        if seals:
            attacks += [("sql", "DELETE FROM checkpoint WHERE size = (SELECT max(seq) + 1 FROM key)"),
                        ("sql", "DELETE FROM key WHERE seq = (SELECT max(seq) FROM key)")]
        chosen = self.rng.choice(attacks)
        self.said.append("attack: " + " ".join(chosen))
        try:
            forge.main(["forge.py", self.db, *chosen])
        except SystemExit:
            return  # that piece is nowhere
        self.verify((5,), "an attack (" + " ".join(chosen) + ")")

    def go(self):
        for _ in range(self.rng.randint(6, 14)):
            self.step()
            self.verify((0, 3), "after: " + self.said[-1], "--state", self.state)
            if self.rng.random() < 0.3:
                copy = str(self.folder / f"copy{len(self.copies)}.db")
                shutil.copy(self.db, copy)
                self.copies.append((copy, self.size()))
        self.restore()
        self.attack()


def steps(count, seed):
    for number in range(count):
        rng = random.Random(seed + number)
        folder = pathlib.Path(f"s{number}")
        folder.mkdir()
        sequence = None
        try:
            sequence = Sequence(rng, folder)
            sequence.go()
        except Failure as why:
            print(f"sequences.py steps 1 {seed + number}: {why}")
            for said in sequence.said if sequence else []:
                print("  " + said)
            return 1
        shutil.rmtree(folder)
    return 0


def beside(seconds, seed):
    """Nothing that others do meanwhile is taken for an attack."""
    folder = pathlib.Path("beside")
    folder.mkdir()
    sequence = Sequence(random.Random(seed), folder)
    sequence.ingest(9000)
    stop, wrong = time.time() + seconds, []

    def work(kinds, rng):
        while time.time() < stop and not wrong:
            words = sequence.command() if kinds is None else [str(word) for word in kinds(rng)]
            done = run(*words)
            if done.returncode not in ((0, 2, 3, 75) if words[1] == "lift" else (0, 3, 75)):
                wrong.append(f"{' '.join(words)}: {done.returncode} {done.stderr}")
            time.sleep(rng.random() * 0.05)

    def maintain(rng):
        if rng.random() < 0.3:
            return ["audit-prune", "-q", "-D", sequence.db, "--older-than", f"{rng.randint(60, 200)}d", "--apply",
                    "--clock-ok"]
        return ["audit-verify", "-D", sequence.db, "--keys", sequence.keys, rng.choice(["--sign", "--rotate-key"])]

    others = [threading.Thread(target=work, args=(None, random.Random(seed + 1))),
              threading.Thread(target=work, args=(maintain, random.Random(seed + 2)))]
    for other in others:
        other.start()
    counts = {}
    while time.time() < stop and not wrong:
        done = run("audit-verify", "-D", sequence.db, "--key", sequence.key)
        counts[done.returncode] = counts.get(done.returncode, 0) + 1
        if done.returncode not in (0, 3, 75):
            wrong.append(f"audit-verify: {done.returncode}\n{done.stdout[-3000:]}{done.stderr}")
    for other in others:
        other.join()
    print(f"sequences.py beside {seconds} {seed}: {counts}")
    for what in wrong:
        print(what)
    return 1 if wrong or not counts.get(0, 0) + counts.get(3, 0) else 0


def main(argv):
    os.umask(0o077)
    commands = {"steps": steps, "beside": beside}
    if len(argv) != 4 or argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    return commands[argv[1]](int(argv[2]), int(argv[3]))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
