"""points: at which system calls a program is cut short, and how."""


def choose(rng, ways, scenario, points):
    """(way, number) so many times, every call before any comes again.

    Of a way the first thing is the option of calls.c that it needs, the last one
    how many of the points are its.  The scenario has made so many calls, and so
    many of the disk.
    """
    weight = sum(way[-1] for way in ways.values())
    for way, (option, *_, share) in ways.items():
        most = scenario.calls if option == "-k" else scenario.disk
        wanted = max(1, points * share // weight)
        numbers = list(range(1, most + 1))
        rng.shuffle(numbers)
        for number in (numbers * (1 + wanted // most))[:wanted]:
            yield way, number
