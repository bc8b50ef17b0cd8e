"""peer_grep: ripgrep, or else grep, over the raw lines."""
import shutil

from peer import Peer, first_line


class Grep(Peer):
    name = "grep"
    heading = "rg" if shutil.which("rg") else "grep"
    setup = "Counts lines of the raw file, -F for words and -P for expressions, in the C locale."

    @classmethod
    def missing(cls):
        return None if shutil.which(cls.heading) else "neither ripgrep nor grep is installed"

    @classmethod
    def version(cls):
        return first_line(cls.heading, "--version")

    def files(self):
        return [self.data.raw]

    def ask(self, question, values):
        """It is asked by -F or -P (more options may follow) and what."""
        how = self.wording(question, values)
        if how is None:
            return None
        # 1: no such line.  Its output stays a file: grep notices /dev/null and stops at the first match.
        self.seen.discard(question.name)
        return self.asked(question, [self.heading, "-c", *how, self.data.raw], more={"LC_ALL": "C"}, allowed=(0, 1))
