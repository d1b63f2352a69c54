"""Every provider's documented reports, genuine and forged, at the door and folded."""

import json
import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from briefing.models import Delivery, Dispatch, Event
from briefing.tracking import apply, turn
from briefing.web import webhooks
from subscribers import links, suppression
from subscribers.models import Outbox, Subscriber, Suppression
from tests.briefing.tracking.making import readers_of, sent, waiting
from tests.briefing.web import hooks
from tests.queue import Doorbell
from tests.subscribers import making

pytestmark = pytest.mark.django_db

PAYLOADS = {esp: sorted((hooks.PAYLOADS / esp).glob("*.json")) for esp in webhooks.PROVIDERS}


@pytest.fixture(autouse=True)
def _secrets(settings: Settings) -> None:
    settings.ANYMAIL = dict(hooks.SETTINGS)
    webhooks._view.cache_clear()  # noqa: SLF001  it keeps the settings of its first request


@pytest.fixture
def dispatch() -> Dispatch:
    """Dispatch an issue to three readers."""
    return sent(3)


def reference(dispatch: Dispatch) -> str:
    return hooks.a_reference(dispatch.pk, readers_of(dispatch)[0])


def test_every_provider_of_anymail_has_payloads() -> None:
    assert all(len(paths) >= 5 for paths in PAYLOADS.values())


@pytest.mark.parametrize("esp", webhooks.PROVIDERS)
def test_each_documented_report_is_kept_once_and_folds_to_its_fate(
    esp: str, doorbell: Doorbell, django_capture_on_commit_callbacks: Any
) -> None:
    """Of each payload another reader, so that what was heard of one is all that was heard of them."""
    paths = PAYLOADS[esp]
    dispatch = sent(len(paths))
    readers = readers_of(dispatch)
    Subscriber.objects.update(tracking_allowed=True)
    for path, reader in zip(paths, readers, strict=True):
        payload = json.loads(path.read_text("utf-8"))
        with django_capture_on_commit_callbacks(execute=True):
            for _ in range(2):
                post = hooks.post_of(esp, payload, reference=hooks.a_reference(dispatch.pk, reader))
                assert hooks.send(esp, post).status_code == 200, path
        event = Event.objects.get(subscriber_id=reader)
        assert (event.provider, event.kind) == (esp, payload["kind"]), path
        assert event.by_person is (False if payload.get("by_machine") else None), path
        told = json.dumps(event.payload) + event.code
        assert not re.search(
            r"@|192\.0\.2\.7|Linux|Firefox|Barracuda|python-requests|Utrecht", told
        ), path
    assert doorbell.rung("briefing.tasks.fold")
    apply.fold(now=timezone.now())
    assert waiting() == 0
    heard = dict(Delivery.objects.filter(dispatch=dispatch).values_list("subscriber_id", "fate"))
    for path, reader in zip(paths, readers, strict=True):
        payload = json.loads(path.read_text("utf-8"))
        bit = turn.BITS.get(Event.Kind(payload["kind"]), 0)
        assert heard[reader] == (0 if payload.get("by_machine") else bit), path


@pytest.mark.parametrize("esp", webhooks.PROVIDERS)
def test_forged_posts_have_no_effect(esp: str, dispatch: Dispatch) -> None:
    payload = json.loads((hooks.PAYLOADS / esp / "hard.json").read_text("utf-8"))
    post = hooks.post_of(esp, payload, reference=reference(dispatch))
    before = Suppression.objects.count()
    for number in range(77):
        forged = ["", "Basic bm9ib2R5Om5vdGhpbmc=", hooks.basic("desk:" + "x" * number), "Bearer x"]
        answer = hooks.send(esp, post, authorization=forged[number % 4])
        assert answer.status_code in {400, 401}
    assert not Event.objects.exists()
    assert Suppression.objects.count() == before


@pytest.mark.parametrize(
    "esp", ["mailersend", "mailgun", "mailtrap", "mandrill", "postal", "unisender_go"]
)
def test_a_report_that_was_changed_on_its_way_is_refused(esp: str, dispatch: Dispatch) -> None:
    payload = json.loads((hooks.PAYLOADS / esp / "hard.json").read_text("utf-8"))
    post = hooks.post_of(esp, payload, reference=reference(dispatch))
    if esp == "mailgun":
        # It signs time and token only.
        post.body = post.body.replace(b"1795537000", b"1795537001")
    else:
        post.body = post.body.replace(b"reader0", b"reader1")
    assert hooks.send(esp, post).status_code == 400
    assert not Event.objects.exists()


