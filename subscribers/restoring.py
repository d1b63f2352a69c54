"""Carries out again, in a restored database, who left, was erased or suppressed since its backup.

Before it: `departures`, a file that no restore takes back. After it: a database that may send.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from subscribers import address, departures, privacy, suppression, unsubscribe
from subscribers.consent import Origin
from subscribers.models import ConsentRecord, SignupRequest, Subscriber, Subscription, Suppression

_SLICE = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many were erased again, how many subscriptions ended, how many mailboxes were suppressed."""

    erased: int
    left: int
    suppressed: int = 0


def replay(*, now: datetime) -> Replayed:
    """Erase, unsubscribe and suppress again whom this database does not know to be gone.

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
    return Replayed(
        erased=_erase(erased, now=now), left=_leave(left, now=now), suppressed=_suppress(now=now)
    )


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


def _suppress(*, now: datetime) -> int:
    """Suppress again by hash; who has the address here is withheld, or erased where that was why."""
    forgotten = _forgotten()
    for key in _addresses() if forgotten else ():
        for address_hash in address.hashes_under_all_keys(key):
            for reason in Suppression.Reason:
                act = forgotten.get((address_hash, reason))
                if act and reason == Suppression.Reason.ERASED:
                    privacy.erase(key, now=now)
                elif act:
                    suppression.suppress(key, reason, now=act.at)
    for act in forgotten.values():
        reason = Suppression.Reason(act.reason)
        suppression.suppress_hash(act.address_hash, act.hash_key_id, reason, now=act.at)
    return len(forgotten)


def _forgotten() -> dict[tuple[bytes, str], departures.Mailbox]:
    """Return what was suppressed and not lifted since, as the file has it, and no row here knows."""
    last = {(act.address_hash, act.reason): act for act in departures.mailboxes()}
    standing = {
        key: act
        for key, act in last.items()
        if act.act == departures.SUPPRESSED and act.reason in Suppression.Reason.values
    }
    known = Suppression.objects.values_list("address_hash", "reason", "lifted_at")
    for address_hash, reason, lifted_at in known.iterator() if standing else ():
        act = standing.get((bytes(address_hash), reason))
        if act and (lifted_at is None or lifted_at >= act.at):
            del standing[act.address_hash, act.reason]
    return standing


def _addresses() -> Iterator[str]:
    """Yield the address of every reader, and of whoever only asked."""
    readers = Subscriber.objects.exclude(address_key=None).values_list("address_key", flat=True)
    yield from (key or "" for key in readers.iterator())
    asked = SignupRequest.objects.exclude(address_key="").values_list("address_key", flat=True)
    yield from set(asked)


def _slices(people: set[UUID]) -> list[list[UUID]]:
    ordered = sorted(people)
    return [ordered[start : start + _SLICE] for start in range(0, len(ordered), _SLICE)]
