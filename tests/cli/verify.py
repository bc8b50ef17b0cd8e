#!/usr/bin/env python3
"""A second verifier, written from the integrity definitions, audit-proof(5)
and the public specifications alone, with Python's standard library (and the
zstd command for files compressed so).

    verify.py vectors                 the vectors of the definitions
    verify.py note KEY FILE           a checkpoint; prints size and root
    verify.py bundle KEY FILE         a tlog-proof, with what leads from the
                                      first key to it; prints the event
    verify.py export KEY FILE [PROOF] an exported file; FILE.proof beside it
    verify.py consistency KEY OLD FILE
                                      FILE shows that its checkpoint goes on
                                      from that of OLD
    verify.py manifest KEY FILE       a manifest and the files it names
    verify.py store KEY FILE          a store: notes, tree and tail; columns
                                      are not decoded
    verify.py facts FILE              what tests/cli/facts prints of trees
    verify.py probes FOLDER           probe files of transparency-dev/merkle

KEY is a verifier key.  Ends with 0 when all holds, 3 when lines are not
signed yet or are said to be erased, 5 when something does not hold.  It shares no code with the
programs.
"""
import gzip
import json
import pathlib
import re
import sqlite3
import subprocess
import sys

from facts import verify_facts, verify_probes, verify_vectors
from proofs import (Wrong, decode64, fill_gaps, key_line, leaf_hash, need, read_key, read_number, root_from,
                    root_of_path, sha256, tree, verify_checkpoint, verify_consistency)

CELL = 65536


def record_context(kind, line, action):
    """The context of one of the toolkit's own records."""
    need(kind == 1, "a record of the toolkit is none")
    try:
        event = json.loads(line)
    except ValueError as why:
        raise Wrong("a record is not JSON") from why
    need(event.get("source") == "audit-toolkit" and event.get("action") == action, "a record of another kind")
    need(isinstance(event.get("context"), dict), "a record without context")
    return event["context"]


# ---- Bundles, and chains of them ----

def take_note(data, what):
    """A note at the start of data, and what is behind its last signature."""
    at = data.find(b"\n\n")
    need(at >= 0, f"{what}: no checkpoint")
    at += 2
    while data.startswith("\u2014 ".encode(), at):
        end = data.find(b"\n", at)
        need(end >= 0, f"{what}: cut")
        at = end + 1
    return data[:at], data[at:]


def take_bundle(data):
    """One C2SP tlog-proof, extra = salt || kind || line, and what is behind it."""
    head, blank, rest = data.partition(b"\n\n")
    need(blank, "proof: no checkpoint")
    lines = head.split(b"\n")
    need(lines.pop(0) == b"c2sp.org/tlog-proof@v1", "proof: first line")
    need(len(lines) >= 2 and lines[0].startswith(b"extra "), "proof: without the event")
    extra = decode64(lines.pop(0)[6:])
    need(len(extra) >= 17 and extra[16] in (0, 1), "proof: extra data")
    need(lines[0].startswith(b"index "), "proof: no index")
    index = read_number(lines.pop(0)[6:])
    path = [decode64(line) for line in lines]
    need(all(len(h) == 32 for h in path), "proof: a hash is malformed")
    note, rest = take_note(rest, "proof")
    return {"extra": extra, "index": index, "path": path, "note": note}, rest


def verify_bundle(bundle, key):
    """What it shows: size of the log, index, kind, line."""
    extra = bundle["extra"]
    size, root = verify_checkpoint(bundle["note"], key)
    leaf = leaf_hash(extra[:16], extra[16], extra[17:])
    need(root_of_path(leaf, bundle["index"], size, bundle["path"]) == root, "proof: another root")
    return size, bundle["index"], extra[16], extra[17:]


def take_bundles(data):
    bundles = []
    while data:
        bundle, data = take_bundle(data)
        bundles.append(bundle)
    return bundles


def introduced(bundle):
    context = record_context(bundle["extra"][16], bundle["extra"][17:], "audit.key-rotate")
    need(isinstance(context.get("key"), str), "chain: a record without key")
    return context["key"].encode()


def note_size(note):
    lines = note.split(b"\n")
    need(len(lines) > 1, "checkpoint: no size")
    return read_number(lines[1])