@pytest.mark.parametrize("name", ["delivered", "opened"])
def test_however_many_reports_are_in_a_post_the_database_is_asked_once(
    name: str, dispatch: Dispatch, django_assert_max_num_queries: Any
) -> None:
    payload = json.loads((hooks.PAYLOADS / "sendgrid" / f"{name}.json").read_text("utf-8"))
    (line,) = payload["body"]
    readers = readers_of(dispatch)
    Subscriber.objects.filter(pk__in=readers[:2]).update(tracking_allowed=True)
    ours = hooks.a_reference(dispatch.pk, readers[0])
    lines = [
        line
        | {
            "email": f"reader{number % 3}@mail.example",
            "sg_event_id": f"{number}",
            "reference": ours if number < 6 else "none-of-ours",
        }
        for number in range(12)
    ]
    with django_assert_max_num_queries(8):
        assert hooks.send("sendgrid", hooks.Post(json.dumps(lines).encode())).status_code == 200
    told = Counter(Event.objects.values_list("dispatch_id", "subscriber_id"))
    singles = {(None, reader): 2 for reader in readers[: 2 if name == "opened" else 3]}
    assert told == {(dispatch.pk, readers[0]): 6} | singles


def test_a_bounced_confirmation_is_its_readers(dispatch: Dispatch) -> None:
    payload = json.loads((hooks.PAYLOADS / "postmark" / "hard.json").read_text("utf-8"))
    post = hooks.post_of("postmark", payload, reference="none-of-ours")
    hooks.send("postmark", post)
    event = Event.objects.get()
    assert event.dispatch_id is None
    assert event.subscriber_id == readers_of(dispatch)[0]


@pytest.mark.parametrize("esp", ["postmark", "mandrill", "sendgrid"])
def test_a_bounced_confirmation_ends_the_signup_that_its_reference_names(esp: str) -> None:
    asked = making.pending("somebody@new.example")
    row = Outbox.objects.get(signup=asked)
    payload = json.loads((hooks.PAYLOADS / esp / "hard.json").read_text("utf-8"))
    post = hooks.post_of(esp, payload, reference=links.make("mail", row.pk))
    assert hooks.send(esp, post).status_code == 200
    asked.refresh_from_db()
    assert asked.state == "bounced"
    assert suppression.reasons("somebody@new.example") == {"hard_bounce"}


@pytest.mark.parametrize(
    ("path", "status"), [("/hooks/postmark/", 404), ("/hooks/nobody/", 404), ("/hooks/", 404)]
)
def test_without_a_secret_there_is_no_door(settings: Settings, path: str, status: int) -> None:
    settings.ANYMAIL = {}
    post = hooks.Post(b"{}")
    assert hooks.send(path.split("/")[2] or "x", post).status_code == status


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b'{"RecordType": 7}', b"\xff\xfe", b"[" * 100_000]
)
@pytest.mark.parametrize("esp", ["postmark", "sendgrid", "brevo", "resend"])
def test_rubbish_with_the_right_secret_is_refused_and_harms_nothing(esp: str, body: bytes) -> None:
    assert hooks.send(esp, hooks.Post(body)).status_code in {200, 400}
    assert not Event.objects.exclude(kind=Event.Kind.OTHER).exists()


def test_a_post_takes_the_short_way_and_what_guards_it_stays(
    settings: Settings, dispatch: Dispatch, client: Client
) -> None:
    payload = json.loads((hooks.PAYLOADS / "postmark" / "delivered.json").read_text("utf-8"))
    post = hooks.post_of("postmark", payload, reference=reference(dispatch))
    answer = hooks.send("postmark", post)
    assert answer.status_code == 200
    assert "Content-Language" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    settings.ALLOWED_HOSTS = ["news.example"]
    assert hooks.send("postmark", post).status_code == 400
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["testserver"], True
    hooks._client.cache_clear()  # noqa: SLF001  the middleware keeps what it was set up with
    try:
        assert hooks.send("postmark", post)["Location"] == "https://testserver/hooks/postmark/"
    finally:
        hooks._client.cache_clear()  # noqa: SLF001  as above


def test_a_post_that_is_too_large_is_refused() -> None:
    answer = hooks.send("sendgrid", hooks.Post(b"[" + b" " * webhooks.MAX_BYTES + b"]"))
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["many", "-1", "1e3", "٣"])
def test_a_post_of_no_length_is_refused(client: Client, length: str) -> None:
    answer = client.post(
        "/hooks/sendgrid/", b"[]", content_type="application/json", CONTENT_LENGTH=length
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("number", [10, pytest.param(1000, marks=pytest.mark.full)])
def test_a_burst_is_kept_whole_and_folded(dispatch: Dispatch, number: int) -> None:
    """A hundred reports to a post: 100,000 with --full. How fast it is, `make bench` tells."""
    payload = json.loads((hooks.PAYLOADS / "sendgrid" / "delivered.json").read_text("utf-8"))
    (line,) = payload["body"]
    for post_number in range(number):
        lines = [line | {"sg_event_id": f"{post_number}-{each}"} for each in range(100)]
        post = hooks.post_of("sendgrid", {"body": lines}, reference=reference(dispatch))
        assert hooks.send("sendgrid", post).status_code == 200
    assert Event.objects.count() == number * 100
    while apply.fold(now=timezone.now()) >= apply.AT_ONCE:
        pass
    assert waiting() == 0
