"""Who did what is forgotten once it was counted, and nobody's clicks cannot fill the disk."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from limits import parse_many

from briefing import links as mail_links
from briefing import schedule
from briefing.models import Burst, ClickMonth, Dispatch, Event, EventCount
from briefing.tracking import apply, retention, rows
from subscribers import privacy, throttle
from subscribers.models import Subscriber
from tests.briefing.tracking.making import click_path, hear, open_path, readers_of, report, sent
from tests.briefing.web.test_tracking import PERSON, path

pytestmark = pytest.mark.django_db

Kind = Event.Kind
LATER = timedelta(days=91)


@pytest.fixture
def dispatch(db: None) -> Dispatch:
    """Dispatch to two readers; one of them clicks, and somebody unknown does."""
    made = sent(2)
    reader, other = readers_of(made)
    hear(
        report(made, reader, Kind.CLICKED, link=1, by_person=True),
        report(made, None, Kind.CLICKED, link=1, by_person=True),
        report(made, other, Kind.HARD_BOUNCED),
    )
    return made


def test_what_was_counted_is_forgotten_and_the_numbers_stay(dispatch: Dispatch) -> None:
    before = list(EventCount.objects.order_by("pk").values_list("kind", "link", "number"))
    now = timezone.now()
    assert not any(retention.forget(now=now).values())
    assert retention.forget(now=now + timedelta(days=2)) == {
        "events": 0,
        "nameless_clicks": 1,
        "click_months": 0,
        "sessions": 0,
    }
    hear(report(dispatch, 10**9, Kind.OPENED))
    assert retention.forget(now=now + LATER * 2) == {
        "events": 2,
        "nameless_clicks": 0,
        "click_months": 1,
        "sessions": 0,
    }
    # Not counted yet, so not forgotten yet.
    assert [Event.objects.get().pk] == list(rows.waiting())
    assert list(EventCount.objects.order_by("pk").values_list("kind", "link", "number")) == before


def test_bounces_that_a_person_has_to_decide_about_stay(dispatch: Dispatch) -> None:
    Burst.objects.create(pk=dispatch.pk, at=timezone.now())
    retention.forget(now=timezone.now() + LATER)
    assert Event.objects.filter(kind=Kind.HARD_BOUNCED).exists()


def test_forgetting_has_its_hour() -> None:
    assert schedule.BEAT["forget"]["task"] == "briefing.tasks.forget"


def test_who_clicked_in_a_month_is_erased_with_the_reader(dispatch: Dispatch) -> None:
    reader = Subscriber.objects.get(pk=readers_of(dispatch)[0])
    assert ClickMonth.objects.filter(subscriber_id=reader.pk).exists()
    privacy.erase(str(reader.address_key), now=timezone.now())
    assert not ClickMonth.objects.exists()


def test_a_flood_of_nobodys_clicks_writes_no_more_rows_than_its_limit(
    client: Client, dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PER_LINK", parse_many("3/minute"))
    Event.objects.all().delete()
    url = path(mail_links.count_url(dispatch_id=dispatch.pk, position=0))
    answers = {client.get(url, headers=PERSON).status_code for _again in range(8)}
    assert answers == {302}
    assert Event.objects.count() == 3
    client.get(url, headers={"User-Agent": "curl/8"})
    assert Event.objects.count() == 3


def test_network_address_and_browser_are_dropped_after_the_verdict(
    client: Client, dispatch: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    Subscriber.objects.update(tracking_allowed=True)
    reader = readers_of(dispatch)[0]
    headers = PERSON | {"X-Forwarded-For": "198.51.100.9"}
    for url in (
        click_path(dispatch, reader, 0),
        open_path(dispatch, reader),
        path(mail_links.count_url(dispatch_id=dispatch.pk, position=1)),
    ):
        client.get(url, headers=headers, REMOTE_ADDR="192.0.2.77")
    apply.fold(now=timezone.now() + timedelta(minutes=1))
    assert Event.objects.count() == 6
    kept = caplog.text
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {table}")
            kept += str(cursor.fetchall())
    assert "reader0@mail.example" in kept
    assert not [word for word in ("192.0.2", "198.51.100", "Firefox", "Gecko") if word in kept]
