#!/usr/bin/env python3
"""Spoils evidence in random ways and asks both verifiers: audit-verify, and
verify.py.  They must agree, and take nothing but what was left as it was.

    spoil.py KEY COUNT SEED KIND FILE [KIND FILE...]

KIND as verify.py has it: bundle, note, export (FILE.proof is spoiled, or
FILE), consistency (with first.note).  Prints each disagreement.
"""
import pathlib
import random
import subprocess
import sys

import verify
from proofs import Wrong, read_key


def spoiled(rng, data):
    """Another byte, a cut, lines that are gone, twice, or exchanged."""
    kind = rng.randrange(6)
    at = rng.randrange(len(data))
    lines = data.split(b"\n")
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    if kind == 0:
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]
    if kind == 1:
        return data[:at] + bytes([rng.choice(b"A+/=0 \n")]) + data[at + rng.randrange(2):]
    if kind == 2:
        return data[:at]
    if kind == 3:
        del lines[one]
    elif kind == 4:
        # A signature again, or one of another key, is none of a note's faults.
        lines.insert(one, b"" if lines[two].startswith("\u2014".encode()) else lines[two])
    else:
        lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def second(key, kind, data, proof):
    """What verify.py says: 0, 3 or 5, and which lines it does not look at."""
    erased = []
    try:
        beyond = 0
        if kind == "bundle":
            verify.verify_event(data, key)
        elif kind == "note":
            verify.verify_checkpoint(data, key)
        elif kind == "consistency":
            verify.verify_continues(data, verify.read_file("first.note"), key)
        else:
            _, _, beyond, erased = verify.verify_export(data, proof, key)
    except Wrong:
        return 5, []
    return 3 if beyond or erased else 0, erased


def seen(data, erased):
    """The lines of an export that are looked at."""
    return [None if number in erased else line for number, line in enumerate(data.split(b"\n"), 1)]


def judge(rng, line, kind, path):
    """A sentence when the verifiers do not agree, or take what was changed."""
    data = verify.read_file(path)
    proof = verify.read_file(path + ".proof") if kind == "export" else None
    was = (data, proof)
    if proof is not None and (not data or rng.random() < 0.7):
        proof = spoiled(rng, proof)
    else:
        data = spoiled(rng, data)
    pathlib.Path("spoiled").write_bytes(data)
    if proof is None:
        pathlib.Path("spoiled.proof").unlink(missing_ok=True)
    else:
        pathlib.Path("spoiled.proof").write_bytes(proof)
    more = ["--checkpoint", "first.note"] if kind == "consistency" else []
    done = subprocess.run(["audit-verify", "-q", "--key", line, *more, "spoiled"], capture_output=True, check=False)
    ours = 5 if done.returncode == 2 else done.returncode
    theirs, erased = second(read_key(line.encode()), kind, data, proof)
    changed = proof != was[1] or seen(data, erased) != seen(was[0], erased)
    if ours != theirs or (ours != 5 and changed):
        return f"{kind} {path}: audit-verify {done.returncode} {done.stderr.decode()}, verify.py {theirs}"
    return None


def main(line, count, seed, *files):
    for number in range(int(count)):
        rng = random.Random(int(seed) + number)
        chosen = rng.randrange(len(files) // 2)
        said = judge(rng, line, files[2 * chosen], files[2 * chosen + 1])
        if said:
            print(f"seed {int(seed) + number}: {said}")


if __name__ == "__main__":
    main(*sys.argv[1:])
