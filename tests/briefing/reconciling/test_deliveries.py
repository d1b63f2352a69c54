"""Deliveries nobody reported on: the provider is asked about them at night."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import fate
from briefing.models import Alert, Delivery, Dispatch, Event
from briefing.reconciling import nightly
from briefing.tracking import apply
from subscribers import suppression
from subscribers.models import Subscriber
from tests.briefing.providers.fakes import Fake
from tests.briefing.reconciling.conftest import PACE, Providers
from tests.briefing.reconciling.making import repairs, taken
from tests.briefing.tracking.making import sent
from tests.briefing.transports.anymail.server import Response

pytestmark = pytest.mark.django_db
DAYS = timedelta(days=3)


def long_ago(dispatch: Dispatch) -> list[Delivery]:
    """Move a dispatch three days back; return its deliveries by reader, each with an id of its own."""
    then = timezone.now() - DAYS
    Dispatch.objects.filter(pk=dispatch.pk).update(started_at=then, finished_at=then)
    rows = Delivery.objects.filter(dispatch=dispatch)
    for row in rows:
        rows.filter(subscriber_id=row.subscriber_id).update(
            at=then, reference=f"1000{row.subscriber_id}"
        )
    return list(rows.order_by("subscriber_id"))


def ask(fake: Fake) -> None:
    """Compare to the end, and fold what came of it."""
    nightly.begin(now=timezone.now())
    while nightly.go_on(now=timezone.now(), pace=PACE) is not None:
        pass
    apply.fold(now=timezone.now())


@pytest.mark.parametrize("name", ["amazon_ses", "brevo", "mailgun", "postmark", "sparkpost"])
def test_lost_reports_on_accepted_deliveries_are_fetched_and_folded(
    name: str, provider: Providers
) -> None:
    rows = long_ago(sent(4))
    arrived, bounced, quiet, lost = rows
    fake = provider(name)
    fake.messages = [taken(arrived, "delivered"), taken(bounced, "bounced"), taken(quiet)]
    ask(fake)
    heard = dict(Delivery.objects.values_list("subscriber_id", "fate"))
    assert heard[arrived.subscriber_id] == fate.DELIVERED
    assert heard[bounced.subscriber_id] == fate.HARD_BOUNCED
    assert heard[quiet.subscriber_id] == heard[lost.subscriber_id] == 0
    assert repairs() == {
        arrived.subscriber_id: "state",
        bounced.subscriber_id: "state",
        quiet.subscriber_id: "silent",
        lost.subscriber_id: "unseen",
    }
    reader = Subscriber.objects.get(pk=bounced.subscriber_id)
    assert suppression.reasons(str(reader.address_key)) == {"hard_bounce"}
    assert "@" not in "".join(f"{each.payload}{each.code}" for each in Event.objects.all())


def test_what_was_reported_or_is_young_is_not_asked_about(provider: Providers) -> None:
    dispatch = sent(3)
    rows = long_ago(dispatch)
    Delivery.objects.filter(subscriber_id=rows[0].subscriber_id).update(fate=fate.DELIVERED)
    Delivery.objects.filter(subscriber_id=rows[1].subscriber_id).update(at=timezone.now())
    fake = provider()
    ask(fake)
    assert set(repairs()) == {rows[2].subscriber_id}


def test_asking_goes_on_behind_the_last_one_and_a_second_night_fetches_nothing_twice(
    provider: Providers,
) -> None:
    rows = long_ago(sent(3))
    fake = provider()
    fake.messages = [taken(row, "delivered") for row in rows]
    assert fake.api is not None
    nightly.begin(now=timezone.now())
    later = Response(429, {}, {"Retry-After": "3600"})
    fake.api.script.extend([Response(200, {"Suppressions": []}), later])
    assert nightly.go_on(now=timezone.now(), pace=PACE) == 3600
    ask(fake)
    assert Event.objects.count() == 3
    assert set(repairs().values()) == {"state"}
    asked = len(fake.api.requests)
    ask(fake)
    # The list alone: every delivery was heard of.
    assert len(fake.api.requests) == asked + 1
    assert Event.objects.count() == 3


def test_of_a_dispatch_without_any_report_the_webhook_is_asked_for(
    provider: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("briefing.reconciling.inquiries._REPORTED_AT_LEAST", 2)
    long_ago(sent(3))
    ask(provider())
    assert repairs() == {}
    assert "/hooks/postmark/" in Alert.objects.get(kind="provider").text


def test_a_delivery_that_may_have_left_by_another_way_is_not_listed_as_lost(
    provider: Providers, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("briefing.reconciling.inquiries._REPORTED_AT_LEAST", 2)
    monkeypatch.setattr("briefing.reconciling.inquiries._REPORTED_SHARE", 0)
    rows = long_ago(sent(2))
    fake = provider()
    settings.MAIL_ACCOUNTS = settings.MAIL_ACCOUNTS | {"fallback": settings.EMAIL_URL}
    fake.messages = [taken(rows[0], "delivered")]
    ask(fake)
    assert repairs() == {rows[0].subscriber_id: "state"}
    assert not Alert.objects.exists()
