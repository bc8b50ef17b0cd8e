#!/bin/sh
# audit-performance(7) is what is made of the results that are kept, and the
# bench measures and judges as it says.

. "${0%/*}/../cli/lib.sh"
need python3 jq
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

# Targets that come from a figure of ours, and sections that the results kept do not have yet.
said=$(python "$bench/results/1m.json" <<'END'
import contextlib
import io
import json
import sys
from rows import Table, Target
table = Table({}, 1000, None)
with contextlib.redirect_stdout(io.StringIO()):
    table.section("Formats of other systems")
    table.row("everything as jsonl", 100, "events/s", (), True)
    table.row("everything as ocsf", 40, "events/s", [Target(50, "jsonl", 0.5)], True)
print(table.verdicts()[1][0])
with open(sys.argv[1]) as file:
    kept = json.load(file)
kept["rows"] = [row for row in kept["rows"] if row["section"] != table.title] + table.rows
with open("more.json", "w") as file:
    json.dump(kept, file)
END
)
is "a target may be a share of another row" "$said" "everything as ocsf: 40.0, not >= 50.0 (0.5 x jsonl): 0.80 x"
tab=$(printf '\t')
is "the page has it, with words about the section" "$(python3 -B "$bench/page.py" more.json | grep -E '^everything as|^Everything, to nothing|0.50? times that of jsonl')" \
	"Everything, to nothing, turn about.
everything as jsonl, events/s${tab}100${tab}
everything as ocsf, events/s${tab}40.0!${tab}\\(>= 50.0
40.0, and should be at least 50.0, 0.5 times that of jsonl: 1.25 times too"

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

python <<'END'
from people import people
from trail import rules, trail
people("people.jsonl", 3000, 0.001)
trail("trail.jsonl", 3000)
rules("rules.yml", 400)
END
run auditd-ingest -D people.db people.jsonl
ends "events of people are events" 0
check "some of them are signed in" test "$(audit-sessions -D people.db -o jsonl | wc -l)" -gt 100
audit-detect -q -D people.db --rules "$top/rules/login-lockout.yaml" >/dev/null
run audit-detect -D people.db --locked u-0000 203.0.113.9
ends "and one is locked out" 0
run auditd-ingest --from cloudtrail -D trail.db trail.jsonl
ends "events of CloudTrail are such" 0
run audit-detect -D trail.db --rules rules.yml --test-rules
is "all rules about them are taken" "$(grep -c ': count, ' out) $(cat err)" "400 "
audit-detect -q -D trail.db --rules rules.yml >alerts
matched=$(jq -r .context.rule alerts | sort -u | wc -l)
check "some match, some do not ($matched)" test "$matched" -gt 40 -a "$matched" -lt 300

# What the bench measures of detection, sessions, formats and evidence, on little.
said=$(python "$PWD/people.jsonl" <<'END'
import os
import sys
import watch
from deeds import Deeds
from peer import Data
from rows import Table
from scene import scene
raw = sys.argv[1]
with scene() as starter:
    starter.run(["auditd-ingest", "-q", "-D", "events.db", raw])
    deeds = Deeds(Data(raw, 3000, os.path.getsize(raw), os.getcwd(), starter), Table({}, 3000, None), 1)
    for section in watch.detection, watch.sigma, watch.sessions, watch.formats, watch.evidence:
        section(deeds)
    print(len(deeds.table.rows), all(row["value"] > 0 for row in deeds.table.rows), sorted(os.listdir(".")))
END
)
is "and all of it is measured" "$(echo "$said" | tail -n 1)" \
	"24 True ['events.db', 'pack.pub', 'people.db', 'proved.db.keys']"

head -c 1000000 /dev/zero >file
said=$(python <<'END'
import cold
print(cold.resident("file"), cold.drop(["file"]) == (cold.resident("file") < 0.01))
END
)
is "the page cache is looked at" "$said" "1.0 True"

finish
