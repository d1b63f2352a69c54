"""Whether the machinery runs, told from the traces that it leaves in the database.

A process that says it is well proves little; work that is done in time proves it. Each line looks
for the oldest piece of work that should have been done by now.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing.dispatch.states import SENDING
from briefing.models import Dispatch, Fence
from subscribers.models import ConsentRecord, Outbox, SignupRequest

# Each kind of work is looked after at least every 15 seconds; this is several times as long.
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Beat:
    """One kind of work. `since` is when the oldest undone piece became due, if it is late."""

    name: str | Promise
    since: datetime | None


def read(*, now: datetime) -> list[Beat]:
    """Return every kind of work, late or in time."""
    return [
        Beat(_("Signups are answered"), _late(_oldest_signup(), now)),
        Beat(_("Confirmations and welcomes leave"), _late(_oldest_mail(), now)),
        Beat(_("Issues go out"), _late(_last_claim(), now)),
        Beat(_("Consent is sealed"), _late(_oldest_unsealed(), now)),
    ]


def _late(due: datetime | None, now: datetime) -> datetime | None:
    return due if due is not None and due < now - PATIENCE else None


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
