"""own: our programs, measured like a peer."""
import itertools
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import time

from peer import Answer, Load, Peer, gone, value_of
from questions import DAY

TOOLS = ("auditd-ingest", "audit-query", "audit-summary", "audit-export", "audit-verify", "audit-prune", "audit-hold",
         "audit-erase", "audit-detect", "audit-sessions")
MORE = {"AUDIT_DB": "events.db"}


class Ours(Peer):
    name = heading = "ours"

    @classmethod
    def missing(cls):
        lacking = [tool for tool in TOOLS if not shutil.which(tool)]
        return "%s: not in PATH; run it with `make bench`" % ", ".join(lacking) if lacking else None

    def load(self):
        gone("events.db")
        run = self.run(["auditd-ingest", "-q", self.data.raw], more=MORE)
        return Load(run.seconds, os.path.getsize("events.db"), run)

    def files(self):
        return ["events.db"]

    def ask(self, question, values):
        words = shlex.split(self.filled(question.ours, values))
        # 1: nothing found
        return self.asked(question, words, more=MORE, allowed=(0, 1))

    def append(self, store, number):
        """One event by a process of its own: Answer."""
        with open("one.jsonl", "w", encoding="utf-8") as file:
            print(event(number), file=file)
        run = self.run(["auditd-ingest", "-q", "--source", "app", "-D", store], stdin="one.jsonl")
        return Answer(run.seconds, run=run)

    @classmethod
    def version(cls):
        words = subprocess.run(["audit-query", "-V"], capture_output=True, text=True, check=True).stdout
        return ", ".join(words.split("\n")).strip(", ")

    # ---- what the questions are about ----

    def values(self):
        """The values of the questions' words with a $, once everything is loaded."""
        events = self.data.events
        span, cutoff = oldest_fifth("events.db")
        return dict(zip(("since", "until"), DAY), actor=self.rare("actor_id"), path=self.rare("target_path"),
                    address=self.rare("ip"), busy=self.frequent("actor_id", events // 200),
                    request=request_in(self.data.raw, self.data.size // 2), cursor=self.cursor(events * 4 // 5),
                    deep=str(events * 4 // 5), span="%ds" % span, cutoff=cutoff)

    def by_count(self, field):
        self.run(["audit-query", "-o", "jsonl", "-F", field], out="values", more=MORE)
        with open("values", encoding="utf-8") as lines:
            yield from map(json.loads, lines)

    def frequent(self, field, most):
        """The most frequent value of the field that has no more events than this."""
        return next(one["value"] for one in self.by_count(field) if one["count"] <= most)

    def rare(self, field):
        """A value of the field that nine in ten are more frequent than."""
        wanted = sum(1 for _ in self.by_count(field)) * 9 // 10
        return next(itertools.islice(self.by_count(field), wanted, None))["value"]

    @staticmethod
    def cursor(depth):
        said = subprocess.run(["audit-query", "-o", "jsonl", "-n", str(depth), "--show-cursor"], check=True,
                              env=dict(os.environ, **MORE), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return said.stderr.decode().rpartition("cursor: ")[2].strip()


def event(number):
    return json.dumps({
        "id": "appended-%d" % number, "time": "2026-04-23T18:00:00.%06dZ" % number, "category": "AUTHENTICATION",
        "action": "user.login", "outcome": "success", "description": "accepted by policy after second factor",
        "actor_id": "alice.smith1", "ip": "10.1.2.3", "request_id": "853b5596-4736-4cea-92f8-9756082a4514"})


def request_in(raw, offset):
    with open(raw, "rb") as file:
        file.seek(offset)
        file.readline()
        return json.loads(file.readline())["request_id"]


def oldest_fifth(store):
    """When the oldest fifth of the segments ends: seconds ago, and in RFC 3339."""
    with sqlite3.connect(store) as db:
        row = db.execute("SELECT max_time FROM segment ORDER BY first"
                         " LIMIT 1 OFFSET (SELECT max(count(id) / 5, 1) - 1 FROM segment)").fetchone()
    if row is None:  # too few events for a segment
        return 0, ""
    ago = int(time.time() - row[0] / 1e6)
    return ago, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))
