"""watch: what the bench measures of detection, sessions, formats of other
systems and evidence: deeds of our own programs, beside those of deeds.py."""
import itertools
import json
import os

from deeds import copied, timed
from people import GUESSER, account, people
from peer import gone
from rows import Target
from trail import rules, trail
from turns import OUR_SECONDS, Turn, turn_about

MOST = 1000000      # events of people.db and trail.db
MORE_EVENTS = 1000  # that arrive between two runs of audit-detect
RULES = 400
SIGMA_RATE = MOST / 10  # events in a second: a million in ten
FORMATS = ("ocsf", "ecs", "cef", "leef", "syslog")
CONTROL = "soc2:CC7.2"


def size(deeds):
    return min(deeds.data.events, MOST)


def judged(deeds, limit):
    """A target that is for a million events."""
    return [Target(limit, judged=size(deeds) == MOST)]


def peopled(deeds):
    """people.db, the store of detection, sessions and evidence: made by the first of them."""
    if not os.path.exists("people.db"):
        people("log", size(deeds), 30)
        deeds.start(["auditd-ingest", "-q", "-D", "people.db", "log"])
        gone("log")


# ---- audit-detect ----

def runs_of_rules(deeds, name, store, words, more, targets=()):
    """Rows for the first run, one with nothing new and one with some events
    more, which more() adds to the store watched.db, a copy of the other."""
    command = ["audit-detect", "-q", "-D", "watched.db", *words]
    first = deeds.measured(command, lambda: copied("watched.db", store))
    deeds.table.row(name + ", first run", size(deeds) / first.seconds, "events/s", targets, True, first.run)
    deeds.row(name + ", nothing new", command)
    deeds.row("{}, {:,} more".format(name, MORE_EVENTS), command, before=more)


def arriving(deeds, write, *how):
    """Adds events to watched.db when it is called: write() makes the n-th lot of them."""
    lots = itertools.count(1)

    def arrive():
        write("more", MORE_EVENTS, next(lots))
        deeds.start(["auditd-ingest", "-q", *how, "-D", "watched.db", "more"])

    return arrive


def detection(deeds):
    peopled(deeds)
    arrive = arriving(deeds, lambda path, n, lot: people(path, n, 0.001, 1 + lot))
    for name in ("first-seen", "login-lockout"):
        runs_of_rules(deeds, name, "people.db", ["--rules", name], arrive)
    for name, address, code in (("locked out? yes", GUESSER, 0), ("locked out? no", "192.0.2.1", 1)):
        one = deeds.measured(["audit-detect", "-q", "-D", "watched.db", "--locked", account(0), address])
        if one.run.code != code:
            raise SystemExit("bench: %s: audit-detect --locked says something else" % name)
        deeds.table.row(name, one.seconds * 1e3, targets=[Target(5)], run=one.run)
    gone("more", "watched.db")


def sigma(deeds):
    trail("log", size(deeds))
    deeds.start(["auditd-ingest", "-q", "--from", "cloudtrail", "-D", "trail.db", "log"])
    gone("log")
    rules("rules.yml", RULES)
    arrive = arriving(deeds, lambda path, n, lot: trail(path, n, size(deeds) + lot * n), "--from", "cloudtrail")
    runs_of_rules(deeds, "%d rules" % RULES, "trail.db", ["--rules", "rules.yml"], arrive, judged(deeds, SIGMA_RATE))
    gone("more", "rules.yml", "trail.db", "watched.db")


# ---- audit-sessions ----

def sessions(deeds):
    peopled(deeds)
    for name, words in (("in use, as a table", ("-o", "table")), ("in use, as JSON lines", ("-o", "jsonl")),
                        ("all of one user", ("-o", "jsonl", "--all", "--user", account(7)))):
        one = deeds.measured(["audit-sessions", "-q", "-D", "people.db", *words])
        deeds.table.row(name, one.seconds * 1e3, targets=judged(deeds, 300), run=one.run)
    deeds.row("all", ["audit-sessions", "-q", "-D", "people.db", "-o", "jsonl", "--all"])


# ---- audit-export ----

def formats(deeds):
    """Everything to nothing, in turns; each format may take twice as long as JSON lines."""
    names = ("jsonl",) + FORMATS
    turns = [Turn(name, lambda name=name: timed(deeds.start(["audit-export", "-q", "-D", "given.db", "-o", name])),
                  OUR_SECONDS, deeds.runs) for name in names]
    copied("given.db")
    turn_about(turns)
    gone("given.db")
    rate = {}
    for turn in turns:
        if turn.failure:
            raise SystemExit("bench: " + turn.failure)
        one = turn.result(warm=True)
        rate[turn.who] = deeds.data.events / one.seconds
        targets = [Target(rate["jsonl"] / 2, "jsonl", 0.5)] if turn.who != "jsonl" else []
        deeds.table.row("everything as " + turn.who, rate[turn.who], "events/s", targets, True, one.run)


def evidence(deeds):
    peopled(deeds)
    copied("proved.db", "people.db")
    verify = ["audit-verify", "-q", "-D", "proved.db"]
    deeds.start(verify + ["--init-keys"], out="pack.pub")
    deeds.start(verify + ["--sign"])
    pack = "pack.tar.zst"
    made = deeds.measured(["audit-export", "-q", "-D", "proved.db", "--evidence", CONTROL, "-O", pack], lambda: gone(pack))
    deeds.start(["audit-verify", "--key", "pack.pub", "-o", "json", pack], out="said")
    with open("said", encoding="utf-8") as said:
        events = json.load(said)[0]["events"]
    deeds.table.row("pack for " + CONTROL, events / made.seconds, "events/s", (), True, made.run)
    deeds.rate("verify the pack", "events/s", events, ["audit-verify", "-q", "--key", "pack.pub", pack])
    deeds.table.row("the pack", os.path.getsize(pack) / events, "bytes/event")
    gone(pack, "said", "proved.db")
