"""What a loss of power may leave of the files below a folder.

record.c tells what programs did; this is the disk that they did it to.  What
was synced is there: of a file its bytes and its size by a sync of the file, a
name by a sync of the folder it is in.  Of everything since then any part may
be there: calls in any order, single sectors of 512 bytes, a size without its
bytes (zeros, or what lay on the disk before), names that came, went or moved.
A rename is there or not there, never half.

A disk that says it has synced and has not is outside of this: nothing that is
written to it is safe.
"""
import os
import stat
import struct

SECTOR = 512
ENTRY = struct.Struct("=IiQII")
OPEN, WRITE, TRUNCATE, SYNC, UNLINK, RENAME, LINK, MKDIR, CLOSE, SAY = range(1, 11)


class Inode:
    """A file, or a folder: then its durable entries are names."""

    def __init__(self, mode, data=b"", folder=False):
        self.mode = mode
        self.data = bytearray(data)  # durable
        self.pending = []            # (place, bytes), or (size, None): a truncation
        self.names = {} if folder else None


class Disk:
    """Fed with records; between two of them the power may go."""

    def __init__(self, root):
        """Begins with what is below root now, all of it durable."""
        self.root = root
        self.top = self.load(root)
        self.now = {}      # path below the root: inode, as programs see it
        self.pending = []  # changes of names: lists of (folder, name, inode or None), each whole or not at all
        self.open = {}
        self.note(self.top, "")

    def load(self, path):
        mode = stat.S_IMODE(os.stat(path).st_mode)
        if not os.path.isdir(path):
            with open(path, "rb") as file:
                return Inode(mode, file.read())
        inode = Inode(mode, folder=True)
        for name in os.listdir(path):
            inode.names[name] = self.load(os.path.join(path, name))
        return inode

    def note(self, inode, path):
        self.now[path] = inode
        for name, child in (inode.names or {}).items():
            self.note(child, f"{path}/{name}")

    def below(self, path):
        return path[len(self.root):].rstrip("/") if path else None

    def entry(self, path, inode):
        """One change of a name, and what programs see from now on."""
        folder, _, name = path.rpartition("/")
        if inode is None:
            self.now.pop(path, None)
        else:
            self.now[path] = inode
        return (self.now[folder], name, inode)

    def apply(self, op, fd, number, first, second):
        """One record.  Says what was said on standard output, else None."""
        if op == OPEN:
            path = self.below(first.decode())
            if path not in self.now:
                self.pending.append([self.entry(path, Inode(number >> 32))])
            inode = self.open[fd] = self.now[path]
            if number & os.O_TRUNC and inode.names is None:
                inode.pending.append((0, None))
        elif op == WRITE:
            self.open[fd].pending.append((number, first))
        elif op == TRUNCATE:
            self.open[fd].pending.append((number, None))
        elif op == SYNC:
            self.sync(self.open[fd])
        elif op == UNLINK:
            self.pending.append([self.entry(self.below(first.decode()), None)])
        elif op in (RENAME, LINK):
            self.move(self.below(first.decode()), self.below(second.decode()), op == LINK)
        elif op == MKDIR:
            self.pending.append([self.entry(self.below(first.decode()), Inode(0o700, folder=True))])
        elif op == CLOSE:
            self.open.pop(fd, None)
        elif op == SAY:
            return first
        return None

    def move(self, old, new, keep):
        inode = self.now.get(old)
        group = []
        if inode is None:
            raise ValueError(f"{old}: was never seen")
        if old and not keep:
            group.append(self.entry(old, None))
        if new:
            group.append(self.entry(new, inode))
        if inode.names is not None:
            raise ValueError(f"{old}: a folder is moved")
        self.pending.append(group)

    def sync(self, inode):
        if inode.names is None:
            for place, data in inode.pending:
                put(inode.data, place, data)
            inode.pending = []
            return
        # A rename between two folders is there when either is synced.
        here = [group for group in self.pending if any(folder is inode for folder, _, _ in group)]
        self.pending = [group for group in self.pending if all(folder is not inode for folder, _, _ in group)]
        for group in here:
            rename(group)

    # ---- The power goes ----

    def unsynced(self):
        """Whether there is more than one way to lose the power here."""
        return bool(self.pending) or any(inode.pending for inode in set(self.now.values()))

    def fall(self, rng):
        """One of the states it may leave: {path: (mode, bytes or None: a folder)}."""
        how = rng.choice(WAYS)
        names = {id(self.top): dict(self.top.names)}
        for folder, name, inode in (change for group in some(self.pending, rng.choice(WAYS), rng)
                                    for change in group):
            held = names.setdefault(id(folder), dict(folder.names))
            if inode is None:
                held.pop(name, None)
            else:
                held[name] = inode
        state = {}
        self.collect(self.top, "", names, how, rng, state)
        return state

    def collect(self, folder, path, names, how, rng, state):
        state[path] = (folder.mode, None)
        for name, inode in names.get(id(folder), folder.names).items():
            if inode.names is not None:
                self.collect(inode, f"{path}/{name}", names, how, rng, state)
            elif inode.pending:
                # Another way now and then: files are written by themselves.
                way = how if rng.random() < 0.7 else rng.choice(WAYS)
                state[f"{path}/{name}"] = (inode.mode, broken(inode, way, rng))
            else:
                state[f"{path}/{name}"] = (inode.mode, inode.data)


