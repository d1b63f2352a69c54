"""A preview in every guise, and as a reader."""

import pytest
from django.test import Client

from briefing.models import Issue
from subscribers.models import Subscriber
from tests.briefing.admin.conftest import holder_of, log_in
from tests.factories import article, issue, newsletter, noise, notice, subscription, topic


def test_dark_is_drawn_whatever_the_editors_own_machine_is_set_to(desk: Client) -> None:
    address = f"/admin/issues/{issue().pk}/preview/mail/"

    dark = desk.get(f"{address}?as=dark").content.decode()
    light = desk.get(f"{address}?as=wide").content.decode()

    assert "@media all" in dark
    assert "@media not all" in light
    assert "prefers-color-scheme" not in dark + light.replace("color-scheme:", "")
    # Nor the paper that the browser lays under it.
    assert "light dark" not in dark + light


def test_with_images_off_the_browser_itself_refuses_them(desk: Client) -> None:
    framed = desk.get(f"/admin/issues/{issue().pk}/preview/mail/?as=bare")

    assert "img-src 'none'" in framed.headers["Content-Security-Policy"]


def test_a_reader_is_found_by_address_and_their_copy_shown(desk: Client) -> None:
    welding, ports = article("Welding"), article("Ports", topic=topic("Ports"))
    looked_at = issue(articles=[welding, ports], intro="Hello {{ name|there }}")
    reader = subscription("ada@example.org")
    reader.topics.add(topic("Ports"))
    Subscriber.objects.filter(pk=reader.subscriber_id).update(name="Ada")

    answer = desk.post(f"/admin/issues/{looked_at.pk}/preview/", {"address": "ADA@example.org"})
    location = answer.headers["Location"]
    screen = desk.get(location).content.decode()
    framed = desk.get(location.replace("preview/", "preview/mail/")).content.decode()

    assert "ada@example.org" not in location
    assert "As ada@example.org would get it." in screen
    assert "Hello Ada" in framed
    assert ports.headline in framed
    assert welding.headline not in framed


def test_a_reader_of_plain_text_is_shown_plain_text(desk: Client) -> None:
    looked_at, reader = issue(), subscription("ada@example.org")
    Subscriber.objects.filter(pk=reader.subscriber_id).update(format=Subscriber.Format.TEXT)

    screen = desk.get(f"/admin/issues/{looked_at.pk}/preview/?reader={reader.subscriber_id}")

    assert screen.context["width"] == "text"
    assert "<iframe" not in screen.content.decode()


@pytest.mark.parametrize("typed", ["nobody@example.org", "noise.active@example.org", "not one"])
def test_only_readers_of_this_newsletter_are_found(desk: Client, typed: str) -> None:
    noise()
    looked_at = issue(newsletter())

    screen = desk.post(f"/admin/issues/{looked_at.pk}/preview/", {"address": typed})

    assert screen.status_code == 200
    assert screen.context["whose"].errors["address"]


def test_whoever_may_not_look_readers_up_is_not_shown_one(db: None) -> None:
    looked_at, reader = issue(), subscription("ada@example.org")
    editor = log_in(holder_of("editor"))

    screen = editor.get(f"/admin/issues/{looked_at.pk}/preview/?reader={reader.subscriber_id}")

    assert "ada@example.org" not in screen.content.decode()
    assert screen.context["whose"] is None


@pytest.mark.parametrize("number", ["0", "9" * 40, "-1", "²", "x"])
def test_a_number_that_is_nobodys_shows_the_editors_own_copy(desk: Client, number: str) -> None:
    screen = desk.get(f"/admin/issues/{issue().pk}/preview/?as=other&reader={number}")

    assert screen.status_code == 200
    assert screen.context["reader"] is None


def test_both_subjects_are_looked_at_in_every_guise_and_as_a_reader(desk: Client) -> None:
    looked_at = issue(subject="Robots that ask")
    Issue.objects.filter(pk=looked_at.pk).update(second_subject="A robot raises its hand")
    subscription("ada@example.org")
    address = f"/admin/issues/{looked_at.pk}/preview/"

    first = desk.get(address).content.decode()
    second = desk.get(f"{address}?subject=b&as=dark").content.decode()
    framed = desk.get(f"{address}mail/?subject=b").content.decode()
    location = desk.post(f"{address}?subject=b", {"address": "ada@example.org"}).headers["Location"]

    assert "<strong>Robots that ask</strong>" in first
    assert "<strong>A robot raises its hand</strong>" in second
    assert "?as=narrow&amp;subject=b" in second
    assert "A robot raises its hand" in framed
    assert "<strong>A robot raises its hand</strong>" in desk.get(location).content.decode()
    single = issue(articles=[article("Another")])
    assert "With which" not in desk.get(f"/admin/issues/{single.pk}/preview/").content.decode()


def test_an_article_in_its_sandbox_asks_for_no_script(desk: Client) -> None:
    newsletter()
    notice()
    shown = desk.get(f"/admin/articles/{article().pk}/preview/page/").content.decode()
    assert 'name="email"' in shown
    assert "<script" not in shown
