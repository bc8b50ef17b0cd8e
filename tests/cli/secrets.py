"""Secrets of each kind at each place, through each way in: none may be found
anywhere afterwards.  As a check of this check, without redaction all are.

usage: secrets.py FOLDER    (a work folder; the programs are in PATH)

Prints `searched N`, `found N` and `found without redaction N`; on standard
error what was found, and where.
"""
import base64
import json
import os
import random
import socket
import string
import subprocess
import sys
import threading
import time
import urllib.parse

ALNUM = string.ascii_letters + string.digits
rnd = random.Random(7)
needles = {}  # what must not be found -> where it was put


def pick(n, letters=ALNUM):
    return "".join(rnd.choice(letters) for _ in range(n))


def luhn(body):
    for last in "0123456789":
        digits = [int(c) for c in reversed(body + last)]
        if sum(d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(digits)) % 10 == 0:
            return body + last


def kinds():
    """name -> (text, needle), made anew each time"""
    token, password, key, card = "ghp_" + pick(36), pick(14), pick(64), luhn("4" + pick(14, "0123456789"))
    signature, aws = pick(43), pick(38) + "7a"
    basic = base64.b64encode(("ann:" + password).encode()).decode()
    return {
        "token": ("see " + token, token[4:]),
        "jwt": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + signature, signature),
        "key": ("-----BEGIN RSA PRIVATE KEY-----\n" + key + "\n-----END RSA PRIVATE KEY-----", key),
        "url": ("postgres://ann:" + password + "@db/x", password),
        "pair": ("user=ann&password=" + password + "&x=1", password),
        "header": ("Authorization: Basic " + basic, basic),
        "command": ("tool --password " + password + " x", password),
        "mysql": ("mysql -p" + password + " db", password),
        "curl": ("curl -u ann:" + password + " http://x", password),
        "aws": ("AKIA" + pick(16, string.ascii_uppercase) + " " + aws, aws),
        "card": ("paid by " + card, card),
    }


def each(where, only=None):
    """texts, their needles noted"""
    for kind, (text, needle) in kinds().items():
        if only is None or kind in only:
            needles[needle] = where + " " + kind
            yield kind, text


FIELDS = ("id source tenant channel category action severity outcome description actor_id actor_type actor_name "
          "actor_email service_account effective_id session_id idp device target_type target_id target_name "
          "target_path share ip user_agent host request_id trace_id method status error_code reason").split()


# Under a name of ids and times no number is a card's.
NO_NUMBERS = ("token", "jwt", "key", "url", "pair", "header", "command", "mysql", "curl", "aws")


def words_of(kind, text):
    """a command's are words of a list; other texts are one"""
    return text.split(" ") if kind in ("command", "mysql", "curl", "token", "pair") else ["tool", text]


def event(**members):
    e = {"time": "2026-04-23T18:00:00Z", "action": "a", "context": {"n": pick(8)}}
    e.update(members)
    return e


def events():
    """(event, kind of secret) at every place of an event in our own form"""
    for field in FIELDS:
        for _, text in each(field, NO_NUMBERS if field.endswith("id") else None):
            yield event(**{field: text})
    for _, text in each("time", NO_NUMBERS):
        yield event(time=text)
    for _, text in each("name of a member", ("token", "url", "jwt", "aws")):
        yield event(context={text: 1})
    for _, text in each("nested"):
        yield event(context={"a": [{"b": [text]}]}, changes={"before": text})
    for _, text in each("JSON in a string"):
        yield event(context={"body": json.dumps({"a": text})})
    for _, text in each("JSON in JSON in a string"):
        yield event(context={"body": json.dumps({"a": json.dumps({"b": text})})})
    for _, text in each("percent signs", ("token", "url", "pair", "jwt", "command")):
        yield event(context={"query": urllib.parse.quote(text, safe="")})
    for kind, text in each("a list"):
        yield event(context={"args": words_of(kind, text)})
    for _, text in each("an unknown member"):
        yield event(somewhere=text)
    for name in ("password", "apiKey", "Client-Secret", "X-Auth-Token"):
        needles[(value := pick(12))] = name
        yield event(context={"deep": [{name: value}]})


