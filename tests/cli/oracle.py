"""oracle: random filters over random events, the programs against a naive filter.

usage: oracle.py --events N --commits K --filters N --seed S

Makes a store in $AUDIT_DB by K runs of auditd-ingest of very different sizes,
so that some events lie in the tail, some in segments, some in merged ones,
and late ones overlap in time.  Then every filter is asked of the store and
of the lines themselves (-i): the ids in order, newest or oldest first, with
and without a limit, and the count.
"""
import argparse
import json
import os
import random
import subprocess
import sys

import events as ev

LINES = "lines.jsonl"


def fail(*what):
    print(*what)
    sys.exit(1)


def program(*arguments, good=(0,)):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in good:
        fail("status", done.returncode, arguments, done.stderr.decode("utf-8", "replace"))
    return done


def pieces(rng, events, commits):
    """Cuts of very different sizes, none empty; the last one small, for the tail."""
    last = len(events) - len(events) // 40
    sizes = [int(rng.paretovariate(0.4)) for _ in range(commits - 1)]
    position = 0
    for size in sizes:
        size = min(size, (last - position) // 2)
        if size > 0:
            yield events[position:position + size]
            position += size
    yield events[position:last]
    yield events[last:]


def build(rng, events, commits):
    for piece in pieces(rng, events, commits):
        ev.write_lines("piece.jsonl", piece)
        program("auditd-ingest", "piece.jsonl")
    ev.write_lines(LINES, events)


def same_content(stored, event):
    """What came out is what went in."""
    stored = {k: v for k, v in stored.items() if k != "ingested"}
    wanted = {k: v for k, v in event.items() if k != "us"}
    return stored == wanted and list(stored) == [f for f in ev.FIELDS if f in stored]


def check_everything(events):
    out = program("audit-query", "-r", "-o", "jsonl").stdout.decode()
    lines = out.split("\n")[:-1]
    wanted = sorted(events, key=lambda e: e["us"])
    if len(lines) != len(wanted):
        fail("%d events came out, %d went in" % (len(lines), len(wanted)))
    for line, event in zip(lines, wanted):
        if not same_content(json.loads(line), event):
            fail("came out as", line, "went in as", event)


def ids(out):
    return [line[7:line.index('"', 7)] for line in out.decode().split("\n")[:-1]]


def check_filter(rng, events, oldest_first):
    arguments, chosen = ev.random_filter(rng, events)
    wanted = [e["id"] for e in filter(ev.selector(chosen), oldest_first)]
    count = len(wanted)
    how = []
    if rng.random() < 0.5:
        how.append("-r")
    else:
        wanted.reverse()
    if rng.random() < 0.5:
        limit = rng.choice([1, 2, 10, 100, 5000])
        how += ["-n", str(limit)]
        wanted = wanted[:limit]
    for where in ([], ["-i", LINES]):
        words = ["audit-query", "-o", "jsonl"] + where + how + arguments
        done = program(*words, good=(0, 1))
        got = ids(done.stdout)
        if got != wanted:
            first = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
            fail(words, "\ngot %d ids, wanted %d of %d; first difference at %d: %s, wanted %s" % (
                len(got), len(wanted), count, first, got[first:first + 2], wanted[first:first + 2]))
        if done.returncode != (0 if wanted else 1):
            fail(words, "ended with", done.returncode, "after", len(got))
    words = ["audit-query", "-c"] + arguments
    got = program(*words, good=(0, 1)).stdout.decode().strip()
    if got != str(count):
        fail(words, "counted", got, "wanted", count)
    return count


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("events", 3000), ("commits", 12), ("filters", 100), ("seed", 1)):
        parser.add_argument("--" + name, type=int, default=default)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    events = ev.random_events(rng, args.events)
    build(rng, events, args.commits)
    for event in events:
        event["us"] = ev.micros(ev.datetime.fromisoformat(event["time"].replace("Z", "+00:00")))
    check_everything(events)
    oldest_first = sorted(events, key=lambda e: e["us"])
    counts = [check_filter(rng, events, oldest_first) for _ in range(args.filters)]
    some = sum(1 for count in counts if 0 < count < len(events))
    if some * 3 < len(counts):
        fail("only %d of %d filters selected some but not all" % (some, len(counts)))


if __name__ == "__main__":
    os.environ.setdefault("AUDIT_DB", "events.db")
    main()
