"""How one drain keeps to its account's limits, and what it learns from the answers.

Between the sender and the account's breaker, buckets and alerts: the sender asks before an intent
and tells after each group.
"""

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from briefing.dispatch import alerts, breaker, control, throttle
from briefing.dispatch.claims import Held
from briefing.dispatch.clock import Clock
from briefing.dispatch.groups import Answered, InFlight
from briefing.dispatch.intents import deadline
from briefing.dispatch.outcome import DEFERRED, UNKNOWN
from briefing.dispatch.states import ForbiddenStepError
from briefing.models import Alert, Dispatch
from briefing.transports.base import Copy, Session

# A wait this short is waited for here; a longer one gives the batch back.
_SHORT_WAIT = timedelta(seconds=1)
# Before the first is answered nobody knows how fast the account is.
_FIRST_GROUP = 100
_SMALLEST_GROUP = 10
_PARTS_OF_ITS_TIME = 8


@dataclass(slots=True)
class Pace:
    """One drain's view of one account."""

    account: str
    dispatch: Dispatch
    clock: Clock
    # How many copies the account's transport takes best in one call.
    preferred: int | None = None
    _troubled: bool = field(default=True)
    # Whether this drain is the one that an open breaker let in, to see whether the trouble is over.
    _probing: bool = field(init=False)
    # After a group nobody can tell the fate of, each call risks one reader until one is answered:
    # be it another drain's, or the last before the breaker opened.
    _one_by_one: bool = field(init=False)
    # The lanes that something limited when they were last asked for: these may recover.
    _limited: set[str] = field(default_factory=set)
    # Before the first question another drain may have learned of a limit.
    _asked: bool = False
    # How many copies may be intended at once, by how fast the last group was answered.
    _at_once: int = _FIRST_GROUP
    _since: float = 0.0

    def __post_init__(self) -> None:
        self._probing = breaker.is_open(self.account)
        self._one_by_one = breaker.is_failing(self.account)

    def ask(self, held: Held | None, *, now: datetime) -> tuple[int, timedelta]:
        """Return how many readers may be intended now, or 0 and how long to wait.

        A batch whose workers died is taken one by one, whatever the limits allow.
        """
        one_by_one = self._one_by_one or (held is not None and held.cautious)
        lane = held.lane if held else ""
        limited = not self._asked or not self._limited.isdisjoint({"", lane})
        size = throttle.group_size(
            self.account, lane, preferred=self.preferred, now=now, limited=limited
        )
        self._since = self._since or time.monotonic()
        if self.preferred is None:
            size = min(size, self._at_once)
        size = 1 if one_by_one else size
        if held:
            size = min(size, held.size - held.intent_upto)
        grant = throttle.take(self.account, lane, size, now=now)
        if not grant.granted and grant.wait <= _SHORT_WAIT:
            time.sleep(grant.wait.total_seconds())  # shorter than giving it back
            grant = throttle.take(self.account, lane, size, now=self.clock.now())
        self._asked = True
        self._limited.discard(lane)
        if grant.limited:
            self._limited.add(lane)
        return (size, timedelta(0)) if grant.granted else (0, grant.wait)

    def note_group(self, group: Answered, session: Session) -> str:
        """Learn from an answered group; returns why the account cannot be used, or nothing."""
        copies = group.copies
        self._measure(len(copies))
        outcomes = Counter([copy.outcome for copy in copies])
        unsent = [copy for copy in copies if copy.outcome is None and not copy.started]
        unknown = outcomes[UNKNOWN] + outcomes[None] - len(unsent)
        self._note_deferred(group)
        if session.retry_after_seconds:
            throttle.hold_for(
                self.account, seconds=session.retry_after_seconds, now=self.clock.now()
            )
        if reason := next((copy.code for copy in unsent if copy.code), ""):
            self.note_down(reason, permanent=session.down_for_good)
            return reason
        if unsent:
            # Its worker slept, or had too much to do: no fault of the account's.
            return "the time of the group was over"
        self._one_by_one = unknown == len(copies)
        if self._one_by_one:
            self._fail("no answers")
        elif self._troubled:
            # Looked up once a drain: an account in good health costs no statement per group.
            breaker.note_success(self.account)
            self._probing = False
            self._troubled = breaker.is_troubled(self.account)
        return ""

    def _note_deferred(self, group: Answered) -> None:
        """Slow what defers: a domain's lane by its own groups, the account by the mixed ones.

        Both recover by groups of either kind.
        """
        lane = group.held.lane if isinstance(group, InFlight) else ""
        deferred = [copy for copy in group.copies if copy.outcome == DEFERRED]
        if deferred and not lane and not self._is_ours(deferred):
            return
        if deferred or lane in self._limited:
            throttle.note_answers(
                self.account, lane, deferred=len(deferred), total=len(group.copies)
            )
        if lane in self._limited and lane and not deferred:
            throttle.note_answers(self.account, "", deferred=0, total=len(group.copies))

    def _is_ours(self, deferred: Sequence[Copy]) -> bool:
        """Whether it is us whom a server wants slower: a relay that takes so many a minute.

        It defers readers of several domains, and of any once it is slowed. One domain that defers by
        itself must not slow the others.
        """
        several = len({copy.recipient.rpartition("@")[2] for copy in deferred}) > 1
        return several or throttle.slowdown_of(self.account) > 1.0

    def leave_unused(self) -> None:
        """Nothing is due here: another dispatch is to see whether the account's trouble is over."""
        if self._probing:
            breaker.give_turn_back(self.account, now=self.clock.now())

    def _measure(self, copies: int) -> None:
        """Learn how many copies the account answers in a part of the time that a group has.

        Two groups are on their way: what a slow server does not get to would be given back.
        """
        now = time.monotonic()
        per_second = copies / max(0.001, now - self._since)
        self._since = now
        self._at_once = max(_SMALLEST_GROUP, int(per_second * deadline(0.0) / _PARTS_OF_ITS_TIME))

    def note_down(self, reason: str, *, permanent: bool) -> None:
        """Nothing can be handed over: open the breaker in time, or pause for a person at once."""
        self._fail(reason)
        if not permanent:
            return
        text = f"{self.account}: {reason}. Mend the account's settings, then resume the dispatch."
        # Somebody may have stopped it already; what is wrong with the account is told all the same.
        with suppress(ForbiddenStepError):
            control.pause(self.dispatch, reason=reason[:200])
        self._alert(Alert.Kind.PAUSED, str(self.dispatch.pk), text)

    def _fail(self, reason: str) -> None:
        self._troubled = True
        note = breaker.note_failed_probe if self._probing else breaker.note_failure
        self._probing = False
        if note(self.account, reason, now=self.clock.now()):
            text = f"{self.account} cannot be used: {reason}. It is tried again by itself."
            self._alert(Alert.Kind.BREAKER, self.account, text)

    def _alert(self, kind: str, key: str, text: str) -> None:
        alerts.raise_alert(kind, key, text, now=self.clock.now())


def accounts_in_order() -> list[str]:
    """Return the accounts that may carry issues: the bulk one, then its fallback if there is one."""
    return [name for name in ("bulk", "fallback") if settings.MAIL_ACCOUNTS.get(name)]


def usable_account(*, now: datetime) -> str | None:
    """Return the first account whose breaker lets a drain in, or None while all are open."""
    return next((name for name in accounts_in_order() if breaker.allows(name, now=now)), None)
