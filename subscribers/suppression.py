"""Addresses that must not be written to, and why: the one door through which events reach people.

Before it: bounces, complaints, erasures, a person's decision. After it: every mail asks here first.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from subscribers import address, departures, tally
from subscribers.models import Subscriber, Subscription, Suppression

Reason = Suppression.Reason

# More than are made between two sweeps, but for a list that is imported, which holds them still.
_LATEST = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """What one reason still allows. `lifted_by_signup`: proving the mailbox again ends it."""

    confirmation: bool
    confirmation_after: timedelta = timedelta(0)
    lifted_by_signup: bool = True


# Bulk mail is refused by every reason. An import lifts none of them; a person lifts any.
RULES = {
    Reason.HARD_BOUNCE: Rule(confirmation=True),
    # Whoever complained hears nothing for a month, not even a question somebody else caused.
    Reason.COMPLAINT: Rule(confirmation=True, confirmation_after=timedelta(days=30)),
    Reason.ERASED: Rule(confirmation=True),
    Reason.MANUAL: Rule(confirmation=False, lifted_by_signup=False),
}


def suppress(address_key: str, reason: Reason, *, now: datetime, note: str = "") -> None:
    """Stop mail to an address, known to us or not. Safe to repeat: one standing row per reason."""
    rehash(address_key)
    with transaction.atomic():
        # First, so that `barring.hold` orders the two: it sees this row, or this sees its readers.
        if not _standing(address_key).filter(reason=reason).exists():
            address_hash = address.address_hash(address_key)
            _insert(address_hash, address.hash_key_id(), reason, now=now, note=note)
        # Always, even when the reason already stands: dispatch orders itself by this row lock.
        _set_withheld(address_key, _withheld({reason}), now=now)


def suppress_hash(address_hash: bytes, hash_key_id: int, reason: Reason, *, now: datetime) -> None:
    """Stop mail to an address of which nothing but a hash is known, and which no reader has."""
    _insert(address_hash, hash_key_id, reason, now=now)


def suppress_reader(subscriber_id: int, reason: Reason, *, now: datetime, note: str = "") -> None:
    """Stop mail to a reader, as an event that names only the reader asks for."""
    key = Subscriber.objects.filter(pk=subscriber_id).values_list("address_key", flat=True).first()
    # An erased reader has no address any more, and erasure itself has suppressed it.
    if key:
        suppress(key, reason, now=now, note=note)


def withhold_missed(*, now: datetime) -> int:
    """Withhold from whoever confirmed in the very moment in which their address was suppressed.

    Neither transaction saw the other: both had yet to be committed. Returns how many readers it
    were. Safe to repeat.
    """
    latest = Suppression.objects.filter(lifted_at=None).order_by("-pk")[:_LATEST]
    missed = Subscriber.objects.filter(
        address_hash__in=list(latest.values_list("address_hash", flat=True)),
        subscriptions__state=Subscription.State.ACTIVE,
        subscriptions__withheld=Subscription.Withheld.NOT,
    )
    keys = set(missed.values_list("address_key", flat=True))
    for key in filter(None, keys):
        for reason in reasons(key):
            suppress(key, reason, now=now)
    return len(keys)


def reasons(address_key: str) -> set[Reason]:
    """Return every reason that stands against an address."""
    return {Reason(reason) for reason in _standing(address_key).values_list("reason", flat=True)}


def history(address_key: str) -> QuerySet[Suppression]:
    """Return everything that ever stood against an address, lifted or not."""
    return Suppression.objects.filter(
        address_hash__in=address.hashes_under_all_keys(address_key)
    ).order_by("pk")


def rehash(address_key: str) -> int:
    """Move what stands against an address to the newest key; return how many rows. Safe to repeat.

    Only here, where the address is at hand, can it be done: a hash cannot be hashed anew.
    """
    newest, *older = address.hashes_under_all_keys(address_key)
    if not older:
        return 0
    return sum(_renew(row, newest) for row in Suppression.objects.filter(address_hash__in=older))


def rehash_known() -> Counter[int]:
    """Rehash for every reader's address; return how many rows are left under which older key.

    Safe to repeat, and to stop half way.
    """
    old = Suppression.objects.exclude(hash_key_id=address.hash_key_id())
    hashes = {bytes(each) for each in old.values_list("address_hash", flat=True)}
    readers = Subscriber.objects.exclude(address_key=None).values_list("address_key", flat=True)
    for key in readers.iterator(chunk_size=2000) if hashes else ():
        if key and not hashes.isdisjoint(address.hashes_under_all_keys(key)):
            rehash(key)
    return Counter(old.values_list("hash_key_id", flat=True))


def unreadable() -> int:
    """Return how many rows are under a key that the settings no longer name: nobody is found by them."""
    return Suppression.objects.exclude(hash_key_id__in=settings.SUPPRESSION_KEYS).count()


def forget_notes(address_key: str) -> None:
    """Empty what staff wrote beside an address's suppressions: it may name the person."""
    history(address_key).exclude(note="").update(note="")


