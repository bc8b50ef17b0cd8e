#!/usr/bin/env python3
"""An attacker: may write to the file, has read audit-store(5), and holds no
key but those it is given.

    forge.py DB COMMAND [ARGUMENT...] [--repair]

    sql STATEMENT...         whatever SQL does, the schema included
    line SEQ                 another action in a line of the tail
    delete SEQ               a line of the tail is gone, later ones move up
    insert SEQ               a line more, later ones move down
    swap SEQ SEQ             two lines of the tail change places
    flip FIELD PART          a bit in the middle of a piece of a column
    counts FIELD             two values of a dictionary change their counts
    members FIELD            a membership filter that knows nothing
    piece OTHER FIELD PART   the same piece of another store's segment
    seeds OTHER              the salts of another store, for one still empty
    graft OTHER              the sealed events of another store in their place
    prune [WHAT]             the first segment goes, as audit-prune does it
    erase [WHAT]             actors of three lines of the tail, as an erasure
    rewrite SEQ OLD NEW      other words in a line of the tail, as an erasure
    hold [WHAT]              a hold on the events of the first segment, as audit-hold
    sign KEYFILE SIZE        a checkpoint of what is now kept, stored

FIELD is a name of audit-event(5).  With --repair every hash, number and
counter of the tail that needs no key is made right again afterwards.

prune, erase and hold without WHAT are lawful: what a verifier must accept.  WHAT
is one thing that is done otherwise: see the functions.
"""
import base64
import hashlib
import json
import re
import sqlite3
import sys
from datetime import datetime, timezone

from proofs import gap, leaf_hash, sha256, sign_checkpoint, tree
from events import FIELDS, rfc3339

CELL = 65536
MASK = (1 << 64) - 1


# ---- What audit-store(5) says ----

def fold(a, b):
    product = a * b
    return (product ^ product >> 64 ^ a ^ b) & MASK


def hash64(key, data):
    """The hash of membership filters, under a key."""
    inner = fold(key ^ 0x6a09e667f3bcc909, 0xbb67ae8584caa73b)
    h = (inner << 32 | inner >> 32) & MASK
    length, left = len(data), data
    while len(left) > 16:
        h = fold(int.from_bytes(left[:8], "little") ^ inner, int.from_bytes(left[8:16], "little") ^ h)
        left = left[16:]
    n, a, b = len(left), 0, 0
    if n >= 8:
        a, b = int.from_bytes(left[:8], "little"), int.from_bytes(left[-8:], "little")
    elif n >= 4:
        a, b = int.from_bytes(left[:4], "little"), int.from_bytes(left[-4:], "little")
    elif n > 0:
        a = left[0] << 16 | left[n // 2] << 8 | left[-1]
    return fold(fold(a ^ inner, b ^ h) ^ 0x3c6ef372fe94f82b, inner ^ length)


def micros(text):
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    since = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86400 + since.seconds) * 1000000 + since.microseconds


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def read_varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        at += 1
        n |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return n, at


def runs_of(seqs):
    """[(first, count)] of numbers in order."""
    runs = []
    for seq in seqs:
        if runs and sum(runs[-1]) == seq:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((seq, 1))
    return runs


def pack_runs(runs):
    out, at = b"", 0
    for first, count in runs:
        out += varint(first - at) + varint(count)
        at = first + count
    return out


def unpack_runs(data, first, last):
    """The seqs of a segment's rows."""
    if data is None:
        return list(range(first, last + 1))
    seqs, at, seq = [], 0, first
    while at < len(data):
        skip, at = read_varint(data, at)
        count, at = read_varint(data, at)
        seqs += range(seq + skip, seq + skip + count)
        seq += skip + count
    return seqs


def expand(node):
    pair = sha256(b"\x02", node)
    return pair[:16], pair[16:]


def forget(salts, offsets):
    """The set of nodes that knows the same salts but those."""
    gone, out = set(offsets), []

    def keep(depth, path, value):
        first, count = path << 16 - depth, 1 << 16 - depth
        hit = sum(first <= offset < first + count for offset in gone)
        if hit == 0:
            out.append(bytes([depth]) + path.to_bytes(2, "big") + value)
        elif hit < count:
            left, right = expand(value)
            keep(depth + 1, path * 2, left)
            keep(depth + 1, path * 2 + 1, right)

    for i in range(0, len(salts), 19):
        keep(salts[i], int.from_bytes(salts[i + 1:i + 3], "big"), salts[i + 3:i + 19])
    return b"".join(out)


