"""Seals the consent ledger: hashes unsealed records into a Merkle root chained to the seal before.

Writers never wait for it: a record is written first (`consent.record`) and sealed seconds later.
`verify` walks the whole chain and names the first thing that does not fit.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet

from subscribers import consent, merkle
from subscribers.models import ConsentContext, ConsentLeaf, ConsentRecord, ConsentSeal

GENESIS = bytes(32)
_RECORDS_PER_SEAL = 10_000
# Ids may commit out of order, but never as far apart as this: looking further back at every seal
# would walk the whole ledger every few seconds. `seal_all` does walk it.
_LOOK_BACK = 50_000


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk over the ledger found. `broken` says where it first does not fit, in a sentence."""

    seals: int
    records: int
    unsealed: int
    head: str
    broken: str = ""


class _BrokenError(Exception):
    """The first thing that does not fit."""


def seal(*, now: datetime) -> int:
    """Seal what was recorded lately; return how many records. Two sealers at once: one wins."""
    highest = ConsentLeaf.objects.aggregate(highest=Max("record_id"))["highest"] or 0
    return _seal(Q(pk__gt=highest - _LOOK_BACK), now=now)


def seal_all(*, now: datetime) -> int:
    """Seal every record that has no seal, however old; return how many."""
    total = 0
    while sealed := _seal(Q(), now=now):
        total += sealed
    return total


def verify(*, published_head: str = "") -> Verification:
    """Check every record, wording, context and seal, oldest first, and stop at the first misfit.

    `published_head` is a seal's hash noted elsewhere: it must still be in the chain, which shows
    that nobody cut the chain's end off and sealed it anew.
    """
    seals, records, head = 0, 0, GENESIS
    heads = {GENESIS.hex()}
    broken = ""
    try:
        for row in ConsentSeal.objects.order_by("pk").iterator():
            records += _check_seal(row, previous=head)
            seals += 1
            head = bytes(row.sha256)
            heads.add(head.hex())
        _check_published(published_head, heads)
        _check_each(_with_their_own(ConsentRecord.objects.filter(leaf=None)).iterator())
    except _BrokenError as error:
        broken = str(error)
    unsealed = ConsentRecord.objects.filter(leaf=None).count()
    return Verification(
        seals=seals, records=records, unsealed=unsealed, head=head.hex(), broken=broken
    )


def misfits(rows: Iterable[ConsentRecord]) -> dict[int, str]:
    """Return what does not fit, by record: itself, its wording, its context, or anything in its seal.

    Checks each seal that holds one of them as a whole, and that it follows the seal before it; the
    whole chain is `verify`'s.
    """
    of_seals: dict[int, str] = {}
    found = {}
    for row in rows:
        seal_id = row.leaf.seal_id if hasattr(row, "leaf") else 0
        if seal_id and seal_id not in of_seals:
            of_seals[seal_id] = _told(_check_seal, row.leaf.seal, previous=_before(seal_id))
        if wrong := _told(_check_record, row) or of_seals.get(seal_id, ""):
            found[row.pk] = wrong
    return found


def receipt(row: ConsentRecord) -> dict[str, Any]:
    """Return what a record says with the proof that it is sealed, or without one for now.

    How to check it: SHA-256 of `statement` as JSON with sorted keys and no spaces is `sha256`;
    from there the steps of the proof lead to `root` (RFC 9162, section 2.1).
    """
    told: dict[str, Any] = {"statement": consent.statement(row), "sha256": bytes(row.sha256).hex()}
    leaf = getattr(row, "leaf", None)
    if leaf is None:
        return told | {"seal": None}
    hashes = [bytes(value) for value in _sealed(leaf.seal).values_list("record__sha256", flat=True)]
    steps = merkle.proof(hashes, leaf.position)
    return told | {
        "seal": public_head(leaf.seal) | {"position": leaf.position},
        "proof": [{"sibling": step.sibling.hex(), "side": step.side} for step in steps],
    }