def epochs_of(chain, pinned):
    """[(key, size of its seal or None)], from the pinned key on.  Each bundle
    of the chain is the record that introduces the next key, as the last leaf
    under the seal of the one before.  What comes before the pinned key is an
    epoch without key."""
    lines = [introduced(bundle) for bundle in chain]
    epochs, key, sealed, seen = [], pinned, 0, {key_line(*pinned)}
    if key_line(*pinned) in lines:
        at = lines.index(key_line(*pinned))
        sealed = note_size(chain[at]["note"])
        epochs, chain = [(None, sealed)], chain[at + 1:]
    for bundle in chain:
        size, index, _, _ = verify_bundle(bundle, key)
        need(index == size - 1, "chain: the record is not the last one under its seal")
        need(size > sealed, "chain: a seal is not behind the one before")
        line = introduced(bundle)
        need(line not in seen, "chain: a key again")
        seen.add(line)
        epochs.append((key, size))
        key, sealed = read_key(line), size
        need(key[0] == pinned[0], "chain: a key of another log")
    return epochs + [(key, None)]


def in_epoch(epochs, note):
    """A checkpoint under the key of the epoch that its size falls in; one that
    is older than the pinned key is taken as it is given."""
    for key, seal in epochs:
        if key is None and note_size(note) <= seal:
            return note_size(note), decode64(note.split(b"\n")[2])
        if seal is None or note_size(note) <= seal:
            return verify_checkpoint(note, key)
    raise Wrong("checkpoint: no epoch")


def under_last(epochs, note):
    size, root = verify_checkpoint(note, epochs[-1][0])
    need(len(epochs) == 1 or size > epochs[-2][1], "checkpoint: by the key of a later epoch")
    return size, root


def verify_event(data, key):
    bundles = take_bundles(data)
    need(bundles, "proof: empty")
    epochs = epochs_of(bundles[:-1], key)
    under_last(epochs, bundles[-1]["note"])
    return verify_bundle(bundles[-1], epochs[-1][0])[1:]


# ---- One checkpoint goes on from another ----

def verify_continues(data, old, key):
    chain = []
    while data.startswith(b"c2sp.org/"):
        bundle, data = take_bundle(data)
        chain.append(bundle)
    epochs = epochs_of(chain, key)
    head, blank, note = data.partition(b"\n\n")
    need(blank, "consistency: no checkpoint")
    lines = head.split(b"\n")
    need(lines[0].startswith(b"old "), "consistency: first line")
    first = read_number(lines[0][4:])
    path = [decode64(line) for line in lines[1:]]
    need(all(len(h) == 32 for h in path), "consistency: a hash is malformed")
    old_size, old_root = in_epoch(epochs, old)
    need(old_size == first, "consistency: begins with another size")
    note, rest = take_note(note, "consistency")
    need(not rest, "consistency: something behind the checkpoint")
    size, root = under_last(epochs, note)
    verify_consistency(first, old_root, size, root, path)
    return first, size


# ---- Whole exports ----

def read_runs(texts):
    """FIRST+COUNT ..., each as long as it can be, as numbers one by one."""
    behind = None
    for text in texts:
        first, plus, count = text.partition(b"+")
        need(plus, "export proof: a run is malformed")
        first, count = read_number(first), read_number(count)
        need(0 < count <= 1 << 24 and first != behind, "export proof: a run's length")
        behind = first + count
        yield from range(first, first + count)


def read_hashes(text):
    blob = b"" if text == b"-" else decode64(text)
    need(text != b"" and len(blob) % 32 == 0, "export proof: hashes")
    return [blob[i:i + 32] for i in range(0, len(blob), 32)]


def read_salts(blob, offsets):
    """{offset: salt} of a salt set, which must know exactly these."""
    need(len(blob) % 19 == 0, "export proof: salts")
    salts, at = {}, 0
    for i in range(0, len(blob), 19):
        depth, path, value = blob[i], int.from_bytes(blob[i + 1:i + 3], "big"), blob[i + 3:i + 19]
        need(depth <= 16 and path >> depth == 0, "export proof: a node of salts")
        level = [value]
        first = path << 16 - depth
        need(first >= at, "export proof: salts out of order")
        for _ in range(16 - depth):
            pairs = [sha256(b"\x02", node) for node in level]
            level = [half for pair in pairs for half in (pair[:16], pair[16:])]
        at = first + len(level)
        salts.update(zip(range(first, at), level))
    need(sorted(salts) == offsets, "export proof: salts of other lines")
    return salts


def read_text(path):
    """The bytes of an export: plain, gzip or zstd, by content."""
    data = read_file(path)
    if data.startswith(b"\x1f\x8b"):
        try:
            return gzip.decompress(data)
        except (EOFError, OSError) as why:
            raise Wrong(f"gzip: {why}") from why
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        done = subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=False)
        need(done.returncode == 0, "zstd: not whole")
        return done.stdout
    return data


