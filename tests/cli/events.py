"""events: random audit events for the tests, and what a filter means.

As a program: `events.py COUNT SEED [START DAYS]` prints events as JSON lines.

The filter here is written from the words of audit-filters(7) only, with no
regard to how the programs do it: one event after another, nothing clever.
Python's standard library only.
"""
import ipaddress
import json
import random
import re
import sys
from datetime import datetime, timedelta, timezone

FIELDS = (
    "id time ingested source tenant channel category action severity outcome "
    "description actor_id actor_type actor_name actor_email service_account "
    "effective_id session_id idp device target_type target_id target_name "
    "target_path share ip user_agent host request_id trace_id method status "
    "duration_ms error_code reason changes context peer_uid"
).split()
NOCASE = {"category", "severity", "outcome", "actor_email", "host"}
SEVERITIES = ["info", "warning", "error", "critical"]
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def micros(moment):
    return (moment - EPOCH) // timedelta(microseconds=1)


def rfc3339(us):
    moment = EPOCH + timedelta(microseconds=us)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


# ---- events ----

ACTORS = [
    ("user:alice", "user", "Alice Smith", "Alice@Acme.example"),
    ("user:bob", "user", "Bob, the second", "bob@acme.example"),
    ("user:Chloé", "user", "Chloé Dubois", "chloe@EU.acme.example"),
    ("svc-backup", "service_account", None, None),
    ("user:*", "user", "star * and ? and \\ back", None),
    ("уд:иван", "user", "Иван", "ivan@acme.example"),
    ("root", "system", "", None),
    (None, "anonymous", None, None),
]
PATHS = [
    "prod/db/orders", "prod/db/users", "prod/dbx", "prod/db", "prod",
    "/home/alice/Müller.pdf", "/home/alice/a,b.txt", "/srv/\t[odd]\"name\"",
    "secret/\U0001f511/key", "x" * 300,
]
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "curl/8.5.0", "evil\x1b[31magent\x07", "", "agent\n with lines",
]
ADDRESSES = [
    "10.0.0.7", "10.0.255.1", "10.1.2.3", "192.0.2.7", "198.51.100.250",
    "2001:db8::1", "2001:db8:0:1::5", "fe80::1", "not-an-address", "",
]
WORDS = "denied accepted by policy after check für ключ quota 鍵 a*b".split()


def uuid(rng):
    text = "%032x" % rng.getrandbits(128)
    return "-".join((text[:8], text[8:12], "4" + text[13:16], "a" + text[17:20], text[20:]))


def maybe(rng, event, field, share, make):
    if rng.random() < share:
        value = make()
        if value is not None:
            event[field] = value


def random_event(rng, number, us):
    identity = ACTORS[min(int(rng.expovariate(0.6)), len(ACTORS) - 1)]
    event = {"id": uuid(rng) if rng.random() < 0.7 else "evt-%06d" % number,
             "time": rfc3339(us)}
    pick = rng.choice
    event["source"] = pick(["app", "vpn", "App"])  # else it is the name of the file
    maybe(rng, event, "tenant", 0.5, lambda: pick(["acme", "globex", "Acme"]))
    maybe(rng, event, "channel", 0.3, lambda: pick(["auth", "security", "pii-read"]))
    maybe(rng, event, "category", 0.9, lambda: pick(
        ["AUTHENTICATION", "Authentication", "ADMIN", "DATA_ACCESS", "own,made"]))
    event["action"] = pick(["login", "logout", "share.member.add", "read", "read.all", "*"])
    event["severity"] = rng.choices(SEVERITIES, [80, 10, 7, 3])[0]
    event["outcome"] = rng.choices(["success", "failure", "unknown"], [80, 15, 5])[0]
    maybe(rng, event, "description", 0.6,
          lambda: " ".join(pick(WORDS) for _ in range(rng.randint(1, 12))))
    for field, value in zip(("actor_id", "actor_type", "actor_name", "actor_email"), identity):
        maybe(rng, event, field, 0.95, lambda: value)
    maybe(rng, event, "service_account", 0.1, lambda: pick(["ci-runner", "deploy"]))
    maybe(rng, event, "effective_id", 0.1, lambda: pick(["root", "role:admin"]))
    maybe(rng, event, "session_id", 0.5, lambda: "s-%d" % rng.randrange(200))
    maybe(rng, event, "target_type", 0.4, lambda: pick(["file", "secret", "role"]))
    maybe(rng, event, "target_id", 0.3, lambda: "t%d" % rng.randrange(50))
    maybe(rng, event, "target_name", 0.3, lambda: pick(["orders", "prod", "Rôle"]))
    maybe(rng, event, "target_path", 0.7, lambda: pick(PATHS))
    maybe(rng, event, "share", 0.2, lambda: pick(["team-a", "team-b", "Team-A"]))
    maybe(rng, event, "ip", 0.8, lambda: pick(ADDRESSES))
    maybe(rng, event, "user_agent", 0.5, lambda: pick(AGENTS))
    maybe(rng, event, "host", 0.4, lambda: pick(["web-1", "WEB-1", "web-2.acme.example"]))
    maybe(rng, event, "request_id", 0.5,
          lambda: "%032x" % rng.getrandbits(128) if number % 3 else uuid(rng))
    maybe(rng, event, "trace_id", 0.2, lambda: "trace-%d" % rng.randrange(500))
    maybe(rng, event, "method", 0.3, lambda: pick(["GET", "POST"]))
    maybe(rng, event, "status", 0.3, lambda: pick([200, 403, 500, -1]))
    maybe(rng, event, "duration_ms", 0.2, lambda: rng.randrange(100000) / 8)
    maybe(rng, event, "reason", 0.1, lambda: pick(["expired", "bad password"]))
    maybe(rng, event, "changes", 0.1, lambda: {"before": {"role": "user"}, "after": {"role": "admin"}})
    maybe(rng, event, "context", 0.3, lambda: {
        "z": rng.randrange(10), "a": [1, None, True, {"deep": pick(WORDS)}], "é": "\u2028"})
    return event


