"""What sessions are, told naively: one event after the other, all in memory.

    sessions.py make SEED EVENTS KIND   prints events, JSON lines, in order of arrival
    sessions.py check EVENTS SESSIONS [FIELD=VALUE]

check compares what audit-sessions --all -o json says (SESSIONS) with what the
events (JSON lines, as audit-query prints them) say by this model; with
FIELD=VALUE only of sessions of which an event has that value.
"""

import datetime
import json
import random
import re
import sys

UTC = datetime.timezone.utc
DAY = 86400 * 10**6
MINUTE = 60 * 10**6
IDLE, UNUSED, LIFETIME = 30 * MINUTE, DAY, 30 * DAY
OPENS = {"user.login", "login", "session.start", "ConsoleLogin", "app.session.start"}
NESTED = {"session.start": 1, "session.end": -1}
CLOSES = {"user.logout": "ended", "logout": "ended", "app.session.end": "ended", "session.expired": "expired",
          "session.revoke": "revoked"}
FACTS = ["actor_id", "actor_name", "actor_email", "idp", "device", "user_agent", "ip"]


def micro(text):
    when = datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    return int(when.timestamp()) * 10**6 + int((text[20:-1] + "000000")[:6])


def text_of(us):
    when = datetime.datetime.fromtimestamp(us // 10**6, UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%S") + ".%06dZ" % (us % 10**6)


# ---- events ----

def make_session(rng, now, ids, events):
    """The life of one session, perhaps of an id that another one had."""
    sid = rng.choice(ids)
    who = rng.randrange(40)
    at = now - rng.randrange(45 * 24 * 60) * MINUTE
    life = rng.choice([1, 20, 300, 3000, 60000])
    base = {"session_id": sid, "source": rng.choice(["portal", "vpn"]), "actor_id": "u%d" % who}
    if rng.random() < 0.4:
        base["tenant"] = rng.choice(["acme", "bolt"])
    if rng.random() < 0.6:
        base["host"] = rng.choice(["h1", "h2"])

    def event(action, minutes, **more):
        event = dict(base, action=action, time=text_of(min(at + minutes * MINUTE, now - MINUTE)), **more)
        if rng.random() < 0.7:
            event["ip"] = "192.0.2.%d" % rng.randrange(200)
        if rng.random() < 0.3:
            event["user_agent"] = rng.choice(["curl/8.5", "Mozilla/5.0 (iPhone)", "Mozilla/5.0 (X11; Linux)"])
        if rng.random() < 0.3:
            event["actor_email"] = "u%d@acme.example" % who
        if rng.random() < 0.2:
            event["actor_name"] = rng.choice(["Ann", "ann", "Bo"])
        if rng.random() < 0.2:
            event["idp"] = rng.choice(["okta", "entra"])
        if rng.random() < 0.2:
            event["outcome"] = rng.choice(["failure", "success"])
        events.append(event)

    opens = rng.choice(sorted(OPENS))
    if rng.random() < 0.8:
        event(opens, 0, **({"context": {"expires_at": text_of(at + rng.randrange(1, 9000) * MINUTE)}}
                           if rng.random() < 0.2 else {}))
    for _ in range(rng.randrange(8)):
        event(rng.choice(["read", "write", "read", opens, "session.start", "session.end"]), rng.randrange(life + 1))
    if rng.random() < 0.5:
        event(rng.choice(sorted(CLOSES)), life)
    if rng.random() < 0.2:
        event("read", life + rng.randrange(100))


def make(seed, count, kind):
    rng = random.Random(seed)
    now = int(datetime.datetime.now(UTC).timestamp()) * 10**6
    if kind == "distinct":
        ids = ["%08x%024x" % (n, rng.getrandbits(96)) for n in range(count)]
    else:
        ids = ["%032x" % rng.getrandbits(128) for _ in range(count // 40 + 1)]
        ids += ["3", "c7", "0x3e7", "session with \"quotes\" \u00fc"]
    events = []
    while len(events) < count:
        make_session(rng, now, ids, events)
    if rng.random() < 0.5:
        rng.shuffle(events)
    else:
        events.sort(key=lambda e: (e["time"], rng.random()))
    for n, event in enumerate(events):
        print(json.dumps(dict(event, id="e%d" % n), ensure_ascii=False))


# ---- the model ----

def key_of(event):
    if event["source"] == "audit-toolkit":
        if event["action"] != "session.revoke":
            return None
        s = event["context"]["session"]
        return s.get("source", ""), s.get("tenant", ""), s.get("host", ""), event["session_id"]
    if event.get("outcome") == "failure" and (event["action"] in OPENS or NESTED.get(event["action"], 0) > 0):
        return None
    sid = event.get("session_id", "")
    counted = re.fullmatch(r"c?[0-9]{1,10}|0[xX][0-9a-fA-F]{1,16}", sid)
    return (event["source"], event.get("tenant", ""), event.get("host", "") if counted else "", sid) if sid else None


def role(event):
    """What an event does: opens, nests, closes."""
    if event.get("outcome") == "failure":
        return False, 0, None
    action = event["action"]
    return action in OPENS, NESTED.get(action, 0), CLOSES.get(action)


def order(event):
    """Of events of one instant, those that open come first; a revocation last."""
    opens, nests, closes = role(event)
    rank = 0 if opens and not nests else 1 if nests > 0 else 3 if nests < 0 else \
        {"ended": 4, "expired": 5, "revoked": 6}[closes] if closes else 2
    return event["us"], rank


def divide(events):
    """One session from each sign-in that comes after an end."""
    parts, part, inside, over = [], [], 0, False
    starts = []
    for event in events:
        opens, nests, closes = role(event)
        if opens and over:
            starts.append(event["us"])
            inside, over = 0, False
        if nests > 0:
            inside += 1
        elif nests < 0:
            inside = max(inside - 1, 0)
            over |= inside == 0
        over |= closes is not None
    for event in events:
        while starts and event["us"] >= starts[0]:
            parts.append(part)
            part = []
            starts.pop(0)
        part.append(event)
    return parts + [part]


def judge(key, events, now):
    seen = [e for e in events if e["source"] != "audit-toolkit"]
    if not seen:
        return None
    signed, inside, closed, how = None, 0, None, None
    stated, expires = None, None
    for event in events:
        opens, nests, closes = role(event)
        if opens:
            signed = event["us"] if signed is None else signed
            says = event.get("context", {}).get("expires_at")
            if says is not None and (stated is None or (event["us"], micro(says)) > (stated, expires)):
                stated, expires = event["us"], micro(says)
        if nests > 0:
            inside += 1
        elif nests < 0:
            inside = max(inside - 1, 0)
            if inside == 0 and closed is None:
                closed, how = event["us"], "ended"
        if closes and (closed is None or (closes == "revoked" and how != "revoked")):
            closed, how = event["us"], closes
    used = [e["us"] for e in seen if e.get("outcome") != "failure" and not role(e)[2] and role(e)[1] >= 0]
    out = dict(zip(("source", "tenant", "host", "session_id"), (k or None for k in key)))
    for fact in FACTS:
        said = [(not role(e)[0], e["us"], e[fact].encode(), e[fact]) for e in seen if fact in e]
        out[fact] = min(said)[3] if said else None
    said = [(-e["us"], e["ip"].encode(), e["ip"]) for e in seen if "ip" in e]
    out["last_ip"] = min(said)[2] if said else None
    out["user"] = out["actor_email"] or out["actor_name"] or out["actor_id"]
    last = max(e["us"] for e in seen)
    started = signed if signed is not None else min(e["us"] for e in seen)
    out.update(events=len(seen), signed_in=signed is not None, started=text_of(started), last_activity=text_of(last),
               closed=None, used_after=None, expires=None)
    if closed is not None:
        after = [u for u in used if u > closed]
        out.update(state=how, closed=text_of(closed), used_after=text_of(max(after)) if after else None)
        return out
    if stated is None:
        expires = min(started + LIFETIME, last + UNUSED)
    out.update(expires=text_of(expires),
               state="expired" if expires <= now else "idle" if last + IDLE <= now else "live")
    return out


def check(events_path, sessions_path, want):
    field, _, value = want.partition("=")
    by_key = {}
    with open(events_path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            event["us"] = micro(event["time"])
            key = key_of(event)
            if key:
                by_key.setdefault(key, []).append(event)
    with open(sessions_path, encoding="utf-8") as f:
        said = json.load(f)
    now = micro(said["at"])
    wanted = []
    for key, events in by_key.items():
        for part in divide(sorted(events, key=order)):
            if not want or any(e.get(field) == value and e["source"] != "audit-toolkit" for e in part):
                wanted.append(judge(key, part, now))
    wanted = [w for w in wanted if w]
    got = [{k: v for k, v in s.items() if k != "device_kind"} for s in said["sessions"]]

    def name(s):
        return s["source"], s["tenant"] or "", s["host"] or "", s["session_id"], s["started"], s["last_activity"]
    if [s["last_activity"] for s in got] != sorted((s["last_activity"] for s in got), reverse=True):
        sys.exit("not in order of the last activity")
    wanted.sort(key=name)
    got.sort(key=name)
    for w, g in zip(wanted, got):
        if w != g:
            sys.exit("wanted %s\ngot    %s" % (sorted(w.items(), key=str), sorted(g.items(), key=str)))
    if len(wanted) != len(got):
        sys.exit("wanted %d sessions, got %d" % (len(wanted), len(got)))
    print("%d sessions, %s" % (len(got), {s["state"]: 0 for s in got} and
                               sorted({s["state"]: sum(t["state"] == s["state"] for t in got) for s in got}.items())))


if sys.argv[1] == "make":
    make(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
else:
    check(sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
