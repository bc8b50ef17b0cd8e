"""remarks: where the time of a row goes that is behind, and what would help.

By name of the row; the manual page has them beside the figures.  A row that
is no longer behind needs none.
"""

REMARKS = {
    "through the socket": "Events that arrive within 50 ms share one commit, and the first of them waits for the"
                          " others: who sends one event and waits pays for that.",
}
