"""What waits to be done, and since when: told from the traces that work leaves in the database.

A process that says it is well proves little; work that is done in time proves it. After it come the
desk's first page and the figures that a monitor reads.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Min, QuerySet, Sum

from briefing.dispatch.states import SENDING
from briefing.models import Dispatch, Fence, Unfolded
from subscribers.models import ConsentRecord, Outbox, SignupRequest

SIGNUPS, MAILS, ISSUES, SEALS = "signups", "mails", "issues", "seals"


def oldest() -> Mapping[str, datetime | None]:
    """Return when the oldest undone piece of each kind of work became due; None where none waits."""
    return {work: ask() for work, ask in _ASKED.items()}


def reports() -> int:
    """Return how many reports of providers are kept and not folded yet."""
    return Unfolded.objects.aggregate(all=Sum("size"))["all"] or 0


def _oldest_signup() -> datetime | None:
    received = SignupRequest.objects.filter(state=SignupRequest.State.RECEIVED)
    return _earliest(received, "created_at")


def _oldest_mail() -> datetime | None:
    waiting = Outbox.objects.filter(state__in=[Outbox.State.OWED, Outbox.State.LEAVING])
    return _earliest(waiting, "next_at")


def _last_claim() -> datetime | None:
    """Return when a worker last claimed something, while there is something to claim."""
    started = _earliest(Dispatch.objects.filter(state__in=SENDING), "started_at")
    if started is None:
        return None
    claimed = _earliest(Fence.objects.filter(heartbeat_at__gt=started), "heartbeat_at")
    return claimed or started


def _oldest_unsealed() -> datetime | None:
    """Look at the newest records only: what is older was sealed, or the seals' own check says so."""
    newest = ConsentRecord.objects.order_by("-pk").values("pk")[:500]
    unsealed = ConsentRecord.objects.filter(
        pk__in=list(newest.values_list("pk", flat=True)), leaf=None
    )
    return _earliest(unsealed, "at")


def _earliest(rows: "QuerySet[Any]", field: str) -> datetime | None:
    earliest: datetime | None = rows.aggregate(at=Min(field))["at"]
    return earliest


_ASKED: Mapping[str, Callable[[], datetime | None]] = {
    SIGNUPS: _oldest_signup,
    MAILS: _oldest_mail,
    ISSUES: _last_claim,
    SEALS: _oldest_unsealed,
}