def lines():
    made = [json.dumps(e) for e in events()]
    for _, text in each("escapes", ("token", "jwt", "aws")):
        made.append('{"time":1776967200,"action":"a","description":"%s"}' % "".join("\\u%04x" % ord(c) for c in text))
    return made


def broken():
    """lines that are refused"""
    for _, text in each("no JSON"):
        yield "what: " + json.dumps(text)
    for _, text in each("broken off"):
        yield json.dumps({"time": 1, "action": text})[:-1]
    for _, text in each("a name twice"):
        yield '{"time":1,"action":"a","b":%s,"b":2}' % json.dumps(text)
    for _, text in each("no time"):
        yield json.dumps({"action": "a", "description": text})
    for _, text in each("too long"):
        yield json.dumps({"action": text, "rest": "x" * 1100000})
    for shift in range(0, 60, 6):
        for kind, text in each("where a line is cut %d" % shift, ("token", "jwt", "url", "aws")):
            # Half of it is a leak too.
            start = json.dumps({"a": "y"})[:-2]
            pad = 64 * 1024 - len(start) - 2 - shift
            needle = next(n for n in list(needles)[-4:] if n in text)
            needles[needle[:10]] = needles.pop(needle)
            yield start + "y" * pad + " " + text + "z" * 1100000
    for _, text in each("conflict"):
        yield json.dumps(event(id="c", description=text))


def cloudtrail():
    for place in ("eventName", "userAgent", "errorMessage"):
        for _, text in each("cloudtrail " + place):
            yield {"eventTime": "2026-04-23T18:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "G",
                   "eventID": pick(9), place: text}
    for _, text in each("cloudtrail time", NO_NUMBERS):
        yield {"eventTime": text, "eventSource": "s3.amazonaws.com", "eventName": "G", "eventID": pick(9)}
    for _, text in each("cloudtrail parameters"):
        yield {"eventTime": "2026-04-23T18:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "G",
               "eventID": pick(9), "requestParameters": {"x": {text: text}} if len(text) < 60 else {"x": text}}


def csv():
    out = ["time,action,description,password"]
    for _, text in each("csv"):
        value = pick(12)
        needles[value] = "csv password"
        out.append('2026-04-23T18:00:00Z,a,"%s",%s' % (text.replace('"', '""'), value))
    needles[(value := pick(12))] = "csv, a row of too many cells"
    out.append("2026-04-23T18:00:00Z,a,b,%s,one,two,three" % value)
    return "\n".join(out) + "\n"


def journald():
    for _, text in each("journald"):
        yield {"__REALTIME_TIMESTAMP": "1776967200000000", "SYSLOG_IDENTIFIER": "x", "MESSAGE": text, "_UID": "0"}


def auditd():
    out = []
    for serial, (kind, text) in enumerate(each("auditd")):
        stamp = "msg=audit(1776967200.123:%d):" % serial
        words = words_of(kind, text.replace("\n", " "))
        out.append("type=SYSCALL %s arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=2 auid=0 uid=0" % stamp)
        out.append("type=EXECVE %s argc=%d %s" % (stamp, len(words), " ".join(
            "a%d=%s" % (i, '"%s"' % w if " " not in w and serial % 2 else w.encode().hex().upper()) for i, w in enumerate(words))))
        out.append("type=PROCTITLE %s proctitle=%s" % (stamp, "\0".join(words).encode().hex().upper()))
    typed = pick(12)
    needles[typed] = needles[typed.encode().hex().upper()] = "keystrokes"
    out.append("type=USER_TTY msg=audit(1776967200.123:9999): pid=1 uid=0 auid=0 ses=1 data=%s" %
               typed.encode().hex().upper())
    # And as lines that are refused.
    for _, text in each("auditd, refused", ("command", "mysql", "url", "pair")):
        hidden = next(n for n in needles if n in text)
        needles[hidden.encode().hex().upper()] = needles[hidden] + " in hexadecimal"
        out.append("type=EXECVE nothing proctitle=%s" % text.replace("\n", " ").replace(" ", "\0").encode().hex().upper())
    return "\n".join(out) + "\n"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, check=False, **options)
    return done.stdout + done.stderr


