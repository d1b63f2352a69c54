"""A dispatch to begin with, and the one thing that is doubled: the provider at the other end."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from django.utils import timezone

from briefing.dispatch import control, judging, planner, sampling
from briefing.dispatch.outcome import ACCEPTED
from briefing.models import Dispatch
from briefing.transports.base import (
    Copy,
    Group,
    Sender,
    TransportDownError,
    VariantContent,
    Watcher,
)
from briefing.transports.wire import WireComposer
from subscribers import crowd
from subscribers.crowd import Done, Fortune
from subscribers.models import ConsentRecord, Subscriber
from tests import factories
from tests.subscribers.making import crowd_of

# What the provider says of one copy: an outcome, an outcome with a code, or silence (unknown).
Said = int | tuple[int, str] | None


@dataclass
class Provider:
    """Remembers every copy it was handed. `answer` decides what it says; default: accepted."""

    group_size: ClassVar[int | None] = None
    way: ClassVar[str] = ""

    answer: Callable[[Copy], Said] = lambda _copy: ACCEPTED
    down: str = ""
    # Whether waiting does not bring it back.
    for_good: bool = False
    # Whether the deadline of every group has passed before anything of it was started.
    late: bool = False
    # Called before each copy: where a test interferes in the midst of a group.
    before: Callable[[Copy], None] = lambda _copy: None
    # Called with the size of each group.
    grouped: Callable[[int], None] = lambda _size: None
    received: list[str] = field(default_factory=list)

    def composer(self, variant: VariantContent, sender: Sender) -> WireComposer:
        return WireComposer(variant, sender)

    def open(self, watcher: Watcher, sender: Sender) -> "ProviderSession":
        if self.down:
            raise TransportDownError(self.down, permanent=self.for_good)
        return ProviderSession(self, watcher)


class ProviderSession:
    retry_after_seconds = 0.0
    down_for_good = False

    def __init__(self, provider: Provider, watcher: Watcher) -> None:
        self._provider, self._watcher = provider, watcher
        self._groups: deque[Group] = deque()

    def submit(self, group: Group) -> None:
        self._provider.grouped(len(group.copies))
        self._groups.append(group)

    def turn(self) -> None: ...

    def collect(self) -> Group:
        group = self._groups.popleft()
        for copy in group.copies:
            self._provider.before(copy)
            if self._provider.late or time.monotonic() >= group.deadline:
                continue
            if self._provider.down:
                copy.code = self._provider.down
                continue
            self._watcher.started(copy)
            copy.started = True
            self._provider.received.append(copy.recipient)
            answer = self._provider.answer(copy)
            if answer is not None:
                copy.outcome, copy.code = answer if isinstance(answer, tuple) else (answer, None)
                self._watcher.answered(copy)
        return group

    def close(self) -> None: ...


def readers(number: int, domain: str = "mail.example") -> list[str]:
    """Make confirmed readers of the newsletter, and noise that must never be written to."""
    factories.noise()
    addresses = [f"reader{index}@{domain}" for index in range(number)]
    newsletter = factories.newsletter()
    made = crowd_of(newsletter, dict.fromkeys(addresses, Fortune()))
    acts = [Done(each.person, ConsentRecord.Act.CONFIRMED, factories.NOW, "") for each in made]
    crowd.write_ledger(newsletter, acts)
    return addresses


def dispatching(number: int = 7) -> Dispatch:
    """Start and plan a dispatch to so many readers."""
    readers(number)
    dispatch = control.start(factories.issue(), now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    return dispatch


def small_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a dozen readers be enough for a first wave: every third of them, whatever the hash says.

    Of two subjects the first goes to those whose number can be divided by three, the second to those
    behind them; three clicks are enough.
    """
    monkeypatch.setattr(sampling, "FEWEST_READERS", 6)
    monkeypatch.setattr(sampling, "FEWEST_FOR_SUBJECTS", 6)
    monkeypatch.setattr(sampling, "SUBJECT_SHARE", 1 / 3)
    monkeypatch.setattr(judging, "FEWEST_CLICKS", 3)
    monkeypatch.setattr(sampling, "CANARY_SHARE", 1 / 3)
    monkeypatch.setattr(sampling, "CANARY_LEAST", 1)
    monkeypatch.setattr(sampling, "_place", lambda _dispatch, reader: reader % 3 / 3)


def outcomes(dispatch: Dispatch) -> dict[str, int]:
    """Return address -> outcome of every delivery, straight from the rows."""
    names = dict(Subscriber.objects.values_list("pk", "address"))
    return {names[row.subscriber_id]: row.outcome for row in dispatch.deliveries.all()}


def once(received: Iterable[str]) -> bool:
    """Whether nobody was written to twice."""
    addresses = list(received)
    return len(addresses) == len(set(addresses))
