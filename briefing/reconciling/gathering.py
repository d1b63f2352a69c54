"""Reads a provider's suppression lists to their ends, part by part, and keeps what is about readers.

Before it: providers. After it: comparing, once all of it is here. Of people we do not know nothing is
kept but their number.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from briefing.models import ListedReader, Reconciliation
from briefing.providers.base import Ask, AskError, Desk, Listed, Page
from briefing.tracking.record import code_of
from subscribers import address
from subscribers.models import Subscriber

State = Reconciliation.State


def read(one: Reconciliation, desk: Desk, ask: Ask) -> None:
    """Read on from where the row says, and leave it there after each part.

    Raises: AskError and its kin. What was read before that stays, and nothing else was changed.
    """
    names = list(desk.lists(ask))
    if one.list_name and one.list_name not in names:
        raise AskError("the list it was reading is not there any more")
    for name in names[names.index(one.list_name) if one.list_name else 0 :]:
        _read_list(one, desk, ask, name)


def _read_list(one: Reconciliation, desk: Desk, ask: Ask, name: str) -> None:
    cursor: str | None = one.cursor if one.list_name == name else ""
    while cursor is not None:
        page = desk.page(ask, name, cursor)
        if page.following == cursor:
            raise AskError("a list that goes in circles")
        _keep(one, page, name=name)
        cursor = page.following


@transaction.atomic
def _keep(one: Reconciliation, page: Page, *, name: str) -> None:
    """Keep one part and move on, in one transaction: a part is read again, or it is behind us.

    At the end of a list the cursor stays: reading its last part again changes nothing.
    """
    found = _readers(page.entries)
    ListedReader.objects.bulk_create(
        [_row(one, reader, entry) for reader, entry in found],
        batch_size=1000,
        ignore_conflicts=True,
    )
    one.list_name = name
    one.cursor = page.following if page.following is not None else one.cursor
    Reconciliation.objects.filter(pk=one.pk, state=State.GATHERING).update(
        list_name=one.list_name,
        cursor=one.cursor,
        listed=F("listed") + len(page.entries),
        strangers=F("strangers") + len(page.entries) - len(found),
    )


def _readers(entries: Sequence[Listed]) -> list[tuple[int, Listed]]:
    """Return the entries that are about readers of ours, with their numbers."""
    keys = [_key(entry.address) for entry in entries]
    rows = Subscriber.objects.filter(address_key__in=filter(None, keys))
    known = dict(rows.values_list("address_key", "pk"))
    pairs = zip(keys, entries, strict=True)
    return [(known[key], entry) for key, entry in pairs if key in known]


def _key(typed: str) -> str | None:
    try:
        return address.parse(typed).key
    except address.AddressRefusedError:
        # Nobody with such an address can have signed up.
        return None


def _row(one: Reconciliation, reader: int, entry: Listed) -> ListedReader:
    at: datetime | None = entry.at
    return ListedReader(
        reconciliation=one, subscriber_id=reader, why=entry.why, at=at, said=code_of([entry.said])
    )
