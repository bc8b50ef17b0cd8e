"""A naive model of what may lawfully change in a store: events as they were
stored, retention rules, holds, and persons who are erased.  No word of the
programs' own code is in it; lawful.py holds the two against each other.
"""
import hashlib
import json
import re
import urllib.parse
from datetime import datetime

from events import FIELDS, micros, rfc3339, selector

DAY = 86400 * 1000000
FLOOR = 30 * DAY
UNTOUCHED = {"time", "ingested", "severity", "outcome"}
NUMBERS = {"status", "duration_ms", "peer_uid"}


def canonical(event):
    ordered = {field: event[field] for field in FIELDS if field in event}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))


def moment(text):
    return micros(datetime.fromisoformat(text.replace("Z", "+00:00")))


def runs_digest(seqs):
    """H of `u64 first || u64 count` of the runs of numbers."""
    digest, run = hashlib.sha256(), None
    for seq in sorted(seqs):
        if run and run[0] + run[1] == seq:
            run[1] += 1
            continue
        if run:
            digest.update(run[0].to_bytes(8, "big") + run[1].to_bytes(8, "big"))
        run = [seq, 1]
    if run:
        digest.update(run[0].to_bytes(8, "big") + run[1].to_bytes(8, "big"))
    return digest.hexdigest()


# ---- A person ----

def spellings(char):
    """A regular expression for one character, as JSON and URLs have it too."""
    forms = {char, char.lower(), char.upper()}
    parts = []
    for form in sorted(forms):
        parts.append(re.escape(form))
        parts.append(r"\\+u(?i:%04x)" % ord(form))
        parts.append("".join("%%(?:25)*(?i:%02x)" % byte for byte in form.encode()))
    if char in "\"/":
        parts.append(r"\\+" + char)
    if char == " ":
        parts.append(r"\+")
    return "(?:" + "|".join(parts) + ")"


BEFORE = re.compile(r"(?:\\+u[0-9a-fA-F]{4}|%(?:25)*[0-9a-fA-F]{2}|\\+[\"\\/bfnrt])\Z")
ESCAPED = re.compile(r"%(?:25)*([0-9a-fA-F]{2})")
CONTINUES = "-.@+"


def word(char):
    return char.isalnum() or char == "_"


def whole(text, start, end):
    """Whether what stands there is no part of a longer word."""
    if start and word(text[start - 1]) and not BEFORE.search(text, 0, start):
        return False
    if start > 1 and text[start - 1] in CONTINUES and word(text[start - 2]):
        return False
    after = ESCAPED.match(text, end)
    char = chr(int(after[1], 16)) if after else text[end:end + 1]
    behind = text[after.end() if after else end + 1:][:1]
    return not (char and (word(char) or char in CONTINUES and behind and word(behind)))


class Subject:
    def __init__(self, values, pseudonym):
        self.values = sorted(values, key=len, reverse=True)
        self.pseudonym = pseudonym
        self.patterns = [re.compile("".join(map(spellings, value))) for value in self.values]
        self.first = re.compile("|".join("".join(map(spellings, value)) for value in self.values))

    def find(self, text, position):
        """(start, end) of the leftmost hit, the longest there."""
        while True:
            found = self.first.search(text, position)
            if found is None:
                return None
            ends = [match.end() for match in (p.match(text, found.start()) for p in self.patterns) if match]
            for end in sorted(ends, reverse=True):
                if whole(text, found.start(), end):
                    return found.start(), end
            position = found.start() + 1

    def text(self, text):
        out, position = [], 0
        while hit := self.find(text, position):
            out += [text[position:hit[0]], self.pseudonym]
            position = hit[1]
        return "".join(out) + text[position:]

    def value(self, value):
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(one) for key, one in value.items()}
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.pseudonym if str(value) in self.values else value
        return value

    def event(self, event):
        """The event without the person; the same object when nothing is there."""
        line = json.dumps(event, ensure_ascii=False)
        if not self.first.search(line) and not self.first.search(line.replace("\\\\", "\\").replace('\\"', '"')):
            return event
        changed = {key: value if key in UNTOUCHED or key in NUMBERS else self.value(value)
                   for key, value in event.items()}
        return event if changed == event else changed

    def raw(self, data):
        """The first place in raw bytes that has a value as a whole word."""
        text = data.decode("latin-1")
        pattern = "|".join("".join(map(spellings_raw, value)) for value in self.values)
        for found in re.finditer(pattern, text):
            if whole(text, found.start(), found.end()):
                return found.start(), text[max(0, found.start() - 40):found.end() + 40]
        return None


