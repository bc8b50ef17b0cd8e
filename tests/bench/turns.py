"""turns: measures several programs turn about, A B A B, and takes medians.

A machine is faster in one minute than in another; ratios of what was measured
turn about hold all the same.
"""
import statistics
import time

from peer import Failed, Run

# Enough for one row: no further run begins.  More for those whose figure is a limit for ours.
OUR_SECONDS, JUDGED_SECONDS, THEIR_SECONDS = 20, 25, 8


class Turn:
    """One that is measured: measure() gives an Answer or Load, or None."""

    def __init__(self, who, measure, seconds, runs, before=None):
        self.who, self.measure, self.seconds, self.runs, self.before = who, measure, seconds, runs, before
        self.done = []
        self.spent = 0
        self.failure = None

    def wants(self):
        return len(self.done) < self.runs and self.spent < self.seconds and self.failure is None

    def once(self):
        try:
            if self.before:
                self.before()
            start = time.perf_counter()
            result = self.measure()
            self.spent += time.perf_counter() - start
        except Failed as failure:
            self.failure = str(failure)
            return
        if result is None:
            self.runs = 0
        else:
            self.done.append(result)

    def result(self, warm):
        """The medians; without the first, that was to warm up."""
        if not self.done:
            return None
        first, counted = self.done[0], self.done[1:] if warm and len(self.done) > 1 else self.done
        kept = {"seconds": statistics.median(one.seconds for one in counted)}
        if getattr(first, "inside", None) is not None:
            kept["inside"] = statistics.median(one.inside for one in counted)
        if first.run is not None:
            kept["run"] = Run(statistics.median(one.run.seconds for one in counted),
                              statistics.median(one.run.cpu for one in counted),
                              max(one.run.peak for one in counted), first.run.code)
        return first._replace(**kept)


def turn_about(turns):
    while any(turn.wants() for turn in turns):
        for turn in turns:
            if turn.wants():
                turn.once()
