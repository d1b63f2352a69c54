"""The consent ledger: publishes the wordings people are shown, records each act, shows the receipt.

Every act of a person passes through here once, from signup to erasure; `sealing` comes after it.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from subscribers import departures, lately
from subscribers.models import ConsentContext, ConsentNotice, ConsentRecord

SALT_BYTES = 16
_MOST_A_DAY = 20
# What a restored backup must be told again, and what undoes it.
_JOURNALLED = {
    ConsentRecord.Act.WITHDRAWN,
    ConsentRecord.Act.ERASED,
    ConsentRecord.Act.CONFIRMED,
}


class NoticeMissingError(LookupError):
    """No wording of this kind is published, so nobody can be asked for consent."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"No “{kind}” notice is published. Put {kind}-1.md into a folder and run "
            "manage.py load_notices FOLDER."
        )
        self.kind = kind


class NoticeChangedError(ValueError):
    """A version that was published with another text: a new wording needs a new version."""

    def __init__(self, kind: str, version: int, locale: str) -> None:
        super().__init__(
            f"{kind} {version} ({locale}) is already published with another text. "
            f"Name the new wording {kind}-{version + 1}."
        )
        self.kind, self.version, self.locale = kind, version, locale


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act came from: the page and form, what was shown there, and who asked.

    `ip` is already shortened (/24, /48); it and the user agent go into the deletable context.
    """

    notice: ConsentNotice | None = None
    page: str = ""
    form: str = ""
    locale: str = ""
    ip: str = ""
    user_agent: str = ""


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of one person, about to be recorded."""

    person: UUID
    act: ConsentRecord.Act
    at: datetime
    newsletter_id: int | None = None
    origin: Origin = NOWHERE
    basis: str = ""


def record(entry: Entry) -> ConsentRecord:
    """Write one act into the ledger, with its context beside it."""
    salt = secrets.token_bytes(SALT_BYTES)
    origin = entry.origin
    row = ConsentRecord(
        person=entry.person,
        newsletter_id=entry.newsletter_id,
        act=entry.act,
        notice=origin.notice,
        page=origin.page[:300],
        form=origin.form[:40],
        locale=origin.locale[:10],
        basis=entry.basis[:300],
        at=entry.at,
    )
    agent = origin.user_agent[:300]
    row.context_mac = context_mac(salt, ip=origin.ip, user_agent=agent)
    row.sha256 = record_hash(row)
    with transaction.atomic():
        row.save(force_insert=True)
        ConsentContext.objects.create(
            record=row, ip=origin.ip, user_agent=agent, salt=salt, created_at=entry.at
        )
        if entry.act in _JOURNALLED:
            act = departures.Act(entry.at, str(entry.act), entry.person, entry.newsletter_id)
            # A full disk must not keep anybody from leaving: the database has it already.
            transaction.on_commit(lambda: departures.note(act), robust=True)
    return row


def context_mac(salt: bytes, *, ip: str, user_agent: str) -> bytes:
    """Return what a record keeps of its context: useless without the salt, proof together with it."""
    return hmac.digest(salt, canonical({"ip": ip, "user_agent": user_agent}), "sha256")


def record_hash(row: ConsentRecord) -> bytes:
    """Return the hash over everything a record says, and over the wording it points at."""
    return hashlib.sha256(canonical(statement(row))).digest()


def hashes_like(row: ConsentRecord) -> Callable[[str, str], bytes]:
    """Return `record_hash` for records that say the same of other persons, for very many at once.

    Takes a person, as UUIDs are written, small letters with hyphens, and the basis of each.
    """
    row.basis = str(uuid4())
    before, rest = canonical(statement(row)).split(row.basis.encode())
    between, after = rest.split(str(row.person).encode())
    bases: dict[str, bytes] = {}

    def hash_of(person: str, basis: str) -> bytes:
        begun = bases.get(basis)
        if begun is None:
            begun = bases[basis] = before + canonical(basis)[1:-1] + between
        return hashlib.sha256(begun + person.encode() + after).digest()

    return hash_of


