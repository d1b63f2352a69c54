"""The page where a reader is in charge, through the real forms and mails."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from subscribers import links, privacy, suppression
from subscribers.models import (
    ConsentContext,
    ConsentRecord,
    SignupRequest,
    Subscriber,
    Subscription,
    Topic,
)
from subscribers.suppression import Reason
from tests.queue import Doorbell
from tests.subscribers import making
from tests.subscribers.post import Post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def row(post: Post) -> Subscription:
    making.noise()
    Topic.objects.create(slug="china", name="China")
    return making.confirmed("anna@example.com")


@pytest.fixture
def path(row: Subscription) -> str:
    return reverse(
        "preferences", args=[links.make("preferences", row.subscriber_id, row.newsletter_id)]
    )


def fill_in(**values: Any) -> dict[str, Any]:
    """Return what a person's browser sends."""
    return {
        "action": "save",
        "topics": ["china"],
        "frequency": "digest",
        "paused_until": "",
        "locale": "de",
        "time_zone": "Asia/Tokyo",
        "format": "text",
    } | values


def test_leaving_stands_first_on_the_page(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    main = page[page.index("<main") :]

    assert main.index("/unsubscribe/") < main.index("<form")


def test_what_is_saved_is_shown_again(client: Client, path: str, row: Subscription) -> None:
    page = client.post(path, fill_in(paused_until="2099-12-31")).content.decode()

    row.refresh_from_db()
    assert "Your preferences are saved. Nothing comes before" in page
    assert f'value="{row.paused_until:%Y-%m-%d}"' in page
    assert '<option value="Asia/Tokyo" selected>' in page
    assert row.frequency == "digest"


def test_a_pause_that_is_over_is_none_and_in_nobodys_way(
    client: Client, path: str, row: Subscription
) -> None:
    Subscription.objects.update(paused_until="2020-01-15")

    assert 'name="paused_until" value=""' in client.get(path).content.decode()


@pytest.mark.parametrize(
    "values",
    [
        {"frequency": "hourly"},
        {"locale": "xx"},
        {"time_zone": "Mars/Olympus"},
        {"format": "pdf"},
        {"paused_until": "soon"},
        {"paused_until": "2020-01-15"},
    ],
)
def test_what_we_do_not_offer_is_not_saved(
    client: Client, path: str, row: Subscription, values: dict[str, Any]
) -> None:
    answer = client.post(path, fill_in(**values))

    assert answer.status_code == 422
    assert "Something is not right yet" in answer.content.decode()
    row.refresh_from_db()
    assert row.frequency == "every"


def test_what_was_typed_beside_a_mistake_is_still_there(client: Client, path: str) -> None:
    page = client.post(path, fill_in(paused_until="2099-13-45")).content.decode()
    assert 'href="#paused-until"' in page
    # A date field would show nothing of what is no date.
    assert 'type="text" name="paused_until" value="2099-13-45"' in page
    assert 'aria-describedby="pause-hint" aria-invalid="true"' in page
    assert 'value="digest" checked' in page
    assert 'value="china" checked' in page
    assert '<option value="Asia/Tokyo" selected>' in page
    page = client.post(path, {"action": "move", "email": "new@nowhere"}).content.decode()
    assert 'value="new@nowhere" aria-invalid="true"' in page


def test_nobody_is_asked_for_tracking_without_a_published_wording(
    client: Client, path: str
) -> None:
    assert "tracking_allowed" not in client.get(path).content.decode()

    making.notice("tracking")
    assert "The tracking wording." in client.get(path).content.decode()


def test_an_address_moves_by_its_own_mail_and_back_by_the_old_ones(
    client: Client, path: str, doorbell: Doorbell, post: Post
) -> None:
    client.post(path, {"action": "move", "email": "new@example.org"})
    doorbell.answer()
    assert (post.mails[-1].purpose, post.mails[-1].recipient) == ("addr_confirm", "new@example.org")
    assert "anna@example.com" not in post.mails[-1].text

    assert b"Use this address" in client.get(post.link("address")).content
    for _press in range(2):
        page = client.post(post.link("address"), {"action": "confirm"})
        assert b"it comes here now" in page.content
    assert b"it comes here now" in client.get(post.link("address")).content
    assert Subscriber.objects.filter(address_key="new@example.org").exists()

    doorbell.answer()
    assert (post.mails[-1].purpose, post.mails[-1].recipient) == (
        "addr_changed",
        "anna@example.com",
    )
    assert b"Change it back" in client.get(post.link("address")).content
    for _press in range(2):
        page = client.post(post.link("address"), {"action": "undo"})
        assert b"it is as it was" in page.content
    assert b"it is as it was" in client.get(post.link("address")).content
    # What was taken back is not done again by the mail that had asked.
    asked = post.link("address", mail=-2)
    for answer in (client.get(asked), client.post(asked, {"action": "confirm"})):
        assert answer.status_code == 404
    assert Subscriber.objects.filter(address_key="anna@example.com").exists()


def test_the_page_does_not_tell_who_else_reads_us(client: Client, path: str) -> None:
    making.confirmed("reader@example.org")

    pages = {
        client.post(path, {"action": "move", "email": email}).content
        for email in ("stranger@example.org", "reader@example.org")
    }

    assert len(pages) == 1


def test_a_reader_takes_their_data_and_leaves_nothing(
    client: Client, path: str, row: Subscription
) -> None:
    told = client.get(f"{path}data.json").json()
    assert told["reader"]["address"] == "anna@example.com"

    assert b"Delete everything about you?" in client.get(f"{path}erase/").content
    client.post(f"{path}erase/", {})
    assert Subscriber.objects.filter(address_key="anna@example.com").exists()

    assert b"You are deleted" in client.post(f"{path}erase/", {"action": "erase"}).content
    assert not Subscriber.objects.filter(address_key="anna@example.com").exists()
    for answer in (client.get(path), client.post(f"{path}erase/", {"action": "erase"})):
        assert (answer.status_code, b"You are deleted" in answer.content) == (410, True)


def test_a_reader_whose_address_is_not_written_to_is_told_so(client: Client, path: str) -> None:
    assert b"Nothing comes to you at the moment" not in client.get(path).content

    suppression.suppress("anna@example.com", Reason.HARD_BOUNCE, now=making.NOW)

    assert b"Nothing comes to you at the moment" in client.get(path).content


def test_an_erasure_finds_a_reader_who_moves_at_that_very_moment(
    client: Client, path: str, row: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = privacy.erase

    def overtaken(key: str, **more: Any) -> bool:
        monkeypatch.setattr(privacy, "erase", real)
        Subscriber.objects.filter(pk=row.subscriber_id).update(address_key="new@example.org")
        return real(key, **more)

    monkeypatch.setattr(privacy, "erase", overtaken)

    assert b"You are deleted" in client.post(f"{path}erase/", {"action": "erase"}).content
    assert Subscriber.objects.get(pk=row.subscriber_id).erased_at


@pytest.mark.parametrize("told", [True, False])
def test_no_page_behind_a_link_keeps_the_link(
    client: Client, path: str, row: Subscription, *, told: bool
) -> None:
    making.notice("tracking")
    referer = {"Referer": f"http://testserver{path}"} if told else {}
    client.post(path, fill_in(tracking_allowed="on"), headers=referer)

    token = path.split("/")[2]
    latest = ConsentRecord.objects.latest("pk")
    assert latest.page == "/preferences/"
    assert token not in repr(list(ConsentRecord.objects.values()))
    assert ConsentContext.objects.get(record=latest).ip == "127.0.0.0"


def test_a_signup_from_a_page_behind_a_link_does_not_keep_the_link(
    client: Client, path: str
) -> None:
    stamp = links.make("stamp", links.now() - 30)
    sent = {"email": "new@example.org", "newsletter": "the-robotics-briefing", "stamp": stamp}

    client.post(reverse("signup"), sent, headers={"Referer": f"http://testserver{path}"})

    assert SignupRequest.objects.latest("pk").page == "/preferences/"
