"""people: events of people who sign in, work and sign out, for bench.

The events of gen.c have no sessions, and there nobody fails to sign in so often
that it is a lockout.  The last event here is of now, for what is in use and who
is locked out depends on the time; with the same seed all else is the same.
"""
import itertools
import random
import time

PEOPLE = 4000
OPEN = 400             # sessions at a time
GUESSED_EVERY = 20000  # events, of which the first ones are somebody's who guesses a password
GUESSES = 8
GUESSER = "203.0.113.9"
ACTIONS = ("document.read", "document.update", "share.create", "ticket.close", "report.export", "role.grant")
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36")
EVENT = ('{"id":"p-%d-%d","time":"%s.%06dZ","tenant":"acme","category":"%s","action":"%s","outcome":"%s",'
         '"actor_id":"u-%04d","actor_type":"user","actor_email":"u-%04d@acme.example",%s"ip":"%s","user_agent":"%s"}\n')
SESSION = '"session_id":"s-%d-%08x",'


def below(chance, n):
    return int(chance.random() * n)


def address(chance, person):
    """Mostly one of two of their own."""
    number = below(chance, 50000) if chance.random() < 0.02 else 2 * person + below(chance, 2)
    return "198.51.%d.%d" % (number // 250, 1 + number % 250)


def visits(chance, seed, numbers):
    """One session after the other: category, action, outcome, person, session and address of each event."""
    while True:
        person, session = below(chance, PEOPLE), SESSION % (seed, next(numbers) * 2654435761 % 2**32)
        ip = address(chance, person)
        if chance.random() < 0.1:
            yield "AUTHENTICATION", "user.login", "failure", person, "", ip
        yield "AUTHENTICATION", "user.login", "success", person, session, ip
        for _ in range(2 + below(chance, 20)):
            yield "DATA_ACCESS", ACTIONS[below(chance, len(ACTIONS))], "success", person, session, ip
        if chance.random() < 0.6:
            yield "AUTHENTICATION", "user.logout", "success", person, session, ip


def deeds(n, seed):
    chance, numbers = random.Random(seed), itertools.count(1)
    slots = [visits(chance, seed, numbers) for _ in range(OPEN)]
    for i in range(n):
        if i % GUESSED_EVERY < GUESSES:
            yield "AUTHENTICATION", "user.login", "failure", i // GUESSED_EVERY, "", GUESSER
        else:
            yield next(slots[below(chance, OPEN)])


def people(path, n, days, seed=1):
    """Writes n events of the last days into a file."""
    step = int(days * 86400e6 / n)
    first = int(time.time() * 1e6) - (n - 1) * step
    with open(path, "w", encoding="utf-8") as log:
        for i, (category, action, outcome, person, session, ip) in enumerate(deeds(n, seed)):
            seconds, rest = divmod(first + i * step, 1000000)
            log.write(EVENT % (seed, i, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)), rest, category, action,
                               outcome, person, person, session, ip, AGENTS[person % len(AGENTS)]))
    return n


def account(number):
    return "u-%04d" % number
