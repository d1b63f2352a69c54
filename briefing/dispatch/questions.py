"""Calls whose fate nobody knows, kept in mind for as long as their provider knows them by a key.

Before it: a group that nobody answered for, or a dead worker's journal. After it: `asking`.
"""

import time
from array import array
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import Length

from briefing.dispatch.outcome import UNKNOWN
from briefing.models import Question
from briefing.transports.base import CallName, Copy

# When it is asked, each counted from the time before. A provider that cannot tell by then never will.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
# Of a key's life so much is left unused: the provider's clock is not ours.
_UNUSED = 0.1
_NO_TIME = timedelta(0)
# What a reader's id takes in a packed call.
_READER_BYTES = array("q").itemsize


def note_unanswered(
    dispatch_id: int, variant_id: int, copies: Collection[Copy], *, now: datetime
) -> None:
    """Keep the calls in mind in which these copies left, where not one of them has its answer."""
    calls: defaultdict[CallName, list[Copy]] = defaultdict(list)
    for copy in copies:
        if copy.call and copy.started:
            calls[copy.call].append(copy)
    for name, together in calls.items():
        if all(copy.outcome in {UNKNOWN, None} for copy in together):
            readers = [copy.subscriber_id for copy in together]
            note(dispatch_id, variant_id, name, readers, now=now)


def note(
    dispatch_id: int, variant_id: int, name: CallName, readers: Sequence[int], *, now: datetime
) -> None:
    """Keep one call in mind. Safe to run twice because its key stands once."""
    left_at = now - timedelta(seconds=time.monotonic() - name.left_at)
    lives = timedelta(seconds=name.lives_seconds * (1 - _UNUSED))
    question = Question(
        dispatch_id=dispatch_id,
        variant_id=variant_id,
        key=name.key,
        way=name.way,
        readers=array("q", readers).tobytes(),
        next_at=now + WAITS[0],
        until=left_at + lives,
    )
    Question.objects.bulk_create([question], ignore_conflicts=True)


def open_at(now: datetime) -> "QuerySet[Question]":
    """Return the calls that may still be asked about."""
    return Question.objects.filter(until__gt=now)


def due(dispatch_id: int, way: str, *, now: datetime) -> "QuerySet[Question]":
    """Return a dispatch's calls that are to be asked about now, by the account they were made by."""
    return open_at(now).filter(dispatch_id=dispatch_id, way=way, next_at__lte=now)


def pending(dispatch_id: int, *, now: datetime) -> tuple[int, datetime] | None:
    """Return how many copies of a dispatch are being asked about, and until when at the latest."""
    groups = (
        open_at(now)
        .filter(dispatch_id=dispatch_id)
        .values_list("asked")
        .annotate(size=Sum(Length("readers")), next=Max("next_at"), end=Max("until"))
        .order_by()
    )
    found = [
        (size, min(end, at + sum(WAITS[asked + 1 :], _NO_TIME))) for asked, size, at, end in groups
    ]
    if not found:
        return None
    return sum(size for size, _end in found) // _READER_BYTES, max(end for _size, end in found)


def forget(*, now: datetime) -> None:
    """Delete the questions whose answer the provider would not know any more. Safe to run twice."""
    Question.objects.filter(until__lte=now).delete()
