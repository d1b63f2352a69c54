"""What a link can do, for how long, and what it says when it can do nothing any more."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from subscribers import links
from subscribers.models import SignupRequest
from tests.subscribers import making

pytestmark = pytest.mark.django_db


def test_the_confirmation_link_works_for_three_days(client: Client) -> None:
    asked = making.pending("anna@example.com")
    made_at = links.now() - int(timedelta(hours=71).total_seconds())

    page = client.get(reverse("confirm", args=[links.make("confirm", asked.pk, made_at)]))

    assert page.status_code == 200


def test_a_link_that_ran_out_tells_how_things_stand_and_opens_nothing(client: Client) -> None:
    making.confirmed("anna@example.com")
    asked = SignupRequest.objects.get()
    fresh, late = (
        reverse("confirm", args=[links.make("confirm", asked.pk, links.now() - seconds)])
        for seconds in (0, 4 * 24 * 3600)
    )

    assert b"/preferences/" in client.get(fresh).content
    page = client.get(late).content
    assert b"You are subscribed already" in page
    assert b"/preferences/" not in page
    assert b"/receipt/" not in page


def test_nobody_is_promised_what_a_deleted_signup_cannot_hold(client: Client) -> None:
    asked = making.pending("anna@example.com")
    link = reverse("disown", args=[links.make("disown", asked.pk)])
    assert b"for a month" in client.get(link).content
    asked.delete()

    for page in (client.get(link), client.post(link, {"action": "disown"})):
        assert b"There is nothing to confirm any more" in page.content
        assert b"for a month" not in page.content


def test_a_link_takes_back_only_the_unsubscribe_it_came_with(client: Client) -> None:
    row = making.confirmed("anna@example.com")
    numbers = (row.subscriber_id, row.newsletter_id)
    leave = reverse("unsubscribe", args=[links.make("unsubscribe", *numbers)])
    undo = reverse("undo", args=[links.make("undo", *numbers, links.now() - 60)])
    client.post(leave, {"action": "leave"})

    for answer in (client.get(undo), client.post(undo, {"action": "undo"})):
        assert (answer.status_code, b"Nothing was changed" in answer.content) == (404, True)
    row.refresh_from_db()
    assert row.state == "unsubscribed"


@pytest.mark.parametrize("purpose", ["confirm", "disown", "unsubscribe", "one-click", "undo"])
def test_a_forged_link_is_told_apart_and_explained(client: Client, purpose: str) -> None:
    token = links.make("preferences", 1, 1)

    page = client.get(reverse(purpose, args=[token]))

    assert page.status_code == 404
    assert b"This link does not work" in page.content
    assert page["Cache-Control"] == "no-store, private"


def test_an_unsubscribe_link_can_do_nothing_else(client: Client) -> None:
    row = making.confirmed("anna@example.com")
    token = links.make("unsubscribe", row.subscriber_id, row.newsletter_id)

    for view in ("preferences", "receipt", "undo", "confirm", "disown"):
        assert client.get(reverse(view, args=[token])).status_code == 404


def test_pages_behind_a_link_are_kept_by_nobody(client: Client) -> None:
    asked = making.pending("anna@example.com")
    page = client.get(reverse("confirm", args=[links.make("confirm", asked.pk, links.now())]))

    assert page["Cache-Control"] == "no-store, private"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert page["Referrer-Policy"] == "no-referrer"
    assert not page.cookies


def test_one_link_that_ran_out_cannot_fill_the_table(client: Client) -> None:
    asked = making.pending("anna@example.com")
    late = links.make("confirm", asked.pk, links.now() - 4 * 24 * 3600)

    answers = [
        client.post(reverse("confirm", args=[late]), {"action": "renew"}) for _press in range(7)
    ]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429] * 2
    assert SignupRequest.objects.count() == 6
