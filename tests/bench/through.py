"""through: events through the socket of auditd-ingest and its other ways in that
do not end by themselves, for bench.

A client is a process of its own that sends what it has and reads answers until
the last line is acknowledged: committed and on the disk.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import time

PATH, STORE = "bench.sock", "socket.db"
PIECE = 65536


class Server:
    """auditd-ingest on a new store."""

    def __enter__(self):
        for name in (STORE, PATH):
            if os.path.exists(name):
                os.remove(name)
        self.process = subprocess.Popen(["auditd-ingest", "-q", "-D", STORE, "--listen", PATH])
        while not os.path.exists(PATH):
            if self.process.poll() is not None:
                sys.exit("bench: auditd-ingest --listen failed")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait() != 0:
            sys.exit("bench: auditd-ingest --listen failed")
        os.remove(STORE)


def connect():
    client = socket.socket(socket.AF_UNIX)
    client.connect(PATH)
    return client


def acknowledged(client):
    """The line that the last answer read is about; they are all acks."""
    said = client.recv(PIECE)
    if not said.endswith(b"\n"):
        said += client.recv(PIECE)
    return int(said.split()[-1])


def send_all(data):
    client = connect()
    lines, done, sent = data.count(b"\n"), 0, 0
    view = memoryview(data)
    while done < lines:
        can_read, can_write, _ = select.select([client], [client] if sent < len(data) else [], [])
        if can_write:
            sent += client.send(view[sent:sent + PIECE], socket.MSG_DONTWAIT)
        if can_read:
            done = acknowledged(client)


def parts(data, n):
    """The lines in n parts of about the same size."""
    start = 0
    for i in range(1, n + 1):
        end = len(data) if i == n else data.index(b"\n", len(data) * i // n) + 1
        yield data[start:end]
        start = end


def seconds(data, clients):
    """Until all of them have all of theirs acknowledged."""
    given = list(parts(data, clients))
    with Server():
        start = time.perf_counter()
        pids = []
        for part in given:
            pid = os.fork()
            if pid == 0:
                send_all(part)
                os._exit(0)
            pids.append(pid)
        if any(os.waitpid(pid, 0)[1] for pid in pids):
            sys.exit("bench: a client of the socket failed")
        return time.perf_counter() - start


def latency(events):
    """The median of what one waits who sends an event and then waits, in seconds."""
    waits = []
    with Server():
        client = connect()
        for i in range(events):
            event = {"time": "2026-04-23T18:00:00Z", "action": "wait", "id": str(i)}
            start = time.perf_counter()
            client.sendall(json.dumps(event).encode() + b"\n")
            acknowledged(client)
            waits.append(time.perf_counter() - start)
    return statistics.median(waits)


def done_of_file():
    """How many bytes of the one file that the store knows are in it."""
    try:
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % STORE, uri=True)) as store:
            return store.execute("SELECT max(offset) FROM file").fetchone()[0] or 0
    except sqlite3.OperationalError:  # not there yet
        return 0


def followed(raw):
    """Until a file that is followed from its start is in the store, in seconds."""
    if os.path.exists(STORE):
        os.remove(STORE)
    start = time.perf_counter()
    process = subprocess.Popen(["auditd-ingest", "-q", "-D", STORE, "--follow", raw])
    while done_of_file() < os.path.getsize(raw):
        if process.poll() is not None:
            sys.exit("bench: auditd-ingest --follow failed")
        time.sleep(0.02)
    took = time.perf_counter() - start
    process.send_signal(signal.SIGTERM)
    if process.wait() != 0:
        sys.exit("bench: auditd-ingest --follow failed")
    os.remove(STORE)
    return took


def confirmed(raw, lines):
    """Until rsyslog would have its OK for each line, in seconds."""
    if os.path.exists(STORE):
        os.remove(STORE)
    start = time.perf_counter()
    with open(raw, "rb") as file:
        feed = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
    program = subprocess.Popen(["auditd-ingest", "-q", "-D", STORE, "--ack", "omprog"], stdin=feed.stdout,
                               stdout=subprocess.PIPE)
    feed.stdout.close()
    said = sum(piece.count(b"\n") for piece in iter(lambda: program.stdout.read1(PIECE), b""))
    took = time.perf_counter() - start
    if program.wait() != 0 or feed.wait() != 0 or said != lines + 1:
        sys.exit("bench: auditd-ingest --ack omprog failed")
    os.remove(STORE)
    return took
