"""Suppressions of very many addresses at once: looked up, made, held still while readers are written.

Before it: an import. After it: `suppression`, through which everything goes that concerns a reader.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from subscribers import address, bulk, departures, suppression
from subscribers.models import Subscriber, Suppression
from subscribers.suppression import Reason

# An address, normalised, and a reason that stands, or stood, against it.
Bar = tuple[str, str]
# Addresses, each with its hash under every key.
KnownBy = Mapping[str, Sequence[bytes]]

_NOTED_AT_ONCE = 1000


class ErasedError(LookupError):
    """A reader who was looked up has been erased since, and must not be given anything."""


def standing(known_by: KnownBy) -> set[str]:
    """Return those of the addresses that must not be written to."""
    return set(_found(known_by, also="lifted_at IS NULL"))


def ever(known_by: KnownBy) -> dict[str, dict[str, bool]]:
    """Return by which reasons each address was ever suppressed, and whether they still stand."""
    return _found(known_by, also="TRUE")


def suppress(bars: Iterable[Bar], *, now: datetime, note: str) -> None:
    """Do what `suppression.suppress` does for very many, of whom hardly any reads here."""
    bars = list(bars)
    known_by = address.hashes_of_many(key for key, _reason in bars)
    known = ever(known_by).keys() | _reading(known_by)
    for key, reason in bars:
        if key in known:
            suppression.suppress(key, Reason(reason), now=now, note=note)
    _insert(
        [
            Suppression(
                address_hash=known_by[key][0],
                hash_key_id=address.hash_key_id(),
                reason=reason,
                note=note,
                at=now,
            )
            for key, reason in bars
            if key not in known
        ]
    )


def hold() -> None:
    """Wait for whoever is being suppressed, and let nobody be until this transaction ends.

    Call it when readers are written who must not slip through. It waits for other transactions, so
    the caller's own must not have suppressed anybody.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {Suppression._meta.db_table} IN SHARE MODE")


def withhold(subscriber_ids: Sequence[int], *, now: datetime) -> None:
    """Withhold from readers, who have just been written, what stands against their addresses.

    Raises: ErasedError when one of them has no address any more.
    """
    if bulk.find(Subscriber, "id", by="id", values=subscriber_ids, also="address_key IS NULL"):
        raise ErasedError
    stands = (
        f"EXISTS (SELECT 1 FROM {Suppression._meta.db_table} AS bar "  # noqa: S608  a model's own name
        f"WHERE bar.address_hash = {Subscriber._meta.db_table}.address_hash "
        "AND bar.lifted_at IS NULL)"
    )
    found = bulk.find(Subscriber, "address_key", by="id", values=subscriber_ids, also=stands)
    for (key,) in found:
        for reason in suppression.reasons(key):
            suppression.suppress(key, reason, now=now)


def _found(known_by: KnownBy, *, also: str) -> dict[str, dict[str, bool]]:
    keys = {known: key for key, hashes in known_by.items() for known in hashes}
    columns = "address_hash, reason, lifted_at"
    rows = bulk.find(Suppression, columns, by="address_hash", values=list(keys), also=also)
    found: dict[str, dict[str, bool]] = {}
    for known, reason, lifted_at in rows:
        reasons = found.setdefault(keys[bytes(known)], {})
        reasons[reason] = reasons.get(reason, False) or lifted_at is None
    return found


def _reading(keys: Iterable[str]) -> set[str]:
    rows = bulk.find(Subscriber, "address_key", by="address_key", values=list(keys))
    return {key for (key,) in rows}


def _insert(rows: Sequence[Suppression]) -> None:
    acts = [
        departures.Mailbox(
            row.at, departures.SUPPRESSED, bytes(row.address_hash), row.reason, row.hash_key_id
        )
        for row in rows
    ]
    with transaction.atomic():
        # Whom somebody suppressed meanwhile is suppressed.
        Suppression.objects.bulk_create(rows, batch_size=_NOTED_AT_ONCE, ignore_conflicts=True)
        # A full disk must not keep anybody from being left alone: the database has it already.
        transaction.on_commit(lambda: departures.note(*acts), robust=True)
