"""pack: evidence packs as someone may change them on the way.

    pack.py change FROM.tar FOLDER   each change: NUMBER.tar there, its name printed
    pack.py look PACK.tar            what is in it, held against its index: "ok"

Archives are taken apart and put together by Python's tarfile; only what that
would not write is written here.
"""
import csv
import hashlib
import io
import json
import sys
import tarfile

FOLDER = "evidence-pack/"
ORDER = ("pack.json index.html events.jsonl events.jsonl.proof events.jsonl.manifest.json events.csv coverage.json "
         "verification.json retention.json holds.json log.pub").split()


def read(path):
    with tarfile.open(path) as tar:
        return [(member, tar.extractfile(member).read()) for member in tar]


def header(name, size, mtime, **other):
    member = tarfile.TarInfo(name)
    member.size, member.mtime = size, mtime
    for key, value in other.items():
        setattr(member, key, value)
    return member


def octal(block):
    """As the toolkit writes a header: no name of an owner, seven digits of no device."""
    made = bytearray(block)
    made[265:329] = bytes(64)
    if made[329] == 0:
        made[329:345] = b"0000000\0" * 2
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made)


def entry(member, data):
    block = octal(member.tobuf(tarfile.USTAR_FORMAT))
    return block + data + bytes(-len(data) % 512)


def write(path, entries, end=bytes(1024)):
    with open(path, "wb") as out:
        out.write(b"".join(entries) + end)


class Pack:
    def __init__(self, path):
        self.members = read(path)
        self.mtime = self.members[0][0].mtime
        self.data = {member.name[len(FOLDER):]: data for member, data in self.members}

    def listed(self):
        """The index again, after files were changed: as its maker would."""
        index = json.loads(self.data["pack.json"])
        for file in index["files"]:
            data = self.data[file["name"]]
            file["bytes"], file["sha256"] = len(data), hashlib.sha256(data).hexdigest()
        self.data["pack.json"] = json.dumps(index, indent=2).encode()

    def manifested(self):
        manifest = json.loads(self.data["events.jsonl.manifest.json"])
        for file in manifest["files"]:
            data = self.data[file["name"]]
            file["bytes"], file["sha256"] = len(data), hashlib.sha256(data).hexdigest()
        self.data["events.jsonl.manifest.json"] = json.dumps(manifest, indent=2).encode()
        self.listed()

    def entries(self, order=ORDER):
        return [entry(header(FOLDER + name, len(self.data[name]), self.mtime), self.data[name]) for name in order]


def replaced(pack, name, member, data=b""):
    """The entries, with another header where a file was."""
    entries = pack.entries()
    entries[ORDER.index(name)] = entry(member, data)
    return entries


def special(pack, kind, **other):
    return replaced(pack, "events.csv", header(FOLDER + "events.csv", 0, pack.mtime, type=kind, **other))


def with_header(pack, **other):
    data = pack.data["events.csv"]
    return replaced(pack, "events.csv", header(FOLDER + "events.csv", len(data), pack.mtime, **other), data)


def renamed(pack, name):
    data = pack.data["events.csv"]
    return replaced(pack, "events.csv", header(name, len(data), pack.mtime), data)


def edited(pack, name, change, listed=True):
    pack.data[name] = change(pack.data[name])
    if listed:
        pack.manifested() if name.startswith("events.jsonl") and not name.endswith("manifest.json") else pack.listed()
    return pack.entries()


def document(pack, name, change):
    def apply(data):
        value = json.loads(data)
        change(value)
        return json.dumps(value, indent=2).encode()
    return edited(pack, name, apply, listed=name != "pack.json")


def spoiled(pack, name, at, byte):
    entries = pack.entries()
    block = bytearray(entries[ORDER.index(name)])
    block[at] = byte
    entries[ORDER.index(name)] = bytes(block)
    return entries


def lying(pack):
    """A header that says 8 GiB less one byte, with little behind it."""
    data = pack.data["events.csv"]
    return replaced(pack, "events.csv", header(FOLDER + "events.csv", 2 ** 33 - 1, pack.mtime), data)