def read_export_proof(data):
    head, blank, rest = data.partition(b"\n\n")
    need(blank, "export proof: no checkpoint")
    lines = head.split(b"\n")
    need(lines.pop(0) == b"audit-toolkit/export-proof@v1", "export proof: first line")
    words = [line.split(b" ") for line in lines]
    need([w[0] for w in words] == [b"size", b"order"] + [b"cell"] * (len(words) - 3) + [b"outside"],
         "export proof: its lines")
    need(len(words[0]) == 2 and len(words[-1]) == 2 and all(len(w) == 7 for w in words[2:-1]),
         "export proof: words of a line")
    note, chain = take_note(rest, "export proof")
    order = words[1][1:]
    return {"size": read_number(words[0][1]), "order": list(read_runs([] if order == [b"-"] else order)),
            "cells": words[2:-1], "outside": read_hashes(words[-1][1]),
            "note": note, "chain": take_bundles(chain)}


def read_offsets(text):
    offsets = list(read_runs([] if text == b"-" else text.split(b",")))
    need(offsets == sorted(set(offsets)) and text != b"", "export proof: offsets do not rise")
    return set(offsets)


def cell_root(words, lines, size):
    """The cell's number, its root made of the lines {seq: line}, and the seqs of
    those that are said to be erased."""
    number = read_number(words[1])
    start, end = number * CELL, min(size, (number + 1) * CELL)
    own = {seq - start: line for seq, line in lines.items() if start <= seq < end}
    need(own, "export proof: a cell without lines")
    records, erased = read_offsets(words[3]), read_offsets(words[4])
    need(erased <= set(own), "export proof: what was erased is no line")
    proved = set(own) - erased
    need(records <= proved, "export proof: kinds of other lines")
    salts = read_salts(b"" if words[5] == b"-" else decode64(words[5]), sorted(proved))
    cover = {(start + offset, 1): leaf_hash(salts[offset], int(offset in records), own[offset])
             for offset in proved}
    parts = []
    for at in sorted(start + offset for offset in own):
        # An erased line is a gap by itself.
        parts += [(at, at + 1)] if at - start in proved else [(at, at), (at + 1, at + 1)]
    fill_gaps(cover, start, end, parts, read_hashes(words[6]))
    root = root_from(cover, start, end - start)
    need(root == decode64(words[2]), f"export: cell {number} is another")
    return number, start, end, root, {start + offset for offset in erased}


