"""Signed notes and Merkle trees, written from the integrity definitions and
the public specifications alone, with Python's standard library.

Specifications: RFC 8032 (Ed25519), RFC 6962 2.1 and RFC 9162 2.1.3, 2.1.4
(tree and proofs), C2SP signed-note, tlog-checkpoint and tlog-proof.  Slow and
plain; shares no code with the programs.  Used by verify.py, which judges, and
by forge.py, which is an attacker.
"""
import base64
import binascii
import hashlib


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


def write_point(a):
    z = pow(a[2], P - 2, P)
    x, y = a[0] * z % P, a[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def secret_scalar(seed):
    """The scalar and the prefix of a private key, RFC 8032 5.1.5."""
    h = hashlib.sha512(seed).digest()
    n = int.from_bytes(h[:32], "little")
    return n & (1 << 254) - 8 | 1 << 254, h[32:]


def ed25519_public(seed):
    return write_point(multiply(secret_scalar(seed)[0], BASE))


def ed25519_sign(seed, message):
    scalar, prefix = secret_scalar(seed)
    public = write_point(multiply(scalar, BASE))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    point_r = write_point(multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(point_r + public + message).digest(), "little") % L
    return point_r + ((r + k * scalar) % L).to_bytes(32, "little")


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


def key_line(name, public):
    material = base64.b64encode(b"\x01" + public)
    return b"%s+%s+%s" % (name, key_id(name, public).hex().encode(), material)


def sign_checkpoint(name, seed, size, root):
    body = b"%s\n%d\n%s\n" % (name, size, base64.b64encode(root))
    public = ed25519_public(seed)
    blob = key_id(name, public) + ed25519_sign(seed, body)
    return body + "\n\u2014 ".encode() + name + b" " + base64.b64encode(blob) + b"\n"


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


def root_from(cover, first, count):
    """The root over [first, first + count) from the hashes of subtrees that
    cover it, {(first, count): hash}."""
    if (first, count) in cover:
        return cover[first, count]
    need(count > 1, "export: a leaf is missing")
    k = split(count)
    return node_hash(root_from(cover, first, k), root_from(cover, first + k, count - k))


def fill_gaps(cover, first, end, shown, hashes):
    """What is between the shown parts [(first, end)], from the list of hashes."""
    hashes = list(hashes)
    at = first
    for start, stop in shown + [(end, end)]:
        need(at <= start, "export: parts overlap")
        for height in gap(at, start):
            need(hashes, "export: a hash is missing")
            cover[at, 1 << height] = hashes.pop(0)
            at += 1 << height
        at = stop
    need(not hashes, "export: hashes left over")


def verify_range(size, root, shown, hashes):
    """Leaves {seq: hash} against a root, all others covered by hashes."""
    need(all(0 <= seq < size for seq in shown), "export: a seq beyond the log")
    cover = {(seq, 1): leaf for seq, leaf in shown.items()}
    fill_gaps(cover, 0, size, [(seq, seq + 1) for seq in sorted(shown)], hashes)
    need((root_from(cover, 0, size) if size else sha256()) == root, "export: another root")
