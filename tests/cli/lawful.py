#!/usr/bin/env python3
"""Retention, holds and erasures in any order, against a naive model.

    lawful.py COUNT SEED    COUNT sequences; 0 when all went well

Each sequence does lawful things at random: events come (late ones, ones sent
again, ones of other content under a known id), the policy changes and is
carried out, holds are placed and lifted, persons are erased; checkpoints are
signed and kept.  After each step the store has what the model says, the
records say what was done, it verifies with all checkpoints kept, and no
erased value is in the bytes of the file.  At the end one unlawful change must
be found.  Prints what went wrong and the seed to see it again.

In an empty folder; the programs are found in PATH.  With the library of
faketime in AUDIT_CLOCK, days pass between steps.
"""
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time

import forge
from events import rfc3339
from model import (DAY, FLOOR, Filter, Hold, Model, Rule, Stored, Subject, canonical, identity, moment, people,
                   random_event, runs_digest)
from unlawful import attack

HOUR = DAY // 24
ORIGIN = "test.example/lawful"
CLOCK = os.environ.get("AUDIT_CLOCK")


class Failure(Exception):
    """Something that the model says otherwise."""


def equal(what, got, wanted):
    if got != wanted:
        raise Failure(f"{what}: {got!r}, and the model has {wanted!r}"[:1500])