def is_suppressed(address_key: str) -> bool:
    """Whether anything but a confirmation is refused."""
    return _standing(address_key).exists()


def allows_confirmation(address_key: str, *, now: datetime) -> bool:
    """Whether a confirmation mail may be written to the address, whatever stands against it."""
    for reason, at in _standing(address_key).values_list("reason", "at"):
        rule = RULES[Reason(reason)]
        if not rule.confirmation or now < at + rule.confirmation_after:
            return False
    return True


def lift_by_signup(address_key: str, *, now: datetime) -> set[Reason]:
    """End what a proven mailbox may end; return what still stands.

    Called only after the mailbox's owner confirmed a new signup, never by an import.
    """
    liftable = {reason for reason, rule in RULES.items() if rule.lifted_by_signup}
    return _lift(address_key, liftable, now=now)


def lift(address_key: str, reason: Reason, *, now: datetime) -> set[Reason]:
    """End one reason because a member of staff decided so; return what still stands."""
    return _lift(address_key, {reason}, now=now)


def _lift(address_key: str, lifted: set[Reason], *, now: datetime) -> set[Reason]:
    with transaction.atomic():
        ended = _standing(address_key).filter(reason__in=lifted)
        reasons_ended = set(ended.values_list("reason", flat=True))
        ended.update(lifted_at=now)
        for reason in sorted(reasons_ended):
            # Under every key: it may have been noted when an older one was the newest.
            for key_id, known_by in address.keyed_hashes(address_key).items():
                _note(departures.Mailbox(now, departures.LIFTED, known_by, reason, key_id))
        remaining = reasons(address_key)
        _set_withheld(address_key, _withheld(remaining), now=now)
    return remaining


def _renew(row: Suppression, newest: bytes) -> int:
    try:
        with transaction.atomic():
            return Suppression.objects.filter(pk=row.pk).update(
                address_hash=newest, hash_key_id=address.hash_key_id()
            )
    except IntegrityError:
        # The same reason stands under the newest key already; the older row may stay as it is.
        return 0


def _insert(
    address_hash: bytes, hash_key_id: int, reason: Reason, *, now: datetime, note: str = ""
) -> None:
    try:
        with transaction.atomic():
            Suppression.objects.create(
                address_hash=address_hash,
                hash_key_id=hash_key_id,
                reason=reason,
                note=note[:300],
                at=now,
            )
            act = departures.SUPPRESSED
            _note(departures.Mailbox(now, act, address_hash, str(reason), hash_key_id))
    except IntegrityError:
        # Two reports of the same bounce came at once; the other one's row says it all.
        pass


def _note(act: departures.Mailbox) -> None:
    # A full disk must not keep anybody from being left alone: the database has it already.
    transaction.on_commit(lambda: departures.note(act), robust=True)


def _withheld(standing: set[Reason]) -> Subscription.Withheld:
    if not standing:
        return Subscription.Withheld.NOT
    if standing == {Reason.ERASED}:
        return Subscription.Withheld.ERASED
    return Subscription.Withheld.SUPPRESSED


def _set_withheld(address_key: str, value: Subscription.Withheld, *, now: datetime) -> None:
    rows = _subscriptions(address_key)
    active = rows.filter(state=Subscription.State.ACTIVE).select_for_update().order_by("pk")
    before = list(active.values_list("pk", "withheld"))
    rows.update(withheld=value)
    if value:
        tally.withheld([pk for pk, held in before if not held], now=now)
    else:
        tally.released([pk for pk, held in before if held], now=now)


def _standing(address_key: str) -> QuerySet[Suppression]:
    hashes = address.hashes_under_all_keys(address_key)
    return Suppression.objects.filter(address_hash__in=hashes, lifted_at=None)


def _subscriptions(address_key: str) -> QuerySet[Subscription]:
    readers = Subscriber.objects.filter(address_key=address_key).values("pk")
    return Subscription.objects.filter(subscriber__in=readers)
