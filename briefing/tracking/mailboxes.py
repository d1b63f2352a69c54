"""Whose mailbox a report speaks of: the one its copy went to, which its reader may have left since.

Before it: consequences, with reports that name readers. After it: subscribers.suppression, by address.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from briefing.dispatch.results import copy_key
from briefing.models import Delivery
from subscribers import address, moving
from subscribers.models import Subscriber

# Whose copy of what; without a dispatch it was a mail to one person.
Place = tuple[int | None, int]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where a copy went, and when. Without `key` nobody knows any more which address it was."""

    key: str
    handed_over_at: datetime | None = None


def of(places: Collection[Place]) -> dict[Place, Mailbox]:
    """Return the mailbox of each copy. Who is erased has none, and erasure has suppressed it."""
    keys = present({reader for _dispatch, reader in places})
    copies = _copies(places)
    found = {}
    for dispatch, reader in places:
        key, copy = keys.get(reader, ""), copies.get((dispatch, reader))
        if copy is None:
            found[dispatch, reader] = Mailbox(key)
        elif not key or is_to(key, dispatch or 0, copy.address):
            found[dispatch, reader] = Mailbox(key, copy.at)
        else:
            found[dispatch, reader] = Mailbox(_former(copy), copy.at)
    return found


def present(readers: Collection[int]) -> dict[int, str]:
    """Return the key of each reader's address as it is now."""
    rows = Subscriber.objects.filter(pk__in=readers).exclude(address_key=None)
    return {reader: key or "" for reader, key in rows.values_list("pk", "address_key")}


def is_to(key: str, dispatch_id: int, copy: int | None) -> bool:
    """Whether a delivery's number stands for a copy to this address. Without one it is believed."""
    hashes = address.hashes_under_all_keys(key)
    return copy is None or copy in {copy_key(dispatch_id, each) for each in hashes}


def _copies(places: Iterable[Place]) -> dict[Place, Delivery]:
    readers: defaultdict[int, set[int]] = defaultdict(set)
    for dispatch, reader in places:
        if dispatch is not None:
            readers[dispatch].add(reader)
    return {
        (row.dispatch_id, row.subscriber_id): row
        for dispatch, those in readers.items()
        for row in Delivery.objects.filter(dispatch_id=dispatch, subscriber_id__in=those)
    }


def _former(copy: Delivery) -> str:
    """Return the address that a reader has moved away from, while the change can be taken back."""
    known = moving.addresses_of(copy.subscriber_id)
    return next((key for key in known if is_to(key, copy.dispatch_id, copy.address)), "")