def verify_export(text, data, key):
    """(lines shown, size, lines that were not signed yet, numbers of those that
    are said to be erased, of which only the place is shown)"""
    proof = read_export_proof(data)
    size, root = under_last(epochs_of(proof["chain"], key), proof["note"])
    need(size == proof["size"], "export proof: the checkpoint is of another size")
    need(text == b"" or text.endswith(b"\n"), "export: the last line is cut")
    lines, order = text.split(b"\n")[:-1], proof["order"]
    need(len(lines) == len(order), "export: lines are missing, or more than the proof has")
    need(len(set(order)) == len(order), "export proof: a seq twice")
    signed = {seq: line for seq, line in zip(order, lines) if seq < size}
    cover, parts, before, erased = {}, [], -1, set()
    for words in proof["cells"]:
        number, start, end, own, changed = cell_root(words, signed, size)
        erased |= changed
        need(number > before, "export proof: cells out of order")
        before = number
        cover[start, end - start] = own
        parts.append((start, end))
    need({seq // CELL for seq in signed} == {start // CELL for start, _ in parts},
         "export proof: a cell is missing")
    fill_gaps(cover, 0, size, parts, proof["outside"])
    need((root_from(cover, 0, size) if size else sha256()) == root, "export: another root")
    numbers = [at for at, seq in enumerate(order, 1) if seq in erased]
    return len(signed) - len(numbers), size, len(lines) - len(signed), numbers


# ---- Manifests ----

MANIFEST = ["manifest", "created", "program", "version", "store", "origin", "filter", "since", "until",
            "count", "first_seq", "last_seq", "size", "files", "checkpoint"]


def verify_parts(manifest):
    """Of an export in parts: they are numbered, and have all that there is."""
    parts = [entry for entry in manifest["files"] if "count" in entry]
    form = re.compile(r"(.+)\.([0-9]{4})((?:\.[^.0-9][^.]*)?(?:\.gz|\.zst)?)")
    named = [form.fullmatch(entry["name"]) for entry in parts]
    need(parts and all(named), "manifest: the name of a part")
    need([int(name[2]) for name in named] == list(range(1, len(parts) + 1)), "manifest: the numbers of the parts")
    need(len({(name[1], name[3]) for name in named}) == 1, "manifest: parts of two exports")
    proofs = [entry["name"] for entry in manifest["files"] if "count" not in entry]
    need(proofs in ([], [entry["name"] + ".proof" for entry in parts]), "manifest: a proof that is missing or too many")
    for part in parts:
        need((part["first_seq"] is None) == (part["last_seq"] is None) == (part["count"] == 0), "manifest: a part's events")
    some = [part for part in parts if part["count"]]
    need(manifest["count"] == sum(part["count"] for part in some), "manifest: count")
    need(manifest["first_seq"] == min((part["first_seq"] for part in some), default=None), "manifest: first_seq")
    need(manifest["last_seq"] == max((part["last_seq"] for part in some), default=None), "manifest: last_seq")


def verify_manifest(path, key):
    """(files, lines that are not shown: not signed yet, or erased)"""
    try:
        manifest = json.loads(read_file(path))
    except ValueError as why:
        raise Wrong("manifest: not JSON") from why
    need(isinstance(manifest, dict) and sorted(manifest) == sorted(MANIFEST), "manifest: its members")
    need(manifest["manifest"] in (1, 2) and isinstance(manifest["files"], list), "manifest: its form")
    if manifest["manifest"] == 2:
        verify_parts(manifest)
    names = []
    for entry in manifest["files"]:
        keys = ["bytes", "name", "sha256"]
        if manifest["manifest"] == 2 and not entry["name"].endswith(".proof"):
            keys = ["bytes", "count", "first_seq", "last_seq", "name", "sha256"]
        need(sorted(entry) == keys and "/" not in entry["name"], "manifest: a file's entry")
        file = pathlib.Path(path).parent / entry["name"]
        need(file.is_file(), f"manifest: {entry['name']} is not there")
        data = read_file(file)
        need(len(data) == entry["bytes"], f"manifest: {entry['name']} has another size")
        need(sha256(data).hex() == entry["sha256"], f"manifest: {entry['name']} is another file")
        names.append(entry["name"])
    beyond, chain, seen = 0, [], set()
    entries = {entry["name"]: entry for entry in manifest["files"]}
    for name in names:
        if name + ".proof" in names:
            file = str(pathlib.Path(path).parent / name)
            data = read_file(file + ".proof")
            shown = verify_export(read_text(file), data, key)
            beyond += shown[2] + len(shown[3])
            proof = read_export_proof(data)
            chain = proof["chain"]
            if entries[name].get("count"):
                told = entries[name]
                need((told["count"], told["first_seq"], told["last_seq"]) ==
                     (len(proof["order"]), min(proof["order"]), max(proof["order"])), f"manifest: the events of {name}")
            need(seen.isdisjoint(proof["order"]), f"{name}: an event that another part has")
            seen.update(proof["order"])
    if manifest["checkpoint"] is not None:
        under_last(epochs_of(chain, key), manifest["checkpoint"].encode())
    return len(names), beyond


# ---- Stores ----

def salt_in(salts, offset):
    """The salt of an offset by a set of nodes."""
    for i in range(0, len(salts), 19):
        depth, path = salts[i], int.from_bytes(salts[i + 1:i + 3], "big")
        if offset >> 16 - depth == path:
            node = salts[i + 3:i + 19]
            for bit in range(15 - depth, -1, -1):
                pair = sha256(b"\x02", node)
                node = pair[16:] if offset >> bit & 1 else pair[:16]
            return node
    return None


def check_tail(db, tail):
    """Lines of the tail against their leaves; those of erased ones against what covers them."""
    changes = {seq: (leaf, change, r) for seq, leaf, change, r in db.execute(
        "SELECT seq, leaf, change, salt FROM erased WHERE salt IS NOT NULL")}
    for seq, kind, leaf, line in tail:
        if seq in changes:
            kept, change, r = changes[seq]
            need(kept == leaf and sha256(b"\x03", r, line) == change, f"seq {seq}: not what the erasure left")
            continue
        (salts,) = db.execute("SELECT salts FROM cell WHERE no = ?", (seq // CELL,)).fetchone() or (b"",)
        own = salt_in(salts, seq % CELL)
        need(own is not None and leaf_hash(own, kind, line) == leaf, f"seq {seq}: another line was logged")


def store_cover(db, size):
    """The hashes that a store keeps, {(first, count): hash}, without overlaps."""
    cover = {}
    full = size // CELL
    cells = db.execute("SELECT no, root, nodes FROM cell WHERE no < ? ORDER BY no", (full,)).fetchall()
    need([no for no, _, _ in cells] == list(range(full)), "a cell is missing")
    for no, root, nodes in cells:
        need(nodes is not None and len(nodes) == 8192, f"cell {no}: no nodes")
        own = [nodes[i:i + 32] for i in range(0, 8192, 32)]
        need(tree(own) == root, f"cell {no}: its root is another")
        cover.update({(no * CELL + i * 256, 256): h for i, h in enumerate(own)})
    at = full * CELL
    tail = db.execute("SELECT seq, kind, leaf, CAST(line AS BLOB) FROM tail ORDER BY seq").fetchall()
    check_tail(db, tail)
    runs = db.execute("SELECT first, hashes FROM leaf ORDER BY first").fetchall()
    runs += [(seq, leaf) for seq, _, leaf, _ in tail if seq >= full * CELL]
    for first, hashes in runs:
        need(first == at and len(hashes) % 32 == 0, f"leaf hashes at seq {at} are missing")
        for i in range(0, len(hashes), 32):
            cover[at, 1] = hashes[i:i + 32]
            at += 1
    need(at == size, "leaf hashes are not those of the log")
    return cover


def verify_store(path, pinned):
    """(size, last size that was signed): the kept hashes against the notes."""
    db = sqlite3.connect(f"{pathlib.Path(path).resolve().as_uri()}?mode=ro", uri=True)
    (size,) = db.execute("SELECT size FROM state").fetchone()
    notes = db.execute("SELECT size, note FROM checkpoint ORDER BY size").fetchall()
    keys = db.execute("SELECT seq, verifier FROM key ORDER BY seq").fetchall()
    need(keys and keys[0][1].encode() == key_line(*pinned), "the first key is another")
    changed = {seq for seq, in db.execute("SELECT seq FROM erased")}
    need(not changed & {seq for seq, _ in keys}, "a record that introduces a key was changed")
    seals = [seq + 1 for seq, _ in keys[1:]] + [None]
    epochs = [(read_key(line.encode()), seal) for (_, line), seal in zip(keys, seals)]
    cover = store_cover(db, size)
    signed = 0
    for filed, note in notes:
        noted, root = in_epoch(epochs, note.encode())
        need(noted == filed and noted <= size, "a checkpoint is beyond the log, or filed wrongly")
        signed = max(signed, noted)
        if noted % 256 == 0 or noted >= size // CELL * CELL:
            need((root_from(cover, 0, noted) if noted else sha256()) == root, f"size {noted}: another root was signed")
    for seal in seals[:-1]:
        need(seal in [noted for noted, _ in notes] or seal == seals[-2], f"no seal of size {seal}")
    return size, signed


def read_file(path):
    with open(path, "rb") as f:
        return f.read()


def judge(what, args):
    """Prints what holds; the exit status."""
    key = read_key(args[0].encode())
    beyond = 0
    if what == "note" and len(args) == 2:
        size, root = verify_checkpoint(read_file(args[1]), key)
        print(size, root.hex())
    elif what == "bundle" and len(args) == 2:
        index, kind, line = verify_event(read_file(args[1]), key)
        print(json.dumps({"seq": index, "kind": kind}))
        print(line.decode())
    elif what == "export" and len(args) in (2, 3):
        shown = verify_export(read_text(args[1]), read_file((args + [args[1] + ".proof"])[2]), key)
        count, size, beyond, erased = shown
        print(f"{count} of {size}, {beyond} beyond" + (f", erased lines: {erased}" if erased else ""))
        beyond += len(erased)
    elif what == "consistency" and len(args) == 3:
        print("%d %d" % verify_continues(read_file(args[2]), read_file(args[1]), key))
    elif what == "manifest" and len(args) == 2:
        files, beyond = verify_manifest(args[1], key)
        print(f"{files} files, {beyond} beyond")
    elif what == "store" and len(args) == 2:
        size, signed = verify_store(args[1], key)
        print(f"{size}, {signed} signed")
        beyond = size - signed
    else:
        return 2
    return 3 if beyond else 0


def main(argv):
    what, args = "".join(argv[1:2]), argv[2:]
    status = 0
    try:
        if what == "vectors" and not args:
            verify_vectors()
        elif what == "facts" and len(args) == 1:
            print(verify_facts(read_file(args[0]).splitlines()))
        elif what == "probes" and len(args) == 1:
            print(verify_probes(args[0]))
        elif args:
            status = judge(what, args)
        else:
            status = 2
    except Wrong as why:
        print(f"verify.py: {why}", file=sys.stderr)
        return 5
    if status == 2:
        print(__doc__, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv))
