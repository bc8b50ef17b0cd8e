"""peer_postgres: PostgreSQL, a cluster of its own behind a Unix socket, asked by psql."""
import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile

from live import Connected, Live, undisturbed
from peer import Failed, Load, first_line

PLACES = "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"
USERS = "postgres", "nobody"  # who runs it when we are root, which it refuses
COLUMNS = ("id uuid, time timestamptz, tenant text, category text, action text, severity text, outcome text,"
           " description text, actor_id text, actor_type text, actor_email text, target_path text, ip inet,"
           " user_agent text, host text, request_id uuid, context jsonb")
INDEXED = ("time", "actor_id", "action", "target_path")
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20  # MB
PROCESSORS = len(os.sched_getaffinity(0))
SETTINGS = {
    "listen_addresses": "", "wal_level": "minimal", "max_wal_senders": 0, "max_wal_size": "8GB",
    "checkpoint_timeout": "30min", "shared_buffers": "%dMB" % (MEMORY // 4), "work_mem": "128MB",
    "maintenance_work_mem": "512MB", "max_parallel_workers_per_gather": PROCESSORS - 1,
    "max_parallel_maintenance_workers": PROCESSORS - 1, "jit": "off",
}
# Bytes that no line of JSON has keep COPY from taking a line apart.
LOAD = """\\set ON_ERROR_STOP on
SET client_min_messages = warning;
DROP TABLE IF EXISTS events;
BEGIN;
CREATE UNLOGGED TABLE raw(line text);
\\copy raw FROM pstdin (FORMAT csv, DELIMITER e'\\x01', QUOTE e'\\x02')
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
CREATE TABLE events AS SELECT event.* FROM raw, json_to_record(line::json) AS event(%s);
%s
DROP TABLE raw;
COMMIT;
ANALYZE events;
""" % (COLUMNS, "\n".join("CREATE INDEX ON events(%s);" % name for name in INDEXED))


def folder_of_programs():
    """The newest one, or None."""
    found = [folder for place in PLACES for folder in glob.glob(place) if os.path.exists(folder + "/initdb")]
    if not found and shutil.which("initdb"):
        found = [os.path.dirname(os.path.realpath(shutil.which("initdb")))]
    return max(found, key=lambda folder: [int(digits) for digits in re.findall("[0-9]+", folder)], default=None)


def another_user():
    """Who is to run it: None for us, unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise Failed("PostgreSQL does not run as root, and there is no user %s" % " or ".join(USERS))


def copied(sql, where):
    """psql itself would hold all of the rows before it writes the first."""
    return "COPY (%s) TO %s" % (sql, where) if sql.startswith("SELECT") else sql


class Connection(Live):
    """psql that stays, and times on standard output what it sends."""

    def __init__(self, words):
        super().__init__([*words, "-o", os.devnull])
        self.say("\\timing on")

    def seconds(self, sql):
        """Of a statement, whose rows go nowhere."""
        self.say(copied(sql, "'%s'" % os.devnull) + ";")
        line = self.line()
        while line and not line.startswith("Time: "):
            line = self.line()
        if not line:
            raise Failed("postgres: psql has ended")
        return float(line.split()[1]) / 1000


class Postgres(Connected):
    name, heading = "postgres", "PostgreSQL"
    setup = ("A cluster of its own on the same disk, a Unix socket; fsync on, %s; otherwise as it comes.  Lines copied"
             " into an unlogged table, taken apart by json_to_record in one statement, in parallel (and with no log of"
             " its own, as wal_level minimal allows), into typed columns and context as jsonb, four indexes (%s) built"
             " afterwards, ANALYZE.  Each question is a process of psql, rows written by COPY; running is the statement"
             " on an open connection, its rows made into text by the server and sent nowhere." % (
                 ", ".join("%s %s" % pair for pair in SETTINGS.items() if pair[1]), ", ".join(INDEXED)))
    words_of_sql = {
        "row": "row_to_json(events)",
        "description": "description",
        "payload": "context #>> '{geo,region}'",
        "day": "time::date",
        "from10": "ip <<= '10.0.0.0/8'",
    }

    def __init__(self, data):
        super().__init__(data)
        self.programs = folder_of_programs()
        self.psql = [self.programs + "/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "bench", "postgres"]
        self.user = self.home = None

    @classmethod
    def missing(cls):
        programs = folder_of_programs()
        return None if programs and os.path.exists(programs + "/psql") else (
            "PostgreSQL's server is not installed (Debian: postgresql)")

    @classmethod
    def version(cls):
        return first_line(folder_of_programs() + "/postgres", "--version")

    # ---- the cluster ----

    def control(self, program, *words):
        """One of its programs, as the user that owns the cluster."""
        words = [self.programs + "/" + program, "-D", self.home + "/data", *words]
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": ()} if self.user else {}
        with open(self.home + "/control.log", "ab") as log:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", check=False,
                                  start_new_session=True, **who)
        if done.returncode != 0:
            raise Failed("PostgreSQL: %s failed: %s" % (program, self.last_words()))

    def last_words(self):
        with open(self.home + "/control.log", encoding="utf-8", errors="replace") as log:
            return (log.read().strip().splitlines() or ["it does not say why"])[-1]

    def start(self):
        """In a folder of its own: another user must get there."""
        self.user = another_user()
        self.home = tempfile.mkdtemp(prefix="audit-bench-postgres.")
        if self.user:
            shutil.chown(self.home, self.user.pw_uid, self.user.pw_gid)
        self.control("initdb", "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        with open(self.home + "/data/postgresql.conf", "a", encoding="utf-8") as file:
            for name, value in {**SETTINGS, "unix_socket_directories": self.home}.items():
                file.write("%s = '%s'\n" % (name, value))
        self.control("pg_ctl", "start", "-s", "-w", "-l", self.home + "/data/server.log")
        self.psql += ["-h", self.home]

    @undisturbed()
    def close(self):
        self.leave()
        if self.home:
            if os.path.exists(self.home + "/data/postmaster.pid"):
                self.control("pg_ctl", "stop", "-s", "-m", "immediate")
            shutil.rmtree(self.home, ignore_errors=True)
            self.home = None

    @undisturbed()
    def chill(self):
        self.leave()
        self.control("pg_ctl", "restart", "-s", "-w", "-m", "fast", "-l", self.home + "/data/server.log")

    def files(self):
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.home + "/data/base") for name in names]

    # ---- the table ----

    def load(self):
        if self.home is None:
            with undisturbed():
                self.start()
        self.leave()
        with open("load_postgres.sql", "w", encoding="utf-8") as file:
            file.write(LOAD)
        run = self.run([*self.psql, "-f", "load_postgres.sql"], stdin=self.data.raw)
        size = subprocess.run([*self.psql, "-c", "SELECT pg_total_relation_size('events')"], capture_output=True,
                              text=True, check=True).stdout
        return Load(run.seconds, int(size), run)

    def words_for(self, statements):
        return [*self.psql, *(word for one in statements for word in ("-c", copied(one, "STDOUT")))]

    def connect(self):
        return Connection(self.psql)
