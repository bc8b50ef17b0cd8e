"""sample: every n-th of the events, for peers that are too slow for all of them."""
import datetime
import json

from peer import Peer

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


class Sampled(Peer):
    """A peer that gets a sample of about `most` events; its time is multiplied."""
    most = 0

    def __init__(self, data):
        super().__init__(data)
        self.every = step(data, self.most)

    def asked(self, question, words, grows=True, **options):
        """grows: twice the events would take it twice the time."""
        answer = super().asked(question, words, compared=self.every == 1, **options)
        if self.every == 1 or not grows:
            return answer
        return answer._replace(seconds=answer.seconds * self.every, estimated=True)
