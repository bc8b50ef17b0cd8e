"""content: what came out of the store has the content that went in.

usage: content.py lines.jsonl stored.jsonl

For every line that is an event by the rules of audit-event(5) (an action, a
time), in order of time and then of place, there must be a stored one where
each value is found again: under its own key of the context, in the field
that the key or its alias means, or, flattened, in an actor field.  Numbers
are compared as the characters they are written with.  Written without regard
to how the programs do it; Python's standard library only.
"""
import ipaddress
import json
import re
import sys
from collections import Counter
from datetime import datetime, timezone

ALIASES = {
    "time": "timestamp @timestamp when created_at",
    "actor_id": "identity_id user_id user actor",
    "actor_type": "identity_type",
    "actor_email": "email",
    "ip": "source_ip ip_address",
    "target_path": "secret_path path resource",
    "target_type": "resource_type subject_type",
    "target_id": "resource_id subject_id",
    "action": "event event_type",
    "channel": "area log_name",
    "outcome": "success",
    "context": "properties details metadata",
}
FIELDS = (
    "id time ingested source tenant channel category action severity outcome description "
    "actor_id actor_type actor_name actor_email service_account effective_id session_id idp "
    "device target_type target_id target_name target_path share ip user_agent host request_id "
    "trace_id method status duration_ms error_code reason changes context peer_uid").split()
WORDS = {
    "outcome": {
        "success": "success ok allow allowed granted true",
        "failure": "failure fail failed error deny denied blocked false",
        "unknown": "unknown",
    },
    "severity": {
        "info": "info informational notice debug 5 6 7",
        "warning": "warning warn 4",
        "error": "error err 3",
        "critical": "critical crit alert emerg emergency panic 0 1 2",
    },
}
MARKER = re.compile(r"\[REDACTED:[a-z-]+\]")
SECRET = re.compile(r"pass|secret|token|key|auth|credential|cookie|session|pwd|private", re.I)


class Number(str):
    """A number as it is written."""


def load(text):
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)


def names(field):
    return [field] + ALIASES.get(field, "").split()


def winner(event, field):
    """The key that the field is read from: the canonical one, else the first alias."""
    for name in names(field):
        value = event.get(name)
        if value is not None and (field in ("changes", "context") or not isinstance(value, (dict, list))):
            return name
    return None


def first(event, field):
    return event.get(winner(event, field))


def microseconds(value):
    """Of an RFC 3339 time, or a number since 1970; None when it is no time."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        scale = 6 - 3 * sum(float(value) >= 10.0 ** power for power in (11, 14, 17))
        whole, _, fraction = value.partition(".")
        return int(whole + (fraction + "0" * 6)[:6]) * 10 ** scale // 10 ** 6 if scale >= 0 else None
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|z|[+-]\d\d:?\d\d)", value)
    if not match:
        return None
    day, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone in "Zz" else zone[:3] + ":" + zone[-2:]
    try:
        moment = datetime.fromisoformat(day + "T" + clock + zone).astimezone(timezone.utc)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000000 + int(((fraction or "") + "000000")[:6])


def reason(event):
    """Why the line is no event, or None."""
    if not isinstance(event, dict):
        return "not-object"
    if first(event, "action") in (None, ""):
        return "no-action"
    given = first(event, "time")
    if given is None:
        objects = any(isinstance(event.get(name), (dict, list)) for name in names("time"))
        return "bad-time" if objects else "no-time"
    return "bad-time" if microseconds(str(given)) is None else None


def leaves(value, key=""):
    """(nearest key, scalar as text) of everything in it; an empty object or list is one too."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, name)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from leaves(inner, key)
    elif isinstance(value, str):
        yield key, str(value)
    else:
        yield key, json.dumps(value)


def same(given, stored, key, redacted):
    """Equal, order and number tokens included, but for what was redacted."""
    if isinstance(given, dict) and isinstance(stored, dict):
        return list(given) == list(stored) and all(
            same(given[name], stored[name], name, redacted) for name in given)
    if isinstance(given, list) and isinstance(stored, list):
        return len(given) == len(stored) and all(
            same(one, other, key, redacted) for one, other in zip(given, stored))
    if type(given) is type(stored) and given == stored:
        return True
    if isinstance(stored, str) and MARKER.search(stored):
        redacted.append((key, given))
        return bool(SECRET.search(key)) or "eyJ" in str(given)
    return False


def address(text):
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return text
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def as_field(field, value, stored):
    """Whether the stored field is what the value means."""
    got = stored.get(field)
    if field == "time":
        return microseconds(str(value)) == microseconds(got)
    if field in WORDS:
        word = value if isinstance(value, str) else json.dumps(value)
        return got in WORDS[field] and word.lower() in WORDS[field][got].split()
    if field == "ip":
        return got == address(str(value))
    text = value if isinstance(value, str) else json.dumps(value)
    return got is not None and (str(got) == text or bool(MARKER.search(str(got))))


def flattened(name, value, stored):
    actor = {stored.get(field) for field in ("actor_id", "actor_type", "actor_name", "actor_email")}
    context = stored.get("context", {})
    rest = Counter(leaves(context.get(name, context.get(name + "_2", {}))))
    return all(text in actor or rest[key, text] or text in ("null", "{}") for key, text in leaves(value))


def place(event, name, stored, redacted):
    """Whether the key's value stands somewhere in the stored event."""
    value = event[name]
    context = stored.get("context", {})
    for kept in (name, name + "_2"):
        if kept in context and same(value, context[kept], name, redacted):
            return True
    field = next((field for field in FIELDS if name in names(field)), None)
    if field == "status" and not re.fullmatch("-?[0-9]+", str(value)):
        field = "outcome"
    elif field is None:
        return False
    elif value is None:
        return True
    elif name in ("actor", "user") and isinstance(value, dict):
        return flattened(name, value, stored)
    elif name != winner(event, field):
        return False
    if field == "context":
        inside = {"value": value} if not isinstance(value, dict) else value
        return all(same(inner, context.get(key), key, redacted) for key, inner in inside.items())
    if field == "changes":
        return same(value, stored.get("changes"), name, redacted)
    return not isinstance(value, (dict, list)) and as_field(field, value, stored)


def main(lines, stored):
    with open(lines, encoding="utf-8", newline="\n") as file:
        given = [load(line) for line in file if line.strip()]
    with open(stored, encoding="utf-8", newline="\n") as file:
        kept = [load(line) for line in file]
    wanted = [event for event in given if reason(event) is None]
    wanted.sort(key=lambda event: microseconds(str(first(event, "time"))))
    if len(wanted) != len(kept):
        sys.exit("%d lines are events, %d are stored" % (len(wanted), len(kept)))
    redacted = []
    for event, out in zip(wanted, kept):
        if list(out) != [field for field in FIELDS if field in out]:
            sys.exit("not in canonical order: %s" % list(out))
        for name, value in event.items():
            if not place(event, name, out, redacted):
                sys.exit("%s: %s is not in %s" % (name, json.dumps(value)[:300], json.dumps(out)[:1500]))
    faults = Counter(filter(None, map(reason, given)))
    for fault, count in sorted(faults.items()):
        print(fault, count)
    print("%d stored, %d values redacted: %s" % (
        len(kept), len(redacted), sorted({key for key, _ in redacted})), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
