"""What one worker carries: a batch it holds, groups on the wire, and groups that came back.

Between the sender's decisions and what they are written to: claims, journal, rows.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from briefing.dispatch import claims, groups, outage
from briefing.dispatch.clock import Clock
from briefing.dispatch.groups import Answered
from briefing.dispatch.journal import Journal
from briefing.transports.base import Session


@dataclass(slots=True)
class Load:
    """One worker's hands. Nothing in here decides anything."""

    dispatch_id: int
    clock: Clock
    journal: Journal = field(default_factory=Journal)
    held: claims.Held | None = None
    in_flight: deque[Answered] = field(default_factory=deque)
    answered: list[Answered] = field(default_factory=list)

    @property
    def needs_batch(self) -> bool:
        """Whether nothing is left to be intended of what is held."""
        return self.held is None or self.held.intent_upto >= self.held.size

    def hold_next(self) -> bool:
        """Claim the next batch that is due; returns whether there is one."""
        self.held = claims.claim(self.dispatch_id, now=self.clock.now())
        if self.held:
            self.journal.hold(batch_id=self.held.batch_id, fence=self.held.fence)
        return self.held is not None

    def hand_over(self, group: Answered, session: Session) -> None:
        """Give a group to the transport; one whose readers were all skipped needs none."""
        if group.copies:
            self.in_flight.append(group)
            session.submit(group.wire)
        else:
            self.answered.append(group)

    def take_back(self, session: Session) -> Answered:
        """Wait for the next group that has all its answers. Needs no database."""
        wire = session.collect()
        group = next(each for each in self.in_flight if each.wire is wire)
        self.in_flight.remove(group)
        self.answered.append(group)
        return group

    def settle(self, wait: timedelta = timedelta(0)) -> None:
        """Record what came back; what never left, at its end, is taken out of the intent instead.

        A batch that was fully intended is not held any more when its last group comes back. What of
        it never left is for others to claim after `wait`.
        """
        batches = groups.batches_of(self.answered)
        taken_back = [held for held in batches if groups.take_back_unsent(held, self.answered)]
        groups.record(self.answered, self.journal, now=self.clock.now())
        self.answered = []
        for held in taken_back:
            if held is not self.held:
                claims.release(held, not_before=self.clock.now() + wait)

    def outlast(self, session: Session) -> bool:
        """Collect what is on the wire with the database away, and write it down when it is back.

        Returns False when it stays away for a lease; the journal then tells the recovery.
        """
        until = time.monotonic() + settings.LEASE_SECONDS
        while self.in_flight:
            self.take_back(session)
        while outage.is_over(until=until):
            try:
                self.settle()
                self.let_go()
            except outage.LOST:
                # It came back only to go away again.
                continue
            return True
        return False

    def let_go(self, wait: timedelta = timedelta(0)) -> None:
        """Give the batch back for others to claim after `wait`. All of it must be settled.

        Whoever claims it next takes what is intended for written down.
        """
        if self.held:
            claims.release(self.held, not_before=self.clock.now() + wait)
            self.held = None
