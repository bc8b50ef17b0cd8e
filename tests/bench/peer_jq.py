"""peer_jq: jq on a sample of the lines."""
import shutil

import sample
from peer import first_line


class Jq(sample.Sampled):
    name = heading = "jq"
    most = 50000
    setup = "Filters a sample of about {:,} of the lines; its time is multiplied.".format(most)

    def __init__(self, data):
        super().__init__(data)
        with open("sample.jsonl", "wb") as file:
            file.writelines(sample.lines(data, self.every))

    @classmethod
    def missing(cls):
        return None if shutil.which("jq") else "jq is not installed (Debian: jq)"

    @classmethod
    def version(cls):
        return first_line("jq", "--version")

    def ask(self, question, values):
        program = self.wording(question, values)
        if program is None:
            return None
        how = "-n" if "inputs" in program else "-c"
        return self.asked(question, ["jq", how, program, "sample.jsonl"])
