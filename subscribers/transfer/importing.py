"""Brings readers over from another list, with what they agreed to, and never against a withdrawal.

Before it: `reading`. After it: the audience. An import lifts no suppression and brings nobody back
who left here; whoever had left there, or never confirmed, is not taken over at all.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from subscribers import address, bulk, consent, suppression, tally
from subscribers.models import (
    ConsentContext,
    ConsentRecord,
    Newsletter,
    Subscriber,
    Subscription,
    Suppression,
)
from subscribers.suppression import Reason
from subscribers.transfer.columns import Standing
from subscribers.transfer.reading import Person, Refused

# In one transaction: an interrupted import has lost nothing, and goes on when it is begun again.
_PORTION = 5_000
_TRIES = 3
_FORM = "import"
# What stands against an address there stands against it here.
_REASONS = {
    Standing.BOUNCED: Reason.HARD_BOUNCE,
    Standing.COMPLAINED: Reason.COMPLAINT,
    Standing.BARRED: Reason.MANUAL,
}
_ACTIVE = Subscription.State.ACTIVE.value
_SUBSCRIBER = (
    "id person address address_key address_hash hash_key_id domain name locale time_zone format "
    "tracking_allowed attributes created_at".split()
)
_SUBSCRIPTION = (
    "subscriber_id newsletter_id state withheld frequency confirmed_at unsubscribe_reason "
    "source".split()
)
_RECORD = "id person act newsletter_id page form locale basis at context_mac sha256".split()
_CONTEXT = "record_id ip user_agent salt created_at".split()


@dataclass(frozen=True, slots=True)
class Ground:
    """Whose readers they become, and on what ground: the text, and the day for rows without one."""

    newsletter: Newsletter
    basis: str
    agreed_on: date


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come. `counts` are by what became of the rows."""

    rows: int
    counts: Counter[str]
    refused: tuple[Refused, ...]


def bring(
    rows: Iterable[Person | Refused], ground: Ground, *, now: datetime, dry_run: bool = False
) -> Iterator[Progress]:
    """Bring readers over, yielding what became of each portion.

    Safe to run again, and to stop half way: whoever is there already is left as they are. A dry run
    finds out the same and keeps nothing.
    """
    source = iter(rows)
    seen: set[str] = set()
    while portion := list(islice(source, _PORTION)):
        refused = tuple(each for each in portion if isinstance(each, Refused))
        people = [each for each in portion if isinstance(each, Person)]
        counts = Counter({"refused": len(refused)})
        if dry_run:
            # A real run finds the second of two in the database.
            before = len(people)
            people = [each for each in people if each.address.key not in seen]
            seen.update(each.address.key for each in people)
            counts["there"] += before - len(people)
        counts += _bring(people, ground, now=now, dry_run=dry_run)
        yield Progress(len(portion), counts, refused)


def _bring(
    people: Sequence[Person], ground: Ground, *, now: datetime, dry_run: bool
) -> Counter[str]:
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                counts = _portion(people, ground, now=now)
                transaction.set_rollback(dry_run)
        except IntegrityError:
            # Somebody has signed up in between; looked at again, they are there.
            if attempt == _TRIES - 1:
                raise
        else:
            return counts
    raise AssertionError("the last try returns or raises")


def _portion(people: Sequence[Person], ground: Ground, *, now: datetime) -> Counter[str]:
    counts: Counter[str] = Counter()
    wanted: dict[str, Person] = {}
    for each in people:
        if each.standing in _REASONS:
            reason = _REASONS[each.standing]
            suppression.suppress(each.address.key, reason, now=now, note=_FORM)
            counts["barred"] += 1
        elif each.standing is not Standing.READS:
            counts[each.standing.value] += 1
        elif each.address.key in wanted:
            counts["there"] += 1
        else:
            wanted[each.address.key] = each
    barred = _suppressed(wanted)
    counts["suppressed"] += len(barred)
    taken = {key: person for key, person in wanted.items() if key not in barred}
    known = _known(taken)
    states = _states(ground.newsletter, known)
    new = {}
    for key, person in taken.items():
        state = states.get(known[key][0]) if key in known else None
        if state is None:
            new[key] = person
        counts["added" if state is None else "there" if state == _ACTIVE else "left here"] += 1
    _write(new, known, ground, now=now)
    return counts


