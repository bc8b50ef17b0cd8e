#!/usr/bin/env python3
"""clients: programs that send events through the socket of auditd-ingest,
good ones and others, for 38-socket.t and 39-service.t.

    clients.py NAME SOCKET [ARGUMENT...]

Ends with 0 when everything was as it should be.
"""
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time

PATIENCE = 60
KEEP = 64 * 1024
LINE_MAX = 1024 * 1024


def event(ident, **more):
    fields = {"id": str(ident), "time": "2026-04-23T18:00:00Z", "action": "test"}
    return json.dumps(dict(fields, **more)).encode() + b"\n"


class Client:
    def __init__(self, path, wait=PATIENCE):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(wait)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.socket.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                assert time.monotonic() < until, "nobody listens"
                time.sleep(0.02)
        self.rest = b""

    def send(self, data):
        self.socket.sendall(data)

    def end(self):
        self.socket.shutdown(socket.SHUT_WR)

    def try_to_send(self, data):
        """False when the connection has ended, or nothing was taken for a while."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def close(self):
        self.socket.close()

    def line(self):
        """The next answer, None at the end."""
        while b"\n" not in self.rest:
            try:
                got = self.socket.recv(65536)
            except ConnectionResetError:
                got = b""
            if not got:
                assert not self.rest, "half an answer: %r" % self.rest
                return None
            self.rest += got
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def answers(self, last):
        """Up to the ack of this line: the naks before it."""
        naks = []
        while True:
            said = self.line()
            assert said is not None, "the connection ended before ack %d, after %r" % (last, naks[-3:])
            word, number, *reason = said.split(" ", 2)
            if word == "ack":
                assert int(number) <= last, said
                if int(number) == last:
                    return naks
            else:
                naks.append((word, int(number), *reason))


def same(got, wanted):
    assert got == wanted, "got %r, wanted %r" % (got, wanted)


def asked(*words):
    return subprocess.run(["audit-query", *words], stdout=subprocess.PIPE, check=False).stdout.decode()


# ---- the protocol ----

def protocol(path):
    """Pieces of any size, blank lines, lines that are no events."""
    lines = [event("p1"), b"\n", b"garbage\n", event("p2"), b'{"action":"x"}\r\n', b"   \n",
             b'{"action":"\xff","time":"2026-01-01T00:00:00Z"}\n', event("p1"), event("p1", reason="other")]
    data = b"".join(lines)
    client = Client(path)
    while data:
        n = random.randint(1, 40)
        client.send(data[:n])
        data = data[n:]
    same(client.answers(9), [("nak", 3, "not-json"), ("nak", 5, "no-time"), ("nak", 7, "not-utf8"),
                             ("nak", 9, "conflict")])
    client.send(event("p3") * 2)
    same(client.answers(11), [])
    client.end()
    same(client.line(), None)


def stored(path):
    """What is acknowledged can be read by everyone at once."""
    client = Client(path)
    for i in range(5):
        client.send(event("stored-%d" % i))
        same(client.answers(i + 1), [])
        same(asked("-c", "--id", "stored-%d" % i).strip(), "1")


def half(path):
    """The last line may lack its newline."""
    client = Client(path)
    client.send(event("half-1") + event("half-2")[:-1])
    same(client.answers(1), [])
    client.end()
    same(client.answers(2), [])
    same(client.line(), None)
    client = Client(path)
    client.send(event("half-3")[:-3])
    client.end()
    same(client.answers(1), [("nak", 1, "not-json")])


def long(path):
    """Of lines that are too long the beginning is kept."""
    client = Client(path)
    client.send(event("long-1", description="x" * (LINE_MAX - 200)))
    client.send(b'{"id":"' + b"y" * (3 * LINE_MAX) + b'"}\n' + event("long-2"))
    client.send(b"z" * (2 * LINE_MAX))
    client.end()
    same(client.answers(4), [("nak", 2, "too-long"), ("nak", 4, "too-long")])
    kept = [json.loads(line)["bytes"] for line in asked("--quarantine", "-o", "jsonl").splitlines()
            if '"too-long"' in line]
    assert len(kept) == 2 and all(KEEP / 2 <= len(one) <= KEEP for one in kept), [len(one) for one in kept]


def alike(path):
    """Two clients' lines are numbered each by its own."""
    one, two = Client(path), Client(path)
    for i in range(50):
        one.send(event("one-%d" % i))
        two.send(b"no\n" if i % 10 == 0 else event("two-%d" % i))
    same(two.answers(50), [("nak", i, "not-json") for i in range(1, 51, 10)])
    same(one.answers(50), [])


def crowd(path):
    """Of one user no more than 32 at a time; one that left makes room."""
    clients = [Client(path) for _ in range(32)]
    for i, client in enumerate(clients):
        client.send(event("crowd-%d" % i))
    for client in clients:
        same(client.answers(1), [])
    more = Client(path)
    same((more.line(), more.line()), ("nak 0 too-many-connections", None))
    clients.pop().close()
    until = time.monotonic() + PATIENCE
    while True:
        again = Client(path)
        again.send(event("crowd-again"))
        if again.line() == "ack 1":
            break
        assert time.monotonic() < until, "no room was made"


def refused(path):
    client = Client(path)
    same((client.line(), client.line()), ("nak 0 not-allowed", None))


def as_user(path, uid, wanted):
    """Needs root: what another user is told."""
    os.setgid(int(uid))
    os.setuid(int(uid))
    client = Client(path)
    if wanted == "refused":
        same((client.line(), client.line()), ("nak 0 not-allowed", None))
    else:
        client.send(event("as-%s" % uid))
        same(client.answers(1), [])


