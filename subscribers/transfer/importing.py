"""Brings readers over from another list, with what they agreed to, and never against a withdrawal.

Before it: `reading`. After it: the audience. An import lifts no suppression and brings nobody back
who left here; whoever had left there, or never confirmed, is not taken over at all.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from itertools import islice
from uuid import UUID

from django.db import IntegrityError, transaction

from subscribers import address, barring, bulk, crowd
from subscribers.crowd import Done, Newcomer, Subscribed
from subscribers.models import ConsentRecord, Newsletter, Subscriber, Subscription
from subscribers.suppression import Reason
from subscribers.transfer.columns import Standing
from subscribers.transfer.reading import Person, Refused

# In one transaction: an interrupted import has lost nothing, and goes on when it is begun again.
PORTION = 10_000
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
    trial = _Trial() if dry_run else None
    while portion := list(islice(source, PORTION)):
        refused = tuple(each for each in portion if isinstance(each, Refused))
        people = [each for each in portion if isinstance(each, Person)]
        counts = _bring(people, ground, now=now, trial=trial)
        yield Progress(len(portion), counts + Counter(refused=len(refused)), refused)


@dataclass(slots=True)
class _Trial:
    """What a dry run has to remember, because it keeps nothing: the hashes of keys, which are small."""

    added: set[int] = field(default_factory=set)
    barred: set[int] = field(default_factory=set)


def _bring(
    people: Sequence[Person], ground: Ground, *, now: datetime, trial: _Trial | None
) -> Counter[str]:
    # In one order, whatever the file's: two imports at once must not wait for each other.
    people = sorted(people, key=lambda each: each.address.key)
    known_by = address.hashes_of_many(each.address.key for each in people)
    with transaction.atomic():
        counts, barred = _bar(people, known_by, now=now)
        transaction.set_rollback(trial is not None)
    if trial:
        trial.barred.update(map(hash, barred))
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                added = _add(people, known_by, ground, now=now, trial=trial)
                transaction.set_rollback(trial is not None)
        except (IntegrityError, barring.ErasedError):
            # Somebody has signed up, or was erased, in between; looked at again, that is seen.
            if attempt == _TRIES - 1:
                raise
        else:
            return counts + added
    raise AssertionError("the last try returns or raises")


def _bar(
    people: Iterable[Person], known_by: barring.KnownBy, *, now: datetime
) -> tuple[Counter[str], set[str]]:
    """Suppress those who must not be written to; return what became of them, and who they are."""
    bars = [
        (each.address.key, _REASONS[each.standing].value)
        for each in people
        if each.standing in _REASONS
    ]
    if not bars:
        return Counter(), set()
    # What was lifted here, by the reader or by a person, no older list brings back.
    ever = barring.ever({key: known_by[key] for key, _reason in bars})
    stands = {bar: _stands(bar, ever) for bar in bars}
    new = [bar for bar, standing in stands.items() if standing is None]
    barring.suppress(new, now=now, note=_FORM)
    counts = Counter("lifted" if stands[bar] is False else "barred" for bar in bars)
    return counts, {key for key, _reason in new}


def _stands(bar: barring.Bar, ever: Mapping[str, Mapping[str, bool]]) -> bool | None:
    """Whether what is said of an address still stands here; None if it never did."""
    key, reason = bar
    here = ever.get(key, {})
    if reason == Reason.MANUAL and here:
        # The list does not say why, so it is whatever is known here already.
        return any(here.values())
    return here.get(reason)


def _add(
    people: Iterable[Person],
    known_by: barring.KnownBy,
    ground: Ground,
    *,
    now: datetime,
    trial: _Trial | None,
) -> Counter[str]:
    """Add those who read there and may be written to; return what became of all but the barred."""
    barred = barring.standing(known_by)
    counts: Counter[str] = Counter()
    wanted: dict[str, Person] = {}
    for each in people:
        key, standing = each.address.key, each.standing
        if standing is Standing.READS:
            if key in barred or (trial and hash(key) in trial.barred):
                counts["suppressed"] += 1
            elif key in wanted or (trial and hash(key) in trial.added):
                counts["there"] += 1
            else:
                wanted[key] = each
        elif standing not in _REASONS:
            counts[standing.value] += 1
    known = _known(wanted)
    states = _states(ground.newsletter, known)
    new = {}
    for key, person in wanted.items():
        state = states.get(known[key][0]) if key in known else None
        if state is None:
            new[key] = (person, known_by[key][0])
        counts["added" if state is None else "there" if state == _ACTIVE else "left here"] += 1
    _write(new, known, ground, now=now)
    if trial:
        trial.added.update(map(hash, new))
    return counts


def _known(keys: Collection[str]) -> dict[str, tuple[int, str]]:
    """Return the readers who are there, each with their name in the ledger."""
    found = bulk.find(Subscriber, "address_key, id, person", by="address_key", values=list(keys))
    # SQLite keeps it without hyphens.
    return {key: (pk, str(UUID(str(person)))) for key, pk, person in found}


def _states(newsletter: Newsletter, known: Mapping[str, tuple[int, str]]) -> dict[int, str]:
    numbers = [pk for pk, _person in known.values()]
    mine = f"newsletter_id = {newsletter.pk:d}"
    found = bulk.find(
        Subscription, "subscriber_id, state", by="subscriber_id", values=numbers, also=mine
    )
    return dict(found)


def _write(
    new: Mapping[str, tuple[Person, bytes]],
    known: Mapping[str, tuple[int, str]],
    ground: Ground,
    *,
    now: datetime,
) -> None:
    """Write readers, subscriptions, the ledger and the tallies."""
    missing = sum(key not in known for key in new)
    fresh = zip(bulk.reserve_ids(Subscriber, missing), crowd.persons(missing), strict=True)
    undated = _midnight(ground.agreed_on)
    basis = cache(ground.of)
    newcomers, subscribed, acts = [], [], []
    for key, (each, known_by) in new.items():
        reader = known.get(key)
        pk, person = reader or next(fresh)
        where, since = each.address, each.since or undated
        if reader is None:
            told = (where.text, key, known_by, where.domain, each.name, now)
            newcomers.append(Newcomer(pk, person, *told))
        subscribed.append(Subscribed(pk, since))
        acts.append(Done(person, _IMPORTED, now, basis(since.date())))
    crowd.write_readers(newcomers, locale=ground.newsletter.locale)
    crowd.write_subscriptions(ground.newsletter, subscribed, now=now)
    crowd.write_ledger(ground.newsletter, acts, form=_FORM)
    # Whoever is suppressed meanwhile is not found by what was looked up at the beginning.
    barring.hold()
    barring.withhold([each.subscriber_id for each in subscribed], now=now)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