def _suppressed(wanted: Iterable[str]) -> set[str]:
    hashes = {each: key for key in wanted for each in address.hashes_under_all_keys(key)}
    standing = Suppression.objects.filter(address_hash__in=list(hashes), lifted_at=None)
    return {hashes[bytes(each)] for each in standing.values_list("address_hash", flat=True)}


def _known(keys: Iterable[str]) -> dict[str, tuple[int, UUID]]:
    rows = Subscriber.objects.filter(address_key__in=list(keys))
    told = rows.values_list("address_key", "pk", "person")
    return {key: (pk, person) for key, pk, person in told if key}


def _states(newsletter: Newsletter, known: dict[str, tuple[int, UUID]]) -> dict[int, str]:
    numbers = [pk for pk, _person in known.values()]
    rows = Subscription.objects.filter(newsletter=newsletter, subscriber__in=numbers)
    return dict(rows.values_list("subscriber_id", "state"))


def _write(
    new: dict[str, Person], known: dict[str, tuple[int, UUID]], ground: Ground, *, now: datetime
) -> None:
    """Write readers, subscriptions, the ledger and the tallies."""
    made = [person for key, person in new.items() if key not in known]
    ids = bulk.reserve_ids(Subscriber, len(made))
    known |= {person.address.key: (pk, uuid4()) for pk, person in zip(ids, made, strict=True)}
    bulk.insert(Subscriber, _SUBSCRIBER, (_reader(each, known, ground, now) for each in made))
    since = {key: person.since or _midnight(ground.agreed_on) for key, person in new.items()}
    constant = (ground.newsletter.pk, _ACTIVE, "", Subscription.Frequency.EVERY_ISSUE.value)
    bulk.insert(
        Subscription,
        _SUBSCRIPTION,
        ((known[key][0], *constant, since[key], "", "{}") for key in new),
    )
    _write_ledger([(known[key][1], since[key]) for key in new], ground, now=now)
    alike = Counter(since.values())
    stands = (
        (tally.Stand(ground.newsletter.pk, _ACTIVE, "", at, None, {}), number)
        for at, number in alike.items()
    )
    tally.begun(stands, now=now)


def _reader(
    each: Person, known: dict[str, tuple[int, UUID]], ground: Ground, now: datetime
) -> bulk.Row:
    pk, person = known[each.address.key]
    where = each.address
    hashed = (address.address_hash(where.key), address.hash_key_id())
    html = Subscriber.Format.HTML.value
    about = (where.domain, each.name, ground.newsletter.locale, "", html, False, "{}", now)
    return (pk, str(person), where.text, where.key, *hashed, *about)


def _write_ledger(
    people: Sequence[tuple[UUID, datetime]], ground: Ground, *, now: datetime
) -> None:
    salt = secrets.token_bytes(16)
    mac = consent.context_mac(salt, ip="", user_agent="")
    act, locale = ConsentRecord.Act.IMPORTED.value, ground.newsletter.locale
    bases = {at: f"{ground.basis[:270]} ({at.date().isoformat()})" for _person, at in people}
    hashes = {}
    for basis in set(bases.values()):
        row = ConsentRecord(act=act, at=now, person=uuid4(), basis=basis, form=_FORM, locale=locale)
        row.newsletter_id, row.context_mac = ground.newsletter.pk, mac
        hashes[basis] = consent.hashes_like(row)
    ids = bulk.reserve_ids(ConsentRecord, len(people))

    def record(number: int, person: str, basis: str) -> bulk.Row:
        constant = (ground.newsletter.pk, "", _FORM, locale, basis, now, mac)
        return (number, person, act, *constant, hashes[basis](person))

    numbered = list(zip(ids, people, strict=True))
    bulk.insert(
        ConsentRecord,
        _RECORD,
        (record(number, str(person), bases[at]) for number, (person, at) in numbered),
    )
    bulk.insert(ConsentContext, _CONTEXT, ((number, "", "", salt, now) for number in ids))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
