"""peer: what the bench asks of us and of each program beside us.

A peer lives in a file of its own, peer_*.py, and is listed in `run`.  It is
made, loads the events, answers questions, is closed.  Each call is one
measurement: the bench calls several times, ours and the peers' turn about, and
takes medians; the first call of a question is to warm up and is not counted,
unless it is the only one.  Questions that change the store (once) are asked
once, behind all others.  What a peer cannot do it answers with None; when it
breaks it raises Failed with a sentence, which the bench prints before it goes
on without that answer (or, after load(), without that peer).
"""
import json
import os
import string
import subprocess
import sys
from typing import NamedTuple, Optional

LIMIT = 600  # seconds until a process is ended


class Failed(Exception):
    """A sentence for people."""


class Run(NamedTuple):
    """One process from its start to its end."""
    seconds: float
    cpu: float   # seconds of all its processors
    peak: float  # memory in MB
    code: int    # its exit status, or the signal that ended it, negative


class Load(NamedTuple):
    seconds: float            # until all is stored, indexed and on the disk
    bytes: Optional[int]      # on the disk afterwards; None where that says nothing
    run: Optional[Run] = None
    estimated: bool = False   # measured on a sample and multiplied


class Answer(NamedTuple):
    seconds: float                  # of whole processes
    value: Optional[int] = None     # to be compared: the number, or how many rows
    inside: Optional[float] = None  # seconds of the question alone in a process that is running and warm
    estimated: bool = False         # measured on a sample and multiplied
    run: Optional[Run] = None


class Starter:
    """Starts processes and measures them.  See starter.py."""

    def __init__(self, folder):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "starter.py")
        self.process = subprocess.Popen([sys.executable, "-I", "-S", program], cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def run(self, words, out=os.devnull, stdin=os.devnull, more=None, limit=LIMIT, allowed=(0,)):
        """One process; paths are relative to the temporary folder.  `more` are
        variables of its environment, `allowed` the exit statuses it may have."""
        request = {"words": [str(word) for word in words], "out": out, "in": stdin, "more": more or {}, "limit": limit}
        try:
            print(json.dumps(request), file=self.process.stdin, flush=True)
            answer = json.loads(self.process.stdout.readline() or '{"error": "the starter has ended"}')
        except BrokenPipeError:
            answer = {"error": "the starter has ended"}
        if "error" in answer:
            raise Failed("%s: %s" % (words[0], answer["error"]))
        run = Run(**answer)
        if run.code not in allowed:
            raise Failed("failed (%s): %s" % (run.code, " ".join(request["words"])[:200]))
        return run

    def close(self):
        self.process.terminate()
        self.process.wait()


class Data(NamedTuple):
    raw: str        # path of the events, JSON lines
    events: int
    size: int       # bytes of raw
    folder: str     # temporary; also the working folder
    starter: Starter


class Peer:
    name = ""         # as in --peers and in Question.peers
    heading = ""      # how the table and the page call it
    setup = ""        # sentences for the page: how it was configured and loaded, what it cannot do
    words_of_sql = {} # what $row, $description, $day ... of a question's SQL are here
    asks_sql = False  # Question.sql is for this peer where Question.peers has nothing of its own

    def __init__(self, data):
        self.data = data
        self.seen = set()

    @classmethod
    def missing(cls):
        """None, or a sentence that says what to install."""
        return None

    @classmethod
    def version(cls):
        """One line."""
        return ""

    def load(self):
        """Loads everything, anew each time.  Load, or None where there is nothing to load."""
        return None

    def ask(self, question, values):
        """Answer, or None."""
        raise NotImplementedError

    def chill(self):
        """Lets go of what a running server holds, before the page cache of files() is dropped."""

    def files(self):
        """Paths of what it reads to answer; empty: it is not asked with a cold cache."""
        return []

    def close(self):
        """Ends servers; also when the bench is interrupted."""

    # ---- for the peers to use ----

    def wording(self, question, values):
        """How this peer is asked: a template filled in; tuples item by item; None: not at all."""
        how = question.peers.get(self.name, question.sql if self.asks_sql else None)
        values = dict(values, out=question.out or os.devnull)
        if isinstance(how, tuple):
            return tuple(self.filled(text, values) for text in how)
        return how and self.filled(how, values)

    def filled(self, text, values):
        """The peer's own words first: they may have values in them."""
        return string.Template(string.Template(text).safe_substitute(self.words_of_sql)).safe_substitute(values)

    def run(self, words, **options):
        return self.data.starter.run(words, **options)

    def asked(self, question, words, compared=True, **options):
        """Answer of one process.  Its output goes where the question says, or
        nowhere; but the first time for a question into a file, when it is what
        can be compared."""
        first = question.name not in self.seen
        self.seen.add(question.name)
        out = question.out or ("answer" if first else os.devnull)
        if question.out:
            gone(out)
        run = self.run(words, out=out, **options)
        return Answer(run.seconds, value_of(out) if first and compared else None, run=run)


def value_of(path):
    """What can be compared: the number in the file, else how many lines it has."""
    with open(path, "rb") as file:
        head = file.read(32)
        if head.strip().isdigit():
            return int(head)
        file.seek(0)
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def gone(*paths):
    for path in paths:
        if os.path.exists(path):
            os.remove(path)


def first_line(*words):
    """Of what a program prints: its version."""
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.partition("\n")[0].strip()
