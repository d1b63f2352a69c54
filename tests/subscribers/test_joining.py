"""Confirming makes a reader once, with what was chosen, and never against the reader's will."""

from datetime import timedelta

import pytest

from subscribers import consent, signup, suppression
from subscribers.models import ConsentRecord, Outbox, Subscriber, Subscription, Topic
from subscribers.suppression import Reason
from tests.subscribers import making

pytestmark = pytest.mark.django_db
ANNA = "Anna@example.com"
KEY = "anna@example.com"
NOW = making.NOW
LATER = NOW + timedelta(days=2)
ORIGIN = consent.Origin(form="confirm", page="/confirm/", locale="en", ip="198.51.100.0")


@pytest.fixture(autouse=True)
def _noise() -> None:
    making.noise()


def test_confirming_makes_a_reader_with_what_was_chosen() -> None:
    Topic.objects.create(slug="china", name="China")
    wanted = Topic.objects.create(slug="regulation", name="Regulation")
    asked = making.pending(ANNA, topics=("regulation", "gone"), source={"utm_source": "x"})

    found = signup.confirm(asked.pk, origin=ORIGIN, now=LATER)

    reader = Subscriber.objects.get(address_key=KEY)
    assert (reader.address, reader.domain, reader.person) == (ANNA, "example.com", asked.person)
    assert reader.tracking_allowed is False
    row = found.subscription
    assert (row.state, row.withheld, row.confirmed_at) == ("active", "", LATER)
    assert list(row.topics.all()) == [wanted]
    assert row.source == {"utm_source": "x"}
    assert found.newly
    assert Outbox.objects.get(purpose="welcome").pk == found.welcome_id
    acts = list(consent.history(reader.person))
    assert [act.act for act in acts] == ["requested", "confirmed"]
    assert acts[1].notice == asked.notice
    assert (acts[1].context.ip, acts[1].form) == ("198.51.100.0", "confirm")


def test_signing_up_again_takes_no_topics_away_and_coming_back_chooses_anew() -> None:
    for slug in ("china", "regulation"):
        Topic.objects.create(slug=slug, name=slug)
    everything = making.confirmed("all@example.com")
    making.confirmed("all@example.com", now=LATER, topics=("china",))
    some = making.confirmed(ANNA, topics=("china",))
    making.confirmed(ANNA, now=LATER)
    assert not everything.topics.exists()
    assert [topic.slug for topic in some.topics.all()] == ["china"]

    making.confirmed(ANNA, now=LATER + timedelta(days=1), topics=("regulation",))
    assert {topic.slug for topic in some.topics.all()} == {"china", "regulation"}
    Subscription.objects.filter(pk=some.pk).update(state="unsubscribed", unsubscribed_at=LATER)
    making.confirmed(ANNA, now=LATER + timedelta(days=3))
    assert not some.topics.exists()


def test_a_request_from_before_a_move_makes_a_reader_of_its_own() -> None:
    moved = making.confirmed(ANNA)
    asked = making.pending(ANNA, now=LATER)
    assert asked.person == moved.subscriber.person
    Subscriber.objects.filter(pk=moved.subscriber_id).update(address_key="new@example.org")

    found = signup.confirm(asked.pk, origin=ORIGIN, now=LATER)

    assert found.newly
    assert found.subscription.subscriber.person != asked.person


def test_a_second_click_changes_nothing() -> None:
    asked = making.pending(ANNA)
    signup.confirm(asked.pk, origin=ORIGIN, now=NOW)

    again = signup.confirm(asked.pk, origin=ORIGIN, now=LATER)

    assert (again.newly, again.welcome_id) == (False, None)
    assert again.subscription.confirmed_at == NOW
    assert ConsentRecord.objects.filter(act="confirmed").count() == 1


def test_an_old_link_does_not_bring_back_who_has_left() -> None:
    asked = making.pending(ANNA)
    row = signup.confirm(asked.pk, origin=ORIGIN, now=NOW).subscription
    Subscription.objects.filter(pk=row.pk).update(state="unsubscribed")

    again = signup.confirm(asked.pk, origin=ORIGIN, now=LATER)

    assert again.subscription.state == "unsubscribed"


def test_a_reader_who_left_comes_back_by_a_new_signup_under_the_same_name() -> None:
    row = making.confirmed(ANNA)
    Subscription.objects.filter(pk=row.pk).update(
        state="unsubscribed", unsubscribed_at=NOW, unsubscribe_reason="no_time"
    )

    back = making.confirmed(ANNA, now=LATER)

    assert back.pk == row.pk
    back.refresh_from_db()
    assert (back.state, back.unsubscribed_at, back.unsubscribe_reason) == ("active", None, "")
    assert back.confirmed_at == LATER
    acts = [act.act for act in consent.history(back.subscriber.person)]
    assert acts == ["requested", "confirmed"] * 2


@pytest.mark.parametrize("reason", [Reason.HARD_BOUNCE, Reason.ERASED])
def test_confirming_lifts_what_a_proven_mailbox_may_lift(reason: Reason) -> None:
    suppression.suppress(KEY, reason, now=NOW)

    row = making.confirmed(ANNA, now=LATER)

    row.refresh_from_db()
    assert row.withheld == ""
    assert not suppression.is_suppressed(KEY)


def test_confirming_does_not_lift_what_a_person_decided() -> None:
    asked = making.pending(ANNA)
    suppression.suppress(KEY, Reason.MANUAL, now=NOW)

    found = signup.confirm(asked.pk, origin=ORIGIN, now=LATER)

    found.subscription.refresh_from_db()
    assert found.subscription.withheld == "suppressed"
    assert found.welcome_id is None
