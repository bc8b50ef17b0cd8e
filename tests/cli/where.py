"""where: random expressions of the whole --where grammar, the programs against
a naive model.

usage: where.py --events N --filters N --seed S

An expression is made as text and as a Python function at once, so nothing here
parses it.  The functions follow the words of audit-filters(7) only, one event
after another.  Each expression, often with options and operands beside it, is
asked of the store (segments and tail) and of the lines themselves (-i); now and
then its canonical text is asked too, and must be its own canonical text.
Python's standard library only.
"""
import argparse
import ipaddress
import json
import os
import random
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import events as ev
import oracle

TEXTS = [f for f in ev.FIELDS
         if f not in "time ingested status duration_ms changes context peer_uid".split()]
VOCABULARY = "source channel category action severity outcome actor_type target_type method".split()
PATHS = """context.region context.n context.tags context.tags.0 context.items.name context.items.1.name
context.items.size context.request.geo.city context.ok context.none context.note context.items.flags
context.deep.x context.request.geo changes.after.role changes.before.role changes.field changes.0.to
changes.after.limits""".split() + ['context."a.b c"']
KEYWORDS = ("and", "or", "not", "in", "has")


# ---- events ----

def payload(rng):
    pick = rng.choice
    some = {
        "region": pick(["eu-1", "EU-1", "us, east", "Zürich"]),
        "n": pick([0, 1, 5, 10, -3, 2.5, 1e3, 12345678901234567890, "5", "abc", "", [5, 7]]),
        "tags": rng.sample(["red", "Blue", "a*b", "x y", 7, None, True], rng.randrange(4)),
        "items": [{"name": pick(["disk", "DISK", "net 1"]), "size": rng.randrange(2000),
                   "flags": [True, rng.random() < .5]} for _ in range(rng.randrange(3))],
        "request": {"geo": {"city": pick(["Zürich", "Київ", "Oslo"]), "asn": 65000 + rng.randrange(3)}},
        "a.b c": pick(["dotted", 'quo"ted', "it's"]),
        "ok": pick([True, False]), "none": None,
        "city": pick(["Oslo", "OSLO", "Київ"]), "tenant": pick(["acme", "Acme", "x"]),
        "peer": pick(["10.1.2.3", "2001:db8::5", "2001:DB8:0:0::5", "::ffff:10.9.9.9", "none", ["192.0.2.9", "::1"]]),
        "note": pick(["line\nbreak", "back\\slash", 'say "hi"', "tab\there", "ÉCLAIR Ж"]),
    }
    return {key: value for key, value in some.items() if rng.random() < 0.6}


def changes(rng):
    role = rng.choice(["admin", "user", "auditor"])
    return rng.choice([{"before": {"role": "user"}, "after": {"role": role, "limits": [1, 20]}},
                       [{"field": "role", "to": role}, {"field": "mail", "to": None}], role])


def make_events(rng, count):
    events = ev.random_events(rng, count)
    for event in events:
        if rng.random() < 0.5:
            event["context"] = payload(rng)
        if rng.random() < 0.2:
            event["changes"] = changes(rng)
    return [{field: event[field] for field in ev.FIELDS if field in event} for event in events]


# ---- what an event has ----

def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_text(value):
    return value if isinstance(value, str) else dump(value)


def walk(value, steps):
    if isinstance(value, list):
        if steps and steps[0].isdigit():
            if int(steps[0]) < len(value):
                yield from walk(value[int(steps[0])], steps[1:])
        elif value or steps:
            for element in value:
                yield from walk(element, steps)
        else:
            yield "[]"
    elif not steps:
        if value is not None:
            yield as_text(value)
    elif isinstance(value, dict) and steps[0] in value:
        yield from walk(value[steps[0]], steps[1:])


def values_of(event, place):
    """All texts at a field or path; none: it is absent."""
    if "." not in place:
        return [as_text(event[place])] if place in event else []
    parts = re.findall(r'"(?:[^"\\]|\\.)*"|[^."]+', place)
    steps = [json.loads(part) if part[0] == '"' else part for part in parts]
    return list(walk(event[steps[0]], steps[1:])) if steps[0] in event else []


def strings_in(value):
    if isinstance(value, str):
        yield value
    for inner in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from strings_in(inner)
    if isinstance(value, dict):
        yield from value


def any_of(places, test):
    return lambda event: any(test(text) for place in places for text in values_of(event, place))