# ---- clients as one does not wish them ----

def mute(path):
    """One that reads nothing until the end is read from all the same, and is
    told how many of its naks were left out."""
    n = 20000
    client = Client(path)
    client.send(b"no\n" * n)
    client.send(event("mute"))
    naks = client.answers(n + 1)
    left = sum(number for word, number, *_ in naks if word == "left")
    assert left > 0, "every nak was kept"
    same(left + sum(word == "nak" for word, *_ in naks), n)
    same(naks[0], ("nak", 1, "not-json"))


def peak(pid):
    """Megabytes."""
    with open("/proc/%s/status" % pid, encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024


def dribble(path, stop):
    """A byte now and then."""
    client = Client(path)
    data = event("slow")
    for i in range(len(data) - 1):
        if stop.wait(0.1) or not client.try_to_send(data[i:i + 1]):
            break
    stop.wait()
    client.close()


def endless(path, stop):
    """A line without end."""
    client = Client(path)
    while not stop.is_set() and client.try_to_send(b"w" * 65536):
        pass
    client.close()


def knock(path, stop):
    """Comes and goes."""
    while not stop.wait(0.002):
        client = Client(path)
        client.try_to_send(b"{")
        client.close()


def deaf(path, stop):
    """Sends much and reads nothing."""
    client = Client(path, 0.2)
    data = b"no\n" * 200 + event("deaf", n=1)
    while not stop.wait(0.05):
        client.try_to_send(data)
    client.close()


def hostile(path, pid):
    """With many of them there, another client is answered soon, and the
    program's memory keeps within bounds."""
    stop = threading.Event()
    client = Client(path)
    bad = [threading.Thread(target=kind, args=(path, stop))
           for kind, n in ((dribble, 20), (endless, 4), (knock, 1), (deaf, 2)) for _ in range(n)]
    for thread in bad:
        thread.start()
    try:
        waits = []
        for i in range(20):
            start = time.monotonic()
            client.send(event("good-%d" % i))
            same(client.answers(i + 1), [])
            waits.append(time.monotonic() - start)
        client.close()
    finally:
        stop.set()
        for thread in bad:
            thread.join()
    print("slowest answer %.2f s, median %.2f s; peak %d MB" % (max(waits), sorted(waits)[10], peak(pid)))
    assert sorted(waits)[10] < 2, "a good client waited"
    assert peak(pid) < 256, "too much memory"


# ---- what was acknowledged, when the program ends ----

def load(path, folder):
    """Eight send until the program goes; what was acknowledged of each goes
    into a file."""
    def one(name):
        acked = sent = 0
        client = Client(path)
        client.socket.settimeout(0.05)
        try:
            while True:
                client.send(b"".join(event("%s-%d" % (name, i)) for i in range(sent, sent + 20)))
                sent += 20
                while acked < sent - 2000:
                    acked = int(client.line().split()[1])
        except (OSError, AttributeError):
            pass
        client.socket.settimeout(PATIENCE)
        while True:
            try:
                said = client.line()
            except OSError:
                break
            if said is None:
                break
            acked = int(said.split()[1])
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.writelines("%s-%d\n" % (name, i) for i in range(acked))

    threads = [threading.Thread(target=one, args=("load%d" % i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def resend(path, name, count):
    """Sends events until all are acknowledged, again from the first that was
    not, whenever the connection ends."""
    done, count = 0, int(count)
    until = time.monotonic() + 2 * PATIENCE
    while done < count:
        assert time.monotonic() < until, "%d of %d acknowledged" % (done, count)
        client = Client(path)
        first = sent = done
        try:
            while done < count:
                if sent < count and sent - done < 100:
                    n = min(sent + 50, count)
                    client.send(b"".join(event("%s-%d" % (name, i)) for i in range(sent, n)))
                    sent = n
                    continue
                said = client.line()
                if said is None:
                    break
                assert said.startswith("ack "), said
                done = first + int(said.split()[1])
        except OSError:
            pass
        client.close()


# ---- a service manager ----

def manager(path, *words):
    """Hands a socket over, wants to be told, and has a watchdog of a fifth of a
    second; then ends the program."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(8)
    notes = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notes.bind(os.path.abspath(path + ".notify"))
    notes.settimeout(1)
    # Somebody waits before the program is there.
    early = Client(path)
    early.send(event("early"))

    def hand_over():
        os.dup2(listening.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="audit",
                          NOTIFY_SOCKET=os.path.abspath(path + ".notify"), WATCHDOG_USEC="200000")

    # The environment is read from the new process only after that.
    pid = os.fork()
    if pid == 0:
        hand_over()
        os.execvp(words[0], words)
    listening.close()
    said = []

    def told(wanted):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                said.append(notes.recv(4096).decode())
            except socket.timeout:
                same(os.waitpid(pid, os.WNOHANG), (0, 0))
                assert time.monotonic() < until, "not told %s, but %r" % (wanted, said[-5:])
                continue
            if said[-1].startswith(wanted):
                return

    told("READY=1")
    same(early.answers(1), [])
    told("STATUS=")
    told("WATCHDOG=1")
    told("WATCHDOG=1")
    # Alive while there is work, too.
    early.send(b"".join(event("busy-%d" % i) for i in range(5000)))
    early.answers(5001)
    told("WATCHDOG=1")
    os.kill(pid, 15)
    told("STOPPING=1")
    same(os.waitpid(pid, 0)[1], 0)
    assert os.path.exists(path), "the manager's socket was removed"
    same(said[0], "READY=1")


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except AssertionError as error:
        sys.exit("%s: %s" % (sys.argv[1], error))
