"""sample: every n-th of the events, for peers that are too slow for all of them."""
import datetime
import json

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def step(data, most):
    """Take one event in so many to have no more than about `most`."""
    return max(1, round(data.events / most))


def lines(data, every):
    with open(data.raw, "rb") as raw:
        yield from (line for number, line in enumerate(raw) if number % every == 0)


def events(data, every):
    """Pairs of a time, in microseconds, and the event."""
    for line in lines(data, every):
        event = json.loads(line)
        time = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
        yield (time - EPOCH) // datetime.timedelta(microseconds=1), event
