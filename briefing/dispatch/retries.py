"""Deferred readers, tried again when their time has come, one fenced group at a time.

Marking a row unknown is its intent: a worker that dies from here on leaves it unknown, and nothing
unknown is ever sent again by itself.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from briefing.dispatch import claims, results
from briefing.dispatch.copies import BadReaderError, CopyMaker
from briefing.dispatch.groups import carefully, record_in, verdict
from briefing.dispatch.intents import Step, deadline, reason_to_skip
from briefing.dispatch.outcome import (
    ACCEPTED,
    DEFERRED,
    QUARANTINED,
    REJECTED,
    SKIPPED,
    UNKNOWN,
    next_attempt,
)
from briefing.dispatch.planner import Variants
from briefing.dispatch.sql import dialect
from briefing.dispatch.states import SENDING
from briefing.models import Delivery
from briefing.transports.base import Copy, Group
from subscribers import audience


@dataclass(slots=True)
class RetryGroup:
    """Deferred deliveries on their way again; the fence names this attempt."""

    dispatch_id: int
    fence: int
    slot: int
    wire: Group
    before: dict[int, Delivery]

    @property
    def copies(self) -> list[Copy]:
        """The copies to be handed over."""
        return self.wire.copies

    def record(self, *, now: datetime) -> None:
        """Replace unknown by the answer, where this attempt's fence still stands."""
        told = {copy.subscriber_id: self._write(copy, now=now) for copy in self.copies}
        counts = Counter(outcome for outcome in told.values() if outcome is not None)
        accepted = [reader for reader, outcome in told.items() if outcome == ACCEPTED]
        results.adjust(self.dispatch_id, counts, taken={UNKNOWN: counts.total()}, accepted=accepted)

    def _write(self, copy: Copy, *, now: datetime) -> int | None:
        """Write one answer; returns the outcome, or None when the row is not ours any more."""
        row = self.before[copy.subscriber_id]
        outcome, code = verdict(copy)
        left = copy.outcome is not None or copy.started
        attempts = row.attempts + (1 if left else 0)
        next_at = None
        if outcome == DEFERRED:
            # What never left burns no attempt, and so is never given up for its age either.
            first_at = row.at if left else now
            next_at = next_attempt(attempts or 1, now=now, first_at=first_at)
            if next_at is None:
                outcome, code = REJECTED, f"gave up: {code or ''}"
        changed = Delivery.objects.filter(
            dispatch_id=self.dispatch_id,
            subscriber_id=copy.subscriber_id,
            fence=self.fence,
            outcome=UNKNOWN,
        ).update(
            outcome=outcome,
            attempts=attempts,
            code=None if outcome == ACCEPTED else (code or "")[:120],
            next_at=next_at,
            reference=copy.reference,
        )
        return outcome if changed else None


Makers = Callable[[int], CopyMaker]


def intend(
    step: Step, variants: Callable[[], Variants], maker: Makers, *, size: int
) -> RetryGroup | None:
    """Commit the intent for the next `size` deferred readers due; None when there are none.

    `variants` is only asked for when there are: every drain ends by looking for them.
    """
    fence, known = 0, None
    if due(step.dispatch.pk, now=step.now):
        # Drawn by itself: held to the end of the transaction, the fence would stop every claim.
        fence, known = claims.next_fence(now=step.now), variants()
    with transaction.atomic():
        record_in(carefully(step.answered), now=step.now)
        rows = _due(step, size=size) if known else []
        copies = _prepare(step, rows, known, maker) if known and rows else []
        _mark(step, copies, fence=fence)
        # Before the commit: a worker that dies right behind it has then put nothing on the wire.
        slot = _note(step, copies, fence=fence) if rows else 0
    for group in step.answered:
        step.journal.end(group.slot)
    if not rows:
        return None
    before = {row.subscriber_id: row for row in rows}
    return RetryGroup(step.dispatch.pk, fence, slot, Group(copies, deadline(step.begun)), before)


def due(dispatch_id: int, *, now: datetime) -> bool:
    """Whether a dispatch has deferred readers whose time has come."""
    return Delivery.objects.filter(
        dispatch_id=dispatch_id, outcome=DEFERRED, next_at__lte=now
    ).exists()


def _due(step: Step, *, size: int) -> list[Delivery]:
    # The counters before the dispatch, in the planner's order: the other way they would deadlock.
    results.lock_counters(step.dispatch.pk)
    if dialect().dispatch_state(step.dispatch.pk) not in SENDING:
        return []
    # Workers share the due rows between them: on PostgreSQL each takes others than its neighbour.
    return list(
        Delivery.objects.select_for_update(skip_locked=dialect().SKIPS_LOCKED)
        .filter(dispatch_id=step.dispatch.pk, outcome=DEFERRED, next_at__lte=step.now)
        .order_by("next_at", "subscriber_id")[:size]
    )


def _prepare(step: Step, rows: Sequence[Delivery], variants: Variants, maker: Makers) -> list[Copy]:
    """Look again at each reader under the lock, and splice for those who are still to get it."""
    ids = [row.subscriber_id for row in rows]
    newsletter_id = step.dispatch.issue.newsletter_id
    readers = dialect().lock_readers(newsletter_id, ids, today=step.now.date())
    followed = audience.followed(newsletter_id, ids) if variants.scope.topics else {}
    copies: list[Copy] = []
    settled: Counter[int] = Counter()
    for row in rows:
        reader = readers.get(row.subscriber_id)
        reason = reason_to_skip(reader, set())
        try:
            if reader is None or reason:
                settled[_settle(row, SKIPPED, reason)] += 1
            else:
                own = followed.get(row.subscriber_id, frozenset())
                arm = variants.arm_of(row.subscriber_id)
                variant = maker(variants.choose(reader.locale, reader.format, own, arm=arm))
                copies.append(variant.make(reader, position=len(copies)))
        except BadReaderError as error:
            settled[_settle(row, QUARANTINED, error.reason)] += 1
    results.adjust(step.dispatch.pk, settled, taken={DEFERRED: settled.total()})
    return copies


def _mark(step: Step, copies: Sequence[Copy], *, fence: int) -> None:
    """Mark the rows as on their way: unknown, until this attempt's fence brings an answer.

    Until `next_at`, the end of its lease, that answer is waited for.
    """
    dispatch_id = step.dispatch.pk
    going = [copy.subscriber_id for copy in copies]
    Delivery.objects.filter(dispatch_id=dispatch_id, subscriber_id__in=going).update(
        outcome=UNKNOWN, fence=fence, next_at=claims.lease_end(step.now), code="on its way again"
    )
    results.adjust(dispatch_id, Counter({UNKNOWN: len(going)}), taken={DEFERRED: len(going)})


def _note(step: Step, copies: Sequence[Copy], *, fence: int) -> int:
    """Note in the journal whose copies wait; returns the slot."""
    readers = [copy.subscriber_id for copy in copies]
    slot = step.journal.begin_retry(dispatch_id=step.dispatch.pk, fence=fence, readers=readers)
    for index, copy in enumerate(copies):
        copy.mark = step.journal.mark(slot, index)
    return slot


def _settle(row: Delivery, outcome: int, code: str) -> int:
    Delivery.objects.filter(
        dispatch_id=row.dispatch_id, subscriber_id=row.subscriber_id, outcome=DEFERRED
    ).update(outcome=outcome, code=code[:120], next_at=None)
    return outcome
