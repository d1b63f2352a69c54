"""Several SMTP connections driven by one thread: copies are dealt out, answers counted by group."""

import selectors
import time
from collections import deque

from briefing.dispatch.outcome import DEFERRED, REJECTED
from briefing.transports.base import Group, Watcher
from briefing.transports.smtp.dial import Connection, Dialler
from briefing.transports.smtp.health import Health
from briefing.transports.smtp.lane import Lane
from briefing.transports.smtp.owner import Held

# A copy over which so many connections were lost, while others are answered, is what loses them.
_MAX_LOSSES = 3


class SmtpSession:
    """Open connections and the copies waiting for them. Each copy is handed over at most once."""

    # SMTP has no words for it.
    retry_after_seconds = 0.0

    def __init__(
        self,
        first: Connection,
        dialler: Dialler,
        *,
        timeout_seconds: float,
        envelope_from: str,
        watcher: Watcher,
    ) -> None:
        self._dialler = dialler
        self._sockets = dialler.at_once
        self._timeout_seconds = timeout_seconds
        self._envelope_from = envelope_from
        self._watcher = watcher
        self._lanes: list[Lane] = []
        self._writing: set[Lane] = set()
        self._waiting: deque[Held] = deque()
        self._groups: deque[Group] = deque()
        self._health = Health()
        # Whether a connection came or went since copies were last dealt out to all of them, and when
        # next to look whether a lane waits too long for its answer.
        self._changed, self._look_at = False, time.monotonic() + timeout_seconds
        self._selector = selectors.DefaultSelector()
        self._selector.register(dialler.bell, selectors.EVENT_READ)
        self._adopt(first)

    @property
    def down_for_good(self) -> bool:
        """Whether the server refuses us in a way that waiting does not heal."""
        return self._health.for_good

    def submit(self, group: Group) -> None:
        """Deal a group's copies out to the connections that are free."""
        self._groups.append(group)
        self._waiting.extend([Held(copy, group) for copy in group.copies])
        self._deal()

    def turn(self) -> None:
        """Answer what has come meanwhile, so that no connection stands idle."""
        self._listen(0)

    def collect(self) -> Group:
        """Drive the connections until any submitted group is answered, and return it."""
        if not self._groups:
            raise LookupError("no group was submitted")
        while True:
            for group in self._groups:
                if group.unanswered == 0:
                    self._groups.remove(group)
                    return group
            self._listen(self._look_at - time.monotonic())

    def close(self) -> None:
        """Say QUIT where that is possible without waiting, and close."""
        for lane in self._lanes:
            lane.quit()
        self._lanes.clear()
        self._dialler.close()
        self._selector.close()

    # ------------------------------------------------------------------ what a lane reports

    def answered(self, held: Held) -> None:
        """Count an answer towards its group."""
        held.group.unanswered -= 1
        self._health.answered(held.copy)
        self._changed |= bool(self._health.trouble)

    def returned(self, held: Held) -> None:
        """Take back a copy that was certainly not handed over; others go first now."""
        if held.losses >= _MAX_LOSSES and self._health.ever_answered:
            self._settle(held, DEFERRED, "connection lost whenever this copy was announced")
        else:
            self._waiting.append(held)

    # ------------------------------------------------------------------ one turn

    def _listen(self, seconds: float) -> None:
        """Wait until something comes, and act on it."""
        for key, events in self._selector.select(max(0.0, seconds)):
            if key.data is None:
                self._take_dialled()
                continue
            lane: Lane = key.data
            lane.act(readable=bool(events & selectors.EVENT_READ))
            self._feed(lane)
        if time.monotonic() >= self._look_at:
            self._look_for_late_ones()
        if self._changed:
            self._deal()

    def _look_for_late_ones(self) -> None:
        """Drop lanes that owe an answer for too long; note when the next could be so late."""
        now = time.monotonic()
        for lane in self._lanes.copy():
            if lane.busy and now - lane.heard_at >= self._timeout_seconds:
                lane.drop("no reply in time")
                self._look_after(lane)
        # Whoever begins to wait from now on is not late before that either.
        owed = [lane.heard_at for lane in self._lanes if lane.busy]
        self._look_at = min(owed, default=now) + self._timeout_seconds

    def _deal(self) -> None:
        """Give every free lane its next copies, and open more lanes while copies wait."""
        self._changed = False
        for lane in self._lanes.copy():
            self._feed(lane)
        if self._health.trouble:
            self._give_back()
        elif self._waiting:
            missing = self._sockets - len(self._lanes) - self._dialler.pending
            for _ in range(min(missing, len(self._waiting) - self._dialler.pending)):
                self._dialler.dial()

    def _feed(self, lane: Lane) -> None:
        """Give a lane the copies that it can take now."""
        while self._waiting and lane.free and not self._health.trouble:
            self._give(lane, self._waiting.popleft())
        self._look_after(lane)

    def _give(self, lane: Lane, held: Held) -> None:
        """Hand a copy to a lane, unless it is too late or the server could not take it."""
        if time.monotonic() >= held.group.deadline:
            # Too late to be sure of an answer within the lease: certainly unsent.
            held.group.unanswered -= 1
        elif refusal := lane.offer.why_not(held.copy):
            self._settle(held, REJECTED, refusal)
        else:
            lane.take(held)

    def _settle(self, held: Held, outcome: int, code: str) -> None:
        """Answer for a copy without asking the server."""
        held.copy.outcome, held.copy.code = outcome, code
        self._watcher.answered(held.copy)
        held.group.unanswered -= 1

    def _give_back(self) -> None:
        """Nothing can carry these: they stay unsent, and the sender decides."""
        while self._waiting:
            held = self._waiting.popleft()
            held.copy.code = self._health.trouble
            held.group.unanswered -= 1

    # ------------------------------------------------------------------ connections

    def _adopt(self, connection: Connection) -> None:
        lane = Lane(
            connection, envelope_from=self._envelope_from, owner=self, watcher=self._watcher
        )
        self._lanes.append(lane)
        self._selector.register(lane.sock, selectors.EVENT_READ, lane)

    def _take_dialled(self) -> None:
        """Adopt what was opened meanwhile; a server that refuses one more is not asked again."""
        self._changed = True
        for found in self._dialler.opened():
            if isinstance(found, Connection):
                self._adopt(found)
            elif left := len(self._lanes) + self._dialler.pending:
                self._sockets = left
            else:
                self._health.unreachable(str(found), permanent=found.permanent)

    def _look_after(self, lane: Lane) -> None:
        """Let go of a lane that was lost; of the others, watch what they wait for."""
        if not lane.closed:
            if lane.wants_write != (lane in self._writing):
                self._writing ^= {lane}
                events = selectors.EVENT_WRITE if lane.wants_write else 0
                self._selector.modify(lane.sock, selectors.EVENT_READ | events, lane)
        elif lane in self._lanes:
            self._changed = True
            self._writing.discard(lane)
            self._health.lost(lane.closed, refused=lane.refused, sockets=self._sockets)
            self._selector.unregister(lane.sock)
            self._lanes.remove(lane)
            lane.sock.close()
