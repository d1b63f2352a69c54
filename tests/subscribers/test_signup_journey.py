"""From the form to the welcome and out again, through the real pages, tasks and templates."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from subscribers import links, tasks
from subscribers.models import ConsentRecord, Outbox, SignupRequest, Subscriber, Subscription
from tests.queue import Doorbell
from tests.subscribers import making
from tests.subscribers.post import ISSUE, Post

pytestmark = pytest.mark.django_db(transaction=True)
ANNA = "Anna@Example.com"


@pytest.fixture(autouse=True)
def _newsletter() -> None:
    making.noise()
    making.newsletter()
    making.notice()


def fill_in(**values: Any) -> dict[str, Any]:
    """Return what a person's browser sends."""
    return {
        "email": ANNA,
        "newsletter": "the-robotics-briefing",
        "stamp": links.make("stamp", links.now() - 30),
        "form": "box",
        "website": "",
    } | values


def test_a_reader_signs_up_confirms_and_leaves(
    client: Client, doorbell: Doorbell, post: Post
) -> None:
    post.latest = ISSUE
    answer = client.post(reverse("signup"), fill_in())
    assert answer.status_code == 302
    assert "spam folder" in client.get(answer["Location"]).content.decode()
    assert not Subscriber.objects.filter(address_key="anna@example.com").exists()

    doorbell.answer()
    assert [mail.purpose for mail in post.mails] == ["confirm"]
    assert post.mails[0].recipient == "Anna@example.com"

    page = client.get(post.link("confirm"))
    assert b"Confirm my subscription" in page.content
    assert not Subscriber.objects.filter(address_key="anna@example.com").exists()
    page = client.post(post.link("confirm"), {"action": "confirm"})
    assert b"Welcome, you are subscribed" in page.content
    assert b"Robots at sea" in page.content

    doorbell.answer()
    assert [mail.purpose for mail in post.mails] == ["confirm", "welcome"]
    row = Subscription.objects.get(subscriber__address_key="anna@example.com")
    assert row.state == "active"

    page = client.get(post.link("unsubscribe"))
    assert page.content.count(b"<button") == 1
    page = client.post(post.link("unsubscribe"), {"action": "leave"})
    assert b"You are unsubscribed" in page.content
    row.refresh_from_db()
    assert row.state == "unsubscribed"

    doorbell.answer()
    assert post.mails[-1].purpose == "goodbye"
    page = client.post(post.link("undo"), {"action": "undo"})
    assert b"Everything is as it was before" in page.content
    row.refresh_from_db()
    assert row.state == "active"

    acts = ConsentRecord.objects.filter(person=row.subscriber.person).order_by("pk")
    assert list(acts.values_list("act", flat=True)) == [
        "requested",
        "confirmed",
        "withdrawn",
        "confirmed",
    ]


def test_nothing_is_lost_when_nobody_rings(client: Client, doorbell: Doorbell, post: Post) -> None:
    client.post(reverse("signup"), fill_in())
    SignupRequest.objects.update(created_at=making.NOW)
    doorbell.rings.clear()

    tasks.work_owed()

    assert [mail.purpose for mail in post.mails] == ["confirm"]
    assert Outbox.objects.get().state == "accepted"


def test_the_receipt_and_the_preferences_open_from_the_welcome(
    client: Client, doorbell: Doorbell, post: Post
) -> None:
    client.post(reverse("signup"), fill_in())
    doorbell.answer()
    client.post(post.link("confirm"), {"action": "confirm"})
    doorbell.answer()
    tasks.seal()

    receipt = client.get(post.link("receipt")).content.decode()
    assert "The signup wording." in receipt
    assert "in seal" in receipt
    told = client.get(post.link("receipt") + "receipt.json").json()
    assert [act["statement"]["act"] for act in told["acts"]] == ["requested", "confirmed"]
    seals = client.get(reverse("seals")).json()["seals"]
    assert seals[0]["root"] == told["acts"][0]["seal"]["root"]
    assert b"Your preferences" in client.get(post.link("preferences")).content
