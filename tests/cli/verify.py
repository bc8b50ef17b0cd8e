#!/usr/bin/env python3
"""A second verifier, written from the integrity definitions and the public
specifications alone, with nothing but Python's standard library.

    verify.py vectors                 the vectors of the definitions
    verify.py note KEY FILE           a checkpoint; prints size and root
    verify.py bundle KEY FILE         a tlog-proof; prints the event
    verify.py facts FILE              what tests/cli/facts prints of trees
    verify.py probes FOLDER           probe files of transparency-dev/merkle

Ends with 0 when all holds, 5 when something does not.

Specifications: RFC 8032 (Ed25519), RFC 6962 2.1 and RFC 9162 2.1.3, 2.1.4
(tree and proofs), C2SP signed-note, tlog-checkpoint and tlog-proof.
It is slow and plain; it shares no code with the programs.
"""
import base64
import binascii
import hashlib
import json
import pathlib
import sys


class Wrong(Exception):
    """What is verified does not hold."""


def need(holds, what):
    if not holds:
        raise Wrong(what)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def decode64(text):
    """Canonical base64 only."""
    try:
        plain = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as why:
        raise Wrong(f"base64: {why}") from why
    need(base64.b64encode(plain) == text, "base64 is not canonical")
    return plain


# ---- Ed25519, RFC 8032 5.1 ----

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P != 0 or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(x, y):
    return (x, y, 1, x * y % P)


def add(a, b):
    """Extended coordinates, RFC 8032 5.1.4."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def multiply(n, a):
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, a)
        a = add(a, a)
        n >>= 1
    return total


def equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point(recover_x(BASE_Y, 0), BASE_Y)


def read_point(text):
    n = int.from_bytes(text, "little")
    y, sign = n & (2**255 - 1), n >> 255
    x = recover_x(y, sign)
    return None if x is None else point(x, y)


def ed25519_verify(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = read_point(key), read_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return equal(multiply(s, BASE), add(r, multiply(k, a)))


# ---- Signed notes ----

def key_id(name, public):
    return sha256(name, b"\n\x01", public)[:4]


def read_key(text):
    """name+hex(id)+base64(0x01 || public key)"""
    parts = text.split(b"+", 2)
    need(len(parts) == 3, "verifier key: not three parts")
    name, ident, material = parts[0], parts[1], decode64(parts[2])
    need(len(material) == 33 and material[0] == 1, "verifier key: not Ed25519")
    need(key_id(name, material[1:]).hex().encode() == ident, "verifier key: the ID does not fit")
    return name, material[1:]


def read_note(data):
    """The text, and (name, id, signature) of each line."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as why:
        raise Wrong("note: not UTF-8") from why
    need(all(c >= " " or c == "\n" for c in text), "note: control characters")
    at = data.rfind(b"\n\n")
    need(at >= 0, "note: no blank line")
    body, rest = data[:at + 1], data[at + 2:]
    need(rest.endswith(b"\n"), "note: not signed, or cut")
    signatures = []
    for line in rest[:-1].split(b"\n"):
        need(line.startswith("\u2014 ".encode()), "note: no signature line")
        parts = line[4:].split(b" ")
        need(len(parts) == 2 and parts[0] != b"" and b"+" not in parts[0], "note: signature line")
        need(not any(c.isspace() for c in parts[0].decode()), "note: a space in a name")
        blob = decode64(parts[1])
        need(len(blob) >= 5, "note: signature too short")
        signatures.append((parts[0], blob[:4], blob[4:]))
    return body, signatures


def verify_note(data, key):
    name, public = key
    body, signatures = read_note(data)
    own = [s for n, i, s in signatures if n == name and i == key_id(name, public)]
    need(own, "note: not signed with this key")
    need(all(ed25519_verify(public, body, s) for s in own), "note: the signature does not hold")
    return body


def read_number(text):
    need(text.isdigit() and (text == b"0" or text[:1] != b"0"), "a number is malformed")
    return int(text)


