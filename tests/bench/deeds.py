"""deeds: what the bench measures of our own programs beside the questions:
other ways in, what proof costs, pruning, holds and erasures."""
import os
import shutil
import sqlite3
import statistics

import logs
import through
from own import MORE
from peer import Answer, gone
from rows import Target
from turns import OUR_SECONDS, Turn, turn_about

# Kept for proof alone, but for the seed of a cell.
PROOF_TABLES = ("cell", "leaf", "removed", "removal", "erased", "checkpoint", "checkpoint_size", "key")
SOCKET_BYTES = 256 << 20  # of the events go through the socket
# Of other products: what a row is called, its unit, --from, who writes it, the target.
LOGS = (
    ("CloudTrail", "events/s", "cloudtrail", logs.cloudtrail, 60000),
    ("Kubernetes", "events/s", "kubernetes", logs.kubernetes, None),
    ("journal export", "entries/s", "journald", logs.journal, None),
    ("CSV", "rows/s", "csv", logs.table, None),
    ("Linux audit", "records/s", "auditd", logs.audit, 100000),
)
LOG_RECORDS = 500000


def timed(run):
    return Answer(run.seconds, run=run)


class Deeds:
    """Measures, and writes rows into the table."""

    def __init__(self, data, table, runs):
        self.data, self.table, self.runs = data, table, runs
        self.start = data.starter.run

    def measured(self, words, before=None, runs=None):
        """The median of some runs: an Answer."""
        turn = Turn(None, lambda: timed(self.start(words, more=MORE, allowed=(0, 1))), OUR_SECONDS, runs or self.runs, before)
        turn_about([turn])
        if turn.failure:
            raise SystemExit("bench: " + turn.failure)
        return turn.result(warm=False)

    def row(self, name, words, target=None, before=None):
        one = self.measured(words, before)
        self.table.row(name, one.seconds * 1e3, targets=self.table.full_size(target), run=one.run)
        return one

    def rate(self, name, unit, amount, words, target=None, before=None):
        one = self.measured(words, before)
        self.table.row(name, amount / one.seconds, unit, [Target(target)] if target else [], True, one.run)


# ---- ways in ----

def other_logs(deeds):
    for name, unit, product, write, target in LOGS:
        records = write("log", min(LOG_RECORDS, deeds.data.events))
        deeds.rate(name, unit, records, ["auditd-ingest", "-q", "--from", product, "-D", "log.db", "log"], target,
                   lambda: gone("log.db"))
    gone("log", "log.db")


def streams(deeds):
    """What does not end by itself."""
    raw, events, few = deeds.data.raw, deeds.data.events, min(deeds.runs, 3)
    with open(raw, "rb") as file:
        data = file.read(SOCKET_BYTES)
    data = data[:data.rindex(b"\n") + 1]

    def rate(name, unit, amount, took):
        deeds.table.row(name, amount / statistics.median(took() for _ in range(few)), unit, (), True)

    for clients in (1, 8):
        rate("socket, %d client%s" % (clients, "s" * (clients > 1)), "events/s", data.count(b"\n"),
             lambda clients=clients: through.seconds(data, clients))
    rate("--follow", "events/s", events, lambda: through.followed(raw))
    rate("--ack omprog", "lines/s", events, lambda: through.confirmed(raw, events))


# ---- what proof costs ----

def paired(deeds, unhashed):
    """Loads with and without hashing, turn about: the medians of the ratios
    of wall and of processor time."""
    def load(program):
        return Turn(program, lambda: timed(deeds.start([program, "-q", "-D", "paired.db", deeds.data.raw])),
                    OUR_SECONDS, deeds.runs, lambda: gone("paired.db"))

    turns = [load("auditd-ingest"), load(unhashed)]
    turn_about(turns)
    gone("paired.db")
    pairs = list(zip(*(turn.done for turn in turns)))
    return (statistics.median(one.seconds / other.seconds for one, other in pairs),
            statistics.median(one.run.cpu / other.run.cpu for one, other in pairs))


def proof_bytes(store):
    marks = ", ".join("?" * len(PROOF_TABLES))
    with sqlite3.connect(store) as db:
        return db.execute("SELECT sum(pgsize) FROM dbstat WHERE name IN (%s)" % marks, PROOF_TABLES).fetchone()[0]


def proof(deeds, unhashed, verify):
    """verify() asks about the store: once it is signed, before exports add records of themselves."""
    table, events = deeds.table, deeds.data.events
    wall, cpu = paired(deeds, unhashed)
    table.row("load with hashing / without", wall, "times", [Target(1.2)])
    table.row("  the same, processor time", cpu, "times")
    deeds.start(["audit-verify", "-q", "--init-keys"], out="log.pub", more=MORE)
    sign = deeds.start(["audit-verify", "-q", "--sign"], more=MORE)
    table.row("first checkpoint", sign.seconds * 1e3, run=sign)
    try:
        table.row("proof", proof_bytes("events.db") / events, "bytes/event",
                  table.full_size(1.0))
    except sqlite3.OperationalError:
        table.note("bytes of proof: this SQLite has no dbstat")
    verify()
    deeds.row("prove one event", ["audit-verify", "-q", "--prove", str(events // 2)])

    # Not the records of the exports themselves, which are not signed yet.
    proved = ("proved.jsonl", "proved.jsonl.proof")
    deeds.rate("export with proof", "events/s", events,
               ["audit-export", "-q", "--source", "events", "--proof", "-O", proved[0]], None, lambda: gone(*proved))
    deeds.rate("verify the export", "events/s", events, ["audit-verify", "-q", "--key", "log.pub", proved[0]])
    table.row("proof of the export", os.path.getsize(proved[1]) / events, "bytes/event")
    gone(*proved)


# ---- holds and erasures ----

def copied(to, store="events.db"):
    """On the disk, so that what is measured next does not wait for that."""
    gone(to)
    shutil.copy(store, to)
    with open(to, "rb") as file:
        os.fsync(file.fileno())


def lawful(deeds, own, values):
    def fresh():
        copied("lawful.db")

    rare, apply = values["actor"], ("--apply", "--reason", "bench")
    erase = ["audit-erase", "-q", "-D", "lawful.db", "--subject"]
    hold = ["audit-hold", "-q", "-D", "lawful.db"]
    deeds.row("hold a rare actor",
              hold + ["place", "--matter", "bench", "--reason", "bench", "--actor", rare], before=fresh)
    deeds.row("list the holds", hold + ["list", "-o", "jsonl"])
    deeds.row("where a rare person is", erase + [rare], before=fresh)
    # Looking for what is left, which reads all of the store, is an erasure of nobody.
    check = deeds.row("look for what is left", [*erase, "nobody.at.all", *apply], before=fresh)
    few = deeds.measured([*erase, rare, *apply], fresh)
    deeds.table.row("erase a rare person, beside that", (few.seconds - check.seconds) * 1e3,
                    targets=deeds.table.full_size(1000), run=few.run)
    many = own.frequent("actor_id", deeds.data.events // 100)
    deeds.row("erase one in a hundred, with that", [*erase, many, *apply], 20000, fresh)
    gone("lawful.db")
