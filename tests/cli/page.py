"""page: looks at a page of audit-summary, as a browser left it.

    page dom FILE JSON      the DOM that the browser dumped, against the summary
    page rows FILE JSON     the page of a comparison, against its groups
    page bars PNG JSON      the screenshot: the bars of the histogram
    page pages PDF          how many pages there are

Prints "ok" or what is wrong.
"""
import json
import re
import struct
import sys
import zlib
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input", "hr"}
MAY = {
    "html": {"lang"}, "head": set(), "body": set(), "title": set(), "style": set(),
    "meta": {"charset", "name", "content", "http-equiv"}, "header": set(), "main": set(), "h1": set(), "h2": set(),
    "dl": set(), "dt": set(), "dd": set(), "code": set(), "bdi": set(), "time": {"datetime"}, "p": {"class"},
    "ul": {"class"}, "li": {"class"}, "b": set(), "span": {"class"}, "table": set(), "thead": set(), "tbody": set(),
    "tr": set(), "th": {"class"}, "td": {"class"},
    "svg": {"class", "viewbox", "role", "aria-label", "aria-hidden", "preserveaspectratio"}, "g": set(),
    "rect": {"class", "x", "y", "width", "height"}, "line": {"class", "x1", "x2", "y1", "y2"},
    "text": {"x", "y", "text-anchor"},
}


class Page(HTMLParser):
    """Elements with their attributes, and the text of cells and values."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.bars, self.values, self.wrong, self.titles = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        for name, _ in attrs:
            if tag not in MAY or name not in MAY[tag]:
                self.wrong.append("<%s %s>" % (tag, name))
        if tag not in MAY:
            self.wrong.append("<%s>" % tag)
        attrs = dict(attrs)
        if tag == "bdi":
            self.values.append("")
        if tag == "title":
            self.titles.append("")
        if tag == "g":
            self.bars.append({})
        if tag == "rect" and self.stack and self.stack[-1] == "g":
            self.bars[-1][attrs["class"]] = attrs
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        if self.stack and self.stack[-1] == tag:
            self.stack.pop()

    def handle_data(self, data):
        if "bdi" in self.stack:
            self.values[-1] += data
        elif self.stack and self.stack[-1] == "title":
            self.titles[-1] += data


def wanted_bars(summary):
    """(count, failed) of each step that is not empty, with its place from 0 to 1."""
    steps = summary["histogram"]
    return [((i + 0.5) / len(steps), s["count"], s["failed"]) for i, s in enumerate(steps) if s["count"]]


def near(a, b, by):
    return abs(a - b) <= by


def dom(path, summary):
    page = Page()
    page.feed(open(path, encoding="utf-8").read())
    if page.wrong:
        return "not of ours: %s" % page.wrong[:3]
    wanted = wanted_bars(summary)
    if len(page.bars) != len(wanted):
        return "%d bars, wanted %d" % (len(page.bars), len(wanted))
    unit = max(float(b["rest"]["height"]) / (count - failed)
               for b, (_, count, failed) in zip(page.bars, wanted) if "rest" in b)
    for bar, (place, count, failed) in zip(page.bars, wanted):
        for name, n in (("rest", count - failed), ("failed", failed)):
            height = float(bar[name]["height"]) if name in bar else 0
            if not near(height, max(n * unit, 1.5) if n else 0, 0.02 * n + 0.02):
                return "%s: height %g for %d, %g each" % (name, height, n, unit)
        middle = [float(r["x"]) + float(r["width"]) / 2 for r in bar.values()]
        if not all(near(m, 64 + place * 888, 0.1) for m in middle):
            return "at %s, wanted %g" % (middle, 64 + place * 888)
    for text in [e["identity_id"] for e in summary["top_identities"]]:
        if visible(text) not in page.values:
            return "no value %r" % visible(text)
    return "ok" if page.titles[0].startswith("Audit summary") else "title: %s" % page.titles


class Rows(Page):
    """The cells of each row."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def handle_starttag(self, tag, attrs):
        super().handle_starttag(tag, attrs)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_data(self, data):
        super().handle_data(data)
        if "td" in self.stack:
            self.rows[-1][-1] += data


def rows(path, answer):
    page = Rows()
    page.feed(open(path, encoding="utf-8").read())
    if page.wrong:
        return "not of ours: %s" % page.wrong[:3]
    got = [row for row in page.rows if row][2:]
    numbers = {"change", "before", "before_failed", "after", "after_failed", "ratio", "p", "failed_p"}
    wanted = [[visible(value) or "-" for key, value in group.items() if key not in numbers] +
              [str(group["before"]), str(group["after"])] for group in answer["groups"]]
    if [row[:-3] for row in got] != wanted or not wanted:
        return "rows: %r, wanted %r" % (got[:3], wanted[:3])
    return "ok"


