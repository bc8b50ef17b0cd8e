"""questions: what `make bench` asks, and how each peer is asked the same.

One row a question.  $actor, $path, $address and $request stand for values of
the data that match few events, $cursor for a place four fifths down the log,
$since and $until for a day.  Targets are milliseconds (or, for `rate`, GB of
raw lines a second) and hold for 5,000,000 events.
"""
from typing import NamedTuple, Optional

DAY = ("2026-04-22", "2026-04-23")
RARE = "XZ-BACKDOOR-7731"
PHRASE = "(rollback|replica) [a-z]+ (exceeded|audit) [a-z]+ override"
DIGITS = "[a-f][0-9]{4}-[0-9]{4}-4[0-9]{3}-"


class Question(NamedTuple):
    name: str
    ours: str                     # words, separated by blanks
    target: Optional[float] = None
    sql: Optional[str] = None     # for the sqlite3 shell
    grep: Optional[tuple] = None  # -F or -P, and what lines are counted
    jq: Optional[str] = None
    rate: bool = False            # in GB of raw lines a second
    raw: Optional[tuple] = None   # words with blanks in them, put behind `ours`


SQL_DAY = "SELECT line FROM events WHERE time >= '%sT' AND time < '%sT' ORDER BY time DESC" % DAY
SQL_SUMMARY = "SELECT count(*), min(time), max(time) FROM events;" + "".join(
    "SELECT %s, count(*) FROM events GROUP BY 1;" % name
    for name in ("outcome", "action", "category", "severity", "substr(time, 1, 10)")) + "".join(
    "SELECT %s, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 10;" % name
    for name in ("actor_id", "target_path"))
# `.[key] += 1` copies the whole object for every event in jq 1.6.
JQ_SUMMARY = "reduce inputs as $e ({}; " + " | ".join(
    ".[$e.%s] = .[$e.%s] + 1" % (name, name) for name in
    ("outcome", "action", "category", "severity", "time[:10]", "actor_id", "target_path")) + ")"


def grouped(name):
    return "SELECT %s, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC" % name


QUESTIONS = (
    Question("newest 100", "audit-query -o jsonl -n 100", 15,
             "SELECT line FROM events ORDER BY time DESC LIMIT 100"),
    Question("one day's slice", "audit-query -o jsonl --since $since --until ${until}T00:00:00Z", 40, SQL_DAY,
             jq='select(.time >= "%sT" and .time < "%sT")' % DAY),
    Question("a page four fifths down, by cursor", "audit-query -o jsonl -n 100 --cursor $cursor", 15),

    Question("one actor, few events", "audit-query -o jsonl --actor $actor", 30,
             "SELECT line FROM events WHERE actor_id = '$actor' ORDER BY time DESC"),
    Question("one path, few events", "audit-query -o jsonl target_path=$path", 30,
             "SELECT line FROM events WHERE target_path = '$path' ORDER BY time DESC"),
    Question("one address, few events", "audit-query -o jsonl --ip $address", 30,
             "SELECT line FROM events WHERE ip = '$address' ORDER BY time DESC"),
    Question("one request id", "audit-query -o jsonl --request-id $request", 30,
             grep=("-F", '"request_id":"$request"')),

    Question("count, failures from 10/8", "audit-query -c --outcome failure --ip 10.0.0.0/8", 60,
             "SELECT count(*) FROM events WHERE outcome = 'failure' AND ip GLOB '10.*'",
             jq='select(.outcome == "failure" and (.ip | startswith("10.")))'),
    Question("count, category and severity", "audit-query -c --category SECURITY --severity warning", 60,
             "SELECT count(*) FROM events WHERE category = 'SECURITY'"
             " AND severity IN ('warning', 'error', 'critical')"),
    Question("count, a payload path", "audit-query -c context.geo.region=eu-west-1", None,
             "SELECT count(*) FROM events WHERE json_extract(line, '$.context.geo.region') = 'eu-west-1'",
             jq='select(.context.geo.region == "eu-west-1")'),

    Question("values of action", "audit-query -o jsonl -F action", 120, grouped("action")),
    Question("values of actor_id", "audit-query -o jsonl -F actor_id", 120, grouped("actor_id")),
    Question("values of target_path", "audit-query -o jsonl -F target_path", 120, grouped("target_path")),
    Question("values of ip", "audit-query -o jsonl -F ip", 120, grouped("ip")),
    Question("values of host", "audit-query -o jsonl -F host", 120),
    Question("values of user_agent", "audit-query -o jsonl -F user_agent", 120),

    Question("full summary", "audit-summary -o json", 60, SQL_SUMMARY, jq=JQ_SUMMARY),
    Question("summary by action", "audit-summary -o json --by action", 120),
    Question("summary by actor_id", "audit-summary -o json --by actor_id", 120),
    Question("summary by target_path", "audit-summary -o json --by target_path", 120),
    Question("summary by ip", "audit-summary -o json --by ip", 120),
    Question("summary by host", "audit-summary -o json --by host", 120),
    Question("summary by user_agent", "audit-summary -o json --by user_agent", 120),
    Question("30 days, with coverage", "audit-query -o json -n 1 --since 2026-08-20 --until 2026-09-19"),

    Question("rare word", "audit-query -o jsonl -T " + RARE, 50,
             "SELECT line FROM events WHERE line LIKE '%" + RARE + "%'", ("-F", RARE)),
    Question("common word, newest 100", "audit-query -o jsonl -n 100 -T rollback", 50,
             "SELECT line FROM events WHERE line LIKE '%rollback%' ORDER BY time DESC LIMIT 100"),
    Question("common word, count", "audit-query -c -T rollback", None,
             "SELECT count(*) FROM events WHERE line LIKE '%rollback%'", ("-F", "rollback")),
    Question("regex of common words, GB/s", "audit-query -c -g", 1, grep=("-P", PHRASE),
             rate=True, raw=(PHRASE,)),
    Question("regex without words, GB/s", "audit-query -c -g", 1, grep=("-P", DIGITS),
             rate=True, raw=(DIGITS,)),

    Question("export of everything, GB/s", "audit-export -o jsonl", 0.3,
             "SELECT line FROM events ORDER BY time", rate=True),
)
