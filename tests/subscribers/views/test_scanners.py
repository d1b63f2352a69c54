"""Whatever looks into a mail before its reader does: no link of ours changes anything by it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http.multipartparser import MultiPartParserError
from django.test import Client
from django.urls import reverse

from subscribers import links, signup, throttle
from subscribers.models import SignupRequest, Subscription
from tests.subscribers import making
from tests.subscribers.post import Post

pytestmark = pytest.mark.django_db
PATTERNS = json.loads(
    (Path(__file__).parents[2] / "payloads" / "scanners" / "patterns.json").read_text("utf-8")
)


@pytest.fixture
def doors(post: Post) -> list[str]:
    """Every link that a mail of ours holds, in the state in which a click would change something."""
    making.noise()
    pending = making.pending("pending@example.com")
    active = making.confirmed("active@example.com")
    gone = making.confirmed("gone@example.com")
    gone.state = "unsubscribed"
    gone.save()
    numbers = (active.subscriber_id, active.newsletter_id)
    return [
        reverse("confirm", args=[links.make("confirm", pending.pk, links.now())]),
        reverse("confirm", args=[links.make("confirm", pending.pk, links.now() - 4 * 24 * 3600)]),
        reverse("disown", args=[links.make("disown", pending.pk)]),
        reverse("unsubscribe", args=[links.make("unsubscribe", *numbers)]),
        reverse("one-click", args=[links.make("unsubscribe", *numbers)]),
        reverse("preferences", args=[links.make("preferences", *numbers)]),
        reverse("receipt", args=[links.make("receipt", active.subscriber_id)]),
        reverse(
            "undo", args=[links.make("undo", gone.subscriber_id, gone.newsletter_id, links.now())]
        ),
    ]


def _everything() -> dict[str, list[Any]]:
    models = apps.get_app_config("subscribers").get_models()
    return {model.__name__: list(QuerySet(model).order_by("pk").values()) for model in models}


def _visit(client: Client, pattern: dict[str, Any], path: str) -> int:
    method, _, query = pattern["method"].partition("?")
    content_type = pattern["content_type"]
    if content_type == "multipart/form-data":
        content_type += "; boundary=x"
    try:
        return client.generic(
            method,
            f"{path}?{query}",
            pattern["body"].encode("latin-1"),
            content_type=content_type or "application/octet-stream",
            headers=pattern["headers"],
        ).status_code
    except (MultiPartParserError, BadRequest):
        return 400


def test_no_scanner_changes_anything(doors: list[str]) -> None:
    before = _everything()

    for pattern in PATTERNS:
        # Each comes as if it were the first: what turns a flood away would hide what it does.
        throttle.forget()
        client = Client()
        answers = {_visit(client, pattern, path) for path in doors}

        assert _everything() == before, pattern["name"]
        assert max(answers) < 500, pattern["name"]


def test_the_corpus_has_the_size_the_design_asks_for() -> None:
    assert len(PATTERNS) >= 20


def test_a_persons_click_does_change_something(client: Client, doors: list[str]) -> None:
    """The same doors, with the button: otherwise the test above would prove nothing."""
    before = _everything()
    for path in doors:
        for action in ("confirm", "renew", "disown", "leave", "undo"):
            client.post(path, {"action": action})
    after = _everything()

    assert {name for name in before if before[name] != after[name]} >= {
        "SignupRequest",
        "Subscription",
        "ConsentRecord",
        "Outbox",
    }


def test_opening_a_confirmed_link_again_records_nothing(client: Client, post: Post) -> None:
    asked = making.pending("anna@example.com")
    path = reverse("confirm", args=[links.make("confirm", asked.pk, links.now())])
    client.post(path, {"action": "confirm"})
    before = _everything()

    page = client.get(path)

    assert b"You are subscribed already" in page.content
    assert _everything() == before


def test_an_expired_link_offers_a_new_one_and_says_so_kindly(client: Client) -> None:
    asked = making.pending("anna@example.com")
    path = reverse("confirm", args=[links.make("confirm", asked.pk, links.now() - 4 * 24 * 3600)])

    page = client.get(path)
    assert page.status_code == 410
    assert b"Send me a new link" in page.content

    assert client.post(path, {"action": "renew"})["Location"].startswith("/signup/done/")
    assert SignupRequest.objects.filter(state="received").count() == 1


def test_the_expired_first_link_of_somebody_who_confirmed_the_second_says_that_all_is_well(
    client: Client,
) -> None:
    first = making.pending("anna@example.com")
    late = links.now() - 4 * 24 * 3600
    path = reverse("confirm", args=[links.make("confirm", first.pk, late)])
    second = making.pending("anna@example.com", now=making.NOW + timedelta(days=4))
    row = signup.confirm(second.pk, origin=making.origin(), now=making.NOW).subscription
    before = _everything()

    page = client.get(path)

    assert page.status_code == 200
    assert b"You are subscribed already" in page.content
    assert _everything() == before
    # Whoever left may want to come back, and so may whose mailbox did not work.
    for change in ({"state": "unsubscribed"}, {"state": "active", "withheld": "suppressed"}):
        Subscription.objects.filter(pk=row.pk).update(**change)
        assert b"Send me a new link" in client.get(path).content


def test_a_link_to_what_was_pruned_or_disowned_says_what_to_do(client: Client) -> None:
    asked = making.pending("anna@example.com")
    path = reverse("confirm", args=[links.make("confirm", asked.pk, links.now())])
    signup.disown(asked.pk, now=making.NOW)

    for answer in (client.get(path), client.post(path, {"action": "confirm"})):
        assert answer.status_code == 410
        assert b"Sign up again" in answer.content
