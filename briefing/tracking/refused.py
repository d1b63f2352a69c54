"""What a refusal at handing over means for its reader: just what a bounce would.

A mail server may say at once that there is no such mailbox.

Before it: a dispatch that has ended. After it: consequences, by the same rules as if the copy had been
taken and come back. No event is written: the delivery's own row tells it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from briefing.dispatch.outcome import REJECTED
from briefing.dispatch.progress import measure
from briefing.models import Delivery, Dispatch, Event
from briefing.tracking import consequences
from briefing.tracking.provider import OF_BOUNCE
from briefing.tracking.rows import Told
from briefing.tracking.verdicts import Bounce, enhanced, of_bounce
from subscribers.models import Subscription

Kind = Event.Kind

# So old a dispatch may be for the night to look at it again.
_LOOKED_AT_FOR = timedelta(days=2)
_AT_ONCE = 1000


def draw(dispatch_id: int, *, now: datetime) -> int:
    """Do what a dispatch's refusals mean; return how many said something of their readers.

    Safe to run twice: whoever is withheld already is left out, and who proved the mailbox since is
    not held to it.
    """
    if not measure(dispatch_id).by_outcome["rejected"]:
        return 0
    told = list(_told(dispatch_id))
    consequences.draw(told, now=now)
    return len(told)


def draw_lately(*, now: datetime) -> int:
    """Do the same for dispatches of the last days: a worker may have died at the end of one."""
    begun = Dispatch.objects.filter(started_at__gt=now - _LOOKED_AT_FOR).order_by("pk")
    return sum(draw(pk, now=now) for pk in begun.values_list("pk", flat=True))


def kind_of(code: str) -> Event.Kind | None:
    """Return what a refusal is a report of; nothing when it may be our fault or only once.

    Unlike a bounce it has not been tried for days, so that what is not clear counts for nothing.
    """
    bounce = of_bounce("", code)
    return OF_BOUNCE[bounce] if enhanced(code) and bounce is not Bounce.SOFT else None


def _told(dispatch_id: int) -> Iterator[Told]:
    written_to = Subscription.objects.filter(state=Subscription.State.ACTIVE, withheld="")
    rows = Delivery.objects.filter(dispatch_id=dispatch_id, outcome=REJECTED).exclude(code=None)
    rows = rows.filter(subscriber_id__in=written_to.values("subscriber_id"))
    found = rows.order_by("subscriber_id").values_list("subscriber_id", "code")
    for reader, code in found.iterator(chunk_size=_AT_ONCE):
        if kind := kind_of(code or ""):
            yield Told("dispatch", kind, dispatch_id, reader, code or "")
