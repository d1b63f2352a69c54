"""Dispatches issue 1 once, through the real worker, and holds the sink's log against the ledger."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from briefing import tasks
from briefing.demo import mailbox
from briefing.dispatch import control, progress
from briefing.dispatch.states import ENDED, SENDING
from briefing.models import Delivery, Dispatch, Issue
from subscribers import links
from subscribers.models import Outbox

_PATIENCE_SECONDS = 120.0


class StalledError(Exception):
    """The dispatch does not move. `state` and `reason` are what the desk shows too."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(state)
        self.state = state
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What was accepted according to us, and which of it the sink does not have."""

    copies: int
    missing_copies: int
    mails: int
    missing_mails: int
    owed: int

    @property
    def arrived(self) -> int:
        """How many messages the sink has."""
        return self.copies - self.missing_copies + self.mails - self.missing_mails

    @property
    def expected(self) -> int:
        """How many there should be in the end."""
        return self.copies + self.mails + self.owed

    @property
    def complete(self) -> bool:
        """Whether everything has arrived and nothing is owed."""
        return not (self.missing_copies or self.missing_mails or self.owed)


def dispatched(issue: Issue) -> Dispatch | None:
    """Return the issue's dispatch, if it ever began."""
    return Dispatch.objects.filter(issue=issue, kind=Dispatch.Kind.MAIN).first()


def begin(issue: Issue) -> Dispatch:
    """Start the dispatch, as the desk's button does. Raises: control.DispatchRefusedError."""
    with transaction.atomic():
        dispatch = control.start(issue, now=timezone.now())
        tasks.plan_later(dispatch.pk)
    return dispatch


def wait(
    dispatch: Dispatch, *, advance: Callable[[int, int], None], check: Callable[[], None]
) -> progress.Progress:
    """Watch until every reader has a result. Raises: StalledError."""
    moved_at, before = time.monotonic(), -1
    while True:
        check()
        measured = progress.measure(dispatch.pk)
        advance(measured.settled, measured.planned)
        if measured.over or measured.state in ENDED:
            return measured
        if measured.settled != before:
            moved_at, before = time.monotonic(), measured.settled
        stopped = measured.state not in SENDING
        if stopped or time.monotonic() - moved_at > _PATIENCE_SECONDS:
            dispatch.refresh_from_db()
            raise StalledError(dispatch.state, dispatch.reason)
        time.sleep(0.1)  # the workers are other processes


def arrive(
    dispatch: Dispatch,
    mail_file: Path,
    *,
    advance: Callable[[int, int], None],
    check: Callable[[], None],
) -> Arrivals:
    """Wait until the sink has everything, or nothing has arrived for a long time."""
    moved_at, before = time.monotonic(), -1
    while True:
        check()
        arrivals = compare(dispatch, mail_file)
        advance(arrivals.arrived, arrivals.expected)
        if arrivals.arrived != before:
            moved_at, before = time.monotonic(), arrivals.arrived
        if arrivals.complete or time.monotonic() - moved_at > _PATIENCE_SECONDS:
            return arrivals
        time.sleep(0.25)  # the sink is another process


def compare(dispatch: Dispatch, mail_file: Path) -> Arrivals:
    """Hold what was accepted against what the sink stored, by Message-ID."""
    with mailbox.reading(mail_file) as box:
        arrived = {listed.message_id.partition("@")[0] for listed in box.since(0)}
    accepted = Delivery.objects.filter(dispatch=dispatch, outcome=Delivery.Outcome.ACCEPTED)
    reference = links.signer("reference")
    readers = accepted.values_list("subscriber_id", flat=True).iterator()
    copies = [reference(dispatch.pk, reader) in arrived for reader in readers]
    accepted_mails = Outbox.objects.filter(state=Outbox.State.ACCEPTED)
    single = links.signer("mail")
    mails = [single(pk) in arrived for pk in accepted_mails.values_list("pk", flat=True)]
    owed = Outbox.objects.filter(state__in=[Outbox.State.OWED, Outbox.State.LEAVING])
    return Arrivals(
        copies=len(copies),
        missing_copies=copies.count(False),
        mails=len(mails),
        missing_mails=mails.count(False),
        owed=owed.count(),
    )
