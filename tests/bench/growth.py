#!/usr/bin/env python3
"""growth: how our costs grow with the store, for bench.

The same events, 0.1 to 10 millions of them: how fast they are stored, how much
space and memory that takes, and what each question of questions.py takes.  The
last column is how many times more the last takes than 1 M: 10 is what grows
with the store, 1 what does not.  Questions with "few events" match ten times as
many in a store ten times as large.
"""
import argparse
import os
import sys

sys.dont_write_bytecode = True
import machine
import results
from own import Ours
from peer import gone
from questions import SECTIONS
from rows import shown
from scene import made, scene
from turns import Turn, turn_about

SIZES = (100000, 300000, 1000000, 3000000, 10000000)
SECONDS = 10  # enough for one figure
FORM = "{:<39}"


class Row:
    """One figure for each size."""

    def __init__(self, section, name, unit="ms", larger=False):
        self.section, self.name, self.unit, self.larger = section, name, unit, larger
        self.values, self.peaks = [], []

    def add(self, value, peak=None):
        self.values.append(value)
        self.peaks.append(peak)


def median(measure, runs, before=None, warm=False):
    turn = Turn(None, measure, SECONDS, runs + warm, before)
    turn_about([turn])
    if turn.failure:
        sys.exit("growth: " + turn.failure)
    return turn.result(warm)


def measure(starter, gen, events, runs, rows):
    """One size: a value for each row."""
    data = made(starter, gen, events)
    own = Ours(data)
    load = median(own.load, runs)
    rows["ingest"].add(events / load.seconds, load.run.peak)
    rows["stored"].add(load.bytes / events)
    values = own.values()
    highest = 0
    for _, questions in SECTIONS:
        for question in questions:
            if question.out:  # twice the space for nothing new
                continue
            answer = median(lambda question=question: own.ask(question, values), runs, warm=True)
            rows[question.name].add(answer.seconds * 1e3, answer.run.peak)
            highest = max(highest, answer.run.peak)
    rows["memory of ingest"].add(load.run.peak)
    rows["memory of questions"].add(highest)
    gone("events.db", "events.jsonl")


def all_rows():
    rows = [Row("Loading", "ingest", "events/s", True), Row("Loading", "stored", "bytes/event")]
    rows += [Row(title, question.name) for title, questions in SECTIONS for question in questions if not question.out]
    rows += [Row("Peak memory", "memory of ingest", "MB"), Row("Peak memory", "memory of questions", "MB")]
    return {row.name: row for row in rows}


def base(sizes):
    """What the last size is held against: 1 M, or else the first."""
    return 1000000 if 1000000 in sizes else sizes[0]


def factor(row, sizes):
    return row.values[-1] / row.values[sizes.index(base(sizes))]


def print_rows(rows, sizes):
    print(FORM.format("") + "".join("{:>10}".format("%g M" % (size / 1e6)) for size in sizes) + "{:>8}".format("x"))
    for row in rows.values():
        name = row.name if row.unit == "ms" else "%s, %s" % (row.name, row.unit)
        print(FORM.format(name) + "".join("{:>10}".format(shown(value)) for value in row.values) +
              "{:>8}".format(shown(factor(row, sizes))))


def main():
    parser = argparse.ArgumentParser(description="how our costs grow with the store")
    parser.add_argument("--sizes", default=SIZES, type=lambda text: [int(size) for size in text.split(",")])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", type=os.path.abspath)
    parser.add_argument("--gen", default="tests/bench/gen", type=os.path.abspath)
    args = parser.parse_args()
    if Ours.missing():
        sys.exit("growth: " + Ours.missing())
    rows, load = all_rows(), [machine.quiet_load()]
    with scene() as starter:
        for events in args.sizes:
            measure(starter, args.gen, events, args.runs, rows)
            print("%g M done" % (events / 1e6), file=sys.stderr, flush=True)
        load.append(machine.load())
        print_rows(rows, args.sizes)
        if args.json:
            results.write(args.json, "growth", Ours.version(), args.runs, load, sizes=args.sizes, base=base(args.sizes),
                          rows=[dict(vars(row), factor=factor(row, args.sizes)) for row in rows.values()])


if __name__ == "__main__":
    main()
