#!/bin/sh
# audit-performance(7) is what is made of the results that are kept, and the
# bench measures and judges as it says.

. "${0%/*}/../cli/lib.sh"
need python3
bench=$top/tests/bench

# python: run the program on standard input beside the modules of bench
python() {
	PYTHONPATH=$bench python3 -B - "$@" 2>&1
}

python3 -B "$bench/page.py" "$bench"/results/*.json >page 2>&1
is "the page in the repository is made from the results there" "$(cmp page "$top/man/audit-performance.7" 2>&1)" ""

said=$(python <<'END'
from page_tables import targets
from rows import Table, Target, Theirs
table = Table({"duckdb": "DuckDB"}, 1000, None)
table.row("too slow", 10, targets=[Target(5, "duckdb", 1.0)], theirs={"duckdb": Theirs(9, 5)})
table.row("quick", 5, targets=[Target(5)])
table.row("too little", 5, "events/s", [Target(6)], True)
table.row("not for so few", 5, targets=table.full_size(1))
met, missed = table.verdicts()
print(met, len(missed), targets({"rows": table.rows})[0])
END
)
is "targets are judged, but those for more events" "$(echo "$said" | tail -n 1)" "1 2 1"

said=$(python <<'END'
from peer import Answer, Failed
from turns import Turn, turn_about
seen = []
took = {"a": iter((9, 1, 2)), "b": iter((5, 5, 5))}

def measured(name):
    seen.append(name)
    if name == "c":
        raise Failed("broken")
    return Answer(next(took[name]))

turns = [Turn(name, lambda name=name: measured(name), 60, 3) for name in "abc"]
turn_about(turns)
print("".join(seen), turns[0].result(warm=True).seconds, turns[2].failure, turns[2].result(True))
END
)
is "programs are measured turn about, the first run is not counted" "$said" "abcabab 1.5 broken None"

said=$(python "$work" <<'END'
import os
import sys
from peer import Failed, Starter
big = bytearray(200 << 20)
big[::4096] = b"x" * len(big[::4096])
starter = Starter(sys.argv[1])
run = starter.run(["sh", "-c", "echo 7"], out="said")
print(run.peak < 50, run.code, open("said").read().strip())
for words, limit in ((["false"], 9), (["sleep", "60"], 1), (["no-such-program"], 9)):
    try:
        starter.run(words, limit=limit)
        print("ended well")
    except Failed as failure:
        print(failure)
starter.close()
END
)
is "memory is that of the program alone, failures are told" "$said" "True 0 7
failed (1): false
failed (-15): sleep 60
no-such-program: [Errno 2] No such file or directory: 'no-such-program'"

head -c 1000000 /dev/zero >file
said=$(python <<'END'
import cold
print(cold.resident("file"), cold.drop(["file"]) == (cold.resident("file") < 0.01))
END
)
is "the page cache is looked at" "$said" "1.0 True"

finish