def sample(rng, events, places):
    """A text that occurs at one of the places, or of no event."""
    for _ in range(20):
        found = values_of(rng.choice(events), rng.choice(places))
        if found:
            return rng.choice(found)
    return "nobody"


# ---- how it is written ----

def word(rng, text):
    return rng.choice([text, text, text.upper(), text.capitalize()])


def signed(rng, left, sign, right):
    space = rng.choice(["", " ", " ", "\t"])
    return left + space + sign + space + right


def in_quotes(rng, text):
    """Pairs of a backslash and a character stay; a quote is doubled."""
    quote = rng.choice("\"'")
    twice = quote + quote if rng.random() < 0.5 else "\\" + quote
    return quote + re.sub(r"\\.|" + quote, lambda m: twice if m[0] == quote else m[0], text, flags=re.S) + quote


def is_bare(text):
    return (re.fullmatch(r"(?:\\[\\,*?]|[^\s\x00-\x20\x7f()\"'=<>~!&|,])+", text) is not None
            and text.lower() not in KEYWORDS)


def value_text(rng, value):
    """A value as options take it: with a backslash before each comma."""
    if is_bare(value) and rng.random() < 0.6:
        return value
    if rng.random() < 0.5:
        value = re.sub(r"\\(.)", lambda m: "," if m[1] == "," else m[0], value, flags=re.S)
    return in_quotes(rng, value)


def regex_text(rng, regex):
    plain = re.sub(r"\([^()]*\)", "", regex)
    if (re.fullmatch(r"[^\s\"'()]+", plain) and not re.search(r"\\[()]|\s|^[\"']", regex)
            and regex.lower() not in KEYWORDS and rng.random() < 0.5):
        return regex
    return in_quotes_regex(rng, regex)


def in_quotes_regex(rng, regex):
    quote = rng.choice("\"'")
    return quote + re.sub(r"\\.|" + quote, lambda m: quote * 2 if m[0] == quote else m[0], regex, flags=re.S) + quote


# ---- tests: (text, function) ----

def value_test(rng, events, places, name):
    def one():
        text = sample(rng, events, places)
        kind, cut = rng.random(), rng.randrange(len(text) + 1)
        if kind < 0.3:
            value = ev.quoted(text[:cut]) + "*" + (ev.quoted(text[-1:]) if rng.random() < 0.5 else "")
        elif kind < 0.4 and text:
            value = ev.quoted(text[:cut - 1]) + "?" + ev.quoted(text[cut:]) if cut else "?" + ev.quoted(text[1:])
        else:
            value = ev.quoted(text)
        return value.swapcase() if places[0] in ev.NOCASE and rng.random() < 0.3 else value
    many = rng.random() < 0.4
    values = [one() for _ in range(rng.choice([1, 2, 3]) if many else 1)]
    if places == ["outcome"]:
        values = [rng.choice(["success", "FAILURE", "unknown", "f*", "denied"]) for _ in values]
    same = [v.replace("denied", "failure") if places == ["outcome"] else v for v in values]
    plain = re.compile("|".join("(?:%s)" % ev.pattern(v) for v in same), re.S)
    lower = re.compile("|".join("(?:%s)" % ev.pattern(ev.ascii_lower(v)) for v in same), re.S)

    def good(event):
        return any(lower.fullmatch(ev.ascii_lower(text)) if place in ev.NOCASE else plain.fullmatch(text)
                   for place in places for text in values_of(event, place))
    def alike(event):
        return any(lower.fullmatch(ev.ascii_lower(text)) for place in places for text in values_of(event, place))
    negated, like = rng.random() < 0.3, places != ["outcome"] and rng.random() < 0.3
    if like:
        good = alike
        values = [v.swapcase() if v.isascii() and rng.random() < 0.5 else v for v in values]
    if many or like:
        written = "(" + ",".join(rng.choice(["", " "]) + value_text(rng, v) for v in values) + ")"
        if like and len(values) == 1 and rng.random() < 0.5:
            written = value_text(rng, values[0])
        sign = (word(rng, "not") + " " if negated else "") + word(rng, "like" if like else "in")
        text = name + " " + sign + " " + written
    else:
        text = signed(rng, name, "!=" if negated else rng.choice(["=", "=="]), value_text(rng, values[0]))
    return text, (lambda event: not good(event)) if negated else good


