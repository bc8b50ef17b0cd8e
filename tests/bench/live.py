"""live: processes of peers that stay: asked by lines, ended also when the bench is interrupted."""
import contextlib
import os
import signal
import subprocess

from peer import Peer

PATIENCE = 10  # seconds until one that does not end is killed


class Live:
    """A process that takes lines and answers with lines."""

    def __init__(self, words):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, line):
        with contextlib.suppress(BrokenPipeError):
            print(line, file=self.process.stdin, flush=True)

    def line(self):
        """The next one, empty when the process has ended."""
        return self.process.stdout.readline()

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Connected(Peer):
    """A peer asked in SQL: by processes, and by a connection that stays."""
    asks_sql = True

    def __init__(self, data):
        super().__init__(data)
        self.live = None

    def words_for(self, statements):
        """The process that answers with rows as text."""
        raise NotImplementedError

    def connect(self):
        """A Live whose seconds(statement) tells what one takes."""
        raise NotImplementedError

    def leave(self):
        """The open connection."""
        if self.live:
            self.live.close()
            self.live = None

    def ask(self, question, values):
        sql = self.wording(question, values)
        if sql is None:
            return None
        statements = [one for one in sql.split(";") if one]
        answer = self.asked(question, self.words_for(statements))
        if question.once:
            return answer
        if self.live is None:
            self.live = self.connect()
        return answer._replace(inside=sum(map(self.live.seconds, statements)))


@contextlib.contextmanager
def undisturbed():
    """Interruptions wait: what is started here can be ended, what is ended is ended."""
    waiting = []
    before = {number: signal.signal(number, lambda number, _frame: waiting.append(number))
              for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if waiting:
            os.kill(os.getpid(), waiting[0])
