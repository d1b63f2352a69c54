"""Brings readers over from another list, with what they agreed to, and never against a withdrawal.

Before it: `reading`. After it: the audience. An import lifts no suppression and brings nobody back
who left here; whoever had left there, or never confirmed, is not taken over at all.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice

from django.db import IntegrityError, transaction

from subscribers import address, bulk, crowd, suppression
from subscribers.crowd import Done, Newcomer, Subscribed
from subscribers.models import ConsentRecord, Newsletter, Subscriber, Subscription, Suppression
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
_IMPORTED = ConsentRecord.Act.IMPORTED.value


@dataclass(frozen=True, slots=True)
class Ground:
    """Whose readers they become, and on what ground: the text, and the day for rows without one."""

    newsletter: Newsletter
    basis: str
    agreed_on: date

    def of(self, day: date) -> str:
        """Return the ground as the ledger has it, for somebody who agreed on that day."""
        return f"{self.basis[:270]} ({day.isoformat()})"


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
    # In one order, whatever the file's: two imports at once must not wait for each other.
    people = sorted(people, key=lambda each: each.address.key)
    keys = [each.address.key for each in people]
    known_by = {key: address.hashes_under_all_keys(key) for key in keys}
    stood = _stood(known_by)
    with transaction.atomic():
        counts = _bar(people, stood, now=now)
        transaction.set_rollback(dry_run)
    free = {key: known for key, known in known_by.items() if not any(stood[key].values())}
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                added = _add(people, free, ground, now=now)
                transaction.set_rollback(dry_run)
        except IntegrityError:
            # Somebody has signed up in between; looked at again, they are there.
            if attempt == _TRIES - 1:
                raise
        else:
            return counts + added
    raise AssertionError("the last try returns or raises")


def _stood(known_by: Mapping[str, Sequence[bytes]]) -> dict[str, dict[str, bool]]:
    """Return by which reasons each address was ever suppressed, and whether they stand."""
    keys = {known: key for key, hashes in known_by.items() for known in hashes}
    stood: dict[str, dict[str, bool]] = {key: {} for key in known_by}
    rows = Suppression.objects.filter(address_hash__in=list(keys))
    for known, reason, lifted_at in rows.values_list("address_hash", "reason", "lifted_at"):
        reasons = stood[keys[bytes(known)]]
        reasons[reason] = reasons.get(reason, False) or lifted_at is None
    return stood


def _bar(
    people: Iterable[Person], stood: Mapping[str, dict[str, bool]], *, now: datetime
) -> Counter[str]:
    """Suppress those who must not be written to; return what became of them."""
    counts: Counter[str] = Counter()
    for each in people:
        reason = _REASONS.get(each.standing)
        if reason is None:
            continue
        reasons = stood[each.address.key]
        # What was lifted here, by the reader or by a person, no older list brings back.
        if reason not in reasons:
            suppression.suppress(each.address.key, reason, now=now, note=_FORM)
            reasons[reason] = True
        counts["barred" if reasons[reason] else "lifted"] += 1
    return counts


def _add(
    people: Iterable[Person],
    free: Mapping[str, Sequence[bytes]],
    ground: Ground,
    *,
    now: datetime,
) -> Counter[str]:
    """Add those who read there and may be written to; return what became of all who are not barred."""
    counts: Counter[str] = Counter()
    wanted: dict[str, Person] = {}
    for each in people:
        key = each.address.key
        if each.standing in _REASONS:
            continue
        if each.standing is not Standing.READS:
            counts[each.standing.value] += 1
        elif key in wanted:
            counts["there"] += 1
        elif key not in free:
            counts["suppressed"] += 1
        else:
            wanted[key] = each
    known = _known(wanted)
    states = _states(ground.newsletter, known)
    new = {}
    for key, person in wanted.items():
        state = states.get(known[key][0]) if key in known else None
        if state is None:
            new[key] = (person, free[key][0])
        counts["added" if state is None else "there" if state == _ACTIVE else "left here"] += 1
    _write(new, known, ground, now=now)
    return counts


def _known(keys: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Return the readers who are there, each with their name in the ledger."""
    rows = Subscriber.objects.filter(address_key__in=list(keys))
    told = rows.values_list("address_key", "pk", "person")
    return {key: (pk, str(person)) for key, pk, person in told if key}


def _states(newsletter: Newsletter, known: dict[str, tuple[int, str]]) -> dict[int, str]:
    numbers = [pk for pk, _person in known.values()]
    rows = Subscription.objects.filter(newsletter=newsletter, subscriber__in=numbers)
    return dict(rows.values_list("subscriber_id", "state"))


def _write(
    new: dict[str, tuple[Person, bytes]],
    known: dict[str, tuple[int, str]],
    ground: Ground,
    *,
    now: datetime,
) -> None:
    """Write readers, subscriptions, the ledger and the tallies."""
    made = [each for key, each in new.items() if key not in known]
    ids = bulk.reserve_ids(Subscriber, len(made))
    newcomers = [
        Newcomer(pk, name, where.text, where.key, known_by, where.domain, each.name, now)
        for pk, name, (each, known_by) in zip(ids, crowd.persons(len(made)), made, strict=True)
        for where in [each.address]
    ]
    known = known | {each.key: (each.id, each.person) for each in newcomers}
    crowd.write_readers(newcomers, locale=ground.newsletter.locale)
    undated = _midnight(ground.agreed_on)
    joining = [(*known[key], each.since or undated) for key, (each, _hash) in new.items()]
    subscribed = [Subscribed(pk, since) for pk, _name, since in joining]
    crowd.write_subscriptions(ground.newsletter, subscribed, now=now)
    grounds = {day: ground.of(day) for day in {since.date() for _pk, _name, since in joining}}
    acts = [Done(name, _IMPORTED, now, grounds[at.date()]) for _pk, name, at in joining]
    crowd.write_ledger(ground.newsletter, acts, form=_FORM)
    # Whoever is suppressed meanwhile is not found by what was looked up at the beginning.
    suppression.hold()
    suppression.withhold_suppressed([pk for pk, _name, _since in joining], now=now)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
