"""questions: what `make bench` asks, and how each peer is asked the same.

One row a question.  Words with a $ stand for values of the data: $actor, $path,
$address and $request match few events, $busy is an actor of about one event in
250, $since and $until are a day, $cursor is a place four fifths ($deep events)
down the log, $cutoff is the time the oldest fifth ends.  In `sql`, which is for
all peers that take SQL, further such words are put in by each of them, in its
words_of_sql; `peers` has what one of them is asked instead, or None.

The SQL of peers returns whole events where ours does: $row.
"""
from typing import NamedTuple, Optional

DAY = ("2026-04-22", "2026-04-23")
QUARTER = ("2026-07-01", "2026-10-01")
RARE = "XZ-BACKDOOR-7731"
PHRASE = "(rollback|replica) [a-z]+ (exceeded|audit) [a-z]+ override"
DIGITS = "[a-f][0-9]{4}-[0-9]{4}-4[0-9]{3}-"
OUT = "exported"  # a file in the temporary folder
# As journalctl (to the end of a second's last part) and ausearch (to that second) are told of times.
JOURNAL_DAY = ("--since", DAY[0], "--until", DAY[0] + " 23:59:59.999999")
JOURNAL_QUARTER = ("--since", QUARTER[0], "--until", "2026-09-30 23:59:59.999999")
AUSEARCH_DAY = ("-ts", "04/22/26", "00:00:00", "-te", "04/22/26", "23:59:59")
AUSEARCH_QUARTER = ("-ts", "07/01/26", "00:00:00", "-te", "09/30/26", "23:59:59")


class Question(NamedTuple):
    name: str
    ours: str                       # a command as in a shell
    target: Optional[float] = None  # milliseconds, for 5,000,000 events
    sql: Optional[str] = None       # for every peer that takes SQL
    peers: dict = {}                # name of a peer: how it is asked, where that is not `sql`
    beats: dict = {}                # name of a peer: at most so much of its time (of DuckDB's: the whole)
    cold: bool = False              # asked with a cold cache too
    once: bool = False              # asked a peer but once
    apart: tuple = ()               # names of peers whose answers cannot be compared with ours
    out: Optional[str] = None       # its output goes into this file


def grouped(*names):
    names = ", ".join(names)
    return "SELECT %s, count(*) FROM events GROUP BY %s ORDER BY count(*) DESC" % (names, names)


def newest_of(condition, limit=""):
    return "SELECT $row FROM events WHERE %s ORDER BY time DESC%s" % (condition, limit)


def count_of(condition):
    return "SELECT count(*) FROM events WHERE " + condition


# count(DISTINCT ...) is slower, above all in PostgreSQL.
SQL_SUMMARY = "SELECT count(*), min(time), max(time) FROM events;" + "".join(
    "SELECT count(*) FROM (SELECT %s FROM events GROUP BY 1) AS different;" % name
    for name in ("actor_id", "target_path")) + "".join(
    "SELECT %s, count(*) FROM events GROUP BY 1;" % name
    for name in ("outcome", "action", "category", "severity", "$day")) + "".join(
    "SELECT %s, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 10;" % name
    for name in ("actor_id", "target_path"))
# `.[key] += 1` copies the whole object for every event in jq 1.6.
JQ_SUMMARY = "reduce inputs as $e ({}; " + " | ".join(
    ".[$e.%s] = .[$e.%s] + 1" % (name, name) for name in
    ("outcome", "action", "category", "severity", "time[:10]", "actor_id", "target_path")) + ")"
# Where texts are columns of their own, each of them is looked into.
TEXTS = ("tenant category action severity outcome description actor_id actor_type actor_email target_path"
         " user_agent host context::text").split()
# Fields that are no columns of their own in a table with eight columns and the line.
NO_COLUMN = {"sqlite3": None}
EVERYONE = ("sqlite3", "grep", "jq", "duckdb", "postgres", "lnav", "journalctl", "ausearch")

