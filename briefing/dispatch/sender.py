"""Draining a dispatch: claim, intend, send, record, with two groups on their way at any time.

Before it: pending batches. After it: deliveries. The commit of an intent is the point of no return:
from then on each reader of the group ends in exactly one row, whatever breaks.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from briefing.dispatch import cancelling, claims, groups, holding, intents, pace, retries
from briefing.dispatch.clock import Clock
from briefing.dispatch.copies import CopyMaker, sender_of
from briefing.dispatch.groups import Answered
from briefing.dispatch.intents import Stopped
from briefing.dispatch.journal import Journal
from briefing.dispatch.planner import Variants, variants_of
from briefing.dispatch.states import SENDING
from briefing.models import Dispatch, EditionVariant
from briefing.transports.base import Session, Transport, TransportDownError

# A long round trip must not drain the pipe: while one group is answered the next is on its way.
GROUPS_IN_FLIGHT = 2
# With the provider away a batch is not claimed again before this has passed.
_OUTAGE_WAIT = timedelta(seconds=30)


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
    """One worker's turn at one dispatch, through one account."""

    dispatch: Dispatch
    transport: Transport
    seconds: float
    pace: pace.Pace
    clock: Clock
    report: DrainReport = field(default_factory=DrainReport)
    _makers: dict[int, CopyMaker] = field(default_factory=dict)
    _in_flight: deque[Answered] = field(default_factory=deque)
    _answered: list[Answered] = field(default_factory=list)
    _held: claims.Held | None = None
    _variants: Variants | None = None
    _ends_at: float = 0.0

    def run(self) -> DrainReport:
        """Work until nothing is due, the time is over, or the provider cannot be reached."""
        self._ends_at = time.monotonic() + self.seconds
        journal = Journal()
        try:
            # Claim first: a drain that finds nothing must not open a connection.
            if self._hold_next(journal) or retries.due(self.dispatch.pk, now=self.clock.now()):
                self._work(journal)
        except BaseException:
            journal.leave()
            raise
        journal.close()
        return self.report

    def _work(self, journal: Journal) -> None:
        try:
            session = self.transport.open(journal, sender_of(self.dispatch))
        except TransportDownError as error:
            self.report.down = str(error)
            self.pace.note_down(str(error), permanent=error.permanent)
            self._let_go()
            return
        try:
            self._pump(session, journal)
        finally:
            session.close()

    def _pump(self, session: Session, journal: Journal) -> None:
        while group := self._next_group(journal):
            if group.copies:
                self._in_flight.append(group)
                session.submit(group.wire)
            else:
                self._answered.append(group)
            while len(self._in_flight) >= GROUPS_IN_FLIGHT:
                self._collect(session)
            if self.report.down:
                break
        while self._in_flight:
            self._collect(session)
        if self._held and self.report.down:
            groups.take_back_unsent(self._held, self._answered)
        groups.record(self._answered, journal, now=self.clock.now())
        self._let_go()

    def _next_group(self, journal: Journal) -> Answered | None:
        """Commit the next intent, with the results that came in meanwhile in its transaction.

        First attempts go before second ones: a deferring domain must not hold up the others.
        """
        if time.monotonic() >= self._ends_at:
            self.report.more = True
            return None
        size = self._granted(journal)
        if size is None:
            return None
        step = intents.Step(self.dispatch, journal, self._answered, self.clock.now())
        self._answered = []
        if self._held is None:
            self._variants = self._variants or variants_of(self.dispatch.edition_id)
            return retries.intend(step, self._variants, self._maker)
        maker = self._maker(self._held.variant_id)
        group = intents.intend(step, self._held, maker, size=size)
        if isinstance(group, Stopped):
            self.report.stopped = group.reason
            if group.lost:
                self._held = None
            return None
        return group

    def _granted(self, journal: Journal) -> int | None:
        """Hold a batch whose lane may send now; returns how many readers, or None to end here.

        A batch that has to wait is given back with its time, and another lane gets its turn.
        """
        while True:
            if self._held is None or self._held.intent_upto >= self._held.size:
                self._hold_next(journal)
            if self._held is None and not retries.due(self.dispatch.pk, now=self.clock.now()):
                return 0
            size, wait = self.pace.ask(self._held, now=self.clock.now())
            if size:
                return size
            self.report.more, self.report.wait = True, wait
            if self._held is None:
                return None
            self._let_go(wait)

    def _hold_next(self, journal: Journal) -> bool:
        self._held = claims.claim(self.dispatch.pk, now=self.clock.now())
        if self._held:
            journal.hold(batch_id=self._held.batch_id, fence=self._held.fence)
        return self._held is not None

    def _maker(self, variant_id: int) -> CopyMaker:
        if variant_id not in self._makers:
            self._makers[variant_id] = CopyMaker(
                self.transport,
                EditionVariant.objects.get(pk=variant_id),
                self.dispatch,
                sender_of(self.dispatch),
            )
        return self._makers[variant_id]

    def _collect(self, session: Session) -> None:
        wire = session.collect()
        group = next(each for each in self._in_flight if each.wire is wire)
        self._in_flight.remove(group)
        self._answered.append(group)
        self.report.handed_over += sum(copy.started for copy in group.copies)
        down = self.pace.note_group(group, session)
        self.report.down = self.report.down or down

    def _let_go(self, wait: timedelta = timedelta(0)) -> None:
        """Give the batch back; with the provider away, not for the next half minute."""
        if self._held is None:
            return
        wait = _OUTAGE_WAIT if self.report.down else wait
        claims.release(self._held, not_before=self.clock.now() + wait)
        self._held = None


def drain(
    dispatch_id: int, transport: Transport, *, account: str = "bulk", seconds: float | None = None
) -> DrainReport:
    """Send what is due of a dispatch. Any number of workers may do so at the same time.

    Returns within `seconds` (settings.DRAIN_SECONDS) plus the answer to what is then in flight.
    """
    dispatch = Dispatch.objects.select_related("issue__newsletter").get(pk=dispatch_id)
    clock = Clock.read()
    if dispatch.state == Dispatch.State.CANCELLED:
        cancelling.settle(dispatch_id, now=clock.now())
    if dispatch.state not in SENDING:
        return DrainReport(stopped=dispatch.state)
    if reason := holding.held():
        return DrainReport(stopped=reason)
    limit = settings.DRAIN_SECONDS if seconds is None else seconds
    return Drain(dispatch, transport, limit, pace.Pace(account, dispatch, clock), clock).run()
