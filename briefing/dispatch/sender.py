"""Draining a dispatch: claim, intend, send, record, with two groups on their way at any time.

Before it: pending batches. After it: deliveries. The commit of an intent is the point of no return:
from then on each reader of the group ends in exactly one row, whatever breaks.
"""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from briefing.dispatch import again, cancelling, holding, intents, outage, pace
from briefing.dispatch.clock import Clock
from briefing.dispatch.copies import CopyMakers, sender_of
from briefing.dispatch.groups import Answered
from briefing.dispatch.intents import Stopped
from briefing.dispatch.load import Load
from briefing.dispatch.states import SENDING
from briefing.models import Dispatch
from briefing.transports.base import Session, Transport, TransportDownError

# A long round trip must not drain the pipe: while one group is answered the next is on its way.
GROUPS_IN_FLIGHT = 2
# With the provider away the next try comes after this; from the fifth on the breaker says when.
_OUTAGE_WAIT = timedelta(seconds=1)


@dataclass(slots=True)
class DrainReport:
    """What one drain did. `more` says that work is left, after `wait`; `down` why it stopped."""

    handed_over: int = 0
    more: bool = False
    wait: timedelta = timedelta(0)
    down: str = ""
    stopped: str = ""


@dataclass(slots=True)
class Drain:
    """One worker's turn at one dispatch, through one account, until `is_over` says so."""

    dispatch: Dispatch
    transport: Transport
    pace: pace.Pace
    clock: Clock
    load: Load
    makers: CopyMakers
    is_over: Callable[[], bool]
    report: DrainReport = field(default_factory=DrainReport)

    def run(self) -> DrainReport:
        """Work until nothing is due, the time is over, or the provider cannot be reached."""
        try:
            # Claim first: a drain that finds nothing must not open a connection.
            knows_all = True
            if self.load.hold_next() or self._is_due_again():
                knows_all = self._work()
            else:
                self.pace.leave_unused()
        except BaseException:
            self.load.journal.leave()
            raise
        if knows_all:
            self.load.journal.close()
        else:
            self.load.journal.leave()
        return self.report

    def _work(self) -> bool:
        """Open the transport and pump; returns whether the database knows all that was done."""
        try:
            session = self.transport.open(self.load.journal, sender_of(self.dispatch))
        except TransportDownError as error:
            self._go_down(str(error))
            self.pace.note_down(str(error), permanent=error.permanent)
            self.load.let_go(_OUTAGE_WAIT)
            return True
        with closing(session):
            try:
                self._pump(session)
            except outage.LOST:
                if not self.load.outlast(session):
                    raise
                # An intent may stand whose commit was never answered for.
                self.report.more = True
                return False
        return True

    def _pump(self, session: Session) -> None:
        while group := self._next_group(session):
            self.load.hand_over(group, session)
            while len(self.load.in_flight) >= GROUPS_IN_FLIGHT:
                self._collect(session)
            if self.report.down:
                break
        self._finish(session, wait=_OUTAGE_WAIT if self.report.down else timedelta(0))

    def _next_group(self, session: Session) -> Answered | None:
        """Commit the next intent, with the results that came in meanwhile in its transaction.

        First attempts go before second ones: a deferring domain must not hold up the others.
        """
        if self.is_over():
            self.report.more = True
            return None
        size = self._granted(session)
        if size is None:
            return None
        load = self.load
        # In this order: a worker stopped between the two must not think that it has more time.
        begun, now = time.monotonic(), self.clock.now()
        step = intents.Step(self.dispatch, load.journal, load.answered, now, begun, session.turn)
        group: Answered | Stopped | None
        if load.held is None:
            group = again.intend(step, self.transport, self.makers, size=size)
        else:
            group = intents.intend(step, load.held, self.makers(load.held.variant_id), size=size)
        load.answered = []
        if isinstance(group, Stopped):
            self.report.stopped = group.reason
            if group.lost:
                load.held = None
            return None
        return group

    def _granted(self, session: Session) -> int | None:
        """Hold a batch whose lane may send now; returns how many readers, or None to end here.

        A batch that has to wait is given back with its time, and another lane gets its turn.
        """
        while not self.report.down:
            if self.load.needs_batch and not self.load.hold_next() and not self._is_due_again():
                return 0
            session.turn()
            size, wait = self.pace.ask(self.load.held, now=self.clock.now())
            if size:
                return size
            self.report.more, self.report.wait = True, wait
            if self.load.held is None:
                break
            self._finish(session, wait=wait)
        return None

    def _collect(self, session: Session) -> None:
        group = self.load.take_back(session)
        self.report.handed_over += sum([copy.started for copy in group.copies])
        if down := self.pace.note_group(group, session):
            self._go_down(down)

    def _finish(self, session: Session, *, wait: timedelta) -> None:
        """Wait for all answers, write them down, and give back the batch."""
        while self.load.in_flight:
            self._collect(session)
        self.load.settle(wait)
        self.load.let_go(wait)

    def _go_down(self, reason: str) -> None:
        self.report.down = self.report.down or reason
        self.report.more, self.report.wait = True, _OUTAGE_WAIT

    def _is_due_again(self) -> bool:
        return again.due(self.dispatch.pk, self.transport, now=self.clock.now())


def drain(
    dispatch_id: int,
    transport: Transport,
    *,
    account: str = "bulk",
    seconds: float | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> DrainReport:
    """Send what is due of a dispatch. Any number of workers may do so at the same time.

    Returns within `seconds` (settings.DRAIN_SECONDS), or once `is_stopping`, plus the answer to
    what is then in flight.
    """
    dispatch = Dispatch.objects.select_related("issue__newsletter").get(pk=dispatch_id)
    clock = Clock.read()
    if dispatch.state == Dispatch.State.CANCELLED:
        cancelling.settle(dispatch_id, now=clock.now())
    if dispatch.state not in SENDING:
        return DrainReport(stopped=dispatch.state)
    if reason := holding.guard(now=clock.now()):
        return DrainReport(stopped=reason)
    ends_at = time.monotonic() + (settings.DRAIN_SECONDS if seconds is None else seconds)
    return Drain(
        dispatch,
        transport,
        pace.Pace(account, dispatch, clock, transport.group_size),
        clock,
        Load(dispatch_id, clock),
        CopyMakers(transport, dispatch),
        is_over=lambda: is_stopping() or time.monotonic() >= ends_at,
    ).run()
