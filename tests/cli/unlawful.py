"""One change that nobody may make to a store with removals and holds; forge.py
knows how the file is written.  What is tried depends on what there is.
"""
import io
from contextlib import redirect_stdout

import forge


def sql(*statements):
    return lambda st: forge.sql(st, *statements)


def blob(data):
    return "x'" + data.hex() + "'"


def of_holds(st, model):
    """(name, what is done) for active holds and what they keep."""
    for hold, runs, record in st.all("SELECT id, runs, record FROM hold WHERE lift IS NULL"):
        kind = st.one("SELECT kind FROM tail WHERE seq = ?", record)
        yield f"hold {hold} is gone", sql(f"DELETE FROM hold WHERE id = {hold}")
        yield f"hold {hold} is lifted by its own record", sql(f"UPDATE hold SET lift = record WHERE id = {hold}")
        yield f"hold {hold} has no record", sql(f"UPDATE hold SET record = record - 1 WHERE id = {hold}")
        if runs:
            yield f"hold {hold} matched nothing", sql(f"UPDATE hold SET runs = x'' WHERE id = {hold}")
            yield f"hold {hold} matched one more", sql(f"UPDATE hold SET runs = {blob(longer(runs))} WHERE id = {hold}")
        if kind == 1:
            yield f"hold {hold} was never recorded", sql(f"DELETE FROM tail WHERE seq = {record}")
            yield f"hold {hold} and its record are gone", sql(f"DELETE FROM hold WHERE id = {hold}",
                                                             f"DELETE FROM tail WHERE seq = {record}")
        kept = kept_segment(st, runs)
        if kept:
            yield f"what hold {hold} keeps is pruned, and recorded", lambda st: forge.prune(st)
        tail = [seq for seq, in st.all("SELECT seq FROM tail WHERE kind = 0")]
        for one in model.events.values():
            if one.seq in tail and model.held_by(one):
                yield f"{one.seq} is gone, which is held", sql(f"DELETE FROM tail WHERE seq = {one.seq}")
                break
    for hold, in st.all("SELECT id FROM hold WHERE lift IS NOT NULL"):
        yield f"hold {hold} was lifted by another record", sql(f"UPDATE hold SET lift = lift - 1 WHERE id = {hold}")
        yield f"hold {hold}, lifted, is gone", sql(f"DELETE FROM hold WHERE id = {hold}")


def longer(runs):
    """The last run one seq longer, as long as that is one byte."""
    return runs[:-1] + bytes([runs[-1] + 1]) if runs[-1] < 0x7f else runs + b"\1\1"


def kept_segment(st, runs):
    """Whether the hold matched something in what forge.prune takes."""
    row = st.one("SELECT first, last, runs, records FROM segment ORDER BY first")
    if row is None or row[3] is not None or row[0] // forge.CELL != st.one("SELECT size FROM state") // forge.CELL:
        return False
    at, here = 0, set(forge.unpack_runs(row[2], row[0], row[1]))
    position = 0
    while position < len(runs):
        skip, position = forge.read_varint(runs, position)
        count, position = forge.read_varint(runs, position)
        at += skip + count
        if any(seq in here for seq in range(at - count, at)):
            return True
    return False


def of_erasures(st):
    """(name, what is done) for rows and records of what was erased."""
    there = {seq for seq, in st.all("SELECT seq FROM tail")}
    for first, last, runs in st.all("SELECT first, last, runs FROM segment"):
        there |= set(forge.unpack_runs(runs, first, last))
    rows = [row for row in st.all("SELECT seq, record FROM erased ORDER BY seq") if row[0] in there]
    if not rows:
        return
    seq, record = rows[len(rows) // 2]
    newest, = max((row for row in st.all("SELECT record FROM erased WHERE seq = ?", seq)))
    here = f"WHERE seq = {seq} AND record = {newest}"
    for column, other in (("salt", 16), ("change", 32), ("leaf", 32)):
        yield f"{column} of what was erased at {seq}", sql(f"UPDATE erased SET {column} = randomblob({other}) {here}")
    yield f"the salt of {seq} is forgotten", sql(f"UPDATE erased SET salt = NULL {here}")
    yield f"that {seq} was erased is forgotten", sql(f"DELETE FROM erased {here}")
    yield f"{seq} was erased by another record", sql(f"UPDATE erased SET record = record - 1 {here}")
    yield "the removal of an erasure is gone", sql(f"DELETE FROM removal WHERE record = {record}")
    yield "the removal of an erasure names others", sql(f"UPDATE removal SET runs = x'0001' WHERE record = {record}")
    if record in {seq for seq, in st.all("SELECT seq FROM tail")}:
        yield "the record of an erasure is gone", sql(f"DELETE FROM tail WHERE seq = {record}")
        yield "an erasure never was", sql(f"DELETE FROM erased WHERE record = {record}",
                                          f"DELETE FROM removal WHERE record = {record}",
                                          f"DELETE FROM tail WHERE seq = {record}")
    if seq in {seq for seq, in st.all("SELECT seq FROM tail")}:
        yield f"{seq} says something else again", lambda st: forge.line(st, seq)
    other = next((seq for seq in sorted(there) if seq not in {row[0] for row in rows}), None)
    if other is not None:
        yield f"{other} is said to be erased", sql(
            f"INSERT INTO erased SELECT {other}, record, leaf, change, salt FROM erased {here}")


def attack(rng, db, model):
    """Makes one change; its name, or None when there is nothing of the kind."""
    st = forge.Store(db)
    attacks = list(of_holds(st, model)) + list(of_erasures(st))
    if not attacks:
        st.close()
        return None
    name, change = rng.choice(attacks)
    with redirect_stdout(io.StringIO()):
        change(st)
    st.close()
    return name