def random_events(rng, count, start="2026-03-01", days=120):
    """Events in order of arrival: mostly ascending, many ties, 5 % late."""
    first = micros(datetime.fromisoformat(start).replace(tzinfo=timezone.utc))
    step = max(1, days * 86400 * 1000000 // max(count, 1))
    us = first
    events = []
    for number in range(count):
        if rng.random() < 0.7:
            us += rng.randrange(2 * step)
        if rng.random() < 0.5:
            us -= us % 1000000
        late = rng.randrange(5 * 86400) * 1000000 if rng.random() < 0.05 else 0
        events.append(random_event(rng, number, max(first, us - late)))
    return events


def given(event):
    """As a producer writes it: half of them leave out what is the default."""
    event = dict(event)
    if event["id"][-1] in "02468ace":
        for field, default in (("severity", "info"), ("outcome", "unknown")):
            if event[field] == default:
                del event[field]
    return event


def line(event):
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"


def write_lines(path, events):
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(line(given(event)) for event in events)


# ---- filters ----

LOWER = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}
UPPER = {c + 32: c for c in LOWER}


def ascii_lower(text):
    return text.translate(LOWER)


def pattern(value):
    """A value with * and ?, where a backslash takes the next one literally."""
    out, position = "", 0
    while position < len(value):
        c = value[position]
        if c == "\\" and position + 1 < len(value):
            position += 1
            out += re.escape(value[position])
        else:
            out += ".*" if c == "*" else "." if c == "?" else re.escape(c)
        position += 1
    return out


def split_values(text):
    values, value, position = [], "", 0
    while position < len(text):
        c = text[position]
        if c == "\\" and position + 1 < len(text):
            value += text[position:position + 2]
            position += 1
        elif c == ",":
            values.append(value)
            value = ""
        else:
            value += c
        position += 1
    return values + [value]


def text_of(event, field):
    value = event.get(field)
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value)


def matcher(fields, given):
    """One of the fields is one of the values of an option given once or more."""
    values = [value for one in given for value in split_values(one)]
    plain = re.compile("|".join("(?:%s)" % pattern(value) for value in values), re.S)
    lower = re.compile("|".join("(?:%s)" % pattern(ascii_lower(value)) for value in values), re.S)

    def good(event):
        for field in fields:
            text = text_of(event, field)
            if text is not None and (lower.fullmatch(ascii_lower(text)) if field in NOCASE
                                     else plain.fullmatch(text)):
                return True
        return False
    return good


def within(event, given):
    try:
        address = ipaddress.ip_address(event.get("ip", ""))
    except ValueError:
        return False
    for value in given[0].split(","):
        if "-" in value:
            low, high = map(ipaddress.ip_address, value.split("-"))
            if low.version == address.version and low <= address <= high:
                return True
        elif address in ipaddress.ip_network(value, strict=False):
            return True
    return False


def severe(event, level):
    low, _, high = level.partition("..")
    rank = SEVERITIES.index(event["severity"])
    return SEVERITIES.index(low) <= rank and (not high or rank <= SEVERITIES.index(high))


def under(event, prefix):
    path = event.get("target_path", "")
    return path == prefix or path.startswith(prefix + "/")


LISTS = {
    "actor": ("actor_id", "actor_email", "actor_name"),
    "actor-type": ("actor_type",), "service-account": ("service_account",),
    "effective": ("effective_id",), "category": ("category",), "action": ("action",),
    "channel": ("channel",), "outcome": ("outcome",),
    "target": ("target_id", "target_name", "target_path"),
    "target-type": ("target_type",), "share": ("share",), "tenant": ("tenant",),
    "source": ("source",), "user-agent": ("user_agent",), "host": ("host",),
    "session": ("session_id",), "request-id": ("request_id",),
    "trace-id": ("trace_id",), "id": ("id",),
}


