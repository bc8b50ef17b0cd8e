"""Redaction measured: a labelled set of our own, and the samples of others.

usage: redact.py own            the set made here
       redact.py samples FILE   {"rule", "true_positives", "false_positives"}
       redact.py clean FOLDER   real logs: what is hidden in them

Prints `recall N` and `precision N` in per cent (clean: `hidden N of M`), and on
standard error what was missed or hidden without reason.
"""
import base64
import json
import os
import random
import string
import subprocess
import sys
import zlib

ALNUM = string.digits + string.ascii_uppercase + string.ascii_lowercase
HEX = "0123456789abcdef"
URL64 = ALNUM + "-_"
STD64 = ALNUM + "+/"
UPPER = string.digits + string.ascii_uppercase
rnd = random.Random(20260423)


def pick(letters, n):
    return "".join(rnd.choice(letters) for _ in range(n))


def checked(prefix):
    body = pick(ALNUM, 30)
    crc, tail = zlib.crc32(body.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        tail = ALNUM[digit] + tail
    return prefix + body + tail


def web_token():
    def part(text):
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return ".".join((part('{"alg":"HS256","typ":"JWT"}'), part('{"sub":"%s"}' % pick(ALNUM, 9)), pick(URL64, 43)))


def card(prefix, length):
    body = prefix + pick(string.digits, length - len(prefix) - 1)
    for last in string.digits:
        digits = [int(c) for c in reversed(body + last)]
        if sum(d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(digits)) % 10 == 0:
            return body + last


def wrong_digit(number):
    return number[:-1] + str((int(number[-1]) + rnd.randint(1, 9)) % 10)


def spaced(number):
    return " ".join(number[i:i + 4] for i in range(0, 16, 4))


def block(kind):
    lines = "\n".join(pick(STD64, 64) for _ in range(5))
    return "-----BEGIN %s-----\n%s\n-----END %s-----" % (kind, lines, kind)


# Each makes a secret; what stands around it is in TEXTS.
TOKENS = {
    "github-token": lambda: rnd.choice([
        checked("ghp_"), checked("gho_"), checked("ghs_"),
        "github_pat_" + pick(ALNUM, 22) + "_" + pick(ALNUM, 59)]),
    "gitlab-token": lambda: rnd.choice([
        "glpat-" + pick(URL64, 20), "glrt-" + pick(URL64, 20), "gldt-" + pick(URL64, 20),
        "glptt-" + pick(HEX, 40), "glpat-" + pick(URL64, 27) + ".01." + pick("0123456789abcdef", 9)]),
    "npm-token": lambda: checked("npm_"),
    "pypi-token": lambda: "pypi-AgEIcHlwaS5vcmc" + pick(URL64, 120),
    "rubygems-key": lambda: "rubygems_" + pick(HEX, 48),
    "atlassian-token": lambda: "ATATT3xFfGF0" + pick(URL64, 170) + "=" + pick(UPPER, 8),
    "slack-token": lambda: rnd.choice([
        "xoxb-%s-%s-%s" % (pick("123456789", 12), pick("123456789", 12), pick(ALNUM, 24)),
        "xoxp-%s-%s-%s-%s" % (pick("123456789", 12), pick("123456789", 12), pick("123456789", 12), pick(HEX, 32)),
        "xapp-1-A%s-%s-%s" % (pick(UPPER, 10), pick("123456789", 13), pick(HEX, 64))]),
    "slack-webhook": lambda: "hooks.slack.com/services/T%s/B%s/%s" % (pick(UPPER, 8), pick(UPPER, 8), pick(ALNUM, 24)),
    "discord-webhook": lambda: "discord.com/api/webhooks/%s/%s" % (pick("123456789", 18), pick(URL64, 68)),
    "telegram-token": lambda: pick("123456789", 10) + ":AA" + pick(URL64, 33),
    "sendgrid-key": lambda: "SG." + pick(URL64, 22) + "." + pick(URL64, 43),
    "stripe-key": lambda: rnd.choice(["sk_live_", "rk_live_", "sk_test_"]) + pick(ALNUM, rnd.choice([24, 99])),
    "square-token": lambda: "sq0atp-" + pick(URL64, 22),
    "shopify-token": lambda: "shpat_" + pick(HEX, 32),
    "google-key": lambda: rnd.choice(["AIza" + pick(URL64, 35), "GOCSPX-" + pick(URL64, 28)]),
    "digitalocean-token": lambda: "dop_v1_" + pick(HEX, 64),
    "databricks-token": lambda: "dapi" + pick(HEX, 32),
    "heroku-key": lambda: "HRKU-AA" + pick(URL64, 58),
    "fly-token": lambda: "fm2_" + pick(STD64, 120),
    "vault-token": lambda: "hvs." + pick(URL64, 92),
    "doppler-token": lambda: "dp.pt." + pick(ALNUM, 43),
    "openai-key": lambda: "sk-" + pick(ALNUM, 20) + "T3BlbkFJ" + pick(ALNUM, 20),
    "anthropic-key": lambda: "sk-ant-api03-" + pick(URL64, 93) + "AA",
    "huggingface-token": lambda: "hf_" + pick(string.ascii_letters, 34),
    "grafana-token": lambda: "glsa_" + pick(ALNUM, 32) + "_" + pick(HEX, 8),
    "newrelic-key": lambda: "NRAK-" + pick(UPPER, 27),
    "postman-key": lambda: "PMAK-" + pick(HEX, 24) + "-" + pick(HEX, 34),
    "azure-secret": lambda: pick(ALNUM, 3) + "8Q~" + pick(ALNUM + "_~.-", 33) + "a",
    "mailchimp-key": lambda: pick(HEX, 32) + "-us" + rnd.choice(["1", "12"]),
    "jwt": web_token,
    "private-key": lambda: rnd.choice([
        block("RSA PRIVATE KEY"), block("OPENSSH PRIVATE KEY"), block("PGP PRIVATE KEY BLOCK"),
        "AGE-SECRET-KEY-1" + pick("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)]),
    "card-number": lambda: rnd.choice([
        card("4", 16), spaced(card("4", 16)), spaced(card("53", 16)), card("37", 15), card("6011", 16),
        card("3530", 16)]),
}

TEXTS = ["%s", "rotated %s by hand", "value: '%s'", "<%s>", "(see %s)", "a=1, b=%s, c=2"]


def password():
    return pick(ALNUM, rnd.randint(8, 20)) + rnd.choice(["!", "7", "_x9"])


def basic():
    return base64.b64encode(("ann:" + password()).encode()).decode()


# A text with its secret.
AROUND = {
    "secret-key": lambda s: (rnd.choice([
        "password=%s", "export DB_PASSWORD='%s'", "{\"user\":\"ann\",\"apiKey\":\"%s\"}", "client_secret: %s",
        "Server=db;User Id=sa;Password=%s;Encrypt=true", "AccountKey=%s;EndpointSuffix=core.windows.net",
        "Authorization: Token %s"]) % s, s),
    "url-password": lambda s: (rnd.choice(["postgres://app:%s@db:5432/x", "see https://ann:%s@host.example/"]) % s, s),
    "url-token": lambda s: ("GET /blob?sv=2024&sig=%s&se=1" % s, s),
    "command-password": lambda s: (rnd.choice(["curl -s -u ann:%s https://x.example", "mysql --password %s db"]) % s, s),
}
AROUND_SECRET = {
    "secret-key": password, "url-password": lambda: pick(ALNUM, 14), "command-password": lambda: pick(ALNUM, 14),
    "url-token": lambda: pick(ALNUM, 40) + "7a%3D",
    "authorization": lambda: rnd.choice(["Bearer " + pick(ALNUM, 40) + "7", "Basic " + basic()]),
    "aws-secret": lambda: pick(STD64, 38) + "7a",
}
AROUND["authorization"] = lambda s: ("sent '%s' twice" % s, s.split(" ")[1])
AROUND["aws-secret"] = lambda s: ("AKIA%s:%s" % (pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16), s), s)


def uuid():
    return "-".join(pick(HEX, n) for n in (8, 4, 4, 4, 12))


# Nothing in these is a secret.
CLEAN = [
    lambda: {"eventVersion": "1.08", "recipientAccountId": pick(string.digits, 12), "eventID": uuid(),
             "userIdentity": {"arn": "arn:aws:sts::%s:assumed-role/r/i-%s" % (pick(string.digits, 12), pick(HEX, 17)),
                              "accessKeyId": "ASIA" + pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)},
             "requestParameters": {"secretId": "arn:aws:secretsmanager:eu-west-1:%s:secret:app/db-%s" % (
                 pick(string.digits, 12), pick(ALNUM, 6)), "keyId": "alias/app", "nextToken": pick(STD64, 40)}},
    lambda: {"kind": "Event", "auditID": uuid(), "requestURI": "/api/v1/namespaces/kube-system/secrets/token-%s" %
             pick(string.ascii_lowercase, 5), "annotations": {"authorization.k8s.io/decision": "allow"},
             "objectRef": {"resource": "secrets", "resourceVersion": pick("123456789", 8), "uid": uuid()}},
    lambda: {"action": "org.add_member", "actor_id": int("1" + pick(string.digits, 7)), "_document_id": pick(URL64, 22),
             "created_at": int("17" + pick(string.digits, 11)), "hashed_token": pick(STD64, 43) + "=",
             "external_identity_username": "ann@example.com", "token_id": int("4" + pick(string.digits, 8))},
    lambda: {"msg": "type=SYSCALL msg=audit(%s.123:%s): arch=c000003e syscall=59 success=yes a0=%s ses=4294967295 "
             "comm=\"cat\" key=\"access\" auid=4294967295" % ("17" + pick(string.digits, 8), pick("123456789", 6),
                                                                pick(HEX, 12))},
    lambda: {"commit": pick(HEX, 40), "digest": "sha256:" + pick(HEX, 64), "id": pick("123456789", 18),
             "when_us": int("17" + pick(string.digits, 14)), "etag": pick(HEX, 32), "span": pick(HEX, 16)},
    lambda: {"text": "user changed the password for account 4111-222 at 2026-04-23 18:00:00 (bearer authentication)"},
    lambda: {"sshPublicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + pick(STD64, 43),
             "certificate": "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----" % pick(STD64, 64)},
    lambda: {"env": "password=$DB_PASSWORD token=${TOKEN} secret=<secret> key=********", "url": "https://git@host/x"},
]

# Almost secrets: one thing is wrong with each.
NEAR = [
    lambda: "ghp_" + pick(ALNUM, 20), lambda: "ghp_" + "x" * 36, lambda: "AIza" + pick(ALNUM, 20),
    lambda: "xoxb-" + "X" * 12 + "-" + "X" * 12, lambda: "glpat-short", lambda: "sk_live_" + "0" * 24,
    lambda: "hvs.short", lambda: "npm_config_registry", lambda: "eyJ" + pick(ALNUM, 6) + ".eyJ.x",
    lambda: "dop_v1_" + pick(HEX, 30), lambda: "SG." + pick(URL64, 10) + "." + pick(URL64, 10),
    lambda: card("4", 16)[:-1] + "x", lambda: wrong_digit(card("4", 16)), lambda: card("9", 16), lambda: card("4", 15),
    lambda: "order/" + card("4", 16), lambda: pick(HEX, 20) + card("4", 16), lambda: "AKIA" + pick("ABCDEFGH234567", 16),
    lambda: "-----BEGIN PUBLIC KEY-----" + pick(STD64, 80), lambda: "basic authentication", lambda: "https://host:8080/x",
]


def redact(values):
    """What each value is after ingest: as a value, and as bytes that are no JSON."""
    lines = [json.dumps({"time": "2026-04-23T18:00:00Z", "action": "a", "context": {"v": v}}) for v in values]
    done = subprocess.run(["auditd-ingest", "--dry-run", "-q", "-"], input="\n".join(lines) + "\n", text=True,
                          capture_output=True, check=True)
    return [json.loads(line)["context"]["v"] for line in done.stdout.splitlines()]


def report(true, hits, false, wrong):
    print("recall %.1f" % (100 * hits / true if true else 100))
    print("precision %.1f" % (100 * hits / (hits + wrong) if hits + wrong else 100))
    print("%d of %d secrets hidden, %d of %d others" % (hits, true, wrong, false), file=sys.stderr)


def own():
    true, clean = [], []
    for rule, make in TOKENS.items():
        for i in range(24):
            secret = make()
            text = rnd.choice(TEXTS) % secret if "\n" not in secret else "key:\n" + secret + "\nend"
            true.append((rule, text, secret))
            if i % 4 == 0:
                true.append((rule, json.dumps({"inner": text}), secret.split("\n")[1] if "\n" in secret else secret))
    for rule, around in AROUND.items():
        for _ in range(24):
            text, secret = around(AROUND_SECRET[rule]())
            true.append((rule, text, secret))
    for make in CLEAN:
        clean += [make() for _ in range(50)]
    for make in NEAR:
        clean += ["a %s b" % make() for _ in range(10)]
    after = redact([text for _, text, _ in true])
    again = redact(after)
    hits = 0
    for (rule, text, secret), now, twice in zip(true, after, again):
        good = secret not in now and "[REDACTED:%s]" % rule in now
        hits += good
        if not good:
            print("missed", rule, text, "->", now, file=sys.stderr)
        if twice != now:
            print("not idempotent:", now, "->", twice)
    wrong = 0
    for value, now in zip(clean, redact(clean)):
        wrong += now != value
        if now != value:
            print("hidden", json.dumps(value), "->", json.dumps(now), file=sys.stderr)
    report(len(true), hits, len(clean), wrong)


def samples(path):
    with open(path, encoding="utf-8") as f:
        rows = json.load(f)
    true = [(r["rule"], s) for r in rows for s in r["true_positives"]]
    false = [(r["rule"], s) for r in rows for s in r["false_positives"]]
    hits = wrong = published = 0
    for (rule, text), now in zip(true, redact([s for _, s in true])):
        hits += "[REDACTED:" in now
        if now == text:
            print("missed", rule, repr(text)[:200], file=sys.stderr)
    for (rule, text), now in zip(false, redact([s for _, s in false])):
        wrong += now != text
        published += now != text and rule == "gcp-api-key" and "AIza" in text
        if now != text:
            print("hidden", rule, repr(now)[:200], file=sys.stderr)
    print("published %d" % published)
    report(len(true), hits, len(false), wrong)


def values_of(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    try:
        whole = json.loads(text)
        return whole.get("Records", [whole]) if isinstance(whole, dict) else whole
    except ValueError:
        pass
    values = []
    for line in text.split("\n"):
        try:
            values.append(json.loads(line))
        except ValueError:
            values.append(line)
    return [v for v in values if v != ""]


def hidden_rules(value):
    return [part.split("]")[0] for part in json.dumps(value).split("[REDACTED:")[1:]]


# Rules that hide whatever stands under a name; each hit was looked at.
BY_NAME = ("secret-key", "keystrokes")


def clean(folder):
    """By rules other than those: a hit is a false one (audit-redaction(7))."""
    values = []
    for name in ("cloudtrail", "kubernetes", "github", "gcp", "windows", "journald", "auditd"):
        for base, _, files in sorted(os.walk(os.path.join(folder, name))):
            for file in sorted(files):
                if not file.endswith((".tsv", ".golden", ".yaml")):
                    values += values_of(os.path.join(base, file))
    after = redact(values)
    rules = [rule for v in after for rule in hidden_rules(v)]
    for v, now in zip(values, after):
        if [r for r in hidden_rules(now) if r not in BY_NAME]:
            print("hidden", json.dumps(now)[:300], file=sys.stderr)
    print("secret-key %d" % rules.count("secret-key"))
    print("keystrokes %d" % rules.count("keystrokes"))
    print("others %d of %d" % (len([r for r in rules if r not in BY_NAME]), len(values)))


if sys.argv[1] == "own":
    own()
elif sys.argv[1] == "samples":
    samples(sys.argv[2])
else:
    clean(sys.argv[2])