def spellings_raw(char):
    """The same over bytes read one by one."""
    parts = [re.escape(form.encode().decode("latin-1")) for form in sorted({char, char.lower(), char.upper()})]
    parts += [r"\\+u(?i:%04x)" % ord(form) for form in sorted({char, char.lower(), char.upper()})]
    parts.append("".join("%%(?i:%02x)" % byte for byte in char.encode()))
    return "(?:" + "|".join(parts) + r"|\\+" + re.escape(char) + ")" if char in "\"/" else \
        "(?:" + "|".join(parts) + ")"


# ---- A filter ----

class Filter:
    """The same as words for a program and as a function."""

    def __init__(self, words, chosen, grep=None):
        self.words = words
        self.chosen = chosen
        self.select = selector(chosen)
        self.grep = re.compile(grep) if grep else None

    def __call__(self, one):
        return self.select(one.view) and (self.grep is None or self.grep.search(one.line) is not None)


class Rule(Filter):
    """One of the policy."""

    def __init__(self, name, conditions, keep):
        super().__init__([], [(key, [value] if isinstance(value, str) else value) for key, value in conditions.items()])
        self.name = name
        self.conditions = conditions
        self.keep = keep  # days, or None for ever

    def yaml(self):
        out = [f"  - name: {self.name}"]
        for key, value in self.conditions.items():
            out.append(f"    {key}: {json.dumps(value)}")
        out.append(f"    keep: {'forever' if self.keep is None else '%dd' % self.keep}")
        return "\n".join(out)


class Stored:
    """An event, or a record of the toolkit, as it must come out now."""

    def __init__(self, seq, line, origin=None):
        self.seq = seq
        self.origin = origin  # the line as it was given
        self.erased = False
        self.set(line)

    def set(self, line):
        self.line = line
        self.view = json.loads(line)
        self.us = self.view["us"] = moment(self.view["time"])

    def event(self):
        return {key: value for key, value in self.view.items() if key != "us"}


class Hold:
    def __init__(self, number, matter, reason, chosen, record):
        self.number = number
        self.matter = matter
        self.reason = reason
        self.filter = chosen
        self.record = record  # seq
        self.lifted = False


class Model:
    def __init__(self):
        self.events = {}      # seq: Stored
        self.identities = {}  # (source, id, time): seq of what is stored, or was before its erasure
        self.holds = []
        self.deferred = []    # Subject
        self.pruned = 0

    # -- what comes in --

    def duplicate(self, event):
        return (event["source"], event["id"], event["time"]) in self.identities

    def add(self, seq, line, origin):
        one = self.events[seq] = Stored(seq, line, origin)
        self.identities[identity(one.view)] = seq

    # -- what goes --

    def active(self):
        return [hold for hold in self.holds if not hold.lifted]

    def held_by(self, one):
        return [hold for hold in self.active() if hold.filter(one)]

    def plan(self, rules, size):
        """rules: (rule, cut-off in microseconds or None).  What goes of each
        rule, {hold number: kept}, and how many are kept."""
        shares, by_hold, kept = [[] for _ in rules], {}, 0
        for one in self.events.values():
            if one.seq >= size:
                continue
            for number, (rule, cutoff) in enumerate(rules):
                if rule(one):
                    break
            else:
                continue
            if cutoff is None or one.us >= cutoff:
                continue
            keepers = self.held_by(one)
            kept += bool(keepers)
            for hold in keepers:
                by_hold[hold.number] = by_hold.get(hold.number, 0) + 1
            if not keepers:
                shares[number].append(one.seq)
        return shares, by_hold, kept

    def prune(self, seqs):
        for seq in seqs:
            one = self.events.pop(seq)
            self.pruned += 1
            for key in (identity(one.view), identity(json.loads(one.origin))):
                if self.identities.get(key) == seq:
                    del self.identities[key]

    def erase(self, subject):
        """What is changed of the events, and what holds defer: seqs."""
        changed, held = [], []
        for one in self.events.values():
            event = one.event()
            after = subject.event(event)
            if after is event:
                continue
            if self.held_by(one):
                held.append(one.seq)
                continue
            one.set(canonical(after))
            one.erased = True
            changed.append(one.seq)
            self.identities.setdefault(identity(one.view), one.seq)
        return changed, held

    def lines(self):
        """As the store gives them, oldest first."""
        return [(one.seq, one.line) for one in sorted(self.events.values(), key=lambda one: (one.us, one.seq))]


def identity(event):
    return event["source"], event["id"], event["time"]


# ---- Events of persons ----

