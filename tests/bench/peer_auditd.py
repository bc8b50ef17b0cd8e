"""peer_auditd: ausearch and aureport, on a sample of the events as Linux audit records."""
import pwd
import shutil

import sample
from peer import Failed, first_line

LOG = "audit.log"
OTHERS = 0
PROCESSES = 50

RECORD = ("type=USER_AUTH msg=audit(%d.%03d:%d): pid=%d uid=0 auid=%d ses=%d msg='op=%s acct=\"%s\""
          " exe=\"/usr/bin/app\" hostname=%s addr=%s terminal=? res=%s'\n")


def an_account():
    """A user id that an account of this machine has: the tools look each id up, and those of nobody for long."""
    return next((one.pw_uid for one in pwd.getpwall() if one.pw_uid not in (OTHERS, 65534)), 65534)


class Auditd(sample.Sampled):
    name = heading = "ausearch"
    most = 200000
    setup = ("ausearch --raw, and aureport, on a sample of about {:,} events as records of one line each (USER_AUTH) in"
             " one file, their time multiplied.  The busy actor has the auid of another account than the others have,"
             " and all of them have accounts: looking up one that nobody has costs more than the search.".format(most))

    def __init__(self, data):
        super().__init__(data)
        self.auid = str(an_account())
        self.written = False

    @classmethod
    def missing(cls):
        return None if shutil.which("ausearch") and shutil.which("aureport") else (
            "ausearch and aureport are not installed (Debian: auditd)")

    @classmethod
    def version(cls):
        return first_line("ausearch", "--version")

    def write(self, busy):
        """The log, in which this actor has an auid of their own."""
        with open(LOG, "w", encoding="utf-8") as log:
            for number, (time, event) in enumerate(sample.events(self.data, self.every)):
                who, millisecond = event["actor_id"], time // 1000
                log.write(RECORD % (
                    millisecond // 1000, millisecond % 1000, number + 1, 1000 + number % PROCESSES,
                    int(self.auid) if who == busy else OTHERS, 1 + number % PROCESSES, event["action"], who,
                    event["host"], event["ip"], "success" if event["outcome"] == "success" else "failed"))

    def ask(self, question, values):
        words = self.wording(question, dict(values, auid=self.auid))
        if words is None:
            return None
        if not self.written:
            self.write(values["busy"])
            self.written = True
        program, *options = words
        if not shutil.which(program):
            raise Failed(program + " is not installed")
        return self.asked(question, [program, "--input", LOG, *options], more={"TZ": "UTC", "LC_ALL": "C"},
                          allowed=(0, 1))
