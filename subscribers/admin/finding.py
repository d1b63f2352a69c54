"""Finds readers by what somebody types into a search field, using indexes only."""

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from subscribers import address, throttle

Row = TypeVar("Row", bound=Model)


def searched(
    rows: "QuerySet[Row]", typed: str, by: "Callable[[QuerySet[Row], str], QuerySet[Row]]"
) -> "QuerySet[Row]":
    """Return what `by` finds, and every row while nothing is typed: a list begins whole."""
    return by(rows, typed) if typed.strip() else rows


def matching_address(rows: "QuerySet[Row]", typed: str, *, prefix: str = "") -> "QuerySet[Row]":
    """Return the rows whose reader has this address, an address that begins so, or this @domain.

    `prefix` is the way from the row to the reader, such as "subscriber__".
    """
    typed = typed.strip().casefold()
    if not typed:
        return rows
    if typed.startswith("@"):
        return rows.filter(**{f"{prefix}domain": typed[1:]})
    try:
        return rows.filter(**{f"{prefix}address_key": address.parse(typed).key})
    except address.AddressRefusedError:
        # A range can use the index on both databases; LIKE cannot, on SQLite never and on
        # PostgreSQL only under the C collation.
        beginning: dict[str, Any] = {
            f"{prefix}address_key__gte": typed,
            f"{prefix}address_key__lt": typed + "\U0010ffff",
        }
        return rows.filter(**beginning).filter(**{f"{prefix}address_key__startswith": typed})


def matching_hash(rows: "QuerySet[Row]", typed: str) -> "QuerySet[Row]":
    """Return the rows that know this address by its keyed hash; nothing for half an address."""
    try:
        key = address.parse(typed).key
    except address.AddressRefusedError:
        return rows.none()
    return rows.filter(address_hash__in=address.hashes_under_all_keys(key))


def matching_mailbox(rows: "QuerySet[Row]", typed: str) -> "QuerySet[Row]":
    """Return the requests in the name of an address's mailbox, which are hashed by that."""
    try:
        key = address.parse(typed).key
    except address.AddressRefusedError:
        return rows.none()
    return rows.filter(address_hash__in=throttle.mailbox_hashes(key))


def matching_person(rows: "QuerySet[Row]", typed: str) -> "QuerySet[Row]":
    """Return the rows of the person with this ledger name."""
    try:
        return rows.filter(person=uuid.UUID(typed.strip()))
    except ValueError:
        return rows.none()
