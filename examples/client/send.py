#!/usr/bin/env python3
"""Send events to auditd-ingest and wait until they are committed.

    send.py [SOCKET] <events.jsonl

or in a program:

    with AuditLog() as log:
        log.send({"time": "2026-04-23T18:00:00Z", "action": "login", ...})
        log.wait()          # returns when it is committed

An event should have an id of its own: then what was not acknowledged can be
sent again, and is stored once.
"""
import json
import select
import socket
import sys

SOCKET = "/run/audit-toolkit/ingest.sock"


class Refused(Exception):
    """A line that was not stored as an event, or the connection itself."""


class AuditLog:
    def __init__(self, path=SOCKET, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.rest = b""
        self.sent = self.acked = 0
        self.refused = {}  # line number: reason

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send_line(self, line):
        # Answers that nobody reads would stop us in the end.
        if self.sent % 64 == 0:
            while select.select([self.socket], [], [], 0)[0]:
                self.take_answers()
        self.socket.sendall(line.rstrip("\n").encode() + b"\n")
        self.sent += 1

    def send(self, event):
        self.send_line(json.dumps(event, ensure_ascii=False, separators=(",", ":")))

    def wait(self):
        """Until all that was sent is committed."""
        while self.acked < self.sent:
            self.take_answers()

    def take_answers(self):
        received = self.socket.recv(65536)
        if not received:
            raise Refused("the connection ended before everything was acknowledged")
        *lines, self.rest = (self.rest + received).split(b"\n")
        for line in lines:
            word, number, *reason = line.decode().split(" ", 2)
            if word == "ack":
                self.acked = int(number)
            elif word == "left":
                continue  # so many naks were left out
            elif number == "0":
                raise Refused(*reason)
            else:
                self.refused[int(number)] = reason[0]


def main():
    with AuditLog(*sys.argv[1:2]) as log:
        for line in sys.stdin:
            log.send_line(line)
        log.wait()
    for number, reason in log.refused.items():
        print(f"line {number}: {reason}", file=sys.stderr)
    return 1 if log.refused else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, Refused) as error:
        print(f"send.py: {error}", file=sys.stderr)
        sys.exit(75)
