"""remarks: where the time of a row goes that is behind, and what would help.

By name of the row; the manual page has them beside the figures.  A row that
is no longer behind needs none.
"""

REMARKS = {
    "through the socket": "Events that come together share one commit, and behind it the disk has as long a rest as it"
                          " took: who sends one event at a time and waits for each answer waits for that too.",
}
