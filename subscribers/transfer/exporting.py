"""Takes a newsletter's readers along: row by row, however many there are.

Before it: subscriptions. After it: a CSV file whose columns `columns` understands.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from subscribers.models import Newsletter, Subscription

_AT_ONCE = 2_000
HEADER = (
    *("email", "name", "status", "confirmed_at", "unsubscribed_at", "paused_until"),
    *("frequency", "topics", "language", "time_zone", "format", "source"),
)


def rows(newsletter: Newsletter) -> Iterator[Sequence[Any]]:
    """Yield the header, then each reader who is not erased, oldest first."""
    yield HEADER
    last = 0
    while portion := _portion(newsletter, after=last):
        yield from map(_row, portion)
        last = portion[-1].subscriber_id


def _portion(newsletter: Newsletter, *, after: int) -> list[Subscription]:
    # In the order of the unique key: no page costs more than the first.
    found = Subscription.objects.filter(newsletter=newsletter, subscriber_id__gt=after)
    kept = found.exclude(withheld=Subscription.Withheld.ERASED).order_by("subscriber_id")
    return list(kept.select_related("subscriber").prefetch_related("topics")[:_AT_ONCE])


def _row(each: Subscription) -> Sequence[Any]:
    reader = each.subscriber
    return (
        reader.address,
        reader.name,
        _status(each),
        each.confirmed_at.isoformat(timespec="seconds"),
        each.unsubscribed_at.isoformat(timespec="seconds") if each.unsubscribed_at else "",
        each.paused_until or "",
        each.frequency,
        " ".join(topic.slug for topic in each.topics.all()),
        reader.locale,
        reader.time_zone,
        reader.format,
        " ".join(f"{name}={value}" for name, value in sorted(each.source.items())),
    )


def _status(each: Subscription) -> str:
    """Return how somebody stands, in the words that an import understands."""
    if each.state != Subscription.State.ACTIVE:
        return "unsubscribed"
    return "suppressed" if each.withheld else "subscribed"