def salt_of(salts, offset):
    for i in range(0, len(salts), 19):
        depth = salts[i]
        if offset >> 16 - depth == int.from_bytes(salts[i + 1:i + 3], "big"):
            node = salts[i + 3:i + 19]
            for bit in range(15 - depth, -1, -1):
                node = expand(node)[offset >> bit & 1]
            return node
    raise SystemExit("forge.py: that salt was forgotten")


# ---- The file ----

class Store:
    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript("PRAGMA synchronous=OFF; BEGIN")

    def one(self, sql, *values):
        row = self.db.execute(sql, values).fetchone()
        return row if row is None or len(row) > 1 else row[0]

    def all(self, sql, *values):
        return self.db.execute(sql, values).fetchall()

    def do(self, sql, *values):
        self.db.execute(sql, values)

    def salts(self, seq):
        return self.one("SELECT salts FROM cell WHERE no = ?", seq // CELL)

    def forget(self, seqs):
        """Their salts; all of one cell."""
        left = forget(self.salts(seqs[0]), [seq % CELL for seq in seqs])
        self.do("UPDATE cell SET salts = ? WHERE no = ?", left, seqs[0] // CELL)

    def line(self, seq):
        return self.one("SELECT CAST(line AS BLOB) FROM tail WHERE seq = ?", seq)

    def key(self, line):
        event = json.loads(line)
        key = int.from_bytes(self.one("SELECT file_key FROM state")[:8], "big")
        key = hash64(key, micros(event["time"]).to_bytes(8, "big", signed=True))
        key = hash64(hash64(key, event.get("source", "").encode()), event.get("id", "").encode())
        return key - (1 << 64) if key >> 63 else key

    def put_line(self, seq, kind, line):
        """A row of the tail with all that belongs to it."""
        leaf = leaf_hash(salt_of(self.salts(seq), seq % CELL), kind, line)
        self.do("INSERT OR REPLACE INTO tail VALUES (?, ?, ?, ?, ?, CAST(? AS TEXT))",
                seq, self.key(line), kind, len(line), leaf, line)

    def leaves(self):
        """Those of the cell that is not full."""
        leaves = {}
        for first, hashes in self.all("SELECT first, hashes FROM leaf") + self.all("SELECT seq, leaf FROM tail"):
            leaves.update((first + i // 32, hashes[i:i + 32]) for i in range(0, len(hashes), 32))
        return leaves

    def append(self, action, context, kind=1):
        """One of the toolkit's own records, of now."""
        seq = self.one("SELECT size FROM state")
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        identity = hashlib.md5(str(seq).encode()).hexdigest()
        event = {"id": identity, "time": now, "ingested": now, "source": "audit-toolkit",
                 "category": "COMPLIANCE", "action": action, "severity": "info", "outcome": "success",
                 "actor_id": "uid:0", "context": context}
        self.put_line(seq, kind, canonical(event))
        self.do("UPDATE state SET size = size + 1, last_ingested = max(last_ingested, ?)", micros(now))
        return seq

    def removal(self, record, runs):
        self.do("UPDATE state SET removals = removals + 1")
        self.do("INSERT INTO removal SELECT removals, ?, ? FROM state", record, pack_runs(runs))

    def repair(self):
        """All that a query or an honest, unsigned log needs of the tail."""
        erased = {seq for seq, in self.all("SELECT seq FROM erased")}
        for seq, kind, line in self.all("SELECT seq, kind, CAST(line AS BLOB) FROM tail"):
            if seq not in erased:
                self.put_line(seq, kind, line)
        self.do("UPDATE state SET size = (SELECT max(seq) + 1 FROM tail)")

    def close(self):
        self.db.execute("COMMIT")
        self.db.close()


def canonical(event):
    ordered = {field: event[field] for field in FIELDS if field in event}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()


# ---- The tail ----

def sql(st, *statements):
    st.db.execute("COMMIT")
    st.db.execute("PRAGMA writable_schema = ON")
    st.db.execute("BEGIN")
    for statement in statements:
        st.db.execute(statement)


def line(st, seq):
    old = st.line(int(seq))
    new = re.sub(rb'"action":"(.)', lambda m: b'"action":"' + bytes([m[1][0] ^ 1]), old, count=1)
    st.do("UPDATE tail SET line = CAST(? AS TEXT) WHERE seq = ?", new, int(seq))


def renumber(st, start, by):
    order = "ASC" if by < 0 else "DESC"
    for seq, in st.all(f"SELECT seq FROM tail WHERE seq >= ? ORDER BY seq {order}", start):
        st.do("UPDATE tail SET seq = ? WHERE seq = ?", seq + by, seq)


def delete(st, seq):
    st.do("DELETE FROM tail WHERE seq = ?", int(seq))
    renumber(st, int(seq), -1)
    st.do("UPDATE state SET size = size - 1")


def insert(st, seq):
    old = json.loads(st.line(int(seq)))
    old["id"] = "never-happened"
    renumber(st, int(seq), 1)
    st.put_line(int(seq), 0, canonical(old))
    st.do("UPDATE state SET size = size + 1")


def swap(st, one, two):
    rows = {seq: st.one("SELECT key, kind, length, leaf, line FROM tail WHERE seq = ?", int(seq)) for seq in (one, two)}
    for seq, row in ((one, rows[two]), (two, rows[one])):
        st.do("UPDATE tail SET key = ?, kind = ?, length = ?, leaf = ?, line = ? WHERE seq = ?", *row, int(seq))


# ---- Segments ----

def pieces(st, field, part):
    """(id, data) of that piece of all segments."""
    number = 63 if field == "all" else FIELDS.index(field)
    return st.all("SELECT id, data FROM piece WHERE (id & 65535) = ? ORDER BY id", number << 10 | int(part))


def first_piece(st, field, part):
    found = pieces(st, field, part)
    if not found:
        raise SystemExit(f"forge.py: no segment has part {part} of {field}")
    return found[0]


def put_piece(st, identity, data):
    st.do("UPDATE piece SET data = ? WHERE id = ?", bytes(data), identity)


def flip(st, field, part):
    identity, data = first_piece(st, field, part)
    data = bytearray(data)
    data[len(data) // 2] ^= 1
    put_piece(st, identity, data)


def counts(st, field):
    """The sum stays what it was."""
    for identity, data in pieces(st, field, 0):
        data = bytearray(data)
        if data[0] != 2:
            continue
        values, at = read_varint(data, 1)
        _, at = read_varint(data, at)
        _, at = read_varint(data, at)
        if data[at] != 0 or values < 2:
            continue
        one, two = at + 1, read_varint(data, at + 1)[1]
        if data[one] & 0x7f != 0x7f and data[two] & 0x7f > 1:
            data[one] += 1
            data[two] -= 1
            put_piece(st, identity, data)
            return
    raise SystemExit("forge.py: no dictionary is like that")


def members(st, field):
    identity, data = first_piece(st, field, 2)
    put_piece(st, identity, bytes(len(data)))


def piece(st, other, field, part):
    put_piece(st, first_piece(st, field, part)[0], first_piece(Store(other), field, part)[1])


def seeds(st, other):
    for row in Store(other).all("SELECT no, salts FROM cell"):
        st.do("INSERT INTO cell (no, salts) VALUES (?, ?)", *row)


def graft(st, other):
    """Segments, as far as both stores cut them alike, and what is kept of them."""
    source = Store(other)
    for row in source.all("SELECT * FROM segment"):
        old = st.one("SELECT id FROM segment WHERE first = ? AND last = ? AND runs IS NULL AND records IS NULL",
                     *row[1:3])
        if old is None or row[10] is not None or row[11] is not None:
            continue
        st.do("DELETE FROM piece WHERE id >> 16 = ?", old)
        st.do("DELETE FROM segment WHERE id = ?", old)
        st.do("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", old, *row[1:])
        for identity, data in source.all("SELECT id, data FROM piece WHERE id >> 16 = ?", row[0]):
            st.do("INSERT INTO piece VALUES (?, ?)", old << 16 | identity & 65535, data)
    for row in source.all("SELECT no, salts, root, nodes FROM cell WHERE root IS NOT NULL"):
        st.do("INSERT OR REPLACE INTO cell VALUES (?, ?, ?, ?)", *row)
    kept = {}
    for first, hashes in source.all("SELECT first, hashes FROM leaf"):
        kept.update((first + i // 32, hashes[i:i + 32]) for i in range(0, len(hashes), 32))
    for first, hashes in st.all("SELECT first, hashes FROM leaf"):
        own = [kept.get(first + i // 32, hashes[i:i + 32]) for i in range(0, len(hashes), 32)]
        st.do("UPDATE leaf SET hashes = ? WHERE first = ?", b"".join(own), first)


# ---- Removals ----

def digest_of(runs):
    return hashlib.sha256(b"".join(first.to_bytes(8, "big") + count.to_bytes(8, "big") for first, count in runs))


def cover(st, runs):
    """Hashes for what goes: complete subtrees, none over a signed size."""
    leaves = st.leaves()
    sizes = [size for size, in st.all("SELECT DISTINCT size FROM checkpoint ORDER BY size")]
    for first, count in runs:
        cuts = [first] + [size for size in sizes if first < size < first + count] + [first + count]
        for at, end in zip(cuts, cuts[1:]):
            for height in gap(at, end):
                own = [leaves[seq] for seq in range(at, at + (1 << height))]
                st.do("INSERT INTO removed VALUES (?, ?, ?)", at, height, tree(own))
                at += 1 << height


def prune(st, what="lawful"):
    """silent: nothing is recorded; digest: the record's is another; event: the
    record is one from outside; rowless: the record has no row; recordless:
    the row names another record; bare: no hashes are kept; salted: salts are
    kept; uncounted: the counters stay; generation: the row has another number."""
    identity, first, last, count, oldest, newest, runs, records = st.one(
        "SELECT id, first, last, count, min_time, max_time, runs, records FROM segment"
        " WHERE records IS NULL ORDER BY first")
    seqs = unpack_runs(runs, first, last)
    assert len(seqs) == count and records is None and first // CELL == st.one("SELECT size FROM state") // CELL
    gone = runs_of(seqs)
    if what != "bare":
        cover(st, gone)
    if what != "salted":
        st.forget(seqs)
    st.do("DELETE FROM piece WHERE id >> 16 = ?", identity)
    st.do("DELETE FROM segment WHERE id = ?", identity)
    if what == "silent":
        return
    digest = digest_of(gone).hexdigest() if what != "digest" else "0" * 64
    moment = [rfc3339(oldest), rfc3339(newest)]
    record = 0 if what == "recordless" else st.append("audit.prune", {
        "operation": "5a9d4e1c-0000-4000-8000-000000000000", "cutoff": moment[1], "part": 1, "events": count,
        "first_seq": first, "last_seq": last, "oldest": moment[0], "newest": moment[1], "digest": digest},
        0 if what == "event" else 1)
    if what == "recordless":
        record = st.one("SELECT max(record) FROM removal")
    if what != "rowless":
        st.removal(record, gone)
    if what == "generation":
        st.do("UPDATE removal SET generation = generation + 1 WHERE generation = (SELECT removals FROM state)")
    if what != "uncounted":
        st.do("UPDATE state SET pruned_events = pruned_events + ?, pruned_min_time ="
              " CASE WHEN pruned_events = 0 THEN ?2 ELSE min(pruned_min_time, ?2) END,"
              " pruned_max_time = CASE WHEN pruned_events = 0 THEN ?3 ELSE max(pruned_max_time, ?3) END",
              count, oldest, newest)


def erase(st, what="lawful"):
    """silent, digest, event, rowless, recordless as of prune; change: what
    covers the new line is of another; salt: the new lines' salt is not kept;
    salted: the salts of the old lines are kept; leaf: another original hash;
    again: the line is changed once more behind it; own: the events are the
    toolkit's own records; twice: one record stands for two removals."""
    seqs = [seq for seq, in st.all("SELECT seq FROM tail WHERE kind = ? AND line LIKE '%\"actor_id\":\"%' LIMIT 3",
                                   int(what == "own"))]
    record, changes = st.one("SELECT size FROM state"), b""
    for seq in seqs:
        new = re.sub(rb'"actor_id":"[^"]*"', b'"actor_id":"erased:0f1e2d3c4b5a"', st.line(seq))
        r = sha256(b"r", seq.to_bytes(8, "big"))[:16]
        change = sha256(b"\x03", r, new + (b" " if what == "change" else b""))
        leaf = st.one("SELECT leaf FROM tail WHERE seq = ?", seq)
        if what == "leaf":
            leaf = sha256(leaf)
        changes += seq.to_bytes(8, "big") + leaf + change
        st.do("UPDATE tail SET line = CAST(? AS TEXT), length = ? WHERE seq = ?", new, len(new), seq)
        if what != "silent":
            st.do("INSERT INTO erased VALUES (?, ?, ?, ?, ?)", seq, record, leaf, change, None if what == "salt" else r)
        if what != "salted":
            st.forget([seq])
    if what in ("silent", "recordless"):
        if what == "recordless":
            st.removal(st.one("SELECT max(record) FROM removal"), runs_of(seqs))
        return
    digest = hashlib.sha256(changes).hexdigest() if what != "digest" else "0" * 64
    context = {"pseudonym": "erased:0f1e2d3c4b5a", "events": len(seqs), "digest": digest}
    assert record == st.append("audit.erase", context, 0 if what == "event" else 1)
    if what != "rowless":
        st.removal(record, runs_of(seqs))
    if what == "twice":
        st.removal(record, runs_of(seqs))
    if what == "again":
        line(st, seqs[0])


def rewrite(st, seq, old, new):
    """An erasure with all that belongs to it, that puts other words into a line
    of the tail."""
    seq, number = int(seq), st.one("SELECT size FROM state")
    line = st.line(seq).replace(old.encode(), new.encode())
    assert line != st.line(seq)
    r, leaf = sha256(b"r", seq.to_bytes(8, "big"))[:16], st.one("SELECT leaf FROM tail WHERE seq = ?", seq)
    change = sha256(b"\x03", r, line)
    st.do("UPDATE tail SET line = CAST(? AS TEXT), length = ?, key = ? WHERE seq = ?", line, len(line), st.key(line), seq)
    st.do("INSERT INTO erased VALUES (?, ?, ?, ?, ?)", seq, number, leaf, change, r)
    st.forget([seq])
    digest = sha256(seq.to_bytes(8, "big") + leaf + change).hex()
    st.append("audit.erase", {"pseudonym": "person-0f1e2d3c4b5a", "events": 1, "digest": digest})
    st.removal(number, [(seq, 1)])


def hold(st, what="lawful"):
    """rowless: the record has no row; recordless: the row names another
    record; digest: the record's is another; runs: the row has one event less;
    none: it has none; lifted: the row is marked as lifted, without a record;
    active: a record lifts it, the row is not marked; borrowed: it is marked as
    lifted by a record that lifts another; pruned: the events are pruned, with
    a record that is right in itself; lift: lifted by a record, lawfully."""
    first, last, runs = st.one("SELECT first, last, runs FROM segment WHERE records IS NULL ORDER BY first")
    held = runs_of(unpack_runs(runs, first, last))
    number = st.one("SELECT coalesce(max(id), 0) + 1 FROM hold")
    record = st.one("SELECT max(record) FROM removal") if what == "recordless" else st.append("audit.hold-place", {
        "hold": number, "matter": "2026-17", "reason": "claim of Acme", "filter": "source = app",
        "events": sum(count for _, count in held),
        "digest": digest_of(held).hexdigest() if what != "digest" else "0" * 64})
    lift = st.append("audit.hold-lift", {"matter": "2026-17", "reason": "settled",
                                         "holds": [number if what != "borrowed" else number + 1]}) \
        if what in ("lift", "active", "borrowed") else record if what == "lifted" else None
    if what == "runs":
        held[0] = (held[0][0] + 1, held[0][1] - 1)
    if what != "rowless":
        st.do("INSERT INTO hold VALUES (?, ?, ?, ?)", number, record, None if what == "active" else lift,
              b"" if what == "none" else pack_runs(held))
    if what == "pruned":
        prune(st)


# ---- Checkpoints ----

def sign(st, keyfile, size):
    """PRIVATE+KEY+name+id+base64(0x01 || seed), and leaves of the first cell."""
    with open(keyfile, "rb") as f:
        _, _, name, _, secret = f.read().strip().split(b"+", 4)
    leaves = st.leaves()
    note = sign_checkpoint(name, base64.b64decode(secret)[1:], int(size), tree([leaves[i] for i in range(int(size))]))
    st.do("INSERT INTO checkpoint (size, at, note) VALUES (?, 0, CAST(? AS TEXT))", int(size), note)


COMMANDS = (sql, line, delete, insert, swap, flip, counts, members, piece, seeds, graft, prune, erase, rewrite, hold, sign)


def main(argv):
    words = [word for word in argv[1:] if word != "--repair"]
    named = {command.__name__: command for command in COMMANDS}
    if len(words) < 2 or words[1] not in named:
        print(__doc__, file=sys.stderr)
        return 2
    st = Store(words[0])
    named[words[1]](st, *words[2:])
    if "--repair" in argv:
        st.repair()
    st.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
