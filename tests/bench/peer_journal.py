"""peer_journal: journalctl on a journal that systemd-journal-remote made of a sample of the events."""
import json
import os
import shutil

import sample
from peer import Load, first_line

IMPORT = "/usr/lib/systemd/systemd-journal-remote"
FOLDER = "journal"
# What an index finds and what ends by itself takes as long in a larger journal.
FEW = ("-n", "REQUEST_ID=")


def entry(number, time, event):
    """In the export format: __REALTIME_TIMESTAMP=1759276815517141, ACTION=user.login ..."""
    fields = ["__REALTIME_TIMESTAMP=%d" % time, "__MONOTONIC_TIMESTAMP=%d" % number, "_BOOT_ID=" + "1f" * 16]
    for name, value in event.items():
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        fields.append("%s=%s" % ("MESSAGE" if name == "description" else name.upper(), text))
    return "\n".join(fields) + "\n\n"


class Journal(sample.Sampled):
    name = heading = "journalctl"
    most = 200000
    setup = ("A sample of about {:,} events in the journal's export format, fields as ours in capitals, the"
             " description as MESSAGE, imported by systemd-journal-remote, compressed as it does by default.  Times and"
             " bytes are multiplied, but those of look-ups of few events are of the sample.  -F lists values without"
             " counting them.".format(most))

    def __init__(self, data):
        super().__init__(data)
        self.imported = "journal.export"
        with open(self.imported, "w", encoding="utf-8") as file:
            file.writelines(entry(number, *pair) for number, pair in enumerate(sample.events(data, self.every)))

    @classmethod
    def missing(cls):
        if not shutil.which("journalctl"):
            return "journalctl is not installed (Debian: systemd)"
        return None if os.access(IMPORT, os.X_OK) else (
            "systemd-journal-remote is not installed (Debian: systemd-journal-remote)")

    @classmethod
    def version(cls):
        return first_line("journalctl", "--version")

    def load(self):
        shutil.rmtree(FOLDER, ignore_errors=True)
        os.mkdir(FOLDER)
        run = self.run([IMPORT, "-o", os.path.join(FOLDER, "events.journal"), self.imported],
                       more={"SYSTEMD_LOG_LEVEL": "err"})
        size = sum(map(os.path.getsize, self.files()))
        return Load(run.seconds * self.every, size * self.every, run, self.every > 1)

    def files(self):
        return [os.path.join(FOLDER, name) for name in os.listdir(FOLDER)]

    def ask(self, question, values):
        words = self.wording(question, values)
        if words is None:
            return None
        return self.asked(question, ["journalctl", "-q", "--no-pager", "-D", FOLDER, *words],
                          grows=not any(word.startswith(FEW) for word in words),
                          more={"TZ": "UTC", "LC_ALL": "C.UTF-8"}, allowed=(0, 1))
