"""The issue's mail: everything an article and a reader are owed, and each reader's own places."""

from typing import Any

import pytest
from pytest_django import Settings

from subscribers.rendering import render
from tests.templates.emails.reading import read
from tests.templates.emails.samples import BARE, NEWSLETTER, SITE, SLOT, article, issue

TWELVE = [article(number) for number in range(1, 13)]


@pytest.fixture(autouse=True)
def _public_address(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = SITE


def test_number_and_date_stand_in_the_masthead() -> None:
    mail = render("issue", issue(*TWELVE), locale="en")
    assert mail.subject == "A gear & its price"
    assert "Issue 12 · 5 November 2026" in read(mail.html).text
    assert mail.text.startswith("THE ROBOTICS BRIEFING\nIssue 12 · 5 November 2026\n===")


def test_every_article_is_there_with_all_it_has_to_say() -> None:
    mail = render("issue", issue(*TWELVE), locale="en")
    for part in (" ".join(mail.text.split()), read(mail.html).text):
        for each in TWELVE:
            assert each.headline in part
            assert part.count(each.dek) == 12
        assert "By Lin Yuhan and محمد الفارسي · Read in 1 minute" in part
        assert "By Lin Yuhan and محمد الفارسي · Read in 12 minutes" in part
    assert mail.text.count("AUTOMATION\n") == 12


def test_the_lead_shows_its_image_with_credit_and_licence() -> None:
    page = read(render("issue", issue(*TWELVE), locale="en").html)
    (image,) = page.all("img")
    assert image.attributes["src"] == TWELVE[0].image_url
    assert image.attributes["alt"] == TWELVE[0].image_alt
    assert "Image / Photo by Studio Linnea on The Robotics Briefing · CC BY 4.0" in page.text


@pytest.mark.parametrize(
    ("changes", "caption"),
    [
        (
            {"image_licence": ""},
            "Image / Photo by Studio Linnea on The Robotics Briefing Automation",
        ),
        ({"image_credit": ""}, " CC BY 4.0 Automation"),
    ],
)
def test_half_a_caption_has_no_loose_dot(changes: dict[str, str], caption: str) -> None:
    page = read(render("issue", issue(article(1, **changes)), locale="en").html)
    assert caption in page.text
    assert f"· {caption}" not in page.text


def test_what_an_article_lacks_leaves_no_trace() -> None:
    mail = render("issue", issue(article(1, **BARE)), locale="en")
    page = read(mail.html)
    assert not page.all("img")
    assert "By " not in page.text
    assert "\n· " not in mail.text
    assert "Read in 1 minute:\n" in mail.text


@pytest.mark.parametrize(
    ("changes", "preview"),
    [
        ({}, "Also: hoists."),
        ({"preheader": ""}, "After three years of falling prices"),
    ],
)
def test_the_preheader_is_the_editors_or_the_leads(changes: dict[str, str], preview: str) -> None:
    context = issue(*TWELVE)
    vars(context["issue"]).update(changes)
    html = render("issue", context, locale="en").html
    hidden = html[html.index('<div style="display:none') :]
    assert hidden[hidden.index(">") + 1 :].startswith(preview)


def test_the_foot_offers_unsubscribing_first_and_says_why_this_came() -> None:
    mail = render("issue", issue(*TWELVE), locale="en")
    page = read(mail.html)
    foot = page.links[[each.text for each in page.links].index("Unsubscribe") :]
    assert [each.text for each in foot] == [
        "Unsubscribe",
        "Preferences",
        "View on the web",
        NEWSLETTER.promise,
    ]
    why = f"You get this because {SLOT.address} confirmed a subscription to {NEWSLETTER.name}."
    for part in (" ".join(mail.text.split()), page.text):
        assert why in part
        assert NEWSLETTER.promise in part


def places(part: str) -> dict[str, int]:
    return {name: part.count(marker) for name, marker in vars(SLOT).items()}


def test_each_readers_places_come_through_and_stand_where_they_should() -> None:
    mail = render("issue", issue(*TWELVE), locale="en")
    one_each = {"name": 1, "address": 1, "unsubscribe_url": 1, "preferences_url": 1}
    assert places(mail.html) == {**one_each, "view_url": 2}
    assert places(mail.text) == {**one_each, "view_url": 1}
    hrefs = [each.attributes["href"] for each in read(mail.html).links]
    for name in ("unsubscribe_url", "preferences_url", "view_url"):
        assert getattr(SLOT, name) in hrefs


def test_subject_and_preheader_may_hold_a_readers_place_too() -> None:
    context = issue(*TWELVE)
    vars(context["issue"]).update(subject=f"{SLOT.name}, a gear", preheader=f"For {SLOT.name}")
    mail = render("issue", context, locale="en")
    assert mail.subject == f"{SLOT.name}, a gear"
    assert f"For {SLOT.name}" in read(mail.html).text


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


@pytest.mark.parametrize(
    "field", ["headline", "dek", "topic", "bylines", "image_alt", "image_credit", "image_licence"]
)
def test_an_articles_words_are_never_markup(field: str) -> None:
    context: dict[str, Any] = issue(article(1, **{field: HOSTILE}), article(2, **{field: HOSTILE}))
    page = read(render("issue", context, locale="en").html)
    assert not page.all("script")
    assert [each.attributes["src"] for each in page.all("img")] == [f"{SITE}/media/articles/1.png"]
    assert not any("onerror" in each.attributes for each in page.elements)


def test_articles_keep_their_own_language_in_a_mail_in_another() -> None:
    page = read(render("issue", issue(*TWELVE[:2]), locale="de").html)
    assert page.all("html")[0].attributes["lang"] == "de"
    assert [each.attributes["lang"] for each in page.all("div") if "lang" in each.attributes][
        1:
    ] == ["en"] * 3


def test_eight_articles_stay_far_below_what_gmail_shows() -> None:
    assert len(render("issue", issue(*TWELVE[:8]), locale="en").html.encode()) < 60_000
