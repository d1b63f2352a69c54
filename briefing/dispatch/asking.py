"""Asking again: a call whose fate nobody knows, made once more by the key its provider knows it by.

Before it: `questions`. A provider takes a key once, so asking gives nobody a second copy; whoever was
not taken the first time is taken now. That is why an intent stands here as well, and why nobody may
be in the call who withdrew since.
"""

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from briefing.dispatch import claims, questions, results
from briefing.dispatch.copies import BadReaderError, CopyMaker
from briefing.dispatch.intents import Step, deadline, reason_to_skip
from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.dispatch.sql import dialect
from briefing.dispatch.states import SENDING
from briefing.models import Delivery, Question
from briefing.transports.base import Copy, Group

_ANSWERS = frozenset({ACCEPTED, REJECTED})


@dataclass(slots=True)
class Asking:
    """A call on its way again. Its answer replaces unknown where nothing else did meanwhile."""

    question: Question
    slot: int
    wire: Group

    @property
    def copies(self) -> list[Copy]:
        """The copies of the call."""
        return self.wire.copies

    def record(self, *, now: datetime) -> None:
        """Write what was told of each copy; as long as nothing is, it is asked again later."""
        told = {copy.subscriber_id: copy.outcome for copy in self.copies if self._write(copy)}
        counts = Counter(outcome for outcome in told.values() if outcome is not None)
        accepted = [reader for reader, outcome in told.items() if outcome == ACCEPTED]
        dispatch_id = self.question.dispatch_id
        results.adjust(dispatch_id, counts, taken={UNKNOWN: counts.total()}, accepted=accepted)
        own = Question.objects.filter(pk=self.question.pk)
        is_answered = any(copy.outcome in _ANSWERS for copy in self.copies)
        if is_answered or self.question.asked >= len(questions.WAITS):
            own.delete()
        else:
            own.update(next_at=now + questions.WAITS[self.question.asked])

    def _write(self, copy: Copy) -> bool:
        """Write one answer; returns whether the row was still unknown."""
        if copy.outcome not in _ANSWERS:
            return False
        row = _unanswered(self.question.dispatch_id).filter(subscriber_id=copy.subscriber_id)
        code = None if copy.outcome == ACCEPTED else (copy.code or "")[:120]
        return bool(row.update(outcome=copy.outcome, code=code, reference=copy.reference))


def intend(step: Step, way: str, maker: Callable[[int], CopyMaker]) -> Asking | None:
    """Commit the intent to ask about the next call that is due; None when there is none.

    One whose readers are not all unknown by now, or of whom somebody withdrew, is never asked about.
    """
    with transaction.atomic():
        if dialect().dispatch_state(step.dispatch.pk) not in SENDING:
            return None
        due = questions.due(step.dispatch.pk, way, now=step.now).order_by("next_at", "pk")
        # One at a time: what this worker locks, its neighbours cannot ask about.
        while question := due.select_for_update(skip_locked=dialect().SKIPS_LOCKED).first():
            copies = _rebuilt(step, question, maker(question.variant_id))
            if copies:
                break
            question.delete()
        else:
            return None
        question.asked += 1
        # Should this worker die, the next one asks when its lease would be over.
        question.next_at = claims.lease_end(step.now)
        question.save(update_fields=["asked", "next_at"])
    readers = [copy.subscriber_id for copy in copies]
    # Of no attempt's fence: what a dead worker noted of this is asked again and not recovered.
    slot = step.journal.begin_retry(dispatch_id=step.dispatch.pk, fence=0, readers=readers)
    for index, copy in enumerate(copies):
        copy.mark = step.journal.mark(slot, index)
    return Asking(question, slot, Group(copies, deadline(step.begun), asks=str(question.key)))


def _rebuilt(step: Step, question: Question, maker: CopyMaker) -> list[Copy]:
    """Return the call's copies as they were; none when it must not be made again."""
    ids = array("q")
    ids.frombytes(bytes(question.readers))
    if _unanswered(question.dispatch_id).filter(subscriber_id__in=ids).count() != len(ids):
        return []
    newsletter_id = step.dispatch.issue.newsletter_id
    readers = dialect().lock_readers(newsletter_id, list(ids), today=step.now.date())
    if any(reason_to_skip(readers.get(each), set()) for each in ids):
        return []
    try:
        return [maker.make(readers[each], position=at) for at, each in enumerate(ids)]
    except BadReaderError:
        return []


def _unanswered(dispatch_id: int) -> "QuerySet[Delivery]":
    """Return the rows of first attempts that are unknown, and that nobody has taken up since."""
    return Delivery.objects.filter(
        dispatch_id=dispatch_id, outcome=UNKNOWN, attempts=1, next_at=None
    )
