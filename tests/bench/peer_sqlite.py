"""peer_sqlite: the sqlite3 shell, with a table and indexes as one would make them."""
import os
import shutil

from peer import Load, Peer, first_line, gone

COLUMNS = "time category action severity outcome actor_id target_path ip".split()
INDEXED = ("time", "actor_id", "action", "target_path")


def script(raw):
    """What loads the lines of this file."""
    values = ", ".join("json_extract(line, '$.%s')" % name for name in COLUMNS)
    indexes = "\n".join("CREATE INDEX by_%s ON events(%s);" % (name, name) for name in INDEXED)
    return """CREATE TEMP TABLE raw(line);
.mode ascii
.separator "\\037" "\\n"
.import "%s" raw
BEGIN;
CREATE TABLE events(%s, line);
INSERT INTO events SELECT %s, line FROM raw;
%s
COMMIT;
""" % (raw, ", ".join(COLUMNS), values, indexes)


class Sqlite(Peer):
    name = heading = "sqlite3"
    setup = ("Lines imported by .import, eight columns (%s) extracted from them beside the line itself, four indexes"
             " (%s) built afterwards; otherwise as it comes, with synchronous=FULL." % (
                 ", ".join(COLUMNS), ", ".join(INDEXED)))
    asks_sql = True
    words_of_sql = {
        "row": "line",
        "description": "json_extract(line, '$.description')",
        "payload": "json_extract(line, '$.context.geo.region')",
        "day": "substr(time, 1, 10)",
        "from10": "ip GLOB '10.*'",
    }

    @classmethod
    def missing(cls):
        return None if shutil.which("sqlite3") else "sqlite3 is not installed (Debian: sqlite3)"

    @classmethod
    def version(cls):
        return first_line("sqlite3", "--version").partition(" ")[0]

    def load(self):
        gone("sqlite.db")
        with open("load.sql", "w", encoding="utf-8") as file:
            file.write(script(self.data.raw))
        run = self.run(["sqlite3", "-batch", "sqlite.db"], stdin="load.sql")
        return Load(run.seconds, os.path.getsize("sqlite.db"), run)

    def files(self):
        return ["sqlite.db"]

    def ask(self, question, values):
        sql = self.wording(question, values)
        if sql is None:
            return None
        words = sql if isinstance(sql, tuple) else (sql,)
        return self.asked(question, ["sqlite3", "-batch", "sqlite.db", *words])