def rename(group):
    for folder, name, inode in group:
        if inode is None:
            folder.names.pop(name, None)
        else:
            folder.names[name] = inode


def put(data, place, new):
    if new is None:
        if len(data) > place:
            del data[place:]
        elif len(data) < place:
            data.extend(bytes(place - len(data)))
        return
    if len(data) < place:
        data.extend(bytes(place - len(data)))
    data[place:place + len(new)] = new


# Which of the calls that were not synced are there.
WAYS = ["none", "all", "first", "any", "all but one", "one", "any order", "sectors", "sectors in any order", "sizes"]


def some(calls, how, rng):
    n = len(calls)
    if how == "none" or n == 0:
        return []
    if how == "first":
        return calls[:rng.randrange(n + 1)]
    if how == "all but one":
        leave = rng.randrange(n)
        return calls[:leave] + calls[leave + 1:]
    if how == "one":
        return [rng.choice(calls)]
    if how in ("any", "any order"):
        return [call for call in calls if rng.random() < 0.5]
    return calls


def sectors(place, data):
    """A write as the pieces that reach the disk by themselves."""
    end = place + len(data)
    at = place
    while at < end:
        until = min(end, (at // SECTOR + 1) * SECTOR)
        yield at, data[at - place:until - place]
        at = until


def broken(inode, how, rng):
    """The bytes of a file of which not all was synced."""
    data = bytearray(inode.data)
    calls = inode.pending
    if how.startswith("sectors"):
        likely = rng.choice([0.05, 0.5, 0.95])
        calls = [piece for place, new in calls
                 for piece in (sectors(place, new) if new is not None else [(place, None)])
                 if rng.random() < likely]
    elif how == "sizes":  # the file has grown, and nothing is in it
        size = len(data)
        for place, new in calls:
            size = place if new is None else max(size, place + len(new))
        before = len(data)
        put(data, size, None)
        if size > before and rng.random() < 0.5:
            data[before:] = rng.randbytes(size - before)
        return data
    else:
        calls = some(calls, how, rng)
        if calls and how == "first" and calls[-1][1] is not None:
            place, new = calls[-1]
            calls = calls[:-1] + list(sectors(place, new))[:rng.randrange(len(new) // SECTOR + 2)]
    if how.endswith("any order"):
        calls = rng.sample(calls, len(calls))
    for place, new in calls:
        put(data, place, new)
    return data


def read_records(path):
    """(op, fd, number, first, second) of a file that record.c made."""
    with open(path, "rb") as file:
        raw = file.read()
    at = 0
    while at < len(raw):
        op, fd, number, n, m = ENTRY.unpack_from(raw, at)
        at += ENTRY.size
        yield op, fd, number, raw[at:at + n], raw[at + n:at + n + m]
        at += n + m


def write_state(state, root):
    """Makes the files of a state, in an empty folder."""
    for path, (mode, data) in state.items():
        if data is None:
            if path:
                os.mkdir(root + path, mode | 0o700)
        else:
            fd = os.open(root + path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with open(fd, "wb") as file:
                file.write(data)
