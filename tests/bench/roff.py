"""roff: writes mdoc, the language of our manual pages, for page.py."""
import textwrap


def escaped(text):
    """Text that means nothing to roff."""
    text = text.replace("\\", "\\e").replace("--", "\\-\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def large(number):
    return "{:,.0f}".format(number)


def figure(value):
    """Three digits of a number, or all before the point."""
    if value is None:
        return "\\(en"
    return "{:,.{}f}".format(value, 0 if value >= 99.95 else 1 if value >= 9.995 else 2)


class Page:
    def __init__(self, name, section, date, about):
        # the first line has tables made by tbl(1), where man(1) is groff's
        self.lines = ["'\\\" t", '.\\" Made by tests/bench/page.py: run `make performance-page`.', ".Dd " + date,
                      ".Dt %s %d" % (name.upper(), section), ".Os audit-toolkit", ".Sh NAME", ".Nm " + name,
                      ".Nd " + about]

    def line(self, text):
        self.lines.append(text)
        return self

    def section(self, kind, title):
        return self.line(".%s %s" % (kind, title))

    def text(self, words):
        """One or several sentences, each on its own lines."""
        for sentence in words.replace(".  ", ".\n").split("\n"):
            self.lines += map(escaped, textwrap.wrap(sentence, 78, break_on_hyphens=False, break_long_words=False))
        return self

    def paragraph(self):
        return self.line(".Pp")

    def words(self, paragraphs):
        for number, paragraph in enumerate(paragraphs):
            if number > 0:
                self.paragraph()
            self.text(paragraph)
        return self

    def list(self, how):
        return self.line("." + how)

    def item(self, what=""):
        return self.line((".It " + what).rstrip())

    def end_list(self):
        return self.line(".El")

    def table(self, heads, rows):
        """The first column is words, others are figures: each right at its end,
        and two blanks between them, for 80 columns are few."""
        self.line(".TS")
        self.line("l2" + " r2" * (len(heads) - 1) + ".")
        for row in [heads] + rows:
            self.line("\t".join([escaped(row[0])] + list(row[1:])))
        return self.line(".TE")

    def references(self, *pages):
        self.line(".Sh SEE ALSO")
        for number, (name, section) in enumerate(pages):
            self.line(".Xr %s %d%s" % (name, section, " ," if number < len(pages) - 1 else ""))
