"""peer_jq: jq on a sample of the lines."""
import shutil

from peer import Peer, first_line

LINES = 50000


class Jq(Peer):
    name = heading = "jq"
    setup = "Filters a sample of about {:,} of the lines; its time is multiplied.".format(LINES)

    def __init__(self, data):
        super().__init__(data)
        self.every = max(1, data.events // LINES)
        with open(data.raw, "rb") as lines, open("sample.jsonl", "wb") as sample:
            sample.writelines(line for number, line in enumerate(lines) if number % self.every == 0)

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
        answer = self.asked(question, ["jq", how, program, "sample.jsonl"], compared=self.every == 1)
        return answer._replace(seconds=answer.seconds * self.every, estimated=self.every > 1)
