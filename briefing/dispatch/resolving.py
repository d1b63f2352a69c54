"""What a person decides of unknown and quarantined deliveries.

Nothing here happens by itself, except what the site's own policy allows.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from briefing.dispatch import control, questions, results
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, QUARANTINED, REJECTED, UNKNOWN
from briefing.models import Delivery, Dispatch

# Evidence may still come for so long: a webhook, or an answer after the lease.
POLICY_WAIT = timedelta(minutes=15)
# What stands beside an unknown delivery that its provider was asked about in vain.
NOT_FOUND = "not found at"


def open_questions(dispatch_id: int | None = None) -> "QuerySet[Delivery]":
    """Return the deliveries that wait for a decision, in the order of their keys."""
    rows = Delivery.objects.filter(outcome__in=(UNKNOWN, QUARANTINED))
    if dispatch_id is not None:
        rows = rows.filter(dispatch_id=dispatch_id)
    return rows.order_by("dispatch_id", "subscriber_id")


def accept(dispatch_id: int, readers: Collection[int], *, by: str) -> int:
    """Say that these readers have the issue; returns how many rows were decided."""
    return _decide(dispatch_id, readers, ACCEPTED, code=f"decided by {by}")


def reject(dispatch_id: int, readers: Collection[int], *, by: str) -> int:
    """Say that these readers do not have it and will not be written to."""
    return _decide(dispatch_id, readers, REJECTED, code=f"decided by {by}")


def resend(dispatch_id: int, readers: Collection[int], *, by: str, now: datetime) -> int:
    """Send again to these readers: some of them may then have two copies.

    A finished dispatch runs again for them; of a cancelled one nothing is sent any more.
    """
    if Dispatch.objects.filter(pk=dispatch_id, state=Dispatch.State.CANCELLED).exists():
        return 0
    number = _decide(dispatch_id, readers, DEFERRED, code=f"resent by {by}", next_at=now)
    control.reopen_with_rest()
    return number


def settle(dispatch_id: int, readers: Collection[int], outcome: int) -> int:
    """Take evidence for an answer: a provider that reports on a copy has taken it, or says not.

    A definite answer may always move unknown to accepted or rejected, however late; a copy that
    waits to be tried again, or was set aside, is not touched.
    """
    code = None if outcome == ACCEPTED else "rejected by the provider"
    with transaction.atomic():
        return _move(dispatch_id, readers, UNKNOWN, outcome=outcome, code=code, next_at=None)


def note_not_found(dispatch_id: int, reader: int, *, provider: str) -> None:
    """Write beside an unknown delivery that the provider has no such message: a person decides."""
    rows = Delivery.objects.filter(dispatch_id=dispatch_id, subscriber_id=reader, outcome=UNKNOWN)
    rows.update(code=f"{NOT_FOUND} {provider}"[:120])


def apply_policy(*, now: datetime) -> int:
    """Resend once what stayed unknown, where the site's policy says so; the default is to leave it.

    Safe to run twice because a row that was resent has more than one attempt.
    """
    if settings.UNKNOWN_POLICY != "resend":
        return 0
    # First the provider is asked, where it can be: that gives nobody a second copy.
    asked = questions.open_at(now).filter(dispatch=OuterRef("dispatch_id"))
    rows = Delivery.objects.filter(outcome=UNKNOWN, attempts=1, at__lt=now - POLICY_WAIT)
    rows = rows.exclude(Exists(asked))
    resent = 0
    for dispatch_id in rows.values_list("dispatch_id", flat=True).distinct():
        readers = rows.filter(dispatch_id=dispatch_id).values_list("subscriber_id", flat=True)
        resent += resend(dispatch_id, list(readers), by="policy", now=now)
    return resent


@transaction.atomic
def _decide(
    dispatch_id: int,
    readers: Collection[int],
    outcome: int,
    *,
    code: str,
    next_at: datetime | None = None,
) -> int:
    """Move rows from a question to an answer, and the counters with them."""
    to = {"outcome": outcome, "code": code[:120], "next_at": next_at}
    return sum(_move(dispatch_id, readers, before, **to) for before in (UNKNOWN, QUARANTINED))


def _move(dispatch_id: int, readers: Collection[int], before: int, **to: Any) -> int:
    # Their numbers first, locked: only those that this call moves count for their lanes.
    rows = Delivery.objects.filter(dispatch_id=dispatch_id, subscriber_id__in=readers)
    asked = rows.filter(outcome=before).select_for_update().order_by("subscriber_id")
    moved = list(asked.values_list("subscriber_id", flat=True))
    if not moved:
        return 0
    number = rows.filter(subscriber_id__in=moved, outcome=before).update(fence=None, **to)
    accepted = moved if to["outcome"] == ACCEPTED else []
    results.adjust(
        dispatch_id, Counter({to["outcome"]: number}), taken={before: number}, accepted=accepted
    )
    return number
