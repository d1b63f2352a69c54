"""What must be in every mail, whoever it is for and whatever it is about."""

import re
from typing import Any

import pytest
from pytest_django import Settings

from subscribers.rendering import render
from tests.templates.emails.reading import read
from tests.templates.emails.samples import MAILS, NEWSLETTER, SITE

every_mail = pytest.mark.parametrize(("name", "context"), MAILS.values(), ids=MAILS)
# What a reader can always do: leave, say that it was not them, or go back.
WAYS_OUT = {
    "issue": ("https://slot.invalid/S9f3k0c", "https://slot.invalid/S9f3k0d"),
    "digest": ("https://slot.invalid/S9f3k0c", "https://slot.invalid/S9f3k0d"),
    "confirm": (f"{SITE}/disown/",),
    "welcome": (f"{SITE}/unsubscribe/", f"{SITE}/preferences/"),
    "goodbye": (f"{SITE}/undo/", f"{SITE}/signup/"),
    "address_confirm": (f"{SITE}/address/",),
    "address_changed": (f"{SITE}/address/",),
}


@pytest.fixture(autouse=True)
def _public_address(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = SITE


@every_mail
def test_every_mail_says_who_writes_and_from_where(name: str, context: dict[str, Any]) -> None:
    mail = render(name, context, locale="en")
    for part in (mail.text, read(mail.html).text):
        assert NEWSLETTER.name in part
        assert NEWSLETTER.postal_address in part


@every_mail
def test_every_mail_offers_a_way_out_in_both_parts(name: str, context: dict[str, Any]) -> None:
    mail = render(name, context, locale="en")
    links = [each.attributes["href"] for each in read(mail.html).links]
    for way in WAYS_OUT[name]:
        assert any(link.startswith(way) for link in links)
        assert way in mail.text


@every_mail
def test_every_link_of_the_html_stands_in_the_text(name: str, context: dict[str, Any]) -> None:
    mail = render(name, context, locale="en")
    links = read(mail.html).links
    assert links
    for each in links:
        assert each.attributes["href"] in mail.text.split()
        assert each.attributes["href"].startswith("https://")


@every_mail
def test_links_say_where_they_lead(name: str, context: dict[str, Any]) -> None:
    for each in read(render(name, context, locale="en").html).links:
        assert each.text.strip().casefold() not in {"", "click here", "here", "read more", "more"}


@every_mail
def test_only_article_images_are_fetched(name: str, context: dict[str, Any]) -> None:
    html = render(name, context, locale="en").html
    page = read(html)
    allowed = {each["image_url"] for each in map(vars, context.get("articles", []))}
    assert {each.attributes["src"] for each in page.all("img")} <= allowed
    for tag in ("script", "link", "iframe", "object", "form", "input", "video", "svg", "base"):
        assert not page.all(tag)
    assert not re.search(r"url\(|@import|@font-face|javascript:|\son\w+=", html)
    assert not any({"background", "srcset"} & set(each.attributes) for each in page.elements)


@every_mail
def test_images_have_a_description(name: str, context: dict[str, Any]) -> None:
    for each in read(render(name, context, locale="en").html).all("img"):
        assert each.attributes["alt"]


@every_mail
@pytest.mark.parametrize(("locale", "direction"), [("en", "ltr"), ("de", "ltr"), ("ar", "rtl")])
def test_language_and_direction_are_set(
    name: str, context: dict[str, Any], locale: str, direction: str
) -> None:
    page = read(render(name, context, locale=locale).html)
    root = page.all("html")[0].attributes
    assert (root["lang"], root["dir"]) == (locale, direction)
    boxes = [each.attributes.get("style", "") for each in page.all("td") + page.all("div")]
    assert {style.split("direction:")[1][:3] for style in boxes if "direction:" in style} == {
        direction
    }


@every_mail
def test_dark_mode_is_asked_for_and_drawn(name: str, context: dict[str, Any]) -> None:
    html = render(name, context, locale="en").html
    metas = {
        each.attributes.get("name"): each.attributes["content"] for each in read(html).all("meta")
    }
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
    assert "@media (prefers-color-scheme: dark)" in html


@every_mail
def test_headings_start_at_one_and_skip_nothing(name: str, context: dict[str, Any]) -> None:
    page = read(render(name, context, locale="en").html)
    levels = [int(each.tag[1]) for each in page.elements if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert set(levels) <= {1, 2}


@every_mail
def test_tables_are_not_announced_as_data(name: str, context: dict[str, Any]) -> None:
    tables = read(render(name, context, locale="en").html).all("table")
    assert {each.attributes.get("role") for each in tables} == {"presentation"}


@every_mail
def test_the_text_part_is_a_page_of_its_own(name: str, context: dict[str, Any]) -> None:
    text = render(name, context, locale="en").text
    for line in text.splitlines():
        assert len(line) <= 72 or " " not in line.strip()
        assert line == line.rstrip()
    assert "\n\n\n" not in text
    assert not text.startswith("\n")
    assert not re.search(
        r"&(amp|lt|gt|quot|#x27|nbsp);|</?\w+>", re.sub("<nobody>|<hoists>", "", text)
    )


@every_mail
def test_the_subject_is_short_and_says_which_newsletter_or_issue(
    name: str, context: dict[str, Any]
) -> None:
    subject = render(name, context, locale="en").subject
    assert 0 < len(subject) <= 70
    assert name in {"issue", "digest"} or NEWSLETTER.name in subject


@every_mail
def test_no_mail_is_cut_off_by_gmail(name: str, context: dict[str, Any]) -> None:
    assert len(render(name, context, locale="en").html.encode()) < 60_000