FIND = (
    Question("newest 100", "audit-query -o jsonl -n 100", 15,
             "SELECT $row FROM events ORDER BY time DESC LIMIT 100", cold=True,
             peers={"journalctl": ("-r", "-o", "json", "-n", "100")}),
    Question("one day's slice", "audit-query -o jsonl --since $since --until ${until}T00:00:00Z", 40,
             newest_of("time >= '%s' AND time < '%s'" % DAY), cold=True,
             peers={"jq": 'select(.time >= "%sT" and .time < "%sT")' % DAY,
                    "lnav": "SELECT log_raw_text FROM audit WHERE log_time >= '%s' AND log_time < '%s'" % DAY,
                    "journalctl": ("-r", "-o", "json", *JOURNAL_DAY),
                    "ausearch": ("ausearch", "--raw", *AUSEARCH_DAY)}),
    Question("a page four fifths down", "audit-query -o jsonl -n 100 --cursor $cursor", 15,
             "SELECT $row FROM events ORDER BY time DESC LIMIT 100 OFFSET $deep"),

    Question("one actor, few events", "audit-query -o jsonl --actor $actor", 30,
             newest_of("actor_id = '$actor'"), peers={"journalctl": ("-r", "-o", "json", "ACTOR_ID=$actor")}),
    Question("a busy actor, one quarter", "audit-query -o jsonl --actor $busy --since %s --until %sT00:00:00Z" % QUARTER, None,
             newest_of("actor_id = '$busy' AND time >= '%s' AND time < '%s'" % QUARTER), cold=True,
             peers={"journalctl": ("-r", "-o", "json", *JOURNAL_QUARTER, "ACTOR_ID=$busy"),
                    "ausearch": ("ausearch", "--raw", "-ul", "$auid", *AUSEARCH_QUARTER)}),
    Question("one path, few events", "audit-query -o jsonl target_path=$path", 30,
             newest_of("target_path = '$path'")),
    Question("one address, few events", "audit-query -o jsonl --ip $address", 30,
             newest_of("ip = '$address'")),
    Question("one request id", "audit-query -o jsonl --request-id $request", 30,
             newest_of("request_id = '$request'"), cold=True,
             peers={"sqlite3": "SELECT line FROM events WHERE line LIKE '%\"request_id\":\"$request\"%'",
                    "grep": ("-F", '"request_id":"$request"'),
                    "journalctl": ("-o", "json", "REQUEST_ID=$request")}),
)

COUNT = (
    Question("count, failures from 10/8", "audit-query -c --outcome failure --ip 10.0.0.0/8", 60,
             count_of("outcome = 'failure' AND $from10"), cold=True,
             peers={"jq": 'select(.outcome == "failure" and (.ip | startswith("10.")))'}),
    Question("count, category and severity", "audit-query -c --category SECURITY --severity warning", 60,
             count_of("category = 'SECURITY' AND severity IN ('warning', 'error', 'critical')")),
    Question("count, a payload path", "audit-query -c context.geo.region=eu-west-1", None,
             count_of("$payload = 'eu-west-1'"), peers={"jq": 'select(.context.geo.region == "eu-west-1")'}),

    Question("values of action", "audit-query -o jsonl -F action", 120, grouped("action"), cold=True,
             peers={"lnav": "SELECT action, count(*) FROM audit GROUP BY action ORDER BY count(*) DESC",
                    "journalctl": ("-F", "ACTION")}),
    Question("values of actor_id", "audit-query -o jsonl -F actor_id", 120, grouped("actor_id")),
    Question("values of target_path", "audit-query -o jsonl -F target_path", 120, grouped("target_path")),
    Question("values of ip", "audit-query -o jsonl -F ip", 120, grouped("ip")),
    Question("values of host", "audit-query -o jsonl -F host", 120, grouped("host"),
             {**NO_COLUMN, "ausearch": ("aureport", "--host", "--summary")}, apart=("ausearch",)),
    Question("values of user_agent", "audit-query -o jsonl -F user_agent", 120, grouped("user_agent"), NO_COLUMN),

    Question("full summary", "audit-summary -o json", 20, SQL_SUMMARY,
             {"jq": JQ_SUMMARY, "ausearch": ("aureport", "--summary")}, cold=True,
             apart=EVERYONE),
    Question("values of action and outcome", "audit-query -o jsonl -F action,outcome", None,
             grouped("action", "outcome")),
    Question("summary by actor_id", "audit-summary -o json --by actor_id", 120),
    Question("summary by target_path", "audit-summary -o json --by target_path", 120),
    Question("summary by ip", "audit-summary -o json --by ip", 120),
    Question("a quarter against another", "audit-summary -o json --since %s --until %sT00:00:00Z --compare previous" % QUARTER),
    Question("before and after, by two fields",
             "audit-summary -o json --pivot %s --window 30d --by actor_id,action" % QUARTER[0]),
    Question("30 days, with coverage", "audit-query -o json -n 1 --since 2026-08-20 --until 2026-09-19"),
)

