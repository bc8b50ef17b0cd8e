"""page_tables: results as tables of audit-performance(7)."""
from page_text import TABLES
from remarks import REMARKS
from roff import figure

MAIN = ("duckdb", "postgres", "sqlite3", "grep")  # peers with a column of their own
ALIKE = 1.05  # what is this near is no difference


def by_section(bench):
    sections = {}
    for row in bench["rows"]:
        sections.setdefault(row["section"], []).append(row)
    return sections


def heading(bench, peer):
    return bench["peers"].get(peer, {}).get("heading", peer)


def missed(row):
    return [target for target in row["targets"] if target["judged"] and not target["met"]]


def targets(bench):
    """How many were met, and the rows of those that were not."""
    judged = [(row, target) for row in bench["rows"] for target in row["targets"] if target["judged"]]
    return (sum(target["met"] for _, target in judged), [(row, target) for row, target in judged if not target["met"]])


def ours(row):
    return figure(row["value"]) + ("!" if missed(row) else "")


def theirs(one, key="value"):
    if one is None or one[key] is None:
        return figure(None)
    return ("\\(ti" if one["estimated"] else "") + figure(one[key])


def named(row):
    """Its name, with the unit where that is not the page's."""
    return row["name"] if row["unit"] == "ms" else "%s, %s" % (row["name"], row["unit"])


def present(bench, rows):
    return [peer for peer in MAIN if any(peer in row["peers"] for row in rows)]


def loading(page, bench):
    rows = by_section(bench)["Loading"]
    speed = next(row for row in rows if row["unit"] == "events/s")
    size = next(row for row in rows if row["unit"] == "bytes/event")
    lines = [["ours", ours(speed), ours(size)]]
    lines += [[heading(bench, peer), theirs(one), theirs(size["peers"].get(peer))] for peer, one in speed["peers"].items()]
    page.paragraph().table(["Loading", "events/s", "bytes/event"], lines)
    page.paragraph().text("  ".join("%s: %s." % (named(row), figure(row["value"])) for row in rows
                                    if row is not speed and row is not size))


def questions_table(page, bench, title):
    rows = [row for row in by_section(bench).get(title, []) if row["unit"] == "ms"]
    if not rows:
        return
    columns, heads, running = present(bench, rows), [title, "ours"], "duckdb" in present(bench, rows)
    heads += ["running"] * running + [heading(bench, peer) for peer in columns]
    lines = []
    for row in rows:
        inside = [theirs(row["peers"].get("duckdb"), "inside")] * running
        lines.append([row["name"], ours(row)] + inside + [theirs(row["peers"].get(peer)) for peer in columns])
    page.paragraph().table(heads, lines)


def others(page, bench):
    """Programs that answer few of the questions."""
    lines = [[row["name"], heading(bench, peer), ours(row), theirs(one), figure(one["value"] / row["value"])]
             for row in bench["rows"] if row["unit"] == "ms" for peer, one in row["peers"].items() if peer not in MAIN]
    if lines:
        page.paragraph().table(["Other programs", "", "ours", "theirs", "times"], lines)


def cold_table(page, bench):
    rows = [row for row in bench["rows"] if row["cold"]]
    if not rows:
        page.paragraph().text("The page cache could not be dropped: there are no figures with a cold one.")
        return
    columns = [peer for peer in MAIN if any(peer in row["cold"] for row in rows)]
    page.paragraph().table(["With a cold cache", "ours"] + [heading(bench, peer) for peer in columns], [
        [row["name"], figure(row["cold"].get("ours"))] + [figure(row["cold"].get(peer)) for peer in columns]
        for row in rows])


def limit(bench, row):
    """The target that comes from no peer."""
    absolute = [target for target in row["targets"] if target["of"] not in bench["peers"] and target["judged"]]
    if not absolute:
        return ""
    return ("\\(>= " if row["larger"] else "\\(<= ") + figure(absolute[0]["limit"])


def figures_alone(page, bench, title):
    """Rows of our own programs; peers' figures follow where there are any."""
    rows = by_section(bench)[title]
    columns = present(bench, rows)
    if title in TABLES:
        page.paragraph().text(TABLES[title])
    page.paragraph().table([title, "ours", "target"] + [heading(bench, peer) for peer in columns], [
        [named(row).strip(), ours(row), limit(bench, row)] + [theirs(row["peers"].get(peer)) for peer in columns]
        for row in rows])


def growth_table(page, growth):
    page.section("Ss", "How costs grow")
    page.text("The last column is how many times more %g M take than %g M: 1 is what does not grow, %g what grows with"
              " the store." % (growth["sizes"][-1] / 1e6, growth["base"] / 1e6, growth["sizes"][-1] / growth["base"]))
    heads = ["Millions of events"] + ["%g" % (size / 1e6) for size in growth["sizes"]] + ["times"]
    page.paragraph().table(heads, [
        [named(row)] + [figure(value) for value in row["values"]] + [figure(row["factor"])] for row in growth["rows"]])


# ---- where we are behind ----

def times(row, limit_of):
    """How many times worse than that."""
    return limit_of / row["value"] if row["larger"] else row["value"] / limit_of


def slower(bench):
    """Rows with peers whose figure is better than ours, and these peers' names and figures."""
    for row in bench["rows"]:
        better = [(times(row, one["value"]), heading(bench, peer), one["value"]) for peer, one in row["peers"].items()]
        better += [(times(row, one["inside"]), heading(bench, peer) + ", running", one["inside"])
                   for peer, one in row["peers"].items() if one["inside"] is not None]
        better = sorted((one for one in better if one[0] > ALIKE), reverse=True)
        if better:
            yield row, better


def remark(page, row):
    if row["name"].strip() in REMARKS:
        page.text(REMARKS[row["name"].strip()])


def behind(page, bench):
    _, failed = targets(bench)
    if failed:
        page.text("Targets that are missed:").list("Bl -tag -width Ds")
        for row, target in failed:
            page.item(named(row).strip().replace("--", "\\-\\-"))
            of = "" if not target["of"] else ", %.3g times that of %s" % (target["factor"], heading(bench, target["of"]))
            page.text("%s, and should be %s %s%s: %s times too %s." % (
                figure(row["value"]), "at least" if row["larger"] else "at most", figure(target["limit"]), of,
                figure(times(row, target["limit"])), "little" if row["larger"] else "much"))
            remark(page, row)
        page.end_list()
    slow = list(slower(bench))
    if slow:
        page.paragraph().text("Others that are better:").list("Bl -tag -width Ds")
        for row, better in slow:
            page.item(named(row).strip().replace("--", "\\-\\-"))
            page.text("Ours: %s.  " % figure(row["value"]) + "; ".join(
                "%s: %s (%s times)" % (name, figure(value), figure(ratio)) for ratio, name, value in better) + ".")
            if not missed(row):
                remark(page, row)
        page.end_list()