class Lawful:
    def __init__(self, rng, folder):
        self.rng = rng
        self.folder = folder
        self.db = str(folder / "log.db")
        self.said = []
        self.model = Model()
        self.people = people()
        self.gone = []          # (Subject, Person) erased, and not named since
        self.files = self.matters = self.given = 0
        self.notes = []
        self.cut = None         # the latest cut-off that was carried out
        self.now = 1772366400000000 + rng.randrange(300) * DAY if CLOCK else int(time.time() * 1e6)
        self.policy = self.random_policy()
        self.write_policy()
        self.ingest(self.new_events(self.rng.choice([300, 4500])))
        self.plant()
        self.key = self.run("audit-verify", "--init-keys", "--origin", ORIGIN).stdout.strip()
        self.sign()

    # ---- programs ----

    def tick(self, by=60 * 1000000):
        self.now = self.now + by if CLOCK else int(time.time() * 1e6)

    def run(self, program, *words, wanted=(0,), **more):
        self.tick()
        env = dict(os.environ, AUDIT_DB=self.db, AUDIT_CONFIG=str(self.folder / "config.yaml"))
        if CLOCK:
            env.update(LD_PRELOAD=CLOCK, NO_FAKE_STAT="1",
                       FAKETIME="@" + rfc3339(self.now)[:19].replace("T", " "))
        if program == "audit-verify" and words[0] in ("--init-keys", "--sign", "--rotate-key"):
            words = ("--keys", str(self.folder / "keys"), *words)
        done = subprocess.run([program, *words], capture_output=True, check=False, env=env, **more)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        if program != "audit-query":
            words = [word for word in words if word != "--checkpoint" and not word.endswith(".note")]
            self.said.append(f"{program} {' '.join(words)}: {done.returncode}")
        if done.returncode not in wanted:
            raise Failure(f"{program} {' '.join(words)}: ended {done.returncode}, wanted {wanted}\n{done.stderr}")
        return done

    def query(self, *words):
        """[(seq, line without it)], oldest first."""
        out = []
        for line in self.run("audit-query", "-r", "--seq", "-o", "jsonl", *words, wanted=(0, 1, 3)).stdout.split("\n"):
            if line:
                seq, rest = line[len('{"seq":'):].split(",", 1)
                out.append((int(seq), "{" + rest))
        return out

    def records(self, since=0):
        """The toolkit's own, {seq: event}."""
        return {seq: json.loads(line) for seq, line in sorted(self.query("source=audit-toolkit")) if seq >= since}

    def records_of(self, action, since):
        return [(seq, record) for seq, record in self.records(since).items() if record["action"] == action]

    def size(self):
        st = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        size, signed = st.execute("SELECT size, (SELECT max(size) FROM checkpoint) FROM state").fetchone()
        st.close()
        return size, signed or 0

    # ---- what comes in ----

    def new_events(self, count, oldest=420, newest=0):
        """Events of the last days; of nobody who was erased, but seldom."""
        persons = [(person, 0.02 if person.pseudonym else 1) for person in self.people]
        if not any(weight == 1 for _, weight in persons) or self.rng.random() < 0.7:
            persons = [one for one in persons if one[1] == 1]
        out = []
        for _ in range(count):
            self.given += 1
            us = self.now - self.rng.randrange(newest * DAY + HOUR, oldest * DAY)
            out.append(random_event(self.rng, f"e-{self.given}", us, persons))
        return out

    def ingest(self, events, refused=0, name=None):
        """Stores them; what is a duplicate, the model says."""
        before = self.size()[0] if self.model.events else 0
        fresh, seen = [], set()
        for event in events:
            if not self.model.duplicate(event) and identity(event) not in seen:
                fresh.append(event)
            seen.add(identity(event))
        self.files += 1
        path = self.folder / (name or f"in{self.files}.jsonl")
        with open(path, "a", encoding="utf-8") as out:
            out.writelines(canonical(event) + "\n" for event in events)
        if self.rng.random() < 0.5 and name is None:
            self.run("auditd-ingest", "-q", str(path), wanted=(3 if refused else 0,))
        else:
            self.run("auditd-ingest", "-q", "-", input=path.read_bytes(), wanted=(3 if refused else 0,))
        stored = sorted((seq, line) for seq, line in self.query("source!=audit-toolkit") if seq >= before)
        equal("how many are stored", len(stored), len(fresh) - refused)
        if refused:
            return
        for (seq, line), event in zip(stored, fresh):
            got = json.loads(line)
            got.pop("ingested")
            equal("stored", got, event)
            self.model.add(seq, line, canonical(event))
        self.named("\n".join(line for _, line in stored))

    def named(self, text):
        """Who is named anew is not gone any more."""
        self.gone = [(subject, person) for subject, person in self.gone if not subject.first.search(text)]

    def step_few(self):
        self.ingest(self.new_events(self.rng.randint(1, 300)))

    def step_many(self):
        self.ingest(self.new_events(self.rng.randint(3000, 6000)))

    def step_late(self):
        self.ingest(self.new_events(self.rng.randint(1, 60), 600, 200))

    def step_again(self):
        """What was sent before, as it was: only what was pruned is new."""
        seen = self.rng.sample(self.notes, min(len(self.notes), 200)) if self.notes else []
        there = self.rng.sample(list(self.model.events.values()), min(len(self.model.events), 200))
        erased = [one for one in self.model.events.values() if one.erased][:100]
        again = {one.origin for one in there + erased} | set(seen)
        self.ingest([json.loads(line) for line in sorted(again)])

    def step_other(self):
        """Other content under a known id: refused, or it was erased since."""
        one = self.rng.choice(list(self.model.events.values()))
        event = dict(json.loads(one.origin), description="of other content")
        person = self.rng.choice([person for person in self.people if not person.pseudonym] or [None])
        if person:
            event["description"] += " by " + person.email
        self.files += 1
        done = self.run("auditd-ingest", "-q", "-", input=(canonical(event) + "\n").encode(), wanted=(0, 3))
        equal("another content is refused", done.returncode, 0 if one.erased else 3)

    def step_refused(self):
        person = self.rng.choice([person for person in self.people if not person.pseudonym] or [None])
        if person:
            nonsense = self.rng.choice([f"nonsense by {person.email}\n", '{"action":"x","time":"never","who":%s}\n' %
                                        json.dumps(person.name)])
            self.run("auditd-ingest", "-q", "--source", "app", "-", input=nonsense.encode(), wanted=(3,))

    def plant(self):
        """Everyone is in quarantine, a saved query and a record."""
        lines = "".join(f"nonsense of {person.key} {person.email}\n" for person in self.people)
        self.run("auditd-ingest", "-q", "--source", "app", "-", input=lines.encode(), wanted=(3,))
        words = [word for person in self.people for word in ("--actor", person.email)]
        self.run("audit-query", *words, "actor_name!=" + self.people[0].name, "--save", "planted")
        self.run("audit-export", "-q", *words, "-O", str(self.folder / "planted.jsonl"), wanted=(0, 1, 3))

    def step_save(self):
        person = self.rng.choice([person for person in self.people if not person.pseudonym] or [None])
        if person:
            self.run("audit-query", "--actor", person.email, "--save", f"q{self.files}", wanted=(0,))

    def step_export(self):
        person = self.rng.choice([person for person in self.people if not person.pseudonym] or [None])
        if person:
            self.files += 1
            self.run("audit-export", "-q", "--actor", self.rng.choice(person.values()), "-O",
                     str(self.folder / f"export{self.files}.jsonl"), wanted=(0, 1, 3))

    # ---- signing ----

    def sign(self):
        self.run("audit-verify", "--sign")
        self.keep()

    def keep(self):
        st = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        note, = st.execute("SELECT note FROM checkpoint ORDER BY id DESC LIMIT 1").fetchone()
        st.close()
        (self.folder / f"kept{len(list(self.folder.glob('kept*')))}.note").write_text(note)

    def step_sign(self):
        self.sign()

    def step_rotate(self):
        self.run("audit-verify", "--rotate-key")
        self.keep()

    # ---- the policy ----

    def random_policy(self):
        rules = []
        conditions = [("tenant", ["acme", "glob*", ["initech", "acme"]]), ("category", ["ADMIN", "auth*"]),
                      ("channel", ["auth", "pii-*"]), ("severity", ["warning", "info..warning", "critical"]),
                      ("source", ["vpn", "a*"]), ("action", ["share.*", ["login", "logout"], "*"])]
        for number in range(count := self.rng.randint(1, 4)):
            chosen = {key: self.rng.choice(values) for key, values in
                      self.rng.sample(conditions, self.rng.choice([1, 1, 2, int(number < count - 1)]))}
            keep = None if self.rng.random() < 0.15 else self.rng.randint(30, 400)
            rules.append(Rule(f"rule-{number}", chosen, keep))
        return rules

    def write_policy(self):
        """Without rules that others leave nothing to: those are refused, and
        no event of ours may be one that they would decide on."""
        while True:
            text = "retention:\n" + "\n".join(rule.yaml() for rule in self.policy) + "\n"
            (self.folder / "config.yaml").write_text(text)
            done = self.run("audit-query", "-D", os.devnull, wanted=(2,))
            if "never reached" not in done.stderr:
                return
            line = int(done.stderr.split("config.yaml:")[1].split(":")[0])
            refused = text.split("\n")[:line]
            at = sum(one.startswith("  - name") for one in refused) - 1
            reached = [one.seq for one in self.model.events.values() if self.policy[at](one) and
                       not any(rule(one) for rule in self.policy[:at])]
            equal(f"decided on by a rule said to be never reached (line {line})", reached, [])
            del self.policy[at]

    def step_policy(self):
        self.policy = self.random_policy()
        self.write_policy()

    def check_plan(self, plan, rules):
        """A plan's numbers; gives its rules with their cut-offs and what goes."""
        cuts = []
        equal("the rules of the plan", [one["name"] for one in plan["rules"]], [rule.name for rule in rules])
        for one, rule in zip(plan["rules"], rules):
            cut = one["cutoff"] and moment(one["cutoff"])
            equal("for ever", cut is None, rule.keep is None)
            if cut is not None and abs(cut - (self.now - rule.keep * DAY)) > 120 * 1000000:
                raise Failure(f"rule {rule.name}, kept for {rule.keep} days: cut-off {one['cutoff']}")
            cuts.append((rule, cut))
        shares, by_hold, kept = self.model.plan(cuts, plan["size"])
        going = [seq for share in shares for seq in share]
        equal("what goes by rule", [one["events"] for one in plan["rules"]], [len(share) for share in shares])
        equal("what goes", plan["events"], len(going))
        equal("its digest", plan["digest"], runs_digest(going))
        equal("what holds keep", plan["kept"], kept)
        equal("by hold", {one["hold"]: one["events"] for one in plan["held"]}, by_hold)
        return cuts, going

    def check_prune(self, since, cuts, size):
        """The records of a prune that was carried out; the model follows."""
        records = [record["context"] for _, record in self.records_of("audit.prune", since)]
        closing = [record for record in records if record.get("closing")]
        parts = [record for record in records if "part" in record]
        if not records:
            cuts = cuts or [(rule, rule.keep and self.now - rule.keep * DAY) for rule in self.policy]
            equal("nothing recorded", sum(map(len, self.model.plan(cuts, size)[0])), 0)
            return
        equal("closing records", len(closing), 1)
        said = closing[0]
        if cuts is None:
            cuts = [(rule, one["cutoff"] and moment(one["cutoff"])) for rule, one in zip(self.policy, said["rules"])]
        shares, by_hold, _ = self.model.plan(cuts, size)
        going = sorted(seq for share in shares for seq in share)
        equal("events of the record", said["events"], len(going))
        equal("plan of the record", said["plan"], runs_digest(going))
        equal("rules of the record", {one["name"]: one["events"] for one in said["rules"]},
              {rule.name: len(share) for (rule, _), share in zip(cuts, shares)})
        equal("kept of the record", {one["hold"]: one["events"] for one in said["kept"]}, by_hold)
        sums = {}
        for part in parts:
            for name, count in part["rules"].items():
                sums[name] = sums.get(name, 0) + count
        equal("rules of the parts", {name: count for name, count in sums.items() if count},
              {rule.name: len(share) for (rule, _), share in zip(cuts, shares) if share})
        equal("events of the parts", sum(part["events"] for part in parts), len(going))
        young = [seq for seq in going if self.model.events[seq].us > self.now - FLOOR + 120 * 1000000]
        equal("younger than the floor", young, [])
        self.notes += [self.model.events[seq].origin for seq in self.rng.sample(going, min(len(going), 300))]
        self.went = [self.model.events[seq].line for seq in
                     sorted(going, key=lambda seq: (self.model.events[seq].us, seq))]
        self.model.prune(going)

    def step_prune(self):
        rng, rules, words = self.rng, self.policy, []
        clock = ["--clock-ok"] if not CLOCK or rng.random() < 0.5 else []
        if rng.random() < 0.3:
            days = rng.randint(30, 300)
            words, rules = ["--older-than", f"{days}d"], [Rule("older-than", {}, days)]
        plan_file = str(self.folder / "plan.json")
        size = self.size()[0]
        self.run("audit-prune", "-q", *words, "--plan", plan_file)
        plan = json.loads(pathlib.Path(plan_file).read_text())
        cuts, _ = self.check_plan(plan, rules)
        archive = self.folder / "archive"
        more = []
        if rng.random() < 0.4:
            archive.mkdir(exist_ok=True)
            more = ["--archive-to", str(archive)]
        before = set(archive.glob("*")) if more else set()
        self.went = []
        if rng.random() < 0.5:
            changed = self.disturb(words)
            stale = changed or runs_digest(sum(self.model.plan(cuts, plan["size"])[0], [])) != plan["digest"]
            since = self.size()[0]
            self.run("audit-prune", "-q", *more, *clock, "--apply", plan_file, wanted=(4 if stale else 0,))
            if not stale:
                self.check_prune(since, cuts, plan["size"])
        else:
            size = since = self.size()[0]
            self.run("audit-prune", "-q", *words, *more, *clock, "--apply")
            self.check_prune(since, None if rules is self.policy else
                             [(rules[0], self.now - rules[0].keep * DAY)], size)
        if more:
            self.check_archive(archive, before)

    def disturb(self, words):
        """Something between plan and prune; whether the rules are others."""
        kind = self.rng.randrange(4)
        if kind == 0:
            self.step_late()
        elif kind == 1:
            self.step_place()
        elif kind == 2 and not words:
            was = [rule.yaml() for rule in self.policy]
            self.step_policy()
            return was != [rule.yaml() for rule in self.policy]
        return False

    def check_archive(self, archive, before):
        new = set(archive.glob("*")) - before
        data = [path for path in new if path.name.endswith(".jsonl.zst")]
        if not self.went:
            equal("an archive of nothing", new, set())
            return
        equal("archives", len(data), 1)
        lines = subprocess.run(["zstd", "-dcq", str(data[0])], capture_output=True, check=True).stdout.decode()
        equal("archived", lines.split("\n")[:-1], self.went)
        done = self.run("audit-verify", "--key", self.key, str(data[0]), wanted=(0, 3))
        self.said.append(done.stdout[:200])

    # ---- holds ----

    def random_filter(self):
        rng = self.rng
        person = rng.choice([person for person in self.people if not person.pseudonym] or [self.people[0]])
        kind = rng.randrange(8)
        day = self.now - self.now % DAY - rng.randrange(20, 400) * DAY
        if kind == 0:
            tenant = rng.choice(["acme", "init*"])
            return Filter(["--tenant", tenant, "--until", rfc3339(day)],
                          [("tenant", [tenant]), ("window", (-(1 << 62), day))])
        if kind == 1:
            return Filter(["--actor", person.email], [("actor", [person.email])])
        if kind == 2:
            return Filter(["--action", "share.*", "--severity", "error"],
                          [("action", ["share.*"]), ("severity", ["error"])])
        if kind == 3:
            return Filter(["-g", r"tok1[0-3]\b"], [], r"tok1[0-3]\b")
        if kind == 4:
            return Filter(["actor_id=user:" + person.key, "--since", rfc3339(day)],
                          [("actor_id=", ["user:" + person.key]), ("window", (day, 1 << 62))])
        if kind == 5:
            number = rng.randrange(400)
            return Filter([f"--id=e-{number}?"], [("id", [f"e-{number}?"])])
        if kind == 6:
            return Filter(["--target", "/home/" + person.key + "*"], [("target", ["/home/" + person.key + "*"])])
        return Filter(["--everything"], []) if rng.random() < 0.3 else \
            Filter(["category=ADMIN", "--channel", "auth"], [("category=", ["ADMIN"]), ("channel", ["auth"])])

    def own(self):
        """The toolkit's own records as events of the model."""
        return [Stored(seq, line) for seq, line in self.query("source=audit-toolkit")]

    def step_place(self):
        self.matters += 1
        person = self.rng.choice([person for person in self.people if not person.pseudonym] or [self.people[0]])
        matter = self.rng.choice([f"M-{self.matters}", f"M-{self.rng.randint(1, self.matters)}", f"of {person.name}"])
        chosen = self.random_filter()
        reason = self.rng.choice(["court order", f"asked for by {person.email}"])
        since = self.size()[0]
        matched = [one.seq for one in list(self.model.events.values()) + self.own() if chosen(one)]
        done = self.run("audit-hold", "place", "--matter", matter, "--reason", reason, *chosen.words)
        self.said.append(done.stderr.strip())
        (seq, record), = self.records_of("audit.hold-place", since)
        said = record["context"]
        equal("what a hold matches", said["events"], len(matched))
        equal("its digest", said["digest"], runs_digest(matched))
        equal("matter and reason", (said["matter"], said["reason"]), (matter, reason))
        self.model.holds.append(Hold(said["hold"], matter, reason, chosen, seq))
        self.named(json.dumps(record, ensure_ascii=False))

    def step_lift(self):
        active = self.model.active()
        if not active:
            return
        matter = self.rng.choice(active).matter
        since = self.size()[0]
        self.run("audit-hold", "lift", "--matter", matter, "--reason", "it is over")
        (_, record), = self.records_of("audit.hold-lift", since)
        lifted = [hold for hold in active if hold.matter == matter]
        equal("lifted", sorted(record["context"]["holds"]), [hold.number for hold in lifted])
        for hold in lifted:
            hold.lifted = True
        self.named(json.dumps(record, ensure_ascii=False))

    def check_holds(self):
        """What list and explain say."""
        listed = json.loads(self.run("audit-hold", "list", "-o", "json").stdout)
        own = self.own()
        for one, hold in zip(listed, self.model.active()):
            now = sum(1 for event in list(self.model.events.values()) + own if hold.filter(event))
            equal("listed", (one["hold"], one["matter"], one["events"]), (hold.number, hold.matter, now))
        equal("active holds", len(listed), len(self.model.active()))
        if self.model.events:
            one = self.rng.choice(list(self.model.events.values()))
            said = self.run("audit-hold", "explain", str(one.seq), "-o", "json").stdout
            explained = json.loads(said)
            equal(f"what holds {one.seq}", [held["matter"] for held in explained["holds"]],
                  [hold.matter for hold in self.model.held_by(one)])

    # ---- persons ----

    def step_erase(self):
        rng = self.rng
        waiting = {subject.pseudonym for subject in self.model.deferred}
        free = [person for person in self.people if person.pseudonym not in waiting]
        if not free:
            return
        person = rng.choice(free)
        values = person.values()
        if not person.pseudonym and rng.random() < 0.3:
            values = values[:2]
        words = ["--subject", values[0]]
        for value in values[1:]:
            words += ["--also", value]
        if person.pseudonym or rng.random() < 0.3:
            person.pseudonym = person.pseudonym or "person-%012x" % rng.getrandbits(48)
            words += ["--pseudonym", person.pseudonym]
        if rng.random() < 0.5:
            size = self.size()[0]
            self.run("audit-erase", "-o", "json", *words, wanted=(0, 3))
            equal("a dry run changes nothing", self.size()[0], size)
        reason = rng.choice(["article 17", f"asked by {person.email}"])
        self.erase([*words, "--apply", "--reason", reason], (person, values))

    def step_deferred(self):
        self.erase(["--deferred", "--apply"], None)

    def erase(self, words, whom):
        """Those that wait come first, then whom: (person, values)."""
        since = self.size()[0]
        before = self.own()
        done = self.run("audit-erase", "-o", "json", *words, wanted=(0, 3))
        written = [one for one in self.own() if one.seq >= since]
        closing = [one.view["context"] for one in written if one.view["context"].get("closing")]
        subjects = [(subject, None) for subject in self.model.deferred]
        self.model.deferred = []
        if whom:
            person, values = whom
            pseudonym = closing[-1]["pseudonym"]
            equal("the pseudonym", pseudonym, person.pseudonym or pseudonym)
            person.pseudonym = pseudonym
            subjects.append((Subject(values, pseudonym), person))
        left = 0
        for subject, asked_now in subjects:
            if not asked_now and (not closing or closing[0]["pseudonym"] != subject.pseudonym):
                self.still_waits(subject, before)
                left += 1
                continue
            said = closing.pop(0)
            equal("whom a closing record is of", said["pseudonym"], subject.pseudonym)
            earlier = [one for one in written if one.seq < min(
                other.seq for other in written if other.view["context"]["operation"] == said["operation"])]
            left += self.erased(subject, said, before, earlier)
        equal("closing records of nobody", closing, [])
        equal("how the erasure ended", done.returncode, 3 if left else 0)

    def still_waits(self, subject, before):
        """Holds keep all that is left of a person: nothing is recorded."""
        placing = {hold.record for hold in self.model.active()}
        changed, held = self.model.erase(subject)
        records = [one for one in before if subject.event(one.event()) != one.event()]
        free = [one.seq for one in records if one.seq not in placing and not self.model.held_by(one)]
        equal("what could have been changed", (len(changed), free), (0, []))
        equal("something waits", bool(held or records), True)
        self.model.deferred.append(subject)

    def erased(self, subject, said, before, earlier):
        """One erasure as its closing record has it; whether something waits.
        before: the toolkit's records until then; earlier: those of erasures
        just before this one, which may have been changed by it."""
        placing = {hold.record for hold in self.model.active()}
        records = sum(subject.pseudonym in one.line for one in earlier)
        held_records = sum(subject.event(one.event()) != one.event() for one in earlier)
        for one in before:
            after = subject.event(one.event())
            if after == one.event():
                continue
            if one.seq in placing or self.model.held_by(one):
                held_records += 1
            else:
                records += 1
                one.set(canonical(after))
        changed, held = self.model.erase(subject)
        equal("events changed", said["events"], len(changed))
        equal("records changed", said["records"], records)
        equal("deferred", said["deferred"], len(held) + held_records)
        equal("records that must stay", said["kept"], 0)
        if held or held_records:
            self.model.deferred.append(subject)
            self.named(" ".join(subject.values))    # remembered until nothing holds them
            return True
        person = next(person for person in self.people if person.pseudonym == subject.pseudonym)
        self.gone.append((subject, person))
        return False

    # ---- what must be so after each step ----

    def check(self):
        got, wanted = self.query("source!=audit-toolkit"), self.model.lines()
        if got != wanted:
            more, less = set(got) - set(wanted), set(wanted) - set(got)
            raise Failure(f"the store has\n{sorted(more)[:3]}\nand the model\n{sorted(less)[:3]}\n"
                          f"({len(got)} and {len(wanted)})")
        notes = [word for path in sorted(self.folder.glob("kept*")) for word in ("--checkpoint", str(path))]
        size, signed = self.size()
        self.run("audit-verify", "--key", self.key, *notes, wanted=(0 if size == signed else 3,))
        self.check_gone()
        self.check_holds()

    def check_gone(self):
        """No value of an erased person is in the bytes, nor in what comes out."""
        if not self.gone:
            return
        beside = list(pathlib.Path(self.db).parent.glob("log.db-*"))
        equal("files beside the store", beside, [])
        data = pathlib.Path(self.db).read_bytes()
        shown = "\n".join(line for _, line in self.query())
        shown += self.run("audit-query", "--quarantine", "-o", "jsonl", wanted=(0, 1, 3)).stdout
        shown += self.run("audit-query", "--list-saved").stdout
        for subject, person in self.gone:
            if not person.trap and (found := subject.raw(data)):
                raise Failure(f"the bytes of the file at {found[0]}: {found[1]!r} ({subject.values})")
            if hit := subject.find(shown, 0):
                raise Failure(f"still shown: {shown[max(0, hit[0] - 200):hit[1] + 100]!r} ({subject.values})")

    def go(self):
        steps = {self.step_few: 3, self.step_many: 1, self.step_late: 2, self.step_again: 2, self.step_other: 1,
                 self.step_refused: 1, self.step_save: 1, self.step_export: 1, self.step_sign: 3, self.step_rotate: 1,
                 self.step_policy: 1, self.step_prune: 5, self.step_place: 4, self.step_lift: 3, self.step_erase: 4,
                 self.step_deferred: 1}
        self.check()
        for _ in range(self.rng.randint(8, 16)):
            self.tick(self.rng.randrange(1, 9 * DAY // 4))
            if self.rng.random() < 0.3:
                self.sign()
            step = self.rng.choices(list(steps), list(steps.values()))[0]
            self.said.append("-- " + step.__name__)
            step()
            self.check()
        self.attack()

    def attack(self):
        self.step_few()
        self.sign()
        what = attack(self.rng, self.db, self.model)
        if what:
            self.said.append("-- " + what)
            self.run("audit-verify", "--key", self.key, wanted=(5,))


def steps(count, seed):
    for number in range(count):
        folder = pathlib.Path(f"s{number}")
        folder.mkdir()
        lawful = None
        try:
            lawful = Lawful(random.Random(seed + number), folder.absolute())
            lawful.go()
        except Failure as why:
            print(f"lawful.py 1 {seed + number}: {why}")
            for said in lawful.said if lawful else []:
                print("  " + said[:400])
            return 1
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(steps(*map(int, sys.argv[1:])))
