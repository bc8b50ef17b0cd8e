"""The formats of log collectors, read by naive parsers of our own and held
against the same events as JSON lines.

    dialects.py make SEED COUNT             hostile events, as JSON lines
    dialects.py FORMAT EVENTS RECORDS       ocsf, ecs, cef, leef, syslog, octets

Each event must be one record, in the same order; every value of it must come
back; required members must be there, and closed lists have no other word.  The
tables below are what the formats' public documentation says, written down by us.
"""
import datetime
import json
import random
import re
import sys

# ---- events that would like to be several records ----

PIECES = ["\n", "\r\n", "\t", "|", "\\", "=", "]", '"', "\\n", "\\|", "\0", "\x1b[31m", "\x7f", "\x85", "\u2028",
          "\u2029", "\u202e", "\ufeff", "^", " ", "  ", "é", "\U0001f600", "a", "act=forged", " suser=root ",
          "\nCEF:0|forged|forged|1|x|x|9|act=forged", "\nLEEF:2.0|f|f|1|x|x09|cat=forged", "\tusrName=root",
          '\n<13>1 2026-01-01T00:00:00Z h a - m [x@1 id="7"] {"id":"forged"}', '" ] [x@1 id="', "12 <13>1 - - - - - -",
          '\n{"class_uid":0}', '"}', "\\u0000", "name", "C:\\temp\\new", "\\"]
WORDS = {
    "category": ["AUTHENTICATION", "AUTHORIZATION", "FILE_ACCESS", "FILE_MODIFICATION", "SHARING", "ADMIN", "SECURITY",
                 "COMPLIANCE", "DATA_ACCESS", "SYSTEM", "ACCOUNT", "CONNECTOR", "RECOVERY", "billing"],
    "action": ["login", "user.logout", "read", "secret.write", "share.member.add", "account.lock", "group.create",
               "s3:GetObject", "file.delete", "audit.daemon.start", "role.grant", "x"],
    "severity": ["info", "warning", "error", "critical"],
    "outcome": ["success", "failure", "unknown"],
    "actor_type": ["user", "service_account", "system", "anonymous", "robot"],
    "target_type": ["file", "folder", "secret"],
    "ip": ["10.0.0.7", "2001:db8::1", "no address", "10.0.0.7 dst=1", "::ffff:1.2.3.4"],
}
TEXTS = ["source", "tenant", "channel", "description", "actor_id", "actor_name", "actor_email", "service_account",
         "effective_id", "session_id", "idp", "device", "target_id", "target_name", "target_path", "share",
         "user_agent", "host", "request_id", "trace_id", "method", "error_code", "reason"]


def nasty(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(6)))


def make(seed, count):
    rng = random.Random(seed)
    for i in range(count):
        event = {"id": f"e{i}", "time": f"{rng.choice([1969, 2026])}-04-23T18:00:{i % 60:02}.{i % 1000:03}456Z"}
        for key, words in WORDS.items():
            if key == "action" or rng.random() < 0.8:
                event[key] = nasty(rng) + "x" if key not in ("severity", "outcome") and rng.random() < 0.2 \
                    else rng.choice(words)
        for key in TEXTS:
            if rng.random() < 0.5:
                event[key] = nasty(rng) if rng.random() < 0.7 else "plain " + key
        if rng.random() < 0.5:
            event["status"] = rng.choice([200, -1, 2 ** 63 - 1])
        if rng.random() < 0.5:
            event["duration_ms"] = rng.choice([12, 12.5, 1e-9, 10 ** 30])
        if rng.random() < 0.5:
            event["changes"] = {"before": nasty(rng), "after": [nasty(rng), 12345678901234567890]}
        if rng.random() < 0.5:
            event["context"] = {nasty(rng): nasty(rng), "n": {"m": 0.1}, "rule": rng.choice([nasty(rng), 7, {}, ["a", "b"]])}
        if i % 500 == 7:
            event["reason"] = "long |=]\\\n" * 20000
        print(json.dumps(event, ensure_ascii=rng.random() < 0.5))


# ---- what an event has ----

def fail(n, why, record=None):
    sys.exit(f"record {n}: {why}" + (f"\n{str(record)[:600]}" if record is not None else ""))