def test_of(option, given):
    if option in LISTS:
        return matcher(LISTS[option], given)
    if option == "ip":
        return lambda event: within(event, given)
    if option == "severity":
        return lambda event: severe(event, given[0])
    if option == "path-prefix":
        return lambda event: under(event, given[0])
    if option == "window":
        return lambda event: given[0] <= event["us"] < given[1]
    if option.endswith("!="):
        equal = matcher((option[:-2],), given)
        return lambda event: not equal(event)
    return matcher((option[:-1],), given)


def selector(chosen):
    """chosen: a list of (option, [values]); since and until are microseconds."""
    tests = [test_of(option, given) for option, given in chosen]
    return lambda event: all(test(event) for test in tests)


def quoted(value):
    return re.sub(r"([\\,*?])", r"\\\1", value)


def random_value(rng, events, fields):
    """A value that occurs, sometimes cut into a glob, sometimes of no event."""
    nobody = "unknown" if "outcome" in fields else "nobody"
    for _ in range(20):
        text = text_of(rng.choice(events), rng.choice(fields))
        if text:
            break
    else:
        return nobody
    if rng.random() < 0.05:
        return nobody
    kind = rng.random()
    if kind < 0.25:
        cut = rng.randint(0, len(text))
        text = rng.choice([quoted(text[:cut]) + "*", "*" + quoted(text[cut:]),
                           quoted(text[:cut // 2]) + "*" + quoted(text[cut:])])
    elif kind < 0.35:
        cut = rng.randrange(len(text))
        text = quoted(text[:cut]) + "?" + quoted(text[cut + 1:])
    else:
        text = quoted(text)
    if any(field in NOCASE for field in fields) and rng.random() < 0.5:
        text = text.translate(LOWER if rng.random() < 0.5 else UPPER)
    return text


def random_window(rng, events):
    """The options, and the microseconds they stand for."""
    low, high = sorted(rng.choice(events)["us"] for _ in range(2))
    start, end = EPOCH + timedelta(microseconds=low), EPOCH + timedelta(microseconds=high)
    kind = rng.randrange(6)
    if kind == 0:
        return ["--since=" + rfc3339(low), "--until=" + rfc3339(high)], (low, high)
    if kind == 1:
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        last = end.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return (["-S", day.strftime("%Y-%m-%d"), "-U", end.strftime("%Y-%m-%d")],
                (micros(day), micros(last)))
    if kind == 2:
        month = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = (month + timedelta(days=32)).replace(day=1)
        name = month.strftime("%Y-%m")
        return ["--since", name, "--until", name], (micros(month), micros(following))
    if kind == 3:
        minute = start.replace(second=0, microsecond=0)
        return ["--since", minute.strftime("%Y-%m-%d %H:%M")], (micros(minute), 1 << 62)
    if kind == 4:
        second = low - low % 1000000
        return ["--until=@%d.5" % (second // 1000000)], (-(1 << 62), second + 500000)
    half = 90 * 60 * 1000000
    return ["--around=" + rfc3339(low), "--window=90m"], (low - half, low + half)


def random_filter(rng, events):
    """(arguments for a program, the same as data for selector)."""
    arguments, chosen, used = [], [], set()
    for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3])):
        kind = rng.random()
        if kind < 0.2:
            option = "window"
        elif kind < 0.28:
            option = "ip"
        elif kind < 0.36:
            option = "severity"
        elif kind < 0.42:
            option = "path-prefix"
        elif kind < 0.56:
            option = rng.choice(["description", "status", "method", "reason", "category",
                                 "actor_id", "target_path", "host", "outcome"])
            option += rng.choice(["=", "!="])
        else:
            option = rng.choice(list(LISTS))
        if option.rstrip("!=") in used:
            continue
        used.add(option.rstrip("!="))
        if option == "window":
            words, given = random_window(rng, events)
            arguments += words
        elif option == "ip":
            given = [rng.choice(["10.0.0.0/8", "10.0.0.7", "2001:db8::/32", "192.0.2.0-198.51.100.255",
                                 "10.0.0.0/16,fe80::1", "0.0.0.0/0", "::/0"])]
            arguments.append("--ip=" + given[0])
        elif option == "severity":
            low = rng.randrange(4)
            level = SEVERITIES[low]
            if rng.random() < 0.4:
                level += ".." + SEVERITIES[rng.randrange(low, 4)]
            given = [level]
            arguments += ["--severity", level]
        elif option == "path-prefix":
            given = [rng.choice(["prod/db", "prod", "/home/alice", "secret/\U0001f511", "pro"])]
            arguments += ["--path-prefix", given[0]]
        elif "=" in option:
            given = [random_value(rng, events, (option.rstrip("!="),))]
            arguments.append(option + given[0])
        else:
            given = [",".join(random_value(rng, events, LISTS[option])
                              for _ in range(rng.choice([1, 1, 2, 3])))]
            if rng.random() < 0.2:
                given.append(random_value(rng, events, LISTS[option]))
            arguments += ["--%s=%s" % (option, one) for one in given]
        chosen.append((option, given))
    return arguments, chosen


def main(count, seed, start="2026-03-01", days="120"):
    for event in random_events(random.Random(int(seed)), int(count), start, int(days)):
        sys.stdout.buffer.write(line(event).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
