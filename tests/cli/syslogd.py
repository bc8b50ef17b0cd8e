"""What the tests of syslog need around rsyslog.

    syslogd.py port                a port that nobody listens at
    syslogd.py send PORT           standard input, by TCP; ends when it was taken
    syslogd.py ids FILE...         the ids of the events in lines of messages
"""
import json
import re
import socket
import sys
import time


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        print(s.getsockname()[1])


def send(to):
    for _ in range(100):
        try:
            s = socket.create_connection(("127.0.0.1", to))
            break
        except OSError:
            time.sleep(0.1)
    s.sendall(sys.stdin.buffer.read())
    s.shutdown(socket.SHUT_WR)
    s.settimeout(20)
    s.recv(1)


def ids(paths):
    for path in paths:
        with open(path, "rb") as file:
            for line in file.read().split(b"\n"):
                if line:
                    text = line.decode()
                    event = json.loads(text[text.index("] {") + 2:])
                    assert re.match(r"<\d+>1 ", text), text[:100]
                    print(event["id"])


{"port": port, "send": lambda: send(int(sys.argv[2])), "ids": lambda: ids(sys.argv[2:])}[sys.argv[1]]()