def escaped(piece, bare="_ \"'"):
    return "".join("\\" + c if c.isascii() and not c.isalnum() and c not in bare else c for c in piece)


def random_regex(rng, text):
    text = re.sub(r"[\x00-\x1f\x7f].*", "", text, flags=re.S)[:40]
    start = rng.randrange(len(text) + 1)
    piece = text[start:start + rng.randrange(1, 7)]
    literal = escaped(piece)
    kind = rng.randrange(8)
    if kind == 0 and start == 0:
        return "^" + literal
    if kind == 1:
        return literal + "(?:a|%s|\\d+)" % rng.choice(["e", "or", "x y"])
    if kind == 2:
        return "[a-z]+" + literal
    if kind == 3:
        return literal + ".*" + rng.choice(["e", "s$", "[0-9]"])
    if kind == 4 and len(piece) > 1:
        return "".join("." if rng.random() < 0.4 else "[^%s]" % "q%" if rng.random() < 0.1 else
                       escaped(c) for c in piece)
    if kind == 5:
        return "(?i)" + literal
    return literal or "x"


def regex_test(rng, events, places, name):
    regex = random_regex(rng, sample(rng, events, places))
    compiled = {place: re.compile(regex, re.I if place in ev.NOCASE else 0) for place in places}
    negated = rng.random() < 0.25

    def good(event):
        found = any(compiled[place].search(text) for place in places for text in values_of(event, place))
        return found != negated
    return signed(rng, name, "!~" if negated else rng.choice(["~", "~", "=~"]), regex_text(rng, regex)), good


ORDERS = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.A)


def order_test(rng, events):
    sign = rng.choice(list(ORDERS))
    order, kind = ORDERS[sign], rng.random()
    if kind < 0.5:
        place = rng.choice(["status", "duration_ms", "context.n", "context.items.size"])
        bound = rng.choice(["5", "200", "1e2", "-3", "2.50", "403", "12345678901234567889", "500.0"])
        return (signed(rng, place, sign, value_text(rng, bound)), any_of([place], lambda text:
                NUMBER.fullmatch(text) is not None and order(Decimal(text), Decimal(bound))))
    if kind < 0.7:
        bound = rng.choice(["10.0.255.1", "192.0.2.7", "2001:db8::2", "::", "255.255.255.255"])
        key = lambda address: (address.version, int(address))

        def good(text):
            try:
                return order(key(ipaddress.ip_address(text)), key(ipaddress.ip_address(bound)))
            except ValueError:
                return False
        return signed(rng, "ip", sign, bound), any_of(["ip"], good)
    place = rng.choice(["share", "actor_id", "host", "context.region", "target_path"])
    bound = sample(rng, events, [place])
    bound = bound[:rng.randrange(1, len(bound) + 1)] if bound else "m"
    fold = ev.ascii_lower if place in ev.NOCASE else lambda text: text
    return (signed(rng, place, sign, value_text(rng, ev.quoted(bound))), any_of([place], lambda text:
            order(fold(text).encode(), fold(bound).encode())))


def severity_test(rng, _events):
    sign, level = rng.choice(["<", "<=", ">", ">=", "=", "!="]), rng.choice(ev.SEVERITIES)
    if rng.random() < 0.3:
        levels = rng.sample(ev.SEVERITIES, 2)
        return "severity in (%s)" % ", ".join(levels), lambda event: event["severity"] in levels
    rank = ev.SEVERITIES.index(level)
    order = {**ORDERS, "=": lambda a, b: a == b, "!=": lambda a, b: a != b}[sign]
    return (signed(rng, "severity", sign, value_text(rng, level)),
            lambda event: order(ev.SEVERITIES.index(event["severity"]), rank))


