"""remarks: where the time of a row goes that is behind, and what would help.

By name of the row; the manual page has them beside the figures.  A row that
is no longer behind needs none.
"""

GROUPED = "A full summary, and then the values once more."
DIALECT = ("Over half of the time is what JSON lines do not need: deciding what goes where, and looking through each text for"
           " what the format writes in another way.")

REMARKS = {
    "ingest": "A fifth of the processors' time is SHA-256, a tenth zstd, an eighth the search for secrets; the rest is"
              " scanning, dictionaries and filters.  DuckDB does not hash and does not redact.  Both processors are busy:"
              " with more of them segments are built beside each other.",
    "stored": "Two random UUIDs take 32 bytes of each event here as there, and texts most of the rest.  A denser level of"
              " zstd for payloads would save some 3 bytes, at 0.4 of the speed with which they are compressed.",
    "one day's slice": "A quarter is starting and opening the store; of the two or three segments around the day all columns"
                       " are decoded whole.",
    "one actor, few events": "Each event lies in a segment of its own, and to reach one row of a column of UUIDs SQLite"
                             " walks through the megabyte before it.  Columns of UUIDs in blocks would close it.",
    "a busy actor, one quarter": "The events are spread over all blocks of texts of the quarter's segments, so that all are"
                                 " decompressed, which is over half of the time.  Smaller blocks would help here and cost"
                                 " where texts are searched, a tenth to a third.",
    "count, failures from 10/8": "Most of it is decoding the dictionary and the codes of addresses in each segment.",
    "values of target_path": "Each segment has tens of thousands of paths, and looking each of them up in the union is"
                             " most of the time.  A dictionary of the whole store would close it, and make the"
                             " programs that write wait for each other.",
    "full summary": "Exact numbers of different identities and resources mean that the dictionaries of all segments are"
                    " united, which is most of the time.  A dictionary of the whole store would close it, and make the"
                    " programs that write wait for each other.",
    "summary by actor_id": GROUPED,
    "summary by target_path": GROUPED,
    "summary by ip": GROUPED,
    "rare word": "The filter of trigrams leaves the segments that have all of the word's, and there the descriptions are"
                 " decompressed, which is most of the time.",
    "common word, newest 100": "A process starts, opens the store and reads the newest segment: the question itself takes"
                               " a few milliseconds.",
    "one request id": "The filter of ids is asked in each segment: more of the time goes to starting and opening with one"
                      " million events, to the filters with five.",
    "count, category and severity": "Half of it is starting and opening the store.",
    "values of actor_id": "Dictionaries of all segments are united, with few segments by few threads.",
    "common word anywhere": "rg searches the bytes as they lie there; ours are decompressed first.",
    "highest peak memory of these": "Groups by path: 200,000 different values are held by each thread, and once more where"
                                    " they come together.  All that does not group by such a field stays below.",
    "prune the oldest fifth": "What is removed is overwritten with zeros, under a journal of what was there: some 170 MB"
                              " are written.  Others mark rows and leave the bytes.",
    "with a store of one event": "Over half is the dynamic linking of a dozen libraries.",
    "a program's start and end": "The dynamic linking of a dozen libraries.",
    "append one event, a process": "Five waits for the disk, without which a loss of power could undo an event that was"
                                   " acknowledged; sqlite3 with synchronous=FULL has four.",
    "load with hashing / without": "What is beside the hashing became faster.",
    "through the socket": "Events that come together share one commit, and behind it the disk has as long a rest as it"
                          " took: who sends one event at a time and waits for each answer waits for that too.",
    **{"everything as " + name: DIALECT for name in ("ocsf", "ecs", "cef", "leef", "syslog")},
}