def load(text):
    """JSON with its numbers as they are written, and no key twice."""
    def pairs(members):
        if len({key for key, _ in members}) != len(members):
            raise ValueError("a key twice")
        return dict(members)
    return json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=pairs)


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def milliseconds(time):
    return str((datetime.datetime.fromisoformat(time.replace("Z", "+00:00")) - EPOCH) // datetime.timedelta(milliseconds=1))


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# ---- JSON ----

def leaves(value):
    if isinstance(value, dict):
        for member in value.values():
            yield from leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member)
    else:
        yield value


def at(record, path):
    for key in path.split("."):
        if isinstance(record, list):
            record = record[0]
        if not isinstance(record, dict) or key not in record:
            return None
        record = record[key]
    return record


def check_tree(n, event, record, rest, known):
    """Every value is a leaf, or under `rest` as it was."""
    left = record.get(rest, {})
    seen = {leaf for leaf in leaves({k: v for k, v in record.items() if k != rest}) if isinstance(leaf, str)}
    for key, value in event.items():
        if key in left:
            if left[key] != value:
                fail(n, f"{rest}.{key} is another", record)
        elif not isinstance(value, str):
            fail(n, f"{key} is gone", record)
        elif value not in seen and known(key, value) not in seen:
            fail(n, f"{key} {value[:80]!r} is gone", record)


# OCSF 1.8.0: class -> what it requires; an at-least-one of the schema is a tuple.
USER = ("name", "uid")
ENDPOINT = ("ip", "name", "hostname")
OCSF = {
    "0": [],
    "1001": ["actor.user", "device.hostname", "device.type_id", "file.name", "file.type_id"],
    "1008": [("log_name", "log_provider")],
    "2004": ["finding_info.uid"],
    "3001": ["user"],
    "3002": ["user", "service.name"],
    "3004": ["entity"],
    "3006": ["group"],
    "6001": ["web_resources"],
    "6003": ["actor.user", "api.operation", "src_endpoint"],
    "6006": ["actor.user", "file.name", "file.type_id", "src_endpoint"],
}
ONE_OF = {"user": USER, "actor.user": USER, "entity": USER, "group": USER, "web_resources": USER, "resources": USER,
          "src_endpoint": ENDPOINT, "device": ENDPOINT, "service": USER}
ACTIVITIES = {"0": 0, "1001": 14, "1008": 10, "2004": 3, "3001": 12, "3002": 7, "3004": 13, "3006": 10, "6001": 8,
              "6003": 4, "6006": 17}
# What a class may have, beside what every one has.
EVERY = {"activity_id", "activity_name", "category_uid", "class_uid", "type_uid", "time", "severity_id", "status_id",
         "status_code", "status_detail", "message", "duration", "metadata", "unmapped", "actor", "device"}
MAY = {"0": set(), "1001": {"file"}, "1008": {"log_name", "log_provider", "src_endpoint"},
       "2004": {"finding_info", "evidences"}, "3001": {"user", "src_endpoint"},
       "3002": {"user", "session", "service", "src_endpoint", "http_request"}, "3004": {"entity", "src_endpoint"},
       "3006": {"group", "src_endpoint"}, "6001": {"web_resources", "src_endpoint", "http_request"},
       "6003": {"api", "resources", "src_endpoint", "http_request"}, "6006": {"file", "src_endpoint", "http_request"}}
INTEGERS = ["activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id", "status_id", "duration",
            "metadata.logged_time", "metadata.sequence", "user.type_id", "actor.user.type_id", "file.type_id",
            "finding_info.analytic.type_id"]


