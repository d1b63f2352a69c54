"""Which deliveries a provider is asked about: those of unknown fate, and those nobody reported on.

Before it: dispatch's rows. After it: answers.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, Sum

from briefing.dispatch import fate, resolving
from briefing.dispatch.outcome import ACCEPTED, UNKNOWN
from briefing.dispatch.progress import measure
from briefing.models import Delivery, Dispatch, EventCount
from briefing.providers.base import Inquiry
from subscribers.models import Subscriber

# An answer may still come by itself for so long; the site's policy waits longer.
UNKNOWN_AFTER = timedelta(minutes=5)
# By day it is asked for so long; at night again.
_ASKED_FOR = timedelta(hours=6)
# Most providers keep what they did for at least so long.
KEPT_FOR = timedelta(days=9)
# A receiving server that defers is tried again for a day or two, and the report comes behind that.
SILENT_AFTER = timedelta(hours=48)
# A dispatch of which less was reported has no webhook: asking a million times is no way to mend it.
_REPORTED_SHARE = 0.5
_REPORTED_AT_LEAST = 50
_AT_ONCE = 200

Place = tuple[int, int]  # dispatch, reader


def unknown(*, now: datetime, again: bool, behind: Place) -> Iterator[Inquiry]:
    """Yield deliveries of unknown fate by their keys. Those asked about in vain only `again`."""
    rows = Delivery.objects.filter(
        Q(next_at=None) | Q(next_at__lt=now),
        outcome=UNKNOWN,
        at__lt=now - UNKNOWN_AFTER,
        at__gt=now - KEPT_FOR,
    )
    if not again:
        rows = rows.filter(Q(code=None) | ~Q(code__startswith=resolving.NOT_FOUND))
        rows = rows.filter(at__gt=now - _ASKED_FOR)
    yield from _inquiries(rows, behind=behind)


def silent(*, now: datetime, behind: Place) -> Iterator[Inquiry]:
    """Yield deliveries accepted long ago of which nothing was heard, in the order of their keys."""
    rows = Delivery.objects.filter(
        dispatch_id__in=[each for each in _old_enough(now=now) if is_reported(each)],
        outcome=ACCEPTED,
        fate=0,
        at__lt=now - SILENT_AFTER,
        at__gt=now - KEPT_FOR,
    )
    yield from _inquiries(rows, behind=behind)


def unreported(*, now: datetime) -> list[int]:
    """Return the dispatches of which hardly anything was reported."""
    return [each for each in _old_enough(now=now) if not is_reported(each)]


def is_reported(dispatch_id: int) -> bool:
    """Whether enough came back of a dispatch to believe that its reports reach us at all."""
    accepted = measure(dispatch_id).by_outcome["accepted"]
    kinds = (fate.DELIVERED, fate.HARD_BOUNCED, fate.SOFT_BOUNCED, fate.BLOCKED)
    counts = EventCount.objects.filter(dispatch_id=dispatch_id, kind__in=kinds, link=-1)
    heard = counts.aggregate(all=Sum("number"))["all"] or 0
    return bool(accepted < _REPORTED_AT_LEAST or heard >= accepted * _REPORTED_SHARE)


def _old_enough(*, now: datetime) -> list[int]:
    # A dispatch may run for days; its deliveries' own times say the rest.
    rows = Dispatch.objects.filter(started_at__lt=now - SILENT_AFTER, started_at__gt=now - KEPT_FOR)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _inquiries(rows: "QuerySet[Delivery]", *, behind: Place) -> Iterator[Inquiry]:
    """Walk over deliveries by their keys; whoever has no address any more is left out."""
    rows = rows.order_by("dispatch_id", "subscriber_id")
    while some := list(rows.filter(_behind(behind))[:_AT_ONCE]):
        readers = Subscriber.objects.filter(pk__in=[row.subscriber_id for row in some])
        addresses = dict(readers.exclude(address_key=None).values_list("pk", "address"))
        domains = _domains(row.dispatch_id for row in some)
        for row in some:
            if typed := addresses.get(row.subscriber_id):
                yield Inquiry(
                    dispatch_id=row.dispatch_id,
                    subscriber_id=row.subscriber_id,
                    address=typed,
                    domain=domains[row.dispatch_id],
                    at=row.at,
                    message_id=row.reference,
                )
        behind = (some[-1].dispatch_id, some[-1].subscriber_id)


def _behind(place: Place) -> Q:
    dispatch, reader = place
    return Q(dispatch_id__gt=dispatch) | Q(dispatch_id=dispatch, subscriber_id__gt=reader)


def _domains(dispatches: Iterable[int]) -> dict[int, str]:
    """Return the domain that each dispatch was sent from."""
    rows = Dispatch.objects.filter(pk__in=set(dispatches))
    pairs: Sequence[tuple[int, str]] = list(
        rows.values_list("pk", "issue__newsletter__from_address")
    )
    return {pk: typed.rpartition("@")[2] for pk, typed in pairs}