def visible(text):
    """What audit-summary makes of text for people."""
    out = ""
    for c in text:
        n = ord(c)
        if c in "\n\t\r":
            out += {"\n": "\\n", "\t": "\\t", "\r": "\\r"}[c]
        elif n < 0x20 or n == 0x7f:
            out += "\\x%02x" % n
        elif 0x80 <= n < 0xa0 or 0x202a <= n <= 0x202e or 0x2066 <= n <= 0x2069:
            out += "\\u%04x" % n
        else:
            out += c
    return out


def pixels(path):
    """Width, height and rows of (r, g, b) of a PNG of 8 bits, not interlaced."""
    data = open(path, "rb").read()
    at, idat = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            idat += body
        at += size + 12
    assert depth == 8 and colour in (2, 6) and not interlace
    bpp = 3 if colour == 2 else 4
    raw, line = zlib.decompress(idat), bytearray(width * bpp)
    rows, stride = [], width * bpp + 1
    for y in range(height):
        method, now = raw[y * stride], bytearray(raw[y * stride + 1:(y + 1) * stride])
        for i in range(len(now)):
            left = now[i - bpp] if i >= bpp else 0
            up, corner = line[i], line[i - bpp] if i >= bpp else 0
            if method == 1:
                now[i] = (now[i] + left) & 255
            elif method == 2:
                now[i] = (now[i] + up) & 255
            elif method == 3:
                now[i] = (now[i] + (left + up) // 2) & 255
            elif method == 4:
                p = left + up - corner
                best = min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))
                now[i] = (now[i] + best[2]) & 255
        rows.append([bytes(now[x:x + 3]) for x in range(0, len(now), bpp)])
        line = now
    return width, height, rows


REST, FAILED = bytes.fromhex("7fb2e5"), bytes.fromhex("b3261e")


def runs(rows, colours):
    """Runs of columns in which one of the colours is drawn: middle, and how many of its pixels
    are in the run's middle column."""
    width = len(rows[0])
    high = [sum(row[x] in colours for row in rows) for x in range(width)]
    found, x = [], 0
    while x < width:
        if high[x] == 0:
            x += 1
            continue
        start = x
        while x < width and high[x] > 0:
            x += 1
        found.append(((start + x - 1) / 2, high[(start + x - 1) // 2]))
    return found


def bars(path, summary):
    width, height, rows = pixels(path)
    if len({p for row in rows for p in row}) < 5:
        return "blank"
    lit = [y for y, row in enumerate(rows) if REST in row]
    if not lit:
        return "no bars"
    # The histogram ends where the first stretch of the colour does; the key is below it.
    top = bottom = lit[0]
    while REST in rows[bottom + 1] or FAILED in rows[bottom + 1]:
        bottom += 1
    plot, wanted = rows[top:bottom + 1], wanted_bars(summary)
    drawn = runs(plot, {REST, FAILED})
    if len(drawn) != len(wanted):
        return "%d bars drawn, wanted %d" % (len(drawn), len(wanted))
    unit = drawn[0][1] / wanted[0][1]
    first, last = (drawn[0][0], wanted[0][0]), (drawn[-1][0], wanted[-1][0])
    scale = (last[0] - first[0]) / (last[1] - first[1])
    for (x, high), (place, count, _) in zip(drawn, wanted):
        if not near(high, count * unit, 2 + 0.03 * count * unit):
            return "%d pixels high for %d events, %g each" % (high, count, unit)
        if not near(x, first[0] + (place - first[1]) * scale, 2):
            return "a bar at %g, wanted %g" % (x, first[0] + (place - first[1]) * scale)
    red = runs(plot, {FAILED})
    if len(red) != sum(failed > 0 for _, _, failed in wanted):
        return "%d bars with failures" % len(red)
    return "ok"


def pages(path):
    data = open(path, "rb").read()
    if not data.startswith(b"%PDF"):
        return "no PDF"
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.S):
        try:
            data += zlib.decompress(stream)
        except zlib.error:
            pass
    return str(len(re.findall(rb"/Type\s*/Page\b(?!s)", data)))


if sys.argv[1] == "pages":
    print(pages(sys.argv[2]))
else:
    with open(sys.argv[3], encoding="utf-8") as file:
        print({"dom": dom, "bars": bars, "rows": rows}[sys.argv[1]](sys.argv[2], json.load(file)))
