"""Carries out again, in a restored database, who left and who was erased since its backup.

Before it: `departures`, a file that no restore takes back. After it: a database that may send.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from subscribers import departures, privacy, unsubscribe
from subscribers.consent import Origin
from subscribers.models import ConsentRecord, Subscriber, Subscription

_SLICE = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many were erased again, and how many subscriptions ended again."""

    erased: int
    left: int


def replay(*, now: datetime) -> Replayed:
    """Erase and unsubscribe again whom this database does not know to be gone.

    Safe to run at any time, because an act is only repeated where nothing later undid it.
    """
    erased: set[UUID] = set()
    last: dict[tuple[UUID, int], departures.Act] = {}
    for act in departures.read():
        if act.act == ConsentRecord.Act.ERASED:
            erased.add(act.person)
        elif act.newsletter_id is not None:
            last[act.person, act.newsletter_id] = act
    left = {key: act for key, act in last.items() if act.act == ConsentRecord.Act.WITHDRAWN}
    return Replayed(erased=_erase(erased, now=now), left=_leave(left, now=now))


def _erase(people: set[UUID], *, now: datetime) -> int:
    number = 0
    for some in _slices(people):
        for reader in Subscriber.objects.filter(person__in=some, erased_at=None):
            number += privacy.erase(reader.address_key or "", now=now)
    return number


def _leave(left: dict[tuple[UUID, int], departures.Act], *, now: datetime) -> int:
    number = 0
    for some in _slices({person for person, _newsletter in left}):
        rows = Subscription.objects.filter(
            subscriber__person__in=some, state=Subscription.State.ACTIVE
        ).select_related("subscriber")
        for row in rows:
            act = left.get((row.subscriber.person, row.newsletter_id))
            # Whoever confirmed after they had left is here because they want to be.
            if act and row.confirmed_at < act.at:
                unsubscribe.one_click(
                    row.subscriber_id, row.newsletter_id, origin=Origin(form="restore"), now=now
                )
                number += 1
    return number


def _slices(people: set[UUID]) -> list[list[UUID]]:
    ordered = sorted(people)
    return [ordered[start : start + _SLICE] for start in range(0, len(ordered), _SLICE)]