class Person:
    def __init__(self, key, email, name, trap=False):
        self.key = key      # the identifier
        self.email = email
        self.name = name
        self.trap = trap    # longer words have it inside
        self.pseudonym = None

    def values(self):
        return [self.key, self.email, self.name]


def people():
    return [Person("alice", "a.liddell@acme.example", "Alice Liddell", True),
            Person("svc1", "robot1@acme.example", "Billing Robot", True),
            Person("bob.jones", "bob.jones@globex.example", "Bob Jones", True),
            Person("7001234", "n.oyes@acme.example", "Nora Oyes"),
            Person("u-5f3c91aa", "cj@initech.example", 'Carol "CJ" Jensen'),
            Person("zmueller", "zoe@globex.example", "Zoë Müller")]


TEXTS = ["asked {} to sign in", "{}'s session ended", "({})", "for {}, by policy", "user={};", "nothing of {}.",
         "{} and {}"]
TRAPS = ["m{}", "{}0", "{}-2", "{}.smith", "{}_x", "x.{}"]
NEUTRAL = "denied accepted by policy after check quota für ключ 鍵 renewed".split()


def spelled(rng, value):
    kind = rng.randrange(8)
    if kind == 0:
        return value.upper() if "ß" not in value else value
    if kind == 1:
        return value.title()
    return value


def escaped(rng, value):
    """JSON within a string."""
    text = json.dumps({"who": value}, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.5 and value[0] in text:
        at = text.index('"who"') + 8
        if text[at] == value[0]:
            text = text[:at] + "\\u%04x" % ord(value[0]) + text[at + 1:]
    return text


def about(rng, event, person):
    """Puts the person somewhere in the event."""
    value = rng.choice(person.values())
    for place in rng.sample(["id", "email", "name", "path", "text", "note", "url", "key", "list"], rng.randint(1, 3)):
        if place == "id":
            event["actor_id"] = rng.choice(["user:", "", "uid/"]) + person.key
        elif place == "email":
            event["actor_email"] = spelled(rng, person.email)
        elif place == "name":
            event["actor_name"] = person.name
        elif place == "path":
            event["target_path"] = "/home/" + person.key + rng.choice(["", "/x.txt", "/Mail/1"])
        elif place == "text":
            event["description"] = rng.choice(TEXTS).replace("{}", spelled(rng, value))
        elif place == "note":
            event.setdefault("context", {})["note"] = escaped(rng, value)
        elif place == "url":
            event["user_agent"] = "bot (+https://x.example/?u=" + urllib.parse.quote(value, safe="") + ")"
        elif place == "key":
            event.setdefault("context", {})["seen"] = {value: 1}
        elif person.key.isdigit():
            event.setdefault("changes", {})["after"] = {"staff": int(person.key)}
        else:
            event.setdefault("changes", {})["after"] = [value, None, {"n": 7}]


def about_other(rng, event, person):
    """Words that have the person's identifier inside and are others'."""
    trap = rng.choice(TRAPS).format(person.key)
    place = rng.choice(["actor_id", "description", "target_path", "context"])
    event[place] = {"actor_id": "user:" + trap, "description": f"by {trap} again", "target_path": "/home/" + trap,
                    "context": {"note": json.dumps({"who": trap})}}[place]


def random_event(rng, identity_of, us, persons):
    """persons: (person, weight)."""
    pick = rng.choice
    event = {"id": identity_of, "time": rfc3339(us), "source": pick(["app", "app", "vpn"]),
             "tenant": pick(["acme", "globex", "initech"]), "channel": pick(["auth", "security", "pii-read"]),
             "category": pick(["AUTHENTICATION", "ADMIN", "DATA_ACCESS"]),
             "action": pick(["login", "logout", "share.add", "share.remove", "read"]),
             "severity": rng.choices(["info", "warning", "error", "critical"], [80, 10, 7, 3])[0],
             "outcome": pick(["success", "failure", "unknown"])}
    if rng.random() < 0.5:
        event["actor_id"] = "user:%d" % rng.randrange(900)
    if rng.random() < 0.6:
        event["description"] = " ".join(pick(NEUTRAL) for _ in range(rng.randint(1, 9))) + " tok%d" % rng.randrange(30)
    if rng.random() < 0.2:
        event["context"] = {"n": rng.randrange(9)}
    if persons and rng.random() < 0.3:
        person = rng.choices([one for one, _ in persons], [weight for _, weight in persons])[0]
        if person.trap and rng.random() < 0.4:
            about_other(rng, event, person)
        else:
            about(rng, event, person)
    return json.loads(canonical(event))