def public_head(row: ConsentSeal) -> dict[str, Any]:
    """Return what is public of a seal."""
    return {
        "number": row.pk,
        "sha256": bytes(row.sha256).hex(),
        "previous": bytes(row.previous).hex(),
        "root": bytes(row.root).hex(),
        "records": row.records,
        "sealed_at": row.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }


def _seal(recent: Q, *, now: datetime) -> int:
    rows = list(
        ConsentRecord.objects.filter(recent, leaf=None)
        .order_by("pk")
        .values_list("pk", "sha256")[:_RECORDS_PER_SEAL]
    )
    if not rows:
        return 0
    last = ConsentSeal.objects.order_by("-pk").first()
    previous = bytes(last.sha256) if last else GENESIS
    root = merkle.root([bytes(sha256) for _, sha256 in rows])
    try:
        with transaction.atomic():
            row = ConsentSeal.objects.create(
                root=root,
                previous=previous,
                sha256=_seal_hash(previous, root, len(rows), now),
                records=len(rows),
                sealed_at=now,
            )
            ConsentLeaf.objects.bulk_create(
                [
                    ConsentLeaf(record_id=pk, seal=row, position=position)
                    for position, (pk, _) in enumerate(rows)
                ],
                batch_size=1000,
            )
    except IntegrityError:
        # Another sealer extended the same seal first; its seal holds what this one would have held.
        return 0
    return len(rows)


def _seal_hash(previous: bytes, root: bytes, records: int, sealed_at: datetime) -> bytes:
    moment = sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(previous + root + f"{records} {moment}".encode()).digest()


def _check_seal(row: ConsentSeal, *, previous: bytes) -> int:
    if bytes(row.previous) != previous:
        raise _BrokenError(f"Seal {row.pk} does not follow the seal before it.")
    if bytes(row.sha256) != _seal_hash(previous, bytes(row.root), row.records, row.sealed_at):
        raise _BrokenError(f"Seal {row.pk} was altered.")
    hashes = []
    for leaf in (
        _sealed(row).select_related("record", "record__notice", "record__context").iterator()
    ):
        _check_record(leaf.record)
        hashes.append(bytes(leaf.record.sha256))
    if len(hashes) != row.records:
        raise _BrokenError(f"Seal {row.pk} covers {row.records} records, {len(hashes)} are there.")
    if merkle.root(hashes) != bytes(row.root):
        raise _BrokenError(f"Seal {row.pk} does not fit its records.")
    return len(hashes)


def _before(seal_id: int) -> bytes:
    last = ConsentSeal.objects.filter(pk__lt=seal_id).order_by("-pk").first()
    return bytes(last.sha256) if last else GENESIS


def _told(check: Callable[..., object], *about: object, **more: object) -> str:
    try:
        check(*about, **more)
    except _BrokenError as error:
        return str(error)
    return ""


def _check_published(head: str, heads: set[str]) -> None:
    if head and head not in heads:
        raise _BrokenError(f"The published head {head} is not in the chain.")


def _check_each(rows: Iterable[ConsentRecord]) -> None:
    for row in rows:
        _check_record(row)


def _check_record(row: ConsentRecord) -> None:
    notice = row.notice
    if notice and hashlib.sha256(notice.text.encode()).hexdigest() != notice.sha256:
        raise _BrokenError(f"Record {row.pk} was shown notice {notice.pk}, whose text was altered.")
    if consent.record_hash(row) != bytes(row.sha256):
        raise _BrokenError(f"Record {row.pk} was altered.")
    context = getattr(row, "context", None)
    # A context whose time is over is gone, and the record stands without it.
    if context and not _proves(context, row):
        raise _BrokenError(f"Record {row.pk} has a context that was altered.")


def _proves(context: ConsentContext, row: ConsentRecord) -> bool:
    mac = consent.context_mac(bytes(context.salt), ip=context.ip, user_agent=context.user_agent)
    return mac == bytes(row.context_mac)


def _sealed(row: ConsentSeal) -> QuerySet[ConsentLeaf]:
    return ConsentLeaf.objects.filter(seal=row).order_by("position")


def _with_their_own(rows: QuerySet[ConsentRecord]) -> QuerySet[ConsentRecord]:
    return rows.select_related("notice", "context").order_by("pk")