def check_ocsf(n, event, line):
    record = load(line)
    raw = json.loads(line)
    kind, activity = record["class_uid"], int(record["activity_id"])
    for path in INTEGERS:
        if at(raw, path) is not None and type(at(raw, path)) is not int:
            fail(n, f"{path} is no integer", line)
    if kind not in OCSF or record["category_uid"] != str(int(kind) // 1000) or \
            record["type_uid"] != str(int(kind) * 100 + activity):
        fail(n, "class, category and type do not fit", line)
    if activity != 99 and activity > ACTIVITIES[kind]:
        fail(n, f"{kind} has no activity {activity}", line)
    if activity == 99 and record["activity_name"] != event["action"]:
        fail(n, "another activity has no name", line)
    if record["severity_id"] not in "013456" or record["status_id"] not in "012" or \
            record["metadata"]["version"] != "1.8.0" or not record["metadata"]["product"]["name"]:
        fail(n, "severity_id, status_id or metadata", line)
    if record["time"] != milliseconds(event["time"]):
        fail(n, "the time", line)
    for need in OCSF[kind]:
        if not any(at(record, path) is not None for path in ([need] if isinstance(need, str) else need)):
            fail(n, f"{kind} needs {need}", line)
    for path, members in ONE_OF.items():
        there = at(record, path)
        there = there[0] if isinstance(there, list) else there
        if there is not None and not any(member in there for member in members):
            fail(n, f"{path} has none of {members}", line)
    if set(record) - EVERY - MAY[kind]:
        fail(n, f"{kind} does not have {set(record) - EVERY - MAY[kind]}", line)
    analytic = at(record, "finding_info.analytic")
    if analytic is not None and (analytic.get("type_id") != "1" or not analytic.get("uid")):
        fail(n, "an analytic without its number or name", line)
    words = {"info": "1", "warning": "3", "error": "4", "critical": "5", "success": "1", "failure": "2", "unknown": "0",
             "user": "1", "system": "3", "service_account": "4", "file": "1", "folder": "2", "directory": "2"}

    def known(key, value):
        return milliseconds(value) if key in ("time", "ingested") else words.get(value)
    check_tree(n, event, record, "unmapped", known)


# ECS 8.17: event.category -> the event.type that it may have.
ECS_TYPES = {
    "authentication": {"start", "end", "info"},
    "iam": {"admin", "change", "creation", "deletion", "group", "info", "user"},
    "file": {"access", "change", "creation", "deletion", "info"},
    "api": {"access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info", "start", "user"},
    "configuration": {"access", "change", "creation", "deletion", "info"},
    "host": {"access", "change", "end", "info", "start"},
    "intrusion_detection": {"allowed", "denied", "info"},
}
ECS_TEXTS = {"@timestamp", "message", "ecs", "event", "log", "error", "organization", "user", "file", "source",
             "user_agent", "host", "http", "trace", "related", "rule", "audit_toolkit"}


def check_ecs(n, event, line):
    record = load(line)
    raw = json.loads(line)
    about = record["event"]
    if record["ecs"]["version"] != "8.17.0" or record["@timestamp"] != event["time"]:
        fail(n, "ecs.version or @timestamp", line)
    if about["kind"] not in ("event", "alert") or about["outcome"] not in ("success", "failure", "unknown"):
        fail(n, "event.kind or event.outcome", line)
    if set(record) - ECS_TEXTS:
        fail(n, f"members {set(record) - ECS_TEXTS}", line)
    for category in about.get("category", []):
        if not about["type"] or not set(about["type"]) <= ECS_TYPES[category]:
            fail(n, f"event.type {about['type']} of {category}", line)
    if "category" not in about and "type" in about:
        fail(n, "a type without a category", line)
    for path in ("event.severity", "event.duration", "event.sequence", "http.response.status_code"):
        if at(raw, path) is not None and type(at(raw, path)) is not int:
            fail(n, f"{path} is no integer", line)
    if at(record, "source.ip") is not None and at(record, "source.ip") != event["ip"]:
        fail(n, "source.ip", line)
    for values in record.get("related", {}).values():
        if len(set(values)) != len(values) or not values:
            fail(n, "related has a value twice, or none", line)

    def known(key, value):
        if key == "duration_ms":
            whole, _, part = value.partition(".")
            return str(int(whole + part.ljust(6, "0")))
        return None
    check_tree(n, event, record, "audit_toolkit", known)


# ---- lines ----

def unescape(text, letters):
    def one(match):
        code = match.group(1)
        return letters.get(code) or (chr(int(code[1:], 16)) if len(code) > 1 else code)
    return re.sub(r"\\(u[0-9a-f]{4}|.)", one, text, flags=re.S)


LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


def split_header(line, parts):
    """The parts before `parts` bare pipes, and what is behind the last of them."""
    found, part, i = [], "", 0
    while len(found) < parts:
        if line[i] == "\\":
            part += line[i:i + 2]
            i += 1
        elif line[i] == "|":
            found.append(unescape(part, LETTERS))
            part = ""
        else:
            part += line[i]
        i += 1
    return found, line[i:]


def check_values(n, event, values, known, line):
    for key, value in event.items():
        text = text_of(value)
        if text not in values and known(key, text) not in values and not (
                text[:1] in "{[" and any(same_json(text, other) for other in values)):
            fail(n, f"{key} {text[:80]!r} is gone", line)


def same_json(a, b):
    try:
        return b[:1] in "{[" and load(a) == load(b)
    except ValueError:
        return False


def check_cef(n, event, line):
    header, extension = split_header(line, 7)
    if header[0] != "CEF:0" or header[4] != event["action"][:512] and len(event["action"]) < 500:
        fail(n, "the header", line)
    if not 0 <= int(header[6]) <= 10:
        fail(n, "the severity", line)
    found = [(m.start(), m.end(), m.group(1)) for m in re.finditer(r"(?:^| )([A-Za-z0-9]+)=", extension)]
    if found[0][0] != 0:
        fail(n, "something before the first key", line)
    values = {}
    for i, (_, end, key) in enumerate(found):
        if key in values:
            fail(n, f"{key} is there twice", line)
        values[key] = unescape(extension[end:found[i + 1][0] if i + 1 < len(found) else None], LETTERS)
    if values["act"] != event["action"] or values["rt"] != milliseconds(event["time"]):
        fail(n, "act or rt", line)
    if "src" in values and not re.fullmatch(r"[0-9.]+", values["src"]):
        fail(n, "src is no IPv4 address", line)
    check_values(n, event, set(values.values()) | {header[6]},
                 lambda key, text: milliseconds(text) if key == "time" else None, line)


def check_leef(n, event, line):
    header, attributes = split_header(line, 6)
    if header[0] != "LEEF:2.0" or header[5] != "x09":
        fail(n, "the header", line)
    values = {}
    for attribute in attributes.split("\t"):
        key, _, value = attribute.partition("=")
        if not re.fullmatch(r"\w+", key) or key in values:
            fail(n, f"key {key!r}", line)
        values[key] = unescape(value, LETTERS)
    if not 1 <= int(values["sev"]) <= 10:
        fail(n, "sev", line)
    words = {"info": "3", "warning": "6", "error": "8", "critical": "10"}
    check_values(n, event, set(values.values()),
                 lambda key, text: milliseconds(text) if key == "time" else words.get(text), line)


# RFC 5424: what the parts of a header may be.
HEADER = re.compile(r"<([0-9]{1,3})>1 (-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z) ([!-~]{1,255}) ([!-~]{1,48})"
                    r" ([!-~]{1,128}) ([!-~]{1,32}) \[([^\s=\]\"]{1,32})")
SEVERITY = {"info": 6, "warning": 4, "error": 3, "critical": 2}


def check_syslog(n, event, line, facility=13):
    header = HEADER.match(line)
    if not header:
        fail(n, "the header", line)
    if int(header.group(1)) != facility * 8 + SEVERITY[event["severity"]] or header.group(2) != event["time"]:
        fail(n, "priority or time", line)
    i, data = header.end(), {}
    while line[i] != "]":
        param = re.match(r' ([^\s=\]"]{1,32})="((?:[^"\\\]]|\\.)*)"', line[i:], flags=re.S)
        if not param:
            fail(n, "structured data", line)
        data[param.group(1)] = unescape(param.group(2), LETTERS)
        i += param.end()
    if line[i + 1] != " ":
        fail(n, "no blank behind structured data", line)
    message = line[i + 2:]
    said = load(message)
    if said.pop("seq", data.get("seq")) != data.pop("seq", None):
        fail(n, "seq", line)
    if not message.isascii() or said != event:
        fail(n, "the message is another event", line)
    for key, value in data.items():
        if not text_of(event[key]).startswith(value):
            fail(n, f"{key} in structured data is another", line)


def octets(data):
    while data:
        length, _, data = data.partition(b" ")
        if not length.isdigit():
            sys.exit(f"no length: {length[:60]}")
        yield data[:int(length)].decode()
        data = data[int(length):]


def lines_of(path):
    with open(path, "rb") as file:
        return file.read().decode().split("\n")[:-1]


def main():
    if sys.argv[1] == "make":
        return make(int(sys.argv[2]), int(sys.argv[3]))
    form, events, path = sys.argv[1:]
    check = {"ocsf": check_ocsf, "ecs": check_ecs, "cef": check_cef, "leef": check_leef, "syslog": check_syslog,
             "octets": check_syslog}[form]
    events = [load(line) for line in lines_of(events)]
    records = list(octets(open(path, "rb").read())) if form == "octets" else lines_of(path)
    if len(events) != len(records):
        sys.exit(f"{len(events)} events are {len(records)} records")
    for n, (event, record) in enumerate(zip(events, records)):
        if re.search("[\n\r\0]", record):
            fail(n, "it can be broken", record)
        check(n, event, record)
    print(len(records))


main()