CHANGES = {
    "nothing": lambda p: p.entries(),
    "a file more": lambda p: p.entries() + [entry(header(FOLDER + "more.txt", 2, p.mtime), b"hi")],
    "a file less": lambda p: p.entries([name for name in ORDER if name != "holds.json"]),
    "the last one missing": lambda p: p.entries(ORDER[:-1]),
    "a file twice": lambda p: p.entries(ORDER[:6] + ["events.csv"] + ORDER[6:]),
    "another order": lambda p: p.entries(ORDER[:2] + [ORDER[3], ORDER[2]] + ORDER[4:]),
    "a way up": lambda p: renamed(p, FOLDER + "../events.csv"),
    "a way from the root": lambda p: renamed(p, "/etc/passwd"),
    "another folder": lambda p: renamed(p, "elsewhere/events.csv"),
    "a symbolic link": lambda p: special(p, tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a hard link": lambda p: special(p, tarfile.LNKTYPE, linkname=FOLDER + "events.jsonl"),
    "a device": lambda p: special(p, tarfile.CHRTYPE, devmajor=1, devminor=5),
    "a fifo": lambda p: special(p, tarfile.FIFOTYPE),
    "a folder": lambda p: special(p, tarfile.DIRTYPE),
    "a long name": lambda p: special(p, tarfile.GNUTYPE_LONGNAME),
    "an extended header": lambda p: special(p, tarfile.XHDTYPE),
    "another mode": lambda p: with_header(p, mode=0o4755),
    "another owner": lambda p: with_header(p, uid=1000),
    "a name of the owner": lambda p: spoiled(p, "events.csv", 265, 65),
    "another time": lambda p: with_header(p, mtime=1),
    "bytes in a header": lambda p: spoiled(p, "events.csv", 505, 65),
    "bytes behind a file": lambda p: spoiled(p, "log.pub", -1, 65),
    "a size that is not": lying,
    "an event changed": lambda p: edited(p, "events.jsonl", lambda d: d.replace(b"success", b"failure", 1)),
    "an event taken out": lambda p: edited(p, "events.jsonl", lambda d: d.split(b"\n", 1)[1]),
    "an event added": lambda p: edited(p, "events.jsonl", lambda d: d + d.split(b"\n", 1)[0] + b"\n"),
    "a proof changed": lambda p: edited(p, "events.jsonl.proof", lambda d: d.replace(b"order 0", b"order 1", 1)),
    "no proof": lambda p: edited(p, "events.jsonl.proof", lambda d: b""),
    "a manifest of more events": lambda p: document(p, "events.jsonl.manifest.json",
                                                    lambda m: m.update(count=m["count"] + 1)),
    "an index of more events": lambda p: document(p, "pack.json", lambda i: i.update(count=i["count"] + 1)),
    "an index of another time": lambda p: document(p, "pack.json", lambda i: i.update(as_of="2026-01-01T00:00:00.000000Z")),
    "an index with a key more": lambda p: document(p, "pack.json", lambda i: i.update(more=1)),
    "an index of fewer files": lambda p: document(p, "pack.json", lambda i: i["files"].pop()),
    "an index that is none": lambda p: edited(p, "pack.json", lambda d: b"[]", listed=False),
    "an index without end": lambda p: edited(p, "pack.json", lambda d: d + b" " * (1 << 20), listed=False),
    "a table changed": lambda p: edited(p, "events.csv", lambda d: d.replace(b"success", b"failure", 1), listed=False),
    "a statement changed": lambda p: edited(p, "coverage.json", lambda d: d.replace(b"true", b"TRUE", 1), listed=False),
    "another log's key": lambda p: edited(p, "log.pub", lambda d: d.replace(b"audit", b"other", 1)),
    "something behind the end": lambda p: p.entries() + [bytes(1024), b"hello"],
}


def look(path):
    pack = Pack(path)
    index = json.loads(pack.data["pack.json"])
    names = [member.name for member, _ in pack.members]
    assert names == [FOLDER + name for name in ORDER], names
    for member, _ in pack.members:
        assert (member.mode, member.uid, member.gid, member.type) == (0o644, 0, 0, tarfile.REGTYPE), member.name
    for file in index["files"]:
        data = pack.data[file["name"]]
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"]), file
        assert file["shows"], file
    lines = pack.data["events.jsonl"].decode().split("\n")[:-1]
    rows = list(csv.DictReader(io.StringIO(pack.data["events.csv"].decode("utf-8-sig"), newline="")))
    assert len(lines) == len(rows) == index["count"] > 0, (len(lines), len(rows), index["count"])
    for line, row in zip(lines, rows):
        event = json.loads(line)
        assert all(row[key] == event.get(key, "") for key in ("id", "time", "outcome")), (line, row)
    page = pack.data["index.html"].decode()
    for file in index["files"]:
        assert file["name"] == "index.html" or (file["name"] in page and file["sha256"] in page), file["name"]
    print("ok")


def main():
    if sys.argv[1] == "look":
        look(sys.argv[2])
        return
    for number, (name, change) in enumerate(CHANGES.items()):
        write("%s/%d.tar" % (sys.argv[3], number), change(Pack(sys.argv[2])))
        print(number, name)


main()
