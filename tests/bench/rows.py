"""rows: the table that the bench prints, and keeps for its results file.

A row is one figure of ours, what it is to be held against, and the same figure
of those peers that have it.  Limits are absolute, or come from a peer's figure
in the same run.
"""
import re
from typing import NamedTuple, Optional

MEMORY_QUERY = 64  # MB
FULL_SIZE = 5000000  # events that limits of time are for
FORM = "{:<37}{:>10}  {:<20}{:<7}{:>8}{:>6}"


class Target(NamedTuple):
    limit: float
    of: str = ""                     # the peer that it comes from, or what of ours is called so
    factor: Optional[float] = None   # of that figure
    judged: bool = True


class Theirs(NamedTuple):
    value: float
    inside: Optional[float] = None   # in a running process
    estimated: bool = False


def shown(value):
    return "{:,.{}f}".format(value, 0 if value >= 1000 else 1 if value >= 10 else 2)


def ratio(ours, theirs, larger):
    """How many times better ours is."""
    return "%s x" % shown(ours / theirs if larger else theirs / ours)


class Table:
    def __init__(self, headings, events, only):
        self.headings, self.events, self.only = headings, events, only
        self.rows = []
        self.title = ""

    def wants(self, name, title=None):
        """Whether --only lets this row be measured, for itself or for its section."""
        return not self.only or any(re.search(self.only, text, re.I) for text in (name, title or self.title))

    def section(self, title):
        """Returns True, so that it can stand in conditions."""
        self.title = title
        print("\n" + FORM.format(title.upper(), "ours", "target", "", "CPU ms", "MB ").rstrip(), flush=True)
        return True

    def note(self, words):
        print("    " + words, flush=True)

    def full_size(self, limit):
        """A limit of time for a question: it says nothing when there are fewer events."""
        return [] if limit is None else [Target(limit, judged=self.events >= FULL_SIZE)]

    def row(self, name, value, unit="ms", targets=(), larger=False, run=None, theirs=None, cold=None):
        """theirs: peers' names and figures; run: one of ours; cold: the same of ours, and theirs, with a cold cache."""
        theirs = theirs or {}
        judged = [{**target._asdict(), "met": (value >= target.limit if larger else value <= target.limit)}
                  for target in targets]
        self.rows.append({
            "section": self.title, "name": name, "unit": unit, "value": value, "larger": larger, "targets": judged,
            "cpu": run and run.cpu * 1e3, "peak": run and run.peak, "cold": cold,
            "peers": {peer: one._asdict() for peer, one in theirs.items()}})
        self.print_row(self.rows[-1])
        if theirs:
            self.note("  ".join(self.of_peer(peer, one, value, larger) for peer, one in theirs.items()))
        if cold:
            self.note("cold: " + ", ".join("%s %s" % (self.headings.get(peer, peer), shown(ms))
                                           for peer, ms in cold.items()))

    def print_row(self, row):
        limit, verdict = strictest(row, self.headings)
        name = row["name"] if row["unit"] == "ms" else "%s, %s" % (row["name"], row["unit"])
        cpu = "" if row["cpu"] is None else shown(row["cpu"])
        peak = "" if row["peak"] is None else "%.0f%s" % (row["peak"], "!" if row["peak"] > MEMORY_QUERY else " ")
        print(FORM.format(name, shown(row["value"]), limit, verdict, cpu, peak).rstrip(), flush=True)

    def of_peer(self, peer, one, ours, larger):
        """sqlite3 ~31.0 (4.4 x), running 20.1 (2.8 x)"""
        words = "%s %s%s (%s)" % (self.headings[peer], "~" if one.estimated else "", shown(one.value),
                                  ratio(ours, one.value, larger))
        if one.inside is not None:
            words += ", running %s (%s)" % (shown(one.inside), ratio(ours, one.inside, larger))
        return words

    def verdicts(self):
        """How many targets were met, and sentences about those missed."""
        met, missed = 0, []
        for row in self.rows:
            for target in row["targets"]:
                if not target["judged"]:
                    continue
                if target["met"]:
                    met += 1
                    continue
                whose = self.headings.get(target["of"], target["of"])
                of = "" if not whose else " (%.3g x %s)" % (target["factor"], whose)
                missed.append("%s: %s, not %s %s%s: %s" % (
                    row["name"], shown(row["value"]), ">=" if row["larger"] else "<=", shown(target["limit"]), of,
                    ratio(row["value"], target["limit"], row["larger"])))
        return met, missed


def strictest(row, headings):
    """The hardest of a row's targets, and the verdict over all of them."""
    if not row["targets"]:
        return "", ""
    pick = max if row["larger"] else min
    target = pick(row["targets"], key=lambda one: (one["limit"]))
    words = "%s %s %s" % (">=" if row["larger"] else "<=", shown(target["limit"]), headings.get(target["of"], target["of"]))
    judged = [one["met"] for one in row["targets"] if one["judged"]]
    return words.strip(), "" if not judged else "met" if all(judged) else "MISSED"
