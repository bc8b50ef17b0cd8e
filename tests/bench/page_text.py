"""page_text: the words of audit-performance(7) that do not change with the figures."""

ABOUT = "what the programs cost, measured beside others"

BEFORE = (
    "How fast events are stored, how much space they take and how long questions take, measured beside what one would"
    " use instead: the same events, the same questions, the same machine, in one run.  This page is made from the"
    " files that the measuring left; none of its figures is typed.",
    "Figures are milliseconds where nothing else is said.  A figure of ours with ! misses a target of its row.  ~ is"
    " before what was measured on a sample and multiplied; running is DuckDB asked in a process that is up, where"
    " everything else is a whole process.",
)

AFTER = (
    "The target bench of the build, which needs no more than Python, makes the events, has every program load them and asks the questions.  The events are generated:"
    " 20,000 actors, 120 actions, 200,000 paths and 50,000 addresses of which few make up most (Zipf), days with"
    " office hours, one event in a hundred late, descriptions of 5 to 14 words, a payload of four to eight values.",
    "Whole processes are measured: start, work and end.  Programs are measured turn about, ours and each of the"
    " others, and a figure is the median of several runs after one that is not counted, fewer where they take long."
    "  Output goes to nothing, or to a file in the same folder for all.  Our own ingest has redaction, hashing and"
    " durability on.  With a cold cache the files were dropped from the page cache before each run, and it was looked"
    " whether they were gone; the programs themselves stay in memory.",
    "Of DuckDB two figures are given: of the question alone, in a process that is up, has the database open and has"
    " answered the question before, and of a whole process.  Targets are taken from the first, although ours are"
    " of whole processes: a load of at least 1.5 times the speed of DuckDB's and 12 times that of sqlite3, at most"
    " 0.65 of the bytes of DuckDB, every question in at most the time of DuckDB, rare text in at most that of ripgrep"
    " and other text in twice that, everything exported in a third of the time that DuckDB takes, a fifth pruned in a"
    " tenth of what deleting rows takes.  Other targets are absolute.",
)

LIMITS = (
    "One machine, and events that a program made: real ones repeat more, or less.  The machine is a virtual one, whose"
    " figures differ by a fifth from hour to hour; ratios of programs measured turn about hold better.",
    "Others were set up as their manuals advise for such a use, and not tuned beyond that; each has features that"
    " these questions do not ask for.  None of them hashes, signs or redacts what it stores.  An index answers what it"
    " was made for at once, whatever the size: sqlite3 and PostgreSQL are quicker there, and pay when loading.",
    "Samples are multiplied as if twice the events took twice the time, which is kind to programs that get slower as"
    " they grow.",
    "Verifying, of others, is looking whether the file is whole; ours makes every hash again from what is stored, and"
    " holds it against a signature.",
)

# About tables, by their section.
TABLES = {
    "Detection": "audit-detect over events of some thousand people who sign in and work, and of a few who guess a password:"
                 " as many as above, but not more than a million.  The first run writes alerts of them all; then there is"
                 " nothing new; then a thousand have arrived.",
    "Sigma rules": "Rules in the Sigma format, made for this, in one pass over as many events of CloudTrail, but not more"
                   " than a million.  Half of them name calls, others ask for parts of texts, networks, expressions, what"
                   " is not there; some match often, some rarely, some never.",
    "Sessions": "Of the events of detection, which have some 75,000 sessions in a million.",
    "Formats of other systems": "Everything, to nothing, turn about.  The target is half the speed of JSON lines.",
    "Evidence": "A pack of what concerns a control, of the events of detection; the figures are of the events in it.",
}