def verify_checkpoint(data, key):
    lines = verify_note(data, key).split(b"\n")
    need(len(lines) == 4 and lines[3] == b"", "checkpoint: not three lines")
    need(lines[0] == key[0], "checkpoint: of another log")
    root = decode64(lines[2])
    need(len(root) == 32, "checkpoint: no root")
    return read_number(lines[1]), root


# ---- The tree ----

def salt(seed, seq):
    """The node at depth 16 below the seed of the cell."""
    node = seed
    for bit in range(15, -1, -1):
        pair = sha256(b"\x02", node)
        node = pair[16:] if seq % 65536 >> bit & 1 else pair[:16]
    return node


def leaf_hash(salt_of, kind, line):
    return sha256(b"\x00", salt_of, bytes([kind]), line)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def split(n):
    """The largest power of two below n."""
    return 1 << (n - 1).bit_length() - 1


def tree(leaves):
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(tree(leaves[:k]), tree(leaves[k:]))


def root_of_path(leaf, index, size, path):
    """The root that a path leads to, by the definition of PATH: the last
    hash of the path is the other half of the top."""
    need(0 <= index < size, "inclusion: no such leaf")
    if size == 1:
        need(not path, "inclusion: path too long")
        return leaf
    need(path, "inclusion: path too short")
    k = split(size)
    if index < k:
        return node_hash(root_of_path(leaf, index, k, path[:-1]), path[-1])
    return node_hash(path[-1], root_of_path(leaf, index - k, size - k, path[:-1]))


def roots_of_proof(first, second, proof, whole, first_root):
    """Both roots, by the definition of SUBPROOF."""
    if first == second:
        if whole:
            need(not proof, "consistency: proof too long")
            return first_root, first_root
        need(len(proof) == 1, "consistency: proof of a wrong length")
        return proof[0], proof[0]
    need(proof, "consistency: proof too short")
    k = split(second)
    if first <= k:
        one, two = roots_of_proof(first, k, proof[:-1], whole, first_root)
        return one, node_hash(two, proof[-1])
    one, two = roots_of_proof(first - k, second - k, proof[:-1], False, first_root)
    return node_hash(proof[-1], one), node_hash(proof[-1], two)


def verify_consistency(first, first_root, second, second_root, proof):
    need(0 < first <= second, "consistency: sizes")
    one, two = roots_of_proof(first, second, proof, True, first_root)
    need(one == first_root and two == second_root, "consistency: other roots")


def gap(first, end):
    """Heights of the largest complete subtrees that cover [first, end)."""
    while first < end:
        height = 0
        while first % (2 << height) == 0 and first + (2 << height) <= end:
            height += 1
        yield height
        first += 1 << height


def verify_export(size, root, shown, hashes):
    """A whole file of leaves {seq: leaf hash} against the root, the leaves
    not shown covered by hashes, in order."""
    need(all(0 <= seq < size for seq in shown), "export: a seq beyond the log")
    cover, hashes = {}, list(hashes)
    at = 0
    for seq in sorted(shown) + [size]:
        for height in gap(at, seq):
            need(hashes, "export: a hash is missing")
            cover[at, height] = hashes.pop(0)
            at += 1 << height
        if seq < size:
            cover[at, 0] = shown[seq]
            at += 1
    need(not hashes, "export: hashes left over")

    def root_of(first, count):
        height = (count - 1).bit_length()
        if count == 1 << height and (first, height) in cover:
            return cover[first, height]
        need(count > 1, "export: a leaf is missing")
        k = split(count)
        return node_hash(root_of(first, k), root_of(first + k, count - k))

    need((root_of(0, size) if size else sha256()) == root, "export: another root")


def verify_bundle(data, key):
    """C2SP tlog-proof, extra = salt || kind || line."""
    head, blank, note = data.partition(b"\n\n")
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
    size, root = verify_checkpoint(note, key)
    leaf = leaf_hash(extra[:16], extra[16], extra[17:])
    need(root_of_path(leaf, index, size, path) == root, "proof: another root")
    return index, extra[16], extra[17:]


