"""scene: a temporary folder to measure in, with what starts processes there."""
import contextlib
import os
import signal
import sys
import tempfile

from peer import Data, Failed, Starter


@contextlib.contextmanager
def scene():
    """The starter of a temporary folder, which is the working folder meanwhile.
    It is removed also when the bench is interrupted; failures end the bench."""
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="audit-bench.") as folder:
        os.chdir(folder)
        starter = Starter(folder)
        try:
            yield starter
        except Failed as failure:
            sys.exit("bench: %s" % failure)
        finally:
            starter.close()
            os.chdir("/")


def made(starter, gen, events):
    """As many generated events."""
    raw = os.path.abspath("events.jsonl")
    starter.run([gen, "-n", events], out=raw)
    return Data(raw, events, os.path.getsize(raw), os.getcwd(), starter)
