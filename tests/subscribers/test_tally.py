"""Tallies say at any time what the rows say, whatever people did and in which order."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subscribers import moving, privacy, signup, suppression, tally, unsubscribe
from subscribers.consent import Origin
from subscribers.models import (
    ConsentRecord,
    Newsletter,
    Outbox,
    Subscriber,
    Subscription,
    Suppression,
    Tally,
)
from subscribers.tally import Stand
from tests.subscribers.making import confirmed, newsletter, noise, pending

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 1, 29, 21, 0, tzinfo=UTC)
SOURCES: tuple[dict[str, str], ...] = (
    {},
    {"utm_source": "press"},
    {"utm_source": "press", "utm_campaign": "launch"},
)
BY_STATE = {
    Tally.Kind.JOINED: 1,
    Tally.Kind.RETURNED: 1,
    Tally.Kind.LEFT: -1,
    Tally.Kind.WITHHELD: -1,
    Tally.Kind.RELEASED: 1,
}
HERE = Origin(form="test", locale="en")


def there(about: str, *by: str) -> Counter[tuple[object, ...]]:
    """Return how many readers the tallies believe to be there, by one kind of row."""
    numbers: Counter[tuple[object, ...]] = Counter()
    for *key, kind, number in tally.sums(newsletter().pk, about, *by, "kind"):
        numbers[tuple(key)] += BY_STATE.get(kind, 0) * number
    return +numbers


def raw(key: Callable[[Subscription], tuple[object, ...]]) -> Counter[tuple[object, ...]]:
    """Count the same from the rows."""
    rows = Subscription.objects.filter(newsletter=newsletter(), state="active", withheld="")
    return Counter(map(key, rows))


def asked() -> int:
    return sum(
        number
        for kind, number in tally.sums(newsletter().pk, Tally.About.DAY, "kind")
        if kind == Tally.Kind.SIGNUP
    )


def check() -> None:
    """Compare every kind of row with the rows of readers."""
    assert there(Tally.About.DAY) == raw(lambda _row: ())
    assert there(Tally.About.COHORT, "joined") == raw(
        lambda row: (row.confirmed_at.date().replace(day=1),)
    )
    assert there(Tally.About.SOURCE, "source") == raw(lambda row: (tally.source_of(row.source),))
    acts = ConsentRecord.objects.filter(act="requested", newsletter_id=newsletter().pk)
    assert asked() == acts.count()


def act(chance: random.Random, to: Newsletter, *, now: datetime) -> None:
    """Let one of a few people do something, or have something done to them."""
    address = f"reader{chance.randrange(5)}@example.org"
    reader = Subscriber.objects.filter(address_key=address).first()
    reason = chance.choice([Suppression.Reason.HARD_BOUNCE, Suppression.Reason.MANUAL])
    what = chance.randrange(9)
    if reader is None or what <= 1:
        made = pending(address, now=now, source=chance.choice(SOURCES))
        if made.state == made.State.MAILED and chance.random() < 0.8:
            signup.confirm(made.pk, origin=HERE, now=now)
    elif what <= 3:
        unsubscribe.one_click(reader.pk, to.pk, origin=HERE, now=now)
    elif what == 4:
        unsubscribe.undo(reader.pk, to.pk, origin=HERE, now=now)
    elif what == 5:
        suppression.suppress(address, reason, now=now)
    elif what == 6:
        suppression.lift(address, reason, now=now)
    elif what == 7:
        privacy.erase(address, now=now)
    else:
        _move(reader, to, f"reader{chance.randrange(5)}@example.org", now=now)


def _move(reader: Subscriber, to: Newsletter, new: str, *, now: datetime) -> None:
    row = Outbox.objects.create(
        purpose=Outbox.Purpose.ADDRESS_CONFIRM,
        dedupe_key=f"move {reader.pk} {now}",
        subscriber=reader,
        newsletter=to,
        context={"old": reader.address, "new": new},
        next_at=now,
        created_at=now,
    )
    with suppress(moving.MoveGoneError):
        moving.confirm(row, origin=HERE, now=now)


def test_tallies_agree_with_the_rows_after_a_random_history() -> None:
    noise()
    to, chance = newsletter(), random.Random(1)
    for step in range(40):
        act(chance, to, now=BEGIN + timedelta(hours=7 * step))
    check()
    kinds = {kind for kind, _number in tally.sums(to.pk, Tally.About.DAY, "kind")}
    assert kinds == set(Tally.Kind) - {Tally.Kind.CLICKED}
    assert there(Tally.About.DAY)
    before = list(tally.sums(to.pk, Tally.About.DAY, "at", "kind"))
    assert tally.put_together() > 0
    assert tally.put_together() == 0
    assert sorted(tally.sums(to.pk, Tally.About.DAY, "at", "kind")) == sorted(before)
    check()


def test_rows_written_in_bulk_are_counted_by_what_stands_in_them() -> None:
    now = BEGIN + timedelta(days=40)
    fortunes: list[dict[str, Any]] = [
        {},
        {"withheld": "suppressed"},
        {"state": "unsubscribed", "unsubscribed_at": now},
    ]
    for number, more in enumerate(fortunes):
        made = confirmed(f"reader{number}@example.org", now=BEGIN, source=SOURCES[1])
        Subscription.objects.filter(pk=made.pk).update(**more)
    Tally.objects.exclude(kind="signup").delete()
    rows = Subscription.objects.filter(newsletter=newsletter())
    tally.begun(((Stand._make(each), 1) for each in rows.values_list(*Stand._fields)), now=now)
    check()


def test_who_clicks_counts_for_the_month_they_joined_in() -> None:
    readers = [confirmed(f"reader{number}@example.org", now=BEGIN) for number in range(2)]
    later = confirmed("later@example.org", now=BEGIN + timedelta(days=9))
    everybody = [each.subscriber_id for each in (*readers, later)]
    month = BEGIN.date().replace(month=3, day=1)
    tally.clicked(everybody, newsletter().pk, month=month)
    rows = tally.sums(newsletter().pk, Tally.About.COHORT, "kind", "at", "joined")
    january, february = month.replace(month=1), month.replace(month=2)
    assert {row for row in rows if row[0] == "clicked"} == {
        ("clicked", month, january, 2),
        ("clicked", month, february, 1),
    }
