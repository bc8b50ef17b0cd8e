"""sigma: rules against a matcher that knows nothing of our store.

usage: sigma.py generated --rules RULES --mappings DIR --seed S --count N SAMPLE.json PRODUCT
       sigma.py real --rules RULES --mappings DIR --folder FOLDER PRODUCT FILE...
       sigma.py all --rules RULES --mappings DIR --folder FOLDER

The matcher is written from the words of the Sigma specification and works on
the native records of a product, before they are events of ours.  `generated`
makes random records like those of SAMPLE and random rules with all modifiers;
`real` takes the rules of FOLDER that are for the product; `all` counts what
becomes of every rule of FOLDER.  RULES is the program that compiles rules.
Python's standard library only, but for reading the YAML of real rules.
"""
import argparse
import base64
import collections
import copy
import ipaddress
import itertools
import json
import os
import random
import re
import subprocess
import sys
from decimal import Decimal

# Where records of a product lie in a document, what numbers them, what rules call it.
PRODUCTS = {
    "cloudtrail": ("Records", "eventID", {"product": "aws", "service": "cloudtrail"}),
    "kubernetes": ("items", "auditID", {"product": "kubernetes", "service": "audit"}),
    "github": (None, "_document_id", {"product": "github", "service": "audit"}),
    "gcp": ("entries", "insertId", {"product": "gcp", "service": "gcp.audit"}),
    "okta": ("events", "uuid", {"product": "okta", "service": "okta"}),
}
# What rules call by another name than the record does.
ALIASES = {"gcp": {"gcp.audit.method_name": "protoPayload.methodName"},
           "kubernetes": {"apiGroup": "objectRef.apiGroup", "hostPath": "requestObject.spec.volumes.hostPath",
                          "capabilities": "requestObject.spec.containers.securityContext.capabilities"}}


class Number(str):
    """A number as it is written."""


def fail(*what):
    print(*what)
    sys.exit(1)


# ---- records ----

def load(path, container):
    """The records of a file: lines, lists, or lists in an object."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    decoder = json.JSONDecoder(parse_int=Number, parse_float=Number)
    position, found = 0, []
    while True:
        position += len(text[position:]) - len(text[position:].lstrip())
        if position == len(text):
            return found
        value, position = decoder.raw_decode(text, position)
        if isinstance(value, dict) and isinstance(value.get(container), list):
            value = value[container]
        found += value if isinstance(value, list) else [value]


def dump(value):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{%s}" % ",".join(json.dumps(k, ensure_ascii=False) + ":" + dump(v) for k, v in value.items())
    if isinstance(value, list):
        return "[%s]" % ",".join(map(dump, value))
    return json.dumps(value, ensure_ascii=False)


def values_of(value, steps):
    """All values at a path; lists are looked through, null is nothing."""
    if isinstance(value, list):
        return [v for item in value for v in values_of(item, steps)] if value or steps else ["[]"]
    if value is None:
        return []
    if not steps:
        return [str(value) if isinstance(value, str) else dump(value)]
    return values_of(value.get(steps[0]), steps[1:]) if isinstance(value, dict) else []


def leaves(value, path=()):
    """(path, text) of all scalars, with the keys on the way to them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if "." not in key and '"' not in key:
                yield from leaves(inner, path + (key,))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif value is not None:
        yield path, str(value) if isinstance(value, str) else dump(value)


# ---- the matcher ----

def glob(text):
    """A value of a rule as a regular expression: the specification's escapes."""
    out, i = "", 0
    while i < len(text):
        c = text[i]
        if c == "\\" and text[i + 1:i + 2] in ("\\", "*", "?") and i + 1 < len(text):
            i += 1
            out += re.escape(text[i])
        else:
            out += {"*": ".*", "?": "."}.get(c) or re.escape(c)
        i += 1
    return out


def plain(text):
    return re.sub(r"\\([\\*?])", r"\1", text)


def quote(text):
    return re.sub(r"([\\*?])", r"\\\1", text)


