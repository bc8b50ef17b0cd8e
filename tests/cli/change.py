"""change: holds a comparison of audit-summary against a naive model.

    change.py MODEL.jsonl ANSWER.json BEFORE-SINCE BEFORE-UNTIL AFTER-SINCE AFTER-UNTIL FIELD...

The model reads each line, counts in dictionaries, and adds the binomial's
terms as exact fractions; no word of the programs' own code is in it.  Prints
"ok" or what differs.
"""
import json
import math
import sys
from collections import Counter
from datetime import datetime
from fractions import Fraction

from events import micros


def moment(text):
    return micros(datetime.fromisoformat(text.replace("Z", "+00:00")))


def chance(before, before_span, after, after_span):
    n = before + after
    if n == 0 or before_span == 0 or after_span == 0:
        return 1.0
    share = Fraction(after_span, before_span + after_span)
    a, b = share.numerator, share.denominator - share.numerator
    term = [math.comb(n, k) * a ** k * b ** (n - k) for k in range(n + 1)]
    least = min(sum(term[:after + 1]), sum(term[after:]))
    return float(min(1, 2 * Fraction(least, share.denominator ** n)))


def discoveries(tests):
    """The names of tests that the procedure of Benjamini and Hochberg finds at 0.05."""
    ranked = sorted(tests.items(), key=lambda test: test[1])
    found = [rank for rank, (_, p) in enumerate(ranked, 1) if p <= rank / len(ranked) * 0.05]
    last = ranked[found[-1] - 1][1] if found else -1
    return {name for name, p in tests.items() if p <= last}


def kind(before, before_failed, after, after_failed, much, fails, spans):
    sense = after_failed * before - before_failed * after
    if fails and sense > 0:
        return "failing"
    if much and before == 0:
        return "new"
    if much and after == 0:
        return "vanished"
    if fails and sense < 0:
        return "recovered"
    if much:
        return "more" if after * spans[0] > before * spans[1] else "less"
    return "none"


def value(event, field):
    got = event
    for key in field.split("."):
        got = got.get(key) if isinstance(got, dict) else None
    if isinstance(got, bool):
        return "true" if got else "false"
    return "" if got is None else str(got)


def count(lines, since, until, fields):
    all_of, failed = Counter(), Counter()
    for event in lines:
        if since <= moment(event["time"]) < until:
            group = tuple(value(event, field) for field in fields)
            all_of[group] += 1
            failed[group] += event.get("outcome") == "failure"
    return all_of, failed


def wrong(what, got, wanted):
    print("%s: %r, wanted %r" % (what, got, wanted))
    sys.exit(1)


def chances(numbers, spans):
    return (chance(numbers[0], spans[0], numbers[2], spans[1]),
            chance(numbers[1], numbers[0], numbers[3], numbers[2]))


def judge(got, numbers, spans, what, much, fails):
    p, failed_p = chances(numbers, spans)
    for key, wanted in (("p", p), ("failed_p", failed_p)):
        if abs(got[key] - wanted) > 1e-5 * wanted + 1e-300:
            wrong("%s of %s" % (key, what), got[key], wanted)
    if got["change"] != kind(*numbers, much, fails, spans):
        wrong("the change of %s" % (what,), got["change"], kind(*numbers, much, fails, spans))
    if numbers[0] == 0:
        ratio = None
    else:
        ratio = numbers[2] / spans[1] / (numbers[0] / spans[0])
    if ratio is None or got["ratio"] is None:
        if got["ratio"] is not ratio:
            wrong("the ratio of %s" % (what,), got["ratio"], ratio)
    elif abs(got["ratio"] - ratio) > 1e-5 * ratio:
        wrong("the ratio of %s" % (what,), got["ratio"], ratio)
    return min(p, failed_p)


def check(lines, answer, periods, fields):
    order = ["failing", "new", "vanished", "more", "less", "recovered", "none"]
    spans = [periods[1] - periods[0], periods[3] - periods[2]]
    before, before_failed = count(lines, periods[0], periods[1], fields)
    after, after_failed = count(lines, periods[2], periods[3], fields)
    for name, side, failed, since, until in (("before", before, before_failed, *periods[:2]),
                                             ("after", after, after_failed, *periods[2:])):
        got = answer[name]
        hours = (until - since) / 3600e6
        for key, wanted in (("since", since), ("until", until)):
            if moment(got[key]) != wanted:
                wrong("%s of %s" % (key, name), moment(got[key]), wanted)
        for key, wanted in (("total_events", sum(side.values())), ("failed_events", sum(failed.values())),
                            ("seconds", (until - since) / 1e6)):
            if got[key] != wanted:
                wrong("%s of %s" % (key, name), got[key], wanted)
        for key, wanted in (("events_per_hour", sum(side.values()) / hours),
                            ("failures_per_hour", sum(failed.values()) / hours)):
            if abs(got[key] - wanted) > 1e-5 * wanted:
                wrong("%s of %s" % (key, name), got[key], wanted)
    total = (sum(before.values()), sum(before_failed.values()), sum(after.values()), sum(after_failed.values()))
    p, failed_p = chances(total, spans)
    judge(answer, total, spans, "everything", p <= 0.05, failed_p <= 0.05)
    tests = {group: chances((before[group], before_failed[group], after[group], after_failed[group]), spans)
             for group in set(before) | set(after)}
    much = discoveries({group: test[0] for group, test in tests.items()})
    fails = discoveries({group: test[1] for group, test in tests.items()})
    seen, last = set(), (0, 0.0)
    for row in answer["groups"]:
        group = tuple(row[field] for field in fields)
        numbers = (before[group], before_failed[group], after[group], after_failed[group])
        if tuple(row[key] for key in ("before", "before_failed", "after", "after_failed")) != numbers:
            wrong("the counts of %s" % (group,), row, numbers)
        least = judge(row, numbers, spans, group, group in much, group in fails)
        place = (order.index(row["change"]), least * (1 + 1e-9))
        if place[0] < last[0] or (place[0] == last[0] and place[1] < last[1] * (1 - 1e-6)):
            wrong("the order of %s" % (group,), place, last)
        last = place
        seen.add(group)
    if seen != set(tests) or len(seen) != len(answer["groups"]):
        wrong("the groups", len(answer["groups"]), len(tests))
    return len(seen)


def main():
    with open(sys.argv[1], encoding="utf-8") as lines, open(sys.argv[2], encoding="utf-8") as answer:
        groups = check([json.loads(line) for line in lines], json.load(answer), [moment(t) for t in sys.argv[3:7]],
                       sys.argv[7:])
    print("ok" if groups else "no groups")


main()