# ---- What tests/cli/facts prints ----

def fact_leaf(i):
    return sha256(b"\x00", b"leaf %d" % i)


def verify_facts(lines):
    """Each line a word and its values; a fact that is changed must be refused."""
    leaves = [fact_leaf(i) for i in range(5001)]
    roots, key, seen = {}, None, {}

    def root_at(size):
        if size not in roots:
            roots[size] = tree(leaves[:size])
        return roots[size]

    def refused(check, *values):
        try:
            check(*values)
        except Wrong:
            return
        raise Wrong("a spoiled proof is taken")

    def inclusion(index, size, root, path):
        need(root_of_path(leaves[index], index, size, path) == root, "inclusion: another root")

    for line in lines:
        word, *rest = line.split()
        seen[word] = seen.get(word, 0) + 1
        if word == b"key":
            key = read_key(rest[0])
        elif word == b"note":
            size, root = verify_checkpoint(decode64(rest[0]), key)
            need(root == root_at(size), "note: another root")
        elif word == b"inclusion":
            index, size, path = int(rest[0]), int(rest[1]), [decode64(h) for h in rest[2:]]
            inclusion(index, size, root_at(size), path)
            refused(inclusion, index, size, leaves[0] + b"x", path)
            refused(inclusion, index, size, root_at(size), path + [leaves[0]])
            if path:
                refused(inclusion, index, size, root_at(size), path[1:])
        elif word == b"consistency":
            first, second, path = int(rest[0]), int(rest[1]), [decode64(h) for h in rest[2:]]
            verify_consistency(first, root_at(first), second, root_at(second), path)
            refused(verify_consistency, first, root_at(first), second, root_at(second),
                    path + [leaves[0]])
            refused(verify_consistency, first, leaves[-1], second, root_at(second), path)
        elif word == b"range":
            first, count, size = int(rest[0]), int(rest[1]), int(rest[2])
            shown = {i: leaves[i] for i in range(first, first + count)}
            hashes = [decode64(h) for h in rest[3:]]
            verify_export(size, root_at(size), shown, hashes)
            dropped = {i: h for i, h in shown.items() if i != first}
            refused(verify_export, size, root_at(size), dropped, hashes)
            shown[first] = leaves[-1]
            refused(verify_export, size, root_at(size), shown, hashes)
        else:
            raise Wrong(f"unknown fact {word!r}")
    need(len(seen) == 5, "facts are missing")
    return ", ".join(f"{n} {word.decode()}" for word, n in sorted(seen.items()))


# ---- Probe files ----

def verify_probe(probe):
    path = [base64.b64decode(h) for h in probe["proof"] or []]
    if "leafIdx" in probe:
        leaf, root = base64.b64decode(probe["leafHash"]), base64.b64decode(probe["root"])
        need(len(leaf) == len(root) == 32, "no hash")
        need(root_of_path(leaf, probe["leafIdx"], probe["treeSize"], path) == root,
             "inclusion: another root")
    else:
        verify_consistency(probe["size1"], base64.b64decode(probe["root1"]),
                           probe["size2"], base64.b64decode(probe["root2"]), path)


def verify_probes(folder):
    count = 0
    for name in sorted(pathlib.Path(folder).rglob("*.json")):
        probe = json.loads(name.read_text())
        try:
            verify_probe(probe)
            refused = False
        except Wrong:
            refused = True
        need(refused == probe["wantErr"], f"{name}: {probe['desc']}")
        count += 1
    return count


# ---- Vectors ----