def dashes(text):
    pieces = re.split(r"\B[-/–—―](?=\w)", text)
    for chosen in itertools.product("-/–—―", repeat=len(pieces) - 1):
        yield "".join(a + b for a, b in zip(pieces, chosen + ("",)))


def offsets(data):
    for shift in range(3):
        coded = base64.b64encode(b" " * shift + data).decode()
        kept = coded[(0, 2, 3)[shift]:len(coded) - (0, 3, 2)[(len(data) + shift) % 3]]
        if kept:  # of one byte nothing is left that others do not change
            yield kept


ENCODE = {"utf16le": "utf-16-le", "wide": "utf-16-le", "utf16be": "utf-16-be"}


def bytes_of(value):
    return value if isinstance(value, bytes) else plain(value).encode()


def expand(values, modifiers):
    """The values that texts become, in the order of the modifiers."""
    for modifier in modifiers:
        if modifier == "contains":
            values = ["*" + v + "*" for v in values]
        elif modifier == "startswith":
            values = [v + "*" for v in values]
        elif modifier == "endswith":
            values = ["*" + v for v in values]
        elif modifier == "windash":
            values = [w for v in values for w in dashes(v)]
        elif modifier in ENCODE:
            values = [plain(v).encode(ENCODE[modifier]) for v in values]
        elif modifier == "utf16":
            values = [b"\xff\xfe" + plain(v).encode("utf-16-le") for v in values]
        elif modifier == "base64":
            values = [base64.b64encode(bytes_of(v)).decode() for v in values]
        elif modifier == "base64offset":
            values = [w for v in values for w in offsets(bytes_of(v))]
    return values


NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.A)
ORDERS = {"lt": lambda a, b: a < b, "lte": lambda a, b: a <= b, "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b}


def in_network(text, network):
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def one_value(value, modifiers, record, product):
    """A function of the texts of a field, for one value of the rule."""
    if value is None:
        return lambda texts: not texts
    value = value if isinstance(value, str) else dump(value)
    for name, order in ORDERS.items():
        if name in modifiers:
            return lambda texts: any(NUMBER.fullmatch(t) and order(Decimal(t), Decimal(value)) for t in texts)
    if "exists" in modifiers:
        return lambda texts: bool(texts) == (value == "true")
    if "cidr" in modifiers:
        return lambda texts: any(in_network(t, value) for t in texts)
    if "fieldref" in modifiers:
        other = {ascii_lower(t) for t in texts_of(record, value, product)}
        return lambda texts: any(ascii_lower(t) in other for t in texts)
    if "re" in modifiers:
        flags = sum(f for m, f in (("i", re.I), ("m", re.M), ("s", re.S)) if m in modifiers)
        return lambda texts: any(re.search(value, t, flags) for t in texts)
    flags = re.S if "cased" in modifiers else re.S | re.I
    patterns = [re.compile(glob(v), flags | (re.A if v.isascii() else 0)) for v in expand([value], modifiers)]
    return lambda texts: any(p.fullmatch(t) for p in patterns for t in texts)


def ascii_lower(text):
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def texts_of(record, name, product):
    name = ALIASES.get(product, {}).get(name, name)
    return values_of(record, name.split("."))


def keyword(value, record):
    """A word anywhere in the record."""
    pattern = glob(str(value)).removeprefix(".*").removesuffix(".*")
    return any(re.search(pattern, text, re.I | re.S) for text in [dump(record)] + [t for _, t in leaves(record)])


def field_test(key, values, record, product):
    name, *modifiers = key.split("|")
    values = values if isinstance(values, list) else [values]
    joined = all if "all" in modifiers else any
    if not name:
        return joined(keyword(v, record) for v in values)
    texts = texts_of(record, name, product)
    found = joined(one_value(v, modifiers, record, product)(texts) for v in values)
    return found != ("neq" in modifiers)


def identifier(what, record, product):
    if isinstance(what, dict):
        return all(field_test(k, v, record, product) for k, v in what.items())
    if isinstance(what, list):
        return any(identifier(item, record, product) for item in what)
    return keyword(what, record)


def condition(text, truth):
    """The condition as an expression of Python, with the truth of each identifier."""
    def quantified(match):
        pattern = match.group(2)
        names = [n for n in truth if (pattern == "them" or re.fullmatch(pattern.replace("*", ".*"), n))
                 and (not n.startswith("_") or pattern.startswith("_"))]
        return str((all if match.group(1) == "all" else any)(truth[n] for n in names))
    text = re.sub(r"\b(1|any|all) of ([\w*]+)", quantified, text)
    text = re.sub(r"[\w.-]+", lambda m: m.group() if m.group() in ("and", "or", "not", "True", "False")
                  else str(truth[m.group()]), text)
    return eval(text, {"__builtins__": {}})  # pylint: disable=eval-used


def matches(rule, record, product):
    detection = rule["detection"]
    truth = {k: identifier(v, record, product) for k, v in detection.items() if k not in ("condition", "timeframe")}
    conditions = detection["condition"]
    return any(condition(c, truth) for c in (conditions if isinstance(conditions, list) else [conditions]))


# ---- random rules ----

def random_text(rng, text):
    """A value that a rule may have for this text, and how it is asked."""
    kind = rng.randrange(12)
    start = rng.randrange(len(text) + 1)
    piece = text[start:start + rng.randrange(1, 9)] or text[:3] or "x"
    if rng.random() < 0.4:
        piece = piece.swapcase() if piece.swapcase().lower() == piece.lower() else piece
    if kind < 2:
        return "", quote(text)
    if kind == 2:
        return "", quote(text[:start]) + "*"
    if kind == 3 and start < len(text):
        return "", quote(text[:start]) + "?" + quote(text[start + 1:])
    if kind == 4:
        return "|startswith", quote(text[:start] or text)
    if kind == 5:
        return "|endswith", quote(text[start:] or text)
    if kind == 6:
        return "|contains|cased", quote(piece)
    if kind == 7:
        return rng.choice(["|re", "|re|i", "|re|i|s", "|re|m"]), re.escape(piece).replace("\\ ", " ") + rng.choice(["", ".", ".*$"])
    if kind == 8:
        return "|windash|contains", quote(piece)
    if kind == 9:
        return rng.choice(["|cased", "|contains|neq", "|endswith|cased"]), quote(text)
    if kind == 10:
        return "|contains|all", [quote(piece), quote(text[:2] or "x")]
    return "|contains", quote(piece)


def special(rng, path, text, texts):
    """Modifiers for what is no text, or an encoded one; None: it is none."""
    name = ".".join(path)
    kind = rng.randrange(7)
    if kind == 0:
        return name + "|exists", rng.choice([True, False])
    if kind == 1:
        return name, None
    if kind == 2 and NUMBER.fullmatch(text):
        return name + "|" + rng.choice(list(ORDERS)), Number(rng.choice([text, "0", "400", "1e3"]))
    if kind == 3:
        return name + "|fieldref", ".".join(rng.choice(texts)[0])
    if kind == 4:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        return name + "|cidr", str(ipaddress.ip_network("%s/%d" % (text, rng.choice([8, 16, address.max_prefixlen])), False))
    return None


def sound(path, product):
    """Fields that are the same in our event as in the record: not the times, nor
    what --from takes only a part of, or puts where another value may be too."""
    name = ".".join(path)
    return not re.search(r"(?i)time|date|x_n|created_at|published|accessKey|token|secret|password|session", name) \
        and name not in UNSOUND.get(product, ())


# What has no place of its own in an event: manual audit-sigma(5).
UNSOUND = {
    "cloudtrail": ["eventID", "recipientAccountId", "requestParameters.roleName", "requestParameters.groupName",
                   "requestParameters.functionName", "requestParameters.name", "requestParameters.userName",
                   "userIdentity.userName", "userIdentity.accountId", "userIdentity.invokedBy", "userIdentity.principalId",
                   "requestParameters.instancesSet.items.instanceId"],
    "kubernetes": ["auditID", "user.uid"], "gcp": ["insertId"], "okta": ["uuid"],
    "github": ["_document_id", "user_id", "user", "team", "name", "hook_id"],
}


def random_field(rng, records, product):
    texts = []
    while not texts:
        texts = [(p, t) for p, t in leaves(rng.choice(records)) if sound(p, product)]
    path, text = rng.choice(texts)
    if rng.random() < 0.3:
        found = special(rng, path, text, texts)
        if found:
            return found
    if rng.random() < 0.1:
        form = rng.choice(["|base64", "|wide|base64", "|base64offset|contains", "|utf16|base64offset|contains",
                           "|utf16be|base64"])
        return ".".join(path) + form, quote(rng.choice(["whoami", "ü-cmd", "a"]))
    modifiers, value = random_text(rng, text)
    if isinstance(value, str) and "all" not in modifiers and "re" not in modifiers and rng.random() < 0.3:
        value = [value, quote(rng.choice(texts)[1])]
    return ".".join(path) + modifiers, value


def random_rule(rng, records, product):
    detection, names = {}, rng.sample(["selection", "sel_a", "sel_b", "filter_x", "_own"], rng.randrange(1, 4))
    for name in names:
        fields = [dict([random_field(rng, records, product)]) for _ in range(rng.choice([1, 1, 2]))]
        merged = {k: v for field in fields for k, v in field.items()}
        detection[name] = fields if rng.random() < 0.25 else merged
    terms = [rng.choice(["", "not "]) + name for name in names]
    text = rng.choice([" and ", " or "]).join(terms)
    if len(terms) == 3 and rng.random() < 0.5:
        text = "%s or not (%s and %s)" % tuple(terms)
    if any(n.startswith("sel") for n in names) and rng.random() < 0.3:
        text = rng.choice(["1 of sel*", "all of sel*", "not 1 of sel*", "all of them", "1 of them"])
    detection["condition"] = text
    return {"title": "random", "logsource": PRODUCTS[product][2], "detection": detection}


def mutated(rng, record):
    """A record like another, with some of its texts changed."""
    def change(value):
        if isinstance(value, dict):
            return {k: v if k == "arn" else change(v) for k, v in value.items()}
        if isinstance(value, list):
            return [change(v) for v in value]
        if isinstance(value, str) and not isinstance(value, Number) and rng.random() < 0.15:
            return rng.choice([value.upper(), value + rng.choice([" -x", "*", "\\", "?", '"', " /flag", "É", "\u212a"]),
                               value[:len(value) // 2], base64.b64encode(("z" * rng.randrange(3) + "whoami").encode()).decode(),
                               base64.b64encode("whoami".encode("utf-16-le")).decode(), "–enc –exec"])
        return value
    fixed = ("time", "Time", "timestamp", "published", "created_at", "kind", "apiVersion", "stage", "IP", "ip", "eventVersion")
    return {k: v if any(f in k for f in fixed) else change(v) for k, v in record.items()}


# ---- our side ----

def run(*words, good=(0, 1, 3)):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in good:
        fail("status", done.returncode, words, done.stderr.decode("utf-8", "replace")[:600])
    return done.stdout.decode()


def compiled(args, paths):
    return [json.loads(line) for line in run(args.rules, args.mappings, *paths, good=(0,)).splitlines()]


def store(records, product):
    """Puts the records into a new store, each with a number and an id of its own."""
    for number, record in enumerate(records):
        record["x_n"] = Number(number)
        record[PRODUCTS[product][1]] = "e%d" % number
    with open("native.jsonl", "w", encoding="utf-8") as out:
        out.writelines(dump(record) + "\n" for record in records)
    if os.path.exists("sigma.db"):
        os.remove("sigma.db")
    run("auditd-ingest", "-q", "-D", "sigma.db", "--from", product, "native.jsonl")
    with open("events.jsonl", "w", encoding="utf-8") as out:
        out.write(run("audit-query", "-D", "sigma.db", "-o", "jsonl"))
    with open("events.jsonl", encoding="utf-8") as lines:
        stored = {int(json.loads(line)["context"]["x_n"]) for line in lines}
    return [record for number, record in enumerate(records) if number in stored]


def found(where, source):
    out = run("audit-query", *source, "-o", "jsonl", "--fields", "context.x_n", "--where", where)
    return sorted(int(list(json.loads(line).values())[0]) for line in out.splitlines())


def compare(rule, where, records, product):
    wanted = sorted(int(r["x_n"]) for r in records if matches(rule, r, product))
    for source in (["-D", "sigma.db"], ["-i", "events.jsonl"]):
        got = found(where, source)
        if got != wanted:
            odd = sorted(set(got) ^ set(wanted))[0]
            fail(json.dumps(rule, ensure_ascii=False, default=str), "\nmeans", where, "\n%s: got %d, wanted %d; record %d %s: %s" % (
                source, len(got), len(wanted), odd, "is missing" if odd in wanted else "is too much",
                dump(next(r for r in records if int(r["x_n"]) == odd))[:3000]))
    return len(wanted)


# ---- what is asked for ----

def generated(args):
    rng = random.Random(args.seed)
    product = args.what[1]
    samples = load(args.what[0], PRODUCTS[product][0])
    records = store([mutated(rng, copy.deepcopy(rng.choice(samples))) for _ in range(args.events)], product)
    if len(records) * 10 < args.events * 9:
        fail("only %d of %d records were stored" % (len(records), args.events))
    rules = [random_rule(rng, records, product) for _ in range(args.count)]
    for number, rule in enumerate(rules):
        with open("rule%d.yml" % number, "w", encoding="utf-8") as out:
            out.write(dump(rule))
    answers = compiled(args, ["rule%d.yml" % n for n in range(len(rules))])
    some = asked = 0
    for rule, answer in zip(rules, answers):
        if "is a part of another" in answer.get("refusal", ""):
            continue
        if "refusal" in answer:
            fail(json.dumps(rule, default=str), "is refused:", answer["refusal"])
        count = compare(rule, answer["where"], records, product)
        asked += 1
        some += 0 < count < len(records)
    if some * 3 < asked:
        fail("only %d of %d rules selected some but not all" % (some, asked))


def rule_files(folder):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(folder) for name in names
                  if name.endswith((".yml", ".yaml")))


def real(args):
    import yaml  # pylint: disable=import-outside-toplevel
    product = args.what[0]
    records = [r for path in args.what[1:] for r in load(path, PRODUCTS[product][0]) if isinstance(r, dict)]
    records = store(records[::1 + len(records) // args.events], product)
    source = PRODUCTS[product][2]
    hits = rules = 0
    for answer in compiled(args, rule_files(args.folder)):
        with open(answer["path"], encoding="utf-8") as file:
            rule = yaml.safe_load(file)
        logsource = rule["logsource"]
        if "where" not in answer or any(logsource.get(k) != v for k, v in source.items()):
            continue
        hits += compare(rule, answer["where"], records, product) > 0
        rules += 1
    print("%s: %d records, %d rules alike, %d of them matched something" % (product, len(records), rules, hits))
    if rules == 0 or not records:
        fail("nothing was compared")


def every(args):
    answers = compiled(args, rule_files(args.folder))
    reasons = collections.Counter()
    for answer in answers:
        if ("where" in answer) == ("refusal" in answer):
            fail(answer["path"], "is neither a filter nor refused")
        if "refusal" in answer:
            line, reason = re.fullmatch(r"(\d+:\d+): (.*)", answer["refusal"]).groups()
            if line == "0:0" or re.search("(?i)syntax|expected|unknown", reason):
                fail(answer["path"], reason)
            reasons[re.sub("'[^']*'", "...", reason)] += 1
    print("%d rules, %d are filters" % (len(answers), sum("where" in a for a in answers)))
    for reason, count in reasons.most_common():
        print("%4d refused: %s" % (count, reason))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["generated", "real", "all"])
    for name in ("rules", "mappings", "folder"):
        parser.add_argument("--" + name)
    for name, default in (("seed", 1), ("count", 40), ("events", 200)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("what", nargs="*")
    args = parser.parse_intermixed_args()
    {"generated": generated, "real": real, "all": every}[args.mode](args)


if __name__ == "__main__":
    main()
