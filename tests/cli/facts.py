"""What verify.py says to the vectors of the integrity definitions, to random
trees (tests/cli/facts) and to probe files of other projects.
"""
import base64
import json
import pathlib

from proofs import (Wrong, decode64, leaf_hash, need, read_key, root_of_path, salt, sha256, tree,
                    verify_checkpoint, verify_consistency, verify_range)

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
            verify_range(size, root_at(size), shown, hashes)
            dropped = {i: h for i, h in shown.items() if i != first}
            refused(verify_range, size, root_at(size), dropped, hashes)
            shown[first] = leaves[-1]
            refused(verify_range, size, root_at(size), shown, hashes)
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
    for seq, value in enumerate((
            "7a2dba5146db38477cef3a7a8ddf577abb1a380c9f1890e1f0bb36eb1267a18f",
            "4b86aaa6a2105be03944aefeec398c18c6cf35078fbb8c8c7145f24eecce1110",
            "35763261a0064db3abe3be6adbdf730144c2cbe7616bd3f0197e3504fba544cc")):
        need(leaves[seq].hex() == value, f"leaf {seq}")
    need(tree(leaves[:2]).hex() ==
         "02b7a6c0ef144d72c8dfb8347bda3969e1f38086bc4ee924ab175f298cf7c636", "root of two")
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
