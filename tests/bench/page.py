#!/usr/bin/env python3
"""page: makes audit-performance(7) of the files that bench and growth left.

usage: page.py RESULTS... >man/audit-performance.7

Everything in it comes from these files, from questions.py and remarks.py: the
page in the repository is what this program makes of the files there, and a
test compares them.
"""
import sys
import time

sys.dont_write_bytecode = True
import results
from machine import QUIET
from page_text import AFTER, ABOUT, BEFORE, LIMITS
from page_tables import (behind, by_section, cold_table, growth_table, figures_alone, loading, others, questions_table,
                         targets)
from roff import Page, escaped, large


def in_words(date):
    """2026-11-22: the form of .Dd"""
    day = time.strptime(date, "%Y-%m-%d")
    return time.strftime("%B ", day) + "%d, %d" % (day.tm_mday, day.tm_year)


def millions(events):
    return "%g million events" % (events / 1e6)


def summary(page, benches):
    """How many targets were met, of the largest run."""
    met, missed = targets(benches[0])
    page.text("With %s, %d targets of %d are met." % (millions(benches[0]["events"]), met, met + len(missed)))
    if missed:
        page.text("What is missed is under").line(".Sx WHERE WE ARE BEHIND .")


def conditions(page, files):
    page.list("Bl -tag -width Ds")
    for one in files:
        machine = one["machine"]
        size = millions(one["events"]) if one["kind"] == "bench" else "Growth"
        if one.get("only"):
            size = ", ".join(by_section(one))
        page.item(escaped(size))
        page.text("%s: %s, %d processors, %g GiB of memory, %s, Linux %s, %s; medians of %d runs; load %.1f before and"
                  " %.1f after." % (one["date"], machine["processor"], machine["cores"], machine["memory"],
                                    machine["system"], machine["kernel"], machine["file system"], one["runs"],
                                    one["load"][0], one["load"][-1]))
        page.text("%s." % one["version"])
        if max(one["load"][:1]) >= QUIET:
            page.text("The machine was working on other things too: these figures are for the ratios alone.")
    page.end_list()


def peers(page, bench):
    page.list("Bl -tag -width Ds")
    for one in bench["peers"].values():
        page.item(escaped(one["heading"]))
        page.text("%s. %s" % (one["version"].rstrip("."), one["setup"]))
    page.end_list()
    for name, reason in bench["left_out"].items():
        page.text("%s was left out: %s." % (name, reason))


def figures(page, bench):
    page.section("Ss", large(bench["events"]) + " events")
    page.text("{:,.0f} MB of JSON lines, {:.0f} bytes each.  Where a peer answered the same question, the answers were"
              " compared: they were the same {} times.".format(
                  bench["bytes"] / 1e6, bench["bytes"] / bench["events"], bench["agreed"]))
    loading(page, bench)
    for title in ("Finding", "Counting", "Text", "Export"):
        questions_table(page, bench, title)
    others(page, bench)
    cold_table(page, bench)
    for title in by_section(bench):
        if title not in ("Loading", "Finding", "Counting", "Text", "Export"):
            figures_alone(page, bench, title)


def alone(page, bench):
    """What was measured by itself, at another time."""
    page.section("Ss", "Of %s, by themselves" % large(bench["events"]))
    page.text("Measured in a run of their own, without other programs.")
    for title in by_section(bench):
        figures_alone(page, bench, title)


def main():
    files = [results.read(path) for path in sys.argv[1:]]
    benches = sorted((one for one in files if one["kind"] == "bench" and not one.get("only")),
                     key=lambda one: -one["events"])
    parts = [one for one in files if one["kind"] == "bench" and one.get("only")]
    growths = [one for one in files if one["kind"] == "growth"]
    if not benches:
        sys.exit(__doc__)
    page = Page("audit-performance", 7, in_words(max(one["date"] for one in files)), ABOUT)
    page.section("Sh", "DESCRIPTION").words(BEFORE)
    summary(page, benches)
    page.section("Sh", "METHOD").words(AFTER)
    conditions(page, benches + parts + growths)
    page.section("Ss", "Programs beside ours")
    peers(page, benches[0])
    page.section("Sh", "FIGURES")
    for bench in benches:
        figures(page, bench)
    for part in parts:
        alone(page, part)
    for growth in growths:
        growth_table(page, growth)
    page.section("Sh", "WHERE WE ARE BEHIND")
    for bench in benches[:1] + parts:
        behind(page, bench)
    page.section("Sh", "LIMITS").words(LIMITS)
    page.references(("audit-query", 1), ("audit-store", 5), ("audit-toolkit", 7), ("auditd-ingest", 8))
    print("\n".join(page.lines))


main()
