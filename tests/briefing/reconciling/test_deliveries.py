"""Deliveries nobody reported on, and those of unknown fate: the provider is asked about them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import fate, invariants
from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.dispatch.sender import drain
from briefing.models import Alert, Delivery, Dispatch, Event, Repair
from briefing.reconciling import nightly, unknown
from briefing.tracking import apply
from subscribers import suppression
from subscribers.models import Subscriber
from tests.briefing.dispatch.making import Provider, dispatching
from tests.briefing.providers.fakes import Fake, Message, words
from tests.briefing.reconciling.conftest import PACE, Providers
from tests.briefing.tracking.making import readers_of, sent
from tests.briefing.transports.anymail.server import Response
from tests.briefing.web.hooks import a_reference

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


def taken(row: Delivery, *seen: str) -> Message:
    """Return a message that the fake has taken for a delivery."""
    reader = Subscriber.objects.get(pk=row.subscriber_id)
    reference = a_reference(row.dispatch_id, row.subscriber_id)
    return Message(row.reference or "77", reader.address, reference, seen)


def ask(fake: Fake) -> None:
    """Compare to the end, and fold what came of it."""
    nightly.begin(now=timezone.now())
    while nightly.go_on(now=timezone.now(), pace=PACE) is not None:
        pass
    apply.fold(now=timezone.now())


def repairs() -> dict[int, str]:
    return dict(Repair.objects.values_list("subscriber_id", "kind"))


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


def unknown_rows(number: int = 3, **values: Any) -> list[Delivery]:
    """Dispatch an issue of whose copies the provider said nothing, an hour ago."""
    dispatch = dispatching(number)
    drain(dispatch.pk, Provider(answer=lambda _copy: None))
    rows = Delivery.objects.filter(dispatch=dispatch)
    rows.update(**({"at": timezone.now() - timedelta(hours=1)} | values))
    return list(rows.order_by("subscriber_id"))


@pytest.mark.parametrize("name", ["mailgun", "postmark", "sendgrid", "sparkpost"])
def test_the_provider_says_what_became_of_the_unknown(name: str, provider: Providers) -> None:
    arrived, on_its_way, bounced, never = unknown_rows(4)
    fake = provider(name)
    fake.messages = [taken(arrived, "delivered"), taken(on_its_way), taken(bounced, "bounced")]
    if name in {"postmark", "sendgrid"}:
        fake.messages = [
            Message(f"77{place}", each.address, each.reference, each.seen)
            for place, each in enumerate(fake.messages)
        ]
    assert unknown.resolve(now=timezone.now(), pace=PACE).settled == 3
    apply.fold(now=timezone.now())
    outcomes = dict(Delivery.objects.values_list("subscriber_id", "outcome"))
    assert outcomes == {
        arrived.subscriber_id: ACCEPTED,
        on_its_way.subscriber_id: ACCEPTED,
        bounced.subscriber_id: ACCEPTED,
        never.subscriber_id: UNKNOWN,
    }
    assert Delivery.objects.get(subscriber_id=bounced.subscriber_id).fate == fate.HARD_BOUNCED
    assert Delivery.objects.get(subscriber_id=never.subscriber_id).code == f"not found at {name}"
    assert repairs()[never.subscriber_id] == "unseen"
    assert invariants.violations() == []


def test_the_unknown_is_asked_about_once_by_day_and_again_at_night(provider: Providers) -> None:
    unknown_rows(2)
    fake = provider()
    assert fake.api is not None
    for _ in range(2):
        unknown.resolve(now=timezone.now(), pace=PACE)
    assert len(fake.api.requests) == 2
    unknown.resolve(now=timezone.now(), again=True, pace=PACE)
    assert len(fake.api.requests) == 4


@pytest.mark.parametrize(
    "answer", [Response(200, {}), Response(500, {}), Response(200, b"<html>"), Response(401, {})]
)
def test_an_answer_of_no_use_leaves_the_unknown_as_it_is(
    answer: Response, provider: Providers
) -> None:
    rows = unknown_rows(2)
    fake = provider()
    assert fake.api is not None
    fake.api.script.append(answer)
    assert unknown.resolve(now=timezone.now(), pace=PACE).settled == 0
    assert list(Delivery.objects.order_by("subscriber_id").values_list("outcome", "code")) == [
        (UNKNOWN, row.code) for row in rows
    ]


def test_with_a_second_way_out_one_provider_alone_cannot_say_that_it_was_never_taken(
    provider: Providers, settings: Settings
) -> None:
    (row,) = unknown_rows(1)
    provider()
    settings.MAIL_ACCOUNTS = settings.MAIL_ACCOUNTS | {"fallback": settings.EMAIL_URL}
    assert unknown.resolve(now=timezone.now(), pace=PACE).settled == 0
    assert Delivery.objects.get().code == row.code
    other = provider("mailgun", account="fallback")
    other.messages = [taken(row, "delivered")]
    assert unknown.resolve(now=timezone.now(), pace=PACE).settled == 1


@pytest.mark.parametrize(
    "values",
    [
        {"at": timezone.now() + timedelta(days=1)},
        {"at": timezone.now() - timedelta(days=30)},
        {"next_at": timezone.now() + timedelta(days=1)},
    ],
)
def test_what_may_still_be_answered_or_is_too_old_is_not_asked_about(
    values: dict[str, Any], provider: Providers
) -> None:
    unknown_rows(2, **values)
    fake = provider()
    assert fake.api is not None
    unknown.resolve(now=timezone.now(), pace=PACE)
    assert fake.api.requests == []


def test_a_message_that_the_provider_refused_itself_is_rejected(
    provider: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = unknown_rows(1)
    event = words("sparkpost")["seen"]["delivered"]
    monkeypatch.setitem(event, "type", "policy_rejection")
    fake = provider("sparkpost")
    fake.messages = [taken(row, "delivered")]
    assert unknown.resolve(now=timezone.now(), pace=PACE).settled == 1
    assert Delivery.objects.get().outcome == REJECTED


def test_the_reference_signed_by_an_older_key_is_still_ours(
    provider: Providers, settings: Settings
) -> None:
    (row,) = unknown_rows(1)
    fake = provider("mailgun")
    fake.messages = [taken(row, "delivered")]
    settings.LINK_KEYS = {2: b"a-newer-key-0123456789abcdef0123"} | settings.LINK_KEYS
    assert unknown.resolve(now=timezone.now(), pace=PACE).settled == 1
    assert readers_of(Dispatch.objects.get()) == [row.subscriber_id]


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


def test_many_unknown_are_asked_about_in_turns(provider: Providers) -> None:
    unknown_rows(2)
    fake = provider()
    assert fake.api is not None
    fake.api.script.extend([Response(429, {}, {"Retry-After": "3600"})])
    assert unknown.resolve(now=timezone.now(), pace=PACE).more_in == 3600
