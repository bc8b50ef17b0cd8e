"""starter: starts the processes that the bench measures, one at a time.

Until a new process has become its program, the peak of its memory is that of
the process it came from.  So they all come from this one, which imports little
and never grows; run it with -I -S.

In: a JSON object a line: words, in, out, more (of the environment), limit.
Out: one a line: seconds, cpu, peak (MB), code (as waitstatus_to_exitcode).
"""
import json
import os
import signal
import sys
import time


def start(request):
    return os.posix_spawnp(request["words"][0], request["words"], dict(os.environ, **request["more"]), file_actions=[
        (os.POSIX_SPAWN_OPEN, 0, request["in"], os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, request["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ])


def measured(request):
    began = time.perf_counter()
    pid = start(request)

    def end(number, _frame):
        os.kill(pid, signal.SIGTERM)
        if number == signal.SIGTERM:
            sys.exit(1)

    signal.signal(signal.SIGALRM, end)
    signal.signal(signal.SIGTERM, end)
    signal.alarm(request["limit"])
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    signal.alarm(0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024,
            "code": os.waitstatus_to_exitcode(status)}


def main():
    # The bench has it from the terminal too, and stops us.
    signal.signal(signal.SIGINT, lambda *_: None)
    for line in sys.stdin:
        try:
            answer = measured(json.loads(line))
        except OSError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


main()