def statement(row: ConsentRecord) -> dict[str, Any]:
    """Return what a record says, in the form that is hashed: anyone can check it without us."""
    notice = row.notice
    return {
        "form_of_record": 1,
        "person": str(row.person),
        "newsletter": row.newsletter_id,
        "act": str(row.act),
        "notice": [notice.kind, notice.version, notice.locale, notice.sha256] if notice else None,
        "page": row.page,
        "form": row.form,
        "locale": row.locale,
        "basis": row.basis,
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "context_mac": bytes(row.context_mac).hex(),
    }


def publish_notice(
    kind: str, *, version: int, locale: str, text: str, now: datetime
) -> ConsentNotice:
    """Keep one version of a wording for ever. The same text again changes nothing.

    Raises: NoticeChangedError when this version exists with another text.
    """
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    try:
        with transaction.atomic():
            return ConsentNotice.objects.create(
                kind=kind,
                version=version,
                locale=locale,
                text=text,
                sha256=sha256,
                published_at=now,
            )
    except IntegrityError:
        notice = ConsentNotice.objects.get(kind=kind, version=version, locale=locale)
        if notice.sha256 != sha256:
            raise NoticeChangedError(kind, version, locale) from None
        return notice


def publish_next(kind: str, *, locale: str, text: str, now: datetime) -> ConsentNotice:
    """Publish a new wording under the next number; the same text as the newest changes nothing."""
    newest = ConsentNotice.objects.filter(kind=kind, locale=locale).order_by("-version").first()
    if newest and newest.text == text:
        return newest
    version = newest.version + 1 if newest else 1
    return publish_notice(kind, version=version, locale=locale, text=text, now=now)


def current_notice(kind: str, *, locale: str) -> ConsentNotice:
    """Return the newest wording in the reader's language, else in English, else in any.

    A new one counts within a second of its publication. Raises: NoticeMissingError.
    """
    return lately.recall(("notice", kind, locale), lambda: _newest_notice(kind, locale))


def _newest_notice(kind: str, locale: str) -> ConsentNotice:
    newest = ConsentNotice.objects.filter(kind=kind).order_by("-version")
    notice = (
        newest.filter(locale=locale).first() or newest.filter(locale="en").first() or newest.first()
    )
    if notice is None:
        raise NoticeMissingError(kind)
    return notice


def history(person: UUID) -> Iterator[ConsentRecord]:
    """Yield a person's acts, oldest first, each with its wording, context and seal at hand."""
    yield from (
        ConsentRecord.objects.filter(person=person)
        .select_related("notice", "context", "leaf__seal")
        .order_by("id")
    )


def forget_contexts(people: Iterable[UUID]) -> None:
    """Delete where the acts of these persons came from; their records stand without it."""
    ConsentContext.objects.filter(record__person__in=list(people)).delete()


def is_often(person: UUID, *, form: str, now: datetime) -> bool:
    """Whether a person has done by one form what nobody does so often in a day.

    A record is kept for ever, so a program behind a reader's link must not write them without end.
    Never ask it before a withdrawal.
    """
    today = ConsentRecord.objects.filter(person=person, form=form, at__gt=now - timedelta(days=1))
    return today.count() >= _MOST_A_DAY


def latest_origin(person: UUID, *, newsletter_id: int) -> Origin:
    """Return the wording a person last confirmed under, for acts that build on that consent."""
    row = (
        ConsentRecord.objects.filter(
            person=person, newsletter_id=newsletter_id, act=ConsentRecord.Act.CONFIRMED
        )
        .select_related("notice")
        .order_by("-id")
        .first()
    )
    return Origin(notice=row.notice, locale=row.locale) if row else NOWHERE


def canonical(value: Any) -> bytes:
    """JSON with one spelling only: sorted keys, no spaces, UTF-8 (in the spirit of RFC 8785)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
