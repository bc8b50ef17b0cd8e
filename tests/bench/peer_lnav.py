"""peer_lnav: lnav without its screen, on a sample of the lines, with a format of their own."""
import json
import os
import shutil

import sample
from peer import first_line

FIELDS = "action outcome category actor_id target_path ip request_id".split()
FORMAT = {
    "$schema": "https://lnav.org/schemas/format-v1.schema.json",
    "audit": {
        "title": "audit", "description": "generated audit events", "json": True,
        "timestamp-field": "time", "level-field": "severity", "body-field": "description", "hide-extra": True,
        "line-format": [{"field": "__timestamp__"}, " ", {"field": "description"}],
        "value": {name: {"kind": "string"} for name in FIELDS},
    },
}


class Lnav(sample.Sampled):
    name = heading = "lnav"
    most = 200000
    setup = ("Headless (-n), a format for the lines in a HOME of its own, one statement of SQL; it reads the file anew"
             " each time, a sample of about {:,} lines, its time multiplied.".format(most))

    def __init__(self, data):
        super().__init__(data)
        formats = os.path.join("lnav", ".config", "lnav", "formats", "installed")
        os.makedirs(formats)
        with open(os.path.join(formats, "audit.json"), "w", encoding="utf-8") as file:
            json.dump(FORMAT, file)
        with open("lnav.jsonl", "wb") as file:
            file.writelines(sample.lines(data, self.every))

    @classmethod
    def missing(cls):
        return None if shutil.which("lnav") else "lnav is not installed (Debian: lnav)"

    @classmethod
    def version(cls):
        return first_line("lnav", "-V")

    def ask(self, question, values):
        sql = self.wording(question, values)
        if sql is None:
            return None
        home = os.path.abspath("lnav")
        return self.asked(question, ["lnav", "-n", "-c", ";" + sql, "-c", ":write-raw-to -", "lnav.jsonl"],
                          more={"HOME": home, "XDG_CONFIG_HOME": os.path.join(home, ".config"), "LC_ALL": "C.UTF-8"})
