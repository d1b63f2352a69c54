"""Deliveries of unknown fate: the provider is asked about them, in rounds."""

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import fate, invariants
from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.dispatch.sender import drain
from briefing.models import Delivery, Dispatch
from briefing.reconciling import unknown
from briefing.reconciling.nightly import Pace
from briefing.tracking import apply
from tests.briefing.dispatch.making import Provider, dispatching
from tests.briefing.providers.fakes import Fake, Message, words
from tests.briefing.reconciling.conftest import PACE, Providers
from tests.briefing.reconciling.making import repairs, taken
from tests.briefing.tracking.making import readers_of
from tests.briefing.transports.anymail.server import Response
from tests.briefing.web.hooks import a_reference

pytestmark = pytest.mark.django_db


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


def test_many_unknown_are_asked_about_in_turns(provider: Providers) -> None:
    unknown_rows(2)
    fake = provider()
    assert fake.api is not None
    fake.api.script.extend([Response(429, {}, {"Retry-After": "3600"})])
    assert unknown.resolve(now=timezone.now(), pace=PACE).more_in == 3600


def asked_about(fake: Fake, rows: list[Delivery]) -> list[int]:
    """Return which of these deliveries the fake was asked about, by their places, in order."""
    assert fake.api is not None
    references = [a_reference(row.dispatch_id, row.subscriber_id) for row in rows]
    paths = [unquote(request.path) for request in fake.api.requests]
    return [place for path in paths for place, each in enumerate(references) if each in path]


def not_now(fake: Fake, *, behind: int) -> None:
    """Let the fake put off what comes behind so many requests."""
    assert fake.api is not None
    later = Response(429, {}, {"Retry-After": "3600"})
    fake.api.script.extend([Response(200, {"Messages": []})] * behind + [later])


def test_a_night_goes_on_behind_the_last_one_by_day(provider: Providers) -> None:
    rows = unknown_rows(3, at=timezone.now() - timedelta(days=3))
    fake = provider()
    not_now(fake, behind=1)
    assert unknown.resolve(now=timezone.now(), again=True, pace=PACE).more_in == 3600
    for _turn in range(2):
        assert unknown.resolve(now=timezone.now(), pace=PACE).more_in is None
    # The second one was put off once.
    assert asked_about(fake, rows) == [0, 1, 1, 2]


def test_what_nobody_can_say_for_sure_is_asked_about_in_turn(
    provider: Providers, settings: Settings
) -> None:
    rows = unknown_rows(3)
    fake = provider()
    settings.MAIL_ACCOUNTS = settings.MAIL_ACCOUNTS | {"fallback": settings.EMAIL_URL}
    not_now(fake, behind=2)
    for _turn in range(2):
        unknown.resolve(now=timezone.now(), pace=PACE)
    assert asked_about(fake, rows) == [0, 1, 2, 2]
    # From the beginning: an answer may have come in meanwhile.
    unknown.resolve(now=timezone.now(), pace=PACE)
    assert asked_about(fake, rows) == [0, 1, 2, 2, 0, 1, 2]


def test_an_answer_of_no_use_does_not_stand_before_the_others(provider: Providers) -> None:
    rows = unknown_rows(3)
    fake = provider()
    assert fake.api is not None
    fake.api.script.append(Response(500, {}))
    for _turn in range(2):
        assert unknown.resolve(now=timezone.now(), pace=PACE).more_in is None
    assert asked_about(fake, rows) == [0, 1, 2]


def test_only_one_worker_asks_at_a_time(provider: Providers) -> None:
    unknown_rows(2)
    fake = provider()
    assert fake.api is not None
    others: list[unknown.Resolved] = []

    def meanwhile(_seconds: float) -> None:
        others.append(unknown.resolve(now=timezone.now(), pace=PACE))

    unknown.resolve(now=timezone.now(), pace=Pace(wait=meanwhile))
    assert others == [unknown.Resolved()]
    assert len(fake.api.requests) == 2