def span(rng, us):
    """A TIME as text, and the span it stands for in microseconds."""
    at = ev.EPOCH + timedelta(microseconds=us)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    following = (month + timedelta(days=32)).replace(day=1)
    minute = at.replace(second=0, microsecond=0)
    text, start, end = rng.choice([
        (ev.rfc3339(us), at, None), (at.astimezone(timezone(timedelta(hours=2))).isoformat(), at, None),
        (day.strftime("%Y-%m-%d"), day, day + timedelta(days=1)), (month.strftime("%Y-%m"), month, following),
        (minute.strftime("%Y-%m-%d %H:%M"), minute, None), ("2026", datetime(2026, 1, 1, tzinfo=timezone.utc),
                                                            datetime(2027, 1, 1, tzinfo=timezone.utc)),
        ("@%d" % (ev.micros(minute) // 1000000), minute, None), ("20000 days ago", ev.EPOCH, None)])
    start = ev.micros(start)
    return (text if rng.random() < 0.6 else '"%s"' % text), start, ev.micros(end) if end else start + 1


def time_test(rng, events):
    sign = rng.choice(["<", "<=", ">", ">=", "=", "!=", "in"])
    text, start, end = span(rng, rng.choice(events)["us"])
    if sign == "in":
        other, low, high = span(rng, rng.choice(events)["us"])
        return ("time in (%s, %s)" % (text, other),
                lambda event: start <= event["us"] < end or low <= event["us"] < high)
    good = {"<": lambda us: us < start, "<=": lambda us: us < end, ">": lambda us: us >= end,
            ">=": lambda us: us >= start, "=": lambda us: start <= us < end,
            "!=": lambda us: not start <= us < end}[sign]
    return signed(rng, "time", sign, text), lambda event: good(event["us"])


def ip_test(rng, _events):
    one = rng.choice("10.0.0.0/8 10.0.0.7 2001:db8::/32 192.0.2.0-198.51.100.255 fe80::/10 0.0.0.0/0".split())
    other = rng.choice(["::/0", "10.1.0.0/16", "192.0.2.7"])
    if rng.random() < 0.4:
        return "ip in (%s, '%s')" % (one, other), lambda event: ev.within(event, [one + "," + other])
    negated = rng.random() < 0.3
    sign = rng.choice(["not in ", "!= "] if negated else ["in ", "= "])
    return "ip " + sign + one, lambda event: ev.within(event, [one]) != negated


def within_test(rng, _events):
    """Addresses at a path, however they are written."""
    place = rng.choice(["context.peer", "context.peer", "context.region", "ip", "actor_name"])
    networks = rng.sample("10.0.0.0/8 2001:db8::/32 192.0.2.0-198.51.100.255 ::1 10.9.9.9 ::/0".split(), 2)[:rng.choice([1, 2])]
    good = any_of([place], lambda text: ev.within({"ip": mapped(text)}, [",".join(networks)]))
    written = "(%s)" % ", ".join(networks) if len(networks) > 1 else networks[0]
    if rng.random() < 0.3:
        return "%s not %s %s" % (place, word(rng, "within"), written), lambda event: not good(event)
    return "%s %s %s" % (place, word(rng, "within"), written), good


def mapped(text):
    """IPv4 inside IPv6 is IPv4."""
    return re.sub(r"(?i)^::ffff:(?=\d+\.)", "", text)


def same_test(rng, _events):
    left, right = rng.choice([("context.request.geo.city", "context.city"), ("tenant", "context.tenant"),
                              ("context.tenant", "tenant"), ("actor_name", "actor_id"), ("tenant", "share"),
                              ("context.n", "context.items.size"), ("target_name", "target_path"),
                              ("context.tags.0", "context.tags"), ("host", "host"), ("status", "context.n")])
    like = rng.random() < 0.5
    change = ev.ascii_lower if like else lambda text: text

    def good(event):
        return bool({change(t) for t in values_of(event, left)} & {change(t) for t in values_of(event, right)})
    sign = word(rng, "like") if like else rng.choice(["=", "=="])
    text = "%s %s field(%s)" % (left, sign, right)
    return (text, good) if rng.random() < 0.7 else ("not " + text, lambda event: not good(event))


def each_test(rng, _events):
    """Elements of a list, each by itself."""
    name, size = rng.choice(["disk", "DISK", "net 1"]), rng.randrange(2000)
    parts = [("name = '%s'" % name, lambda item: item["name"] == name),
             ("name like '%s'" % name.swapcase(), lambda item: ev.ascii_lower(item["name"]) == ev.ascii_lower(name)),
             ("size < %d" % size, lambda item: item["size"] < size),
             ("flags = false", lambda item: False in item["flags"]),
             ("not has nothing", lambda item: True),
             ("text = 'NET'", lambda item: "net" in dump(item).lower()),
             ("name = field(name)", lambda item: True)]
    (a, one), (b, two) = rng.sample(parts, 2)
    kind = rng.choice(["%s and %s", "%s and not %s", "%s or %s"])
    test = {"%s and %s": lambda item: one(item) and two(item), "%s or %s": lambda item: one(item) or two(item),
            "%s and not %s": lambda item: one(item) and not two(item)}[kind]

    def good(event):
        return any(test(item) for item in event.get("context", {}).get("items", []))
    text = "%s context.items (%s)" % (word(rng, "any"), kind % (a, b))
    return (text, good) if rng.random() < 0.7 else ("not " + text, lambda event: not good(event))


def fold(text):
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def searched(event):
    """All that --text looks at, without case."""
    for field in TEXTS:
        if field in event and field not in VOCABULARY:
            yield event[field]
    for field in ("changes", "context"):
        if field in event:
            yield dump(event[field])
            yield from strings_in(event[field])


def contains(event, needle):
    if "folded" not in event:
        event["folded"] = "\0".join(fold(text) for text in searched(event))
    return fold(needle) in event["folded"]


def needle(rng, events):
    text = sample(rng, events, ["description", "actor_name", "user_agent", "target_path", "context.note",
                                "context.region", "reason", "context.request.geo", "actor_email"])
    start = rng.randrange(len(text) + 1)
    text = text[start:start + rng.randrange(2, 12)] or "quota"
    return text.swapcase() if len(text.swapcase()) == len(text) and rng.random() < 0.5 else text


def text_test(rng, events):
    needles = [needle(rng, events) for _ in range(rng.choice([1, 1, 2]))]
    written = [value_text(rng, re.sub(r"([\\,])", r"\\\1", one)) for one in needles]
    if len(needles) > 1:
        return ("text in (%s)" % ", ".join(written),
                lambda event: any(contains(event, one) for one in needles))
    negated = rng.random() < 0.25
    return (signed(rng, "text", "!=" if negated else "=", written[0]),
            lambda event: contains(event, needles[0]) != negated)


def line_regex(rng, events):
    event = rng.choice(events)
    field = rng.choice([f for f in ev.FIELDS if f in event and f not in ("id", "time", "source")])
    piece = ('"%s":' % field + dump(event[field]))[:rng.randrange(5, 40)]
    regex = escaped((c for c in piece if c >= " "), "_ ")
    return regex if rng.random() < 0.7 else regex + ".*" + rng.choice(["failure", "role", "[A-Z]{3}", "\\}$"])


def line_of(event):
    if "line" not in event:
        event["line"] = dump({field: event[field] for field in ev.FIELDS if field in event})
    return event["line"]


def line_test(rng, events):
    regex, negated = line_regex(rng, events), rng.random() < 0.25
    compiled = re.compile(regex)
    return (signed(rng, "line", "!~" if negated else "~", regex_text(rng, regex)),
            lambda event: (compiled.search(line_of(event)) is not None) != negated)


def has_test(rng, _events):
    name, places = rng.choice([(p, [p]) for p in TEXTS + PATHS] + GROUPS)
    return word(rng, "has") + " " + name, lambda event: any(values_of(event, place) for place in places)


GROUPS = [(name, list(ev.LISTS[name])) for name in ("actor", "target")]


def place_test(rng, events):
    fields = [f for f in TEXTS if f not in ("severity", "ip", "id", "request_id")]
    name, places = rng.choice([(f, [f]) for f in fields + ["status"]] + [(p, [p]) for p in PATHS] + 3 * GROUPS)
    if rng.random() < 0.3 and name != "status":
        return regex_test(rng, events, places, name)
    return value_test(rng, events, places, name)


def constant_test(rng, _events):
    value = rng.random() < 0.5
    return word(rng, "true" if value else "false"), lambda event: value


def random_test(rng, events):
    kinds = ([place_test] * 10 + [order_test] * 3 + [has_test, time_test, text_test, same_test, each_test] * 2
             + [severity_test, ip_test, line_test, within_test])
    return (constant_test if rng.random() < 0.02 else rng.choice(kinds))(rng, events)


# ---- expressions: (text, function, how tightly it binds) ----

OR, AND, NOT, TEST = range(4)


def joined(rng, parts, level):
    names = ["or", "||"] if level == OR else ["and", "&&"]
    text = ""
    for number, (part, _, tight) in enumerate(parts):
        if number:
            sign = rng.choice([word(rng, names[0]), word(rng, names[0]), names[1]])
            text += " " + sign + " "
        text += part if tight > level and rng.random() < 0.9 else "(" + part + ")"
    functions = [function for _, function, _ in parts]
    some = any if level == OR else all
    return text, lambda event: some(function(event) for function in functions), level


def random_expression(rng, events, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.25:
        return random_test(rng, events) + (TEST,)
    if kind < 0.4:
        text, good, tight = random_expression(rng, events, depth - 1)
        text = text if tight >= NOT and rng.random() < 0.8 else "(" + text + ")"
        return rng.choice([word(rng, "not") + " ", "!"]) + text, lambda event: not good(event), NOT
    parts = [random_expression(rng, events, depth - 1) for _ in range(rng.choice([2, 2, 3]))]
    return joined(rng, parts, rng.choice([OR, AND]))


# ---- options and operands beside it ----

def random_besides(rng, events):
    arguments, tests = [], []
    if rng.random() < 0.3:
        arguments, chosen = ev.random_filter(rng, events)
        tests.append(ev.selector(chosen))
    if rng.random() < 0.15:
        needles = [needle(rng, events) for _ in range(rng.choice([1, 2]))]
        arguments += ["--text=" + one for one in needles]
        tests.append(lambda event: any(contains(event, one) for one in needles))
    if rng.random() < 0.1:
        whole = line_regex(rng, events)
        arguments += ["-g", whole]
        tests.append(lambda event: re.search(whole, line_of(event)) is not None)
    if rng.random() < 0.2:
        place = rng.choice(PATHS)
        value = sample(rng, events, [place])
        negated = rng.random() < 0.3
        if value:
            arguments.append(place + ("!=" if negated else "=") + ev.quoted(value))
            tests.append(lambda event: (value in values_of(event, place)) != negated)
    if rng.random() < 0.15:
        regex = random_regex(rng, sample(rng, events, ["share", "context.region"]))
        arguments.append("share~" + regex)
        tests.append(any_of(["share"], lambda text: re.search(regex, text) is not None))
    return arguments, tests


def random_question(rng, events):
    """Arguments, and what they mean."""
    arguments, tests = random_besides(rng, events) if rng.random() < 0.4 else ([], [])
    for _ in range(rng.choice([1, 1, 1, 2])):
        text, good, _ = random_expression(rng, events, rng.choice([0, 1, 1, 2, 2, 3]))
        arguments = ["--where=" + text] + arguments
        tests.append(good)
    return arguments, lambda event: all(test(event) for test in tests)


# ---- the comparison ----

def ask(arguments, where, wanted):
    words = ["audit-query", "-r", "-o", "jsonl"] + where + arguments
    done = oracle.program(*words, good=(0, 1, 3))
    got = oracle.ids(done.stdout)
    if got != wanted:
        extra, missing = set(got) - set(wanted), set(wanted) - set(got)
        oracle.fail(words, "\ngot %d ids, wanted %d; not wanted: %s, missing: %s; status %d; %s" % (
            len(got), len(wanted), sorted(extra)[:2], sorted(missing)[:2], done.returncode,
            done.stderr.decode("utf-8", "replace")))


def check_question(rng, events, oldest_first):
    arguments, good = random_question(rng, events)
    wanted = [event["id"] for event in oldest_first if good(event)]
    ask(arguments, [], wanted)
    ask(arguments, ["-i", oracle.LINES], wanted)
    if rng.random() < 0.25:
        canonical = oracle.program("audit-query", "--print-where", *arguments).stdout.decode()[:-1]
        again = oracle.program("audit-query", "--print-where", "--where=" + canonical).stdout.decode()[:-1]
        if again != canonical:
            oracle.fail(arguments, "\nis printed as", canonical, "\nand that as", again)
        ask(["--where=" + canonical], [], wanted)
    return len(wanted)


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("events", 4400), ("filters", 200), ("seed", 1)):
        parser.add_argument("--" + name, type=int, default=default)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    events = make_events(rng, args.events)
    oracle.build(rng, events, 6)
    for event in events:
        event["us"] = ev.micros(datetime.fromisoformat(event["time"].replace("Z", "+00:00")))
    oracle.check_everything(events)
    oldest_first = sorted(events, key=lambda event: event["us"])
    counts = [check_question(rng, events, oldest_first) for _ in range(args.filters)]
    some = sum(1 for count in counts if 0 < count < len(events))
    if some * 3 < len(counts):
        oracle.fail("only %d of %d expressions selected some but not all" % (some, len(counts)))


if __name__ == "__main__":
    os.environ.setdefault("AUDIT_DB", "events.db")
    main()
