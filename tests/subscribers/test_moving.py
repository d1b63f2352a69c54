"""A change of address is confirmed at the new one, told to the old one, and can be taken back."""

from datetime import timedelta
from typing import Any

import pytest

from subscribers import address, consent, moving, suppression, throttle
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

    assert (asked.context["old"], asked.context["new"]) == ("old@example.com", "New@example.org")
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


def test_what_was_taken_back_cannot_be_done_again_by_the_same_mail(row: Subscription) -> None:
    asked, waiting = _ask(row), _ask(row, address.parse("third@example.org"))
    told = _told(moving.confirm(asked, origin=ORIGIN, now=LATER))
    assert moving.is_done(_told(asked.pk))
    assert moving.undo(told, origin=ORIGIN, now=LATER)

    for wish in (asked, waiting):
        assert not moving.is_done(_told(wish.pk))
        with pytest.raises(moving.MoveGoneError):
            moving.confirm(_told(wish.pk), origin=ORIGIN, now=LATER)
    assert moving.is_back(_told(told.pk))
    assert Subscriber.objects.get(pk=row.subscriber_id).address == "old@example.com"


def test_who_was_moved_twice_takes_both_back_and_the_place_between_has_no_say(
    row: Subscription,
) -> None:
    told = _told(moving.confirm(_ask(row), origin=ORIGIN, now=LATER))
    onwards = _ask(row, address.parse("third@example.org"))
    between = _told(moving.confirm(onwards, origin=ORIGIN, now=LATER))
    assert Subscriber.objects.get(pk=row.subscriber_id).address == "third@example.org"

    assert moving.undo(told, origin=ORIGIN, now=LATER)
    assert not moving.undo(_told(between.pk), origin=ORIGIN, now=LATER)
    with pytest.raises(moving.MoveGoneError):
        moving.confirm(_told(onwards.pk), origin=ORIGIN, now=LATER)

    assert Subscriber.objects.get(pk=row.subscriber_id).address == "old@example.com"
    # What the reader wishes from now on counts again.
    later = _ask(row, address.parse("fourth@example.org"), now=LATER + timedelta(days=1))
    assert moving.confirm(later, origin=ORIGIN, now=LATER + timedelta(days=1))


def test_who_was_moved_and_joined_to_a_stranger_takes_both_back(row: Subscription) -> None:
    making.subscription("stranger@example.org", making.newsletter("another-letter"))
    told = _told(moving.confirm(_ask(row), origin=ORIGIN, now=LATER))
    moving.confirm(_ask(row, address.parse("stranger@example.org")), origin=ORIGIN, now=LATER)
    assert _states("new@example.org") == {"the-robotics-briefing": "unsubscribed"}

    assert moving.undo(told, origin=ORIGIN, now=LATER)

    assert _states("old@example.com") == {"the-robotics-briefing": "active"}


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


def test_a_pause_and_the_digest_go_along_to_the_other_reader(row: Subscription) -> None:
    until = (NOW + timedelta(days=9)).date()
    Subscription.objects.filter(pk=row.pk).update(frequency="digest", paused_until=until)
    making.subscription("new@example.org", state="unsubscribed", unsubscribed_at=NOW)

    moving.confirm(_ask(row), origin=ORIGIN, now=LATER)

    taken = Subscription.objects.get(subscriber__address_key="new@example.org")
    assert (taken.state, taken.frequency, taken.paused_until) == ("active", "digest", until)


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


def test_a_stranger_is_asked_as_often_as_by_signups_whoever_names_them(row: Subscription) -> None:
    other = making.confirmed("other@example.com")

    def asks(number: int, of: Subscription, at: timedelta) -> bool:
        new = address.parse(f"victim+{number}@example.org")
        return moving.ask(of, new, now=LATER + at) is not None

    minutes = [timedelta(minutes=each) for each in (0, 1, 16, 32, 48)]
    asked = [asks(n, (row, other)[n % 2], at) for n, at in enumerate(minutes)]

    assert asked == [True, False, True, True, False]
    now = LATER + timedelta(hours=2)
    assert making.pending("victim@example.org", now=now).reason == "address limit"


def test_two_readers_who_name_one_mailbox_at_once_cause_one_mail(
    row: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = making.confirmed("other@example.com")
    # Neither sees the other's wish yet.
    monkeypatch.setattr(throttle, "admits_address", lambda *_args, **_more: True)

    assert moving.ask(row, NEW, now=LATER)
    assert moving.ask(other, NEW, now=LATER) is None


def test_the_address_of_an_erased_reader_moves_nowhere(row: Subscription) -> None:
    asked = _ask(row)
    Subscriber.objects.filter(pk=row.subscriber_id).update(erased_at=LATER)

    assert moving.asked(asked.pk) is None