SEED = bytes(range(16))
LINES = [
    (0, b'{"id":"evt-0001","time":"2026-04-22T00:00:00.123456Z","ingested":'
        b'"2026-04-22T00:00:01.000000Z","source":"app1","category":"AUTHENTICATION",'
        b'"action":"login","severity":"info","outcome":"success","actor_id":"user:alice",'
        b'"actor_email":"alice@example.com","ip":"192.0.2.7","context":'
        b'{"n":12345678901234567890,"r":0.1}}'),
    (0, b'{"id":"evt-0002","time":"2026-04-22T00:00:01.000000Z","ingested":'
        b'"2026-04-22T00:00:02.000000Z","source":"app1","category":"FILE_ACCESS",'
        b'"action":"read","severity":"warning","outcome":"failure","actor_id":"user:alice",'
        b'"target_path":"invoice/42"}'),
    (1, b'{"id":"m-0001","time":"2026-04-22T00:00:03.000000Z","ingested":'
        b'"2026-04-22T00:00:03.000000Z","source":"audit-toolkit","category":"COMPLIANCE",'
        b'"action":"audit.export","severity":"info","outcome":"success","actor_id":"uid:1000"}'),
]
KEY = b"audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"
NOTE = ("audit.example.com/app1\n3\nwrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=\n\n"
        "\u2014 audit.example.com/app1 7ceUTKtROF8aW0Nqsz+lmSkRjGl2dVTsrsg/ZdYo9FRbeCbAUI9uUrlc"
        "k1F3mV18Sb6QXqJ4cDOm5wtIHKCEAS0W7wk=\n").encode()


def verify_vectors():
    known = {0: "370c0217b31f6cfa9e64c5695cbf43d2", 1: "21f863c0e89ce39e697702f2c5f18542",
             2: "bc363e4db2f8cae253083a44fa9d8231", 255: "ced3f2bd738cab152f7637ee90c7b36f",
             65535: "f4bef387d8bb64db9b6db0d795b5a2bc"}
    for seq, value in known.items():
        need(salt(SEED, seq).hex() == value, f"salt {seq}")
    leaves = [leaf_hash(salt(SEED, i), kind, line) for i, (kind, line) in enumerate(LINES)]
    need(leaves[0].hex().startswith("7a2dba5146db"), "leaf 0")
    need(tree(leaves[:2]).hex().startswith("02b7a6c0ef14"), "root of two")
    need(tree(leaves).hex() ==
         "c2b3ffdaba9d4a3b51555d30137f674d2283f5efaee101bb0cf0e804d54dab8a", "root of three")
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f"]
    plain = [sha256(b"\x00", bytes.fromhex(text)) for text in inputs]
    need(tree(plain).hex() ==
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", "RFC 6962, 8")
    need(tree(plain[:7]).hex() ==
         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "RFC 6962, 7")
    size, root = verify_checkpoint(NOTE, read_key(KEY))
    need(size == 3 and root == tree(leaves), "note")
    erased = LINES[1][1].replace(b"user:alice", b"erased:0f1e2d3c4b5a")
    change = sha256(b"\x03", bytes(range(0x40, 0x50)), erased)
    need(change.hex() ==
         "f752ff1d5cd04da3bbd4b3667c2bbef0a7a5f8957118628bc6a7897eb6efcbfc", "erase, C")
    need(sha256((1).to_bytes(8, "big"), leaves[1], change).hex() ==
         "4514740d2fb18156ce964556dd1080ae3a8f5130b729fdc0f9d1e20993788c27", "erase, digest")


def read_file(path):
    with open(path, "rb") as f:
        return f.read()


def main(argv):
    what = argv[1:2]
    try:
        if what == ["vectors"] and len(argv) == 2:
            verify_vectors()
        elif what == ["note"] and len(argv) == 4:
            size, root = verify_checkpoint(read_file(argv[3]), read_key(argv[2].encode()))
            print(size, root.hex())
        elif what == ["bundle"] and len(argv) == 4:
            index, kind, line = verify_bundle(read_file(argv[3]), read_key(argv[2].encode()))
            print(json.dumps({"seq": index, "kind": kind}))
            print(line.decode())
        elif what == ["facts"] and len(argv) == 3:
            print(verify_facts(read_file(argv[2]).splitlines()))
        elif what == ["probes"] and len(argv) == 3:
            print(verify_probes(argv[2]))
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except Wrong as why:
        print(f"verify.py: {why}", file=sys.stderr)
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
