"""A reader's own choices reach the rows that dispatch reads; tracking also reaches the ledger."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from subscribers import consent, preferences, privacy
from subscribers.models import ConsentRecord, Subscriber, Subscription, Topic
from subscribers.preferences import Choices
from tests.subscribers import making

pytestmark = pytest.mark.django_db
NOW = making.NOW
ORIGIN = consent.Origin(form="preferences", locale="en")
CHOICES = Choices(
    topics=("china",),
    frequency="digest",
    paused_until=date(2026, 4, 1),
    locale="de",
    time_zone="Europe/Berlin",
    format="text",
    tracking_allowed=False,
)


@pytest.fixture
def row() -> Subscription:
    making.noise()
    for slug in ("china", "regulation"):
        Topic.objects.create(slug=slug, name=slug.title())
    row = making.confirmed("anna@example.com", topics=("regulation",))
    making.confirmed("bert@example.com")
    return row


def _choose(row: Subscription, **values: Any) -> None:
    choices = replace(CHOICES, **values)
    preferences.choose(row, choices, origin=ORIGIN, now=NOW)


def test_choices_are_kept_for_this_reader_alone(row: Subscription) -> None:
    _choose(row)

    row.refresh_from_db()
    reader = Subscriber.objects.get(pk=row.subscriber_id)
    assert (row.frequency, row.paused_until) == ("digest", date(2026, 4, 1))
    assert [topic.slug for topic in row.topics.all()] == ["china"]
    assert (reader.locale, reader.time_zone, reader.format) == ("de", "Europe/Berlin", "text")
    assert Subscription.objects.filter(frequency="digest").count() == 1
    assert Subscriber.objects.filter(format="text").count() == 1


@pytest.mark.parametrize(
    ("until", "kept"),
    [
        (None, None),
        (date(2026, 3, 1), None),
        (NOW.date(), None),
        (date(2026, 3, 3), date(2026, 3, 3)),
        (date(2099, 1, 1), (NOW + timedelta(days=366)).date()),
    ],
)
def test_a_pause_lies_ahead_and_ends_within_a_year(
    row: Subscription, until: date | None, kept: date | None
) -> None:
    _choose(row, paused_until=until)

    row.refresh_from_db()
    assert row.paused_until == kept


def test_a_program_cannot_fill_the_ledger_and_withdrawing_is_never_refused(
    row: Subscription,
) -> None:
    making.notice("tracking")
    for round_ in range(60):
        _choose(row, tracking_allowed=round_ % 2 == 0)

    acts = ConsentRecord.objects.filter(person=row.subscriber.person, form="preferences")
    assert acts.count() == 20
    assert not Subscriber.objects.get(pk=row.subscriber_id).tracking_allowed


def test_who_is_erased_while_the_page_lies_open_chooses_nothing(row: Subscription) -> None:
    privacy.erase("anna@example.com", now=NOW)

    _choose(row, paused_until=date(2026, 3, 9))

    row.refresh_from_db()
    assert (row.frequency, row.paused_until, row.topics.exists()) == ("every", None, False)


def test_tracking_is_granted_and_withdrawn_on_the_record(row: Subscription) -> None:
    wording = making.notice("tracking")
    for allowed in (True, True, False, False):
        _choose(row, tracking_allowed=allowed)

    acts = ConsentRecord.objects.filter(
        person=row.subscriber.person, act__startswith="tracking"
    ).order_by("pk")
    assert [(act.act, act.notice) for act in acts] == [
        ("tracking+", wording),
        ("tracking-", wording),
    ]
    assert not Subscriber.objects.filter(tracking_allowed=True).exists()


def test_nobody_grants_tracking_that_no_published_wording_asked_for(row: Subscription) -> None:
    _choose(row, tracking_allowed=True)

    assert not Subscriber.objects.filter(tracking_allowed=True).exists()
    assert not ConsentRecord.objects.filter(act=ConsentRecord.Act.TRACKING_GRANTED).exists()
