"""A change of address is confirmed at the new one, told to the old one, and can be taken back."""

from datetime import timedelta
from typing import Any

import pytest

from subscribers import address, consent, moving, suppression
from subscribers.models import Outbox, Subscriber, Subscription
from subscribers.suppression import Reason
from tests.subscribers import making

pytestmark = pytest.mark.django_db
NOW = making.NOW
LATER = NOW + timedelta(hours=1)
ORIGIN = consent.Origin(form="address")
NEW = address.parse("New@example.org")


@pytest.fixture
def row() -> Subscription:
    making.noise()
    return making.confirmed("old@example.com")


def _ask(row: Subscription, to: address.Address = NEW, **values: Any) -> Outbox:
    asked = moving.ask(row, to, now=values.get("now", LATER))
    assert asked
    found = moving.asked(asked)
    assert found
    return found


def _told(asked_id: int | None) -> Outbox:
    assert asked_id
    found = moving.asked(asked_id)
    assert found
    return found


def test_nothing_moves_before_the_new_mailbox_says_so(row: Subscription) -> None:
    asked = _ask(row)

    assert asked.context == {"old": "old@example.com", "new": "New@example.org"}
    assert Subscriber.objects.get(pk=row.subscriber_id).address == "old@example.com"


def test_the_reader_moves_with_everything_and_the_old_address_is_told(row: Subscription) -> None:
    told = _told(moving.confirm(_ask(row), origin=ORIGIN, now=LATER))

    reader = Subscriber.objects.get(pk=row.subscriber_id)
    assert (reader.address, reader.address_key) == ("New@example.org", "new@example.org")
    assert (reader.domain, bytes(reader.address_hash or b"")) == (
        "example.org",
        address.address_hash("new@example.org"),
    )
    assert told.purpose == "addr_changed"
    assert reader.subscriptions.get().state == "active"


def test_a_second_click_changes_nothing(row: Subscription) -> None:
    asked = _ask(row)
    moving.confirm(asked, origin=ORIGIN, now=LATER)

    assert moving.confirm(_told(asked.pk), origin=ORIGIN, now=LATER) is None
    assert Outbox.objects.filter(purpose="addr_changed").count() == 1


def test_the_old_address_takes_it_back(row: Subscription) -> None:
    told = _told(moving.confirm(_ask(row), origin=ORIGIN, now=LATER))

    assert moving.undo(told, origin=ORIGIN, now=LATER)
    assert not moving.undo(_told(told.pk), origin=ORIGIN, now=LATER)

    reader = Subscriber.objects.get(pk=row.subscriber_id)
    assert (reader.address, reader.domain) == ("old@example.com", "example.com")


def test_it_cannot_be_taken_back_onto_somebody_else(row: Subscription) -> None:
    told = _told(moving.confirm(_ask(row), origin=ORIGIN, now=LATER))
    making.confirmed("old@example.com", now=NOW + timedelta(days=2))

    assert not moving.undo(told, origin=ORIGIN, now=LATER)
    assert Subscriber.objects.get(pk=row.subscriber_id).address == "New@example.org"


def test_a_wish_from_before_another_move_is_gone(row: Subscription) -> None:
    first = _ask(row)
    second = _ask(row, address.parse("third@example.org"), now=LATER + timedelta(minutes=1))
    moving.confirm(second, origin=ORIGIN, now=LATER)

    with pytest.raises(moving.MoveGoneError):
        moving.confirm(_told(first.pk), origin=ORIGIN, now=LATER)


def test_moving_to_a_readers_address_joins_the_two(row: Subscription) -> None:
    making.subscription("old@example.com", making.newsletter("another-letter"))
    other = making.subscription("new@example.org", state="unsubscribed", unsubscribed_at=NOW)

    told = _told(moving.confirm(_ask(row), origin=ORIGIN, now=LATER))

    assert _states("new@example.org") == {
        "the-robotics-briefing": "active",
        "another-letter": "active",
    }
    assert set(_states("old@example.com").values()) == {"unsubscribed"}
    acts = [act.act for act in consent.history(other.subscriber.person)]
    assert acts == ["confirmed", "confirmed"]

    assert moving.undo(told, origin=ORIGIN, now=LATER)
    assert set(_states("old@example.com").values()) == {"active"}


def _states(key: str) -> dict[str, str]:
    rows = Subscription.objects.filter(subscriber__address_key=key)
    return dict(rows.values_list("newsletter__slug", "state"))


def test_a_proven_mailbox_lifts_its_bounce(row: Subscription) -> None:
    suppression.suppress(NEW.key, Reason.HARD_BOUNCE, now=NOW)

    moving.confirm(_ask(row), origin=ORIGIN, now=LATER)

    row.refresh_from_db()
    assert row.withheld == ""


def test_a_suppressed_new_address_keeps_the_reader_withheld(row: Subscription) -> None:
    asked = _ask(row)
    suppression.suppress(NEW.key, Reason.MANUAL, now=NOW)

    moving.confirm(asked, origin=ORIGIN, now=LATER)

    row.refresh_from_db()
    assert row.withheld == "suppressed"


def test_three_wishes_a_day_and_none_to_who_must_not_be_asked(row: Subscription) -> None:
    suppression.suppress("never@example.org", Reason.MANUAL, now=NOW)
    assert moving.ask(row, address.parse("never@example.org"), now=LATER) is None
    assert moving.ask(row, address.parse("OLD@example.com"), now=LATER) is None

    asked = [
        moving.ask(row, address.parse(f"new{number}@example.org"), now=LATER) for number in range(4)
    ]

    assert [bool(found) for found in asked] == [True, True, True, False]
    assert moving.ask(row, NEW, now=LATER + timedelta(days=1))


def test_the_address_of_an_erased_reader_moves_nowhere(row: Subscription) -> None:
    asked = _ask(row)
    Subscriber.objects.filter(pk=row.subscriber_id).update(erased_at=LATER)

    assert moving.asked(asked.pk) is None