def send(extra, given):
    """through the socket; what the program said and answered"""
    server = subprocess.Popen(["auditd-ingest", "--listen", "socket", *extra], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    with socket.socket(socket.AF_UNIX) as client:
        for _ in range(1000):
            try:
                client.connect("socket")
                break
            except OSError:
                time.sleep(0.01)
        client.settimeout(60)
        answers = []
        feeder = threading.Thread(target=lambda: (client.sendall("".join(line + "\n" for line in given).encode()),
                                                  client.shutdown(socket.SHUT_WR)))
        feeder.start()
        while part := client.recv(65536):
            answers.append(part)
        feeder.join()
    server.terminate()
    return b"".join(answers) + server.communicate(timeout=60)[0]


def ingest(folder, extra):
    """everything through every way; what was printed"""
    os.makedirs(folder)
    os.chdir(folder)
    os.environ["AUDIT_DB"] = os.path.join(folder, "s.db")
    seen = []

    def take(name, *options):
        seen.append(run("auditd-ingest", "-v", "--receipt", "r-%s.json" % name, *extra, *options))
        with open("r-%s.json" % name, "rb") as f:
            seen.append(f.read())

    def put(name, text):
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)
        return name

    put("own.jsonl", "\n".join(own_lines) + "\n")
    take("own", "own.jsonl")
    seen.append(run("auditd-ingest", "--dry-run", *extra, "own.jsonl"))
    with open("own.jsonl", "rb") as f:
        seen.append(run("auditd-ingest", "--source", "pipe", *extra, input=f.read()))
    take("broken", put("broken.jsonl", "\n".join(broken_lines) + "\n"))
    seen.append(run("auditd-ingest", "--strict", *extra, put("strict.jsonl", broken_lines[0] + "\n")))
    take("trail", "--from", "cloudtrail", put("trail.json", json.dumps({"Records": trail_records})))
    for record in trail_records[::3]:
        seen.append(run("auditd-ingest", "--from", "cloudtrail", "--explain", *extra, put("one.json", json.dumps(record))))
    take("csv", "--from", "csv", put("table.csv", csv_text))
    take("journal", "--from", "journald", put("journal.json", "\n".join(map(json.dumps, journal_records)) + "\n"))
    take("auditd", "--from", "auditd", "-", put("audit.log", auditd_text))
    seen.append(run("auditd-ingest", "--from", "auditd", *extra, "audit.log"))
    seen.append(run("auditd-ingest", "--source", "raw", *extra, "audit.log"))
    seen.append(send(extra, own_lines + broken_lines))
    take("named", put(named_file, '{"time":1,"action":"a"}\n{}\n'))
    seen.append(run("auditd-ingest", "--replay-quarantine", "--assume-now", *extra))
    seen.append(run("audit-query", "-o", "jsonl"))
    seen.append(run("audit-query", "--quarantine", "-o", "jsonl"))
    with open("s.db", "rb") as f:
        return b"\0".join(seen), f.read()


def search(seen, store):
    """The path of a file is in the store as it is, to know the file again."""
    return [n for n in needles if n.encode() in seen or
            (n.encode() in store and not needles[n].startswith("the name of a file"))]


own_lines, broken_lines, trail_records = lines(), list(broken()), list(cloudtrail())
csv_text, journal_records, auditd_text = csv(), list(journald()), auditd()
named_file = next(text for _, text in each("the name of a file", ("token",))) + ".jsonl"
folder = os.path.abspath(sys.argv[1])
found = search(*ingest(os.path.join(folder, "with"), ()))
control = search(*ingest(os.path.join(folder, "without"), ("--no-redact", "all")))
for needle in found:
    print("found:", needles[needle], needle, file=sys.stderr)
for needle in needles:
    if needle not in control:
        print("not found without redaction:", needles[needle], needle, file=sys.stderr)
print("searched", len(needles))
print("found", len(found))
print("found without redaction", len(control))
