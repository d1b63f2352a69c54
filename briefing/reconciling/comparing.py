"""Compares a provider's list, read to its end, with our suppressions, and mends what is behind here.

Before it: gathering. After it: subscribers.suppression. The later word counts: who proved a mailbox
or was let go after the provider's entry is not suppressed for it again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter

from django.db import transaction

from briefing.dispatch import alerts
from briefing.models import Alert, Event, ListedReader, Reconciliation, Repair
from briefing.providers.base import Why
from briefing.reconciling import findings
from briefing.tracking.consequences import BURST_AT_LEAST, BURST_SHARE
from briefing.tracking.verdicts import of_bounce
from subscribers import joining, suppression, unsubscribe
from subscribers.consent import Origin
from subscribers.models import Subscriber, Subscription, Suppression

Kind = Repair.Kind
Reason = Suppression.Reason

_REASONS = {
    Why.BOUNCED: Reason.HARD_BOUNCE,
    Why.COMPLAINED: Reason.COMPLAINT,
    Why.MANUAL: Reason.MANUAL,
}
# The word that counts where a provider has several against one address.
_HEAVIEST = (Why.COMPLAINED, Why.BOUNCED, Why.MANUAL, Why.UNSUBSCRIBED)
_TO_LOOK_AT = (Kind.LET_GO, Kind.OURS, Kind.NOT_THERE)
_AT_ONCE = 500
# Who is not on the provider's list any more is for a person to look at: so many at a time.
_MOST_LISTED = 1000


def settle(one: Reconciliation, *, now: datetime, all_the_same: bool = False) -> bool:
    """Mend what differs, and list it; False when a person has to say so first.

    Safe to run twice: who is suppressed already does not differ. Unusually many at once are held
    back: the list of a wrong account, or of nobody's fault but ours, would look like that.
    """
    differing = [(_repair(one, row.subscriber_id, _kind(row), row.said), row) for row in _only(one)]
    mending = [(repair, row) for repair, row in differing if repair.kind in Repair.MENDED]
    if not all_the_same and _too_many(len(mending)):
        Reconciliation.objects.filter(pk=one.pk).update(held_back=len(mending))
        text = (
            f"{len(mending)} readers are on {one.provider}’s suppression list and not on ours. "
            "That is unusually many: nobody is suppressed until somebody says at the desk, under "
            "Repairs, that the list is ours."
        )
        alerts.raise_alert(Alert.Kind.PROVIDER, f"held back {one.provider}", text, now=now)
        return False
    # Written first: whoever a turn mends that dies right behind it does not differ any more.
    findings.write([*(repair for repair, _row in differing), *_not_there(one)])
    for repair, row in mending:
        _mend(repair, Why(row.why), now=now)
    findings.clear(one.provider, _TO_LOOK_AT, before=one.began_at)
    forget(one)
    return True


def forget(one: Reconciliation) -> None:
    """Forget whom the provider's list names."""
    ListedReader.objects.filter(reconciliation=one).delete()
    Reconciliation.objects.filter(pk=one.pk).update(held_back=0)


def _too_many(number: int) -> bool:
    if number < BURST_AT_LEAST:
        return False
    active = Subscription.objects.filter(state=Subscription.State.ACTIVE, withheld="").count()
    return number > active * BURST_SHARE


def _only(one: Reconciliation) -> Iterator[ListedReader]:
    """Yield what is listed there of readers who would be written to here: of each the heaviest word."""
    active = Subscription.objects.filter(state=Subscription.State.ACTIVE, withheld="")
    rows = ListedReader.objects.filter(
        reconciliation=one, subscriber_id__in=active.values("subscriber_id")
    ).order_by("subscriber_id")
    for _reader, those in groupby(rows.iterator(chunk_size=_AT_ONCE), attrgetter("subscriber_id")):
        yield min(those, key=lambda row: _HEAVIEST.index(Why(row.why)))


def _kind(row: ListedReader) -> Kind:
    if row.why == Why.BOUNCED and of_bounce("", row.said).ours:
        return Kind.OURS
    proven_at = joining.proven_at(row.subscriber_id)
    if proven_at and (row.at is None or proven_at > row.at):
        # Without a time the entry may be older than what we know: a person looks at it.
        return Kind.LET_GO
    return Kind.UNSUBSCRIBED if row.why == Why.UNSUBSCRIBED else Kind.SUPPRESSED


def _mend(repair: Repair, why: Why, *, now: datetime) -> None:
    if why is Why.UNSUBSCRIBED:
        origin = Origin(form=f"provider {repair.provider}"[:40])
        unsubscribe.from_everything(repair.subscriber_id, origin=origin, now=now)
        return
    note = f"on {repair.provider}’s suppression list"
    suppression.suppress_reader(repair.subscriber_id, _REASONS[why], now=now, note=note)


def _not_there(one: Reconciliation) -> list[Repair]:
    """Return who is suppressed here for what this provider reported, and not on its list any more."""
    events = Event.objects.filter(
        provider=one.provider,
        kind__in=(Event.Kind.HARD_BOUNCED, Event.Kind.COMPLAINED),
        subscriber_id__isnull=False,
        received_at__lt=one.began_at,
    )
    readers = events.values_list("subscriber_id", flat=True).distinct()
    reported = {reader for reader in readers if reader is not None}
    reported -= set(one.listed_readers.values_list("subscriber_id", flat=True))
    standing = (reader for some in _slices(sorted(reported)) for reader in _suppressed(some))
    listed = islice(standing, _MOST_LISTED)
    return [_repair(one, reader, Kind.NOT_THERE) for reader in listed]


def _suppressed(readers: Sequence[int]) -> Iterable[int]:
    keys = Subscriber.objects.filter(pk__in=readers).exclude(address_key=None)
    for reader, key in keys.order_by("pk").values_list("pk", "address_key"):
        if key and suppression.reasons(key) & {Reason.HARD_BOUNCE, Reason.COMPLAINT}:
            yield reader


def _slices(readers: Sequence[int]) -> Iterator[Sequence[int]]:
    for begin in range(0, len(readers), _AT_ONCE):
        yield readers[begin : begin + _AT_ONCE]


def _repair(one: Reconciliation, reader: int, kind: Kind, words: str = "") -> Repair:
    return Repair(
        provider=one.provider, at=one.began_at, kind=kind, subscriber_id=reader, words=words
    )


@transaction.atomic
def decide(one: Reconciliation, *, believed: bool, now: datetime) -> int:
    """Take a person's word for suppressions that were held back; return how many there were. Once."""
    row = Reconciliation.objects.select_for_update().get(pk=one.pk)
    number = row.held_back
    if number and believed:
        settle(row, now=now, all_the_same=True)
    elif number:
        forget(row)
    return number
