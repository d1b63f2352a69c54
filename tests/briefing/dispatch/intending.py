"""A worker in the midst of a batch, and what its intents leave in the database and the journal."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from briefing.dispatch import claims, intents, notes
from briefing.dispatch.copies import BadReaderError, CopyMaker, sender_of
from briefing.dispatch.groups import Answered, InFlight
from briefing.dispatch.intents import Step, Stopped
from briefing.dispatch.journal import Journal
from briefing.dispatch.sql.rows import ReaderRow
from briefing.models import Batch, Delivery, Dispatch, EditionVariant
from briefing.transports.base import Copy
from subscribers.models import Subscriber, Subscription
from tests.briefing.dispatch.making import Provider, dispatching

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Watchful(CopyMaker):
    """Tells a test of each reader before the copy is made, and refuses whom it is told to."""

    def __init__(self, held: claims.Held, dispatch: Dispatch) -> None:
        variant = EditionVariant.objects.get(pk=held.variant_id)
        super().__init__(Provider(), variant, dispatch, sender_of(dispatch))
        self.refused: set[str] = set()
        self.before: Callable[[int], None] = lambda _position: None

    def make(self, reader: ReaderRow, *, position: int) -> Copy:
        self.before(position)
        if reader.address in self.refused:
            raise BadReaderError(reader.subscriber_id, "cannot be encoded")
        return super().make(reader, position=position)


class Worker:
    """One that has claimed the only batch of a dispatch, and commits intents when it is told to."""

    def __init__(self, dispatch: Dispatch, *, at: datetime = NOW) -> None:
        self.dispatch = Dispatch.objects.select_related("issue__newsletter").get(pk=dispatch.pk)
        self.journal = Journal()
        held = claims.claim(dispatch.pk, now=at)
        assert held
        self.held = held
        self.maker = Watchful(held, self.dispatch)
        # Called between statements and copies: the group before is served meanwhile.
        self.meanwhile: Callable[[], None] = lambda: None

    def intend(
        self, size: int, *, answered: Iterable[Answered] = (), at: datetime = NOW
    ) -> InFlight | Stopped:
        begun = time.monotonic()
        step = Step(self.dispatch, self.journal, list(answered), at, begun, self.meanwhile)
        return intents.intend(step, self.held, self.maker, size=size)

    def send(self, size: int, *, at: datetime = NOW) -> InFlight:
        group = self.intend(size, at=at)
        assert isinstance(group, InFlight)
        return group

    def noted(self) -> dict[int, int] | None:
        """Return position -> state as a recovery would read it, were this worker dead."""
        found = notes.groups_of(batch_id=self.held.batch_id, fence=self.held.fence)
        if found is None:
            return None
        return notes.states([replace(each, goes_on=False) for each in found])


@contextmanager
def holding(readers: int) -> Iterator[Worker]:
    """Hold a batch of so many readers, whose positions are the numbers in their addresses."""
    dispatch = dispatching(readers)
    Batch.objects.update(not_before=NOW)
    made = Worker(dispatch)
    yield made
    made.journal.close()


def reader(number: int) -> Subscriber:
    return Subscriber.objects.get(address=f"reader{number}@mail.example")


def withdraw(number: int, **values: object) -> None:
    Subscription.objects.filter(subscriber=reader(number)).update(**values)


def numbers(group: InFlight) -> list[int]:
    """Return whose copies a group has, by the numbers in their addresses."""
    return [int(copy.recipient.partition("@")[0].removeprefix("reader")) for copy in group.copies]


def batch() -> Batch:
    return Batch.objects.get()


def settled() -> dict[int, tuple[int, str | None]]:
    return {row.subscriber_id: (row.outcome, row.code) for row in Delivery.objects.all()}