TEXT = (
    Question("rare word", "audit-query -o jsonl -T " + RARE, 50,
             newest_of("$description LIKE '%" + RARE + "%'"), cold=True,
             peers={"sqlite3": newest_of("line LIKE '%" + RARE + "%'"), "grep": ("-F", RARE),
                    "lnav": "SELECT log_raw_text FROM audit WHERE log_body LIKE '%" + RARE + "%'",
                    "journalctl": ("-r", "-o", "json", "-g", RARE)}, beats={"grep": 1}),
    Question("common word, newest 100", "audit-query -o jsonl -n 100 -T rollback", 50,
             newest_of("$description LIKE '%rollback%'", " LIMIT 100")),
    Question("common word in description", "audit-query -c 'description=*rollback*'", None,
             count_of("$description LIKE '%rollback%'"),
             {"grep": ("-F", "rollback"), "journalctl": ("-o", "cat", "-g", "rollback"),
              "lnav": "SELECT count(*) FROM audit WHERE log_body LIKE '%rollback%'"}, {"grep": 2}, cold=True,
             apart=("grep",)),
    Question("common word anywhere", "audit-query -c -T rollback", None,
             count_of(" OR ".join("%s LIKE '%%rollback%%'" % text for text in TEXTS)),
             {"sqlite3": count_of("line LIKE '%rollback%'"), "grep": ("-F", "rollback")}, {"grep": 2}),
    Question("regex in description", "audit-query -c 'description~%s'" % PHRASE, None, None,
             {"duckdb": count_of("regexp_matches(description, '%s')" % PHRASE),
              "sqlite3": count_of("$description REGEXP '%s'" % PHRASE),
              "postgres": count_of("$description ~ '%s'" % PHRASE),
              "lnav": "SELECT count(*) FROM audit WHERE log_body REGEXP '%s'" % PHRASE,
              "journalctl": ("-o", "cat", "-g", PHRASE),
              "grep": ("-P", PHRASE)}, {"grep": 2}),
    Question("regex of common words, line", "audit-query -c -g '%s'" % PHRASE, 3600, None,
             {"grep": ("-P", PHRASE)}, {"grep": 2}),
    Question("regex without words, line", "audit-query -c -g '%s'" % DIGITS, 3600, None,
             {"grep": ("-P", DIGITS)}, {"grep": 2}),
)

ALL = "SELECT $row FROM events ORDER BY time DESC"
SECURITY = "SELECT * FROM events WHERE category = 'SECURITY' ORDER BY time DESC"
EXPORT = (  # each leaves two records in our store: only the first can be compared
    Question("all as JSON lines, to a file", "audit-export -q -o jsonl", 12000, ALL,
             {"duckdb": "COPY (%s) TO '$out' (FORMAT json)" % ALL, "journalctl": ("-r", "-o", "json")},
             {"duckdb": 1 / 3}, out=OUT),
    Question("all as JSON lines, to nothing", "audit-export -q -o jsonl", 12000, ALL,
             {"duckdb": "COPY (%s) TO '$out' (FORMAT json)" % ALL}, {"duckdb": 1 / 3}, apart=EVERYONE),
    Question("SECURITY as CSV, to a file", "audit-export -q -o csv --category SECURITY", None, None,
             {"duckdb": "COPY (%s) TO '$out' (FORMAT csv, HEADER)" % SECURITY,
              "sqlite3": (".mode csv", ".headers on", SECURITY),
              "postgres": "COPY (%s) TO STDOUT (FORMAT csv, HEADER)" % SECURITY}, out=OUT),
)

# A program that does nothing; of those that have a store it is opened.
START = Question("a program's start and end", "audit-query -V", 3, "SELECT 1", {"journalctl": ("--version",)})

# They change the store: asked last, in this order; $store is a copy of ours.
APPEND = Question(
    "append one event, a process", "auditd-ingest -q --source app -D $store", 15,
    "INSERT INTO events SELECT * FROM events LIMIT 1")
PRUNE = Question(
    "prune the oldest fifth", "audit-prune -q -D $store --older-than $span --clock-ok --apply", 2000,
    "DELETE FROM events WHERE time < '$cutoff'", beats={"sqlite3": 0.1, "postgres": 0.1}, once=True)
RECLAIM = Question(
    "give the space back", "audit-prune -q -D $store --reclaim", None, "VACUUM",
    peers={"postgres": "VACUUM FULL events", "duckdb": None}, once=True)

# Against the signed checkpoint; others only look whether their file is whole.
VERIFY = Question("verify the store", "audit-verify -q --key log.pub", 10000,
                  peers={"sqlite3": "PRAGMA integrity_check", "journalctl": ("--verify",)}, apart=EVERYONE)

SECTIONS = (("Finding", FIND), ("Counting", COUNT), ("Text", TEXT), ("Export", EXPORT))
