"""peer_duckdb: DuckDB by its npm package, in processes of node (duckdb.js)."""
import json
import os
import shutil
import subprocess

from live import Connected, Live
from peer import Failed, Load, gone

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "duckdb.js")
DATABASE = "duck.db"
# Those that the generated events have: one that is always NULL would cost time when rows become text.
COLUMNS = dict.fromkeys((
    "id time tenant category action severity outcome description actor_id actor_type actor_email target_path ip"
    " user_agent host request_id context").split(), "VARCHAR")
# As DuckDB's own guess of types has them.
COLUMNS.update(id="UUID", request_id="UUID", time="TIMESTAMP", context="JSON")
STORAGE = "latest"
CHANGES = ("INSERT", "DELETE")


def load_script(raw):
    columns = ", ".join("%s: '%s'" % column for column in COLUMNS.items())
    return ("SET preserve_insertion_order = false",
            "ATTACH '%s' AS store (STORAGE_VERSION '%s')" % (DATABASE, STORAGE),
            "CREATE TABLE store.events AS SELECT * FROM"
            " read_json('%s', format = 'newline_delimited', columns = {%s})" % (raw, columns),
            "DETACH store")


def as_text(sql):
    """A statement whose rows become text on standard output."""
    if not sql.startswith("SELECT"):
        return sql
    return "COPY (%s) TO '/dev/stdout' (%s)" % (
        sql, "FORMAT json" if sql.startswith("SELECT *") else "FORMAT csv, HEADER false")


class Connection(Live):
    """A process that has the database open."""

    def __init__(self, words):
        super().__init__(words)
        self.version = self.line().strip()

    def seconds(self, sql):
        self.say(json.dumps(sql))
        answer = json.loads(self.line() or '{"error": "node has ended"}')
        if "error" in answer:
            raise Failed("duckdb: " + answer["error"])
        return answer["seconds"]


class Duckdb(Connected):
    name, heading = "duckdb", "DuckDB"
    setup = ("One table made by read_json with typed columns (ids as UUID, time as TIMESTAMP, context as JSON) in the"
             " fastest way we found: insertion order not preserved, the newest format of its file (STORAGE_VERSION"
             " latest, smaller than the default), as many threads as processors.  Each question is a process of node,"
             " which writes its rows as text by COPY; running is the statement alone in a process that has it open,"
             " its rows fetched but not made into text.")
    words_of_sql = {
        "row": "*",
        "description": "description",
        "payload": "context->>'$.geo.region'",
        "day": "time::DATE",
        "from10": "ip LIKE '10.%'",
    }

    def __init__(self, data):
        super().__init__(data)
        self.mode = "READ_ONLY"

    @staticmethod
    def words(database, *statements, mode="READ_WRITE"):
        return ["node", SCRIPT, database, mode, str(len(os.sched_getaffinity(0))), *statements]

    @classmethod
    def missing(cls):
        if not shutil.which("node"):
            return "node is not installed (Debian: nodejs), which DuckDB's npm package needs"
        tried = subprocess.run(cls.words(":memory:", "SELECT 1"), capture_output=True, check=False)
        return None if tried.returncode == 0 else (
            "its npm package is not there: npm install @duckdb/node-api, and AUDIT_BENCH_NODE_MODULES="
            "that node_modules folder where node does not look into it")

    @classmethod
    def version(cls):
        live = Connection(cls.words(":memory:"))
        live.close()
        return live.version

    def load(self):
        self.close()
        gone(DATABASE, DATABASE + ".wal")
        run = self.run(self.words(":memory:", *load_script(self.data.raw)))
        return Load(run.seconds, os.path.getsize(DATABASE), run)

    def files(self):
        return [DATABASE]

    def words_for(self, statements):
        self.mode = "READ_ONLY"
        if statements[0].startswith(CHANGES):
            self.mode = "READ_WRITE"
            self.leave()  # one process that writes, or many that read
        return self.words(DATABASE, *map(as_text, statements), mode=self.mode)

    def connect(self):
        return Connection(self.words(DATABASE, mode=self.mode))

    def ask(self, question, values):
        answer = super().ask(question, values)
        if self.mode == "READ_WRITE":
            self.leave()
        return answer

    def close(self):
        self.leave()
