"""Mails to one person: what each of them must say, and what none may."""

import pytest
from pytest_django import Settings

from subscribers.rendering import BrokenMailError, render
from tests.templates.emails.reading import read
from tests.templates.emails.samples import LATEST, MAILS, NEWSLETTER, SITE, WELCOME, link


@pytest.fixture(autouse=True)
def _public_address(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = SITE


def parts(case: str) -> tuple[str, str]:
    """Return what a reader sees of both parts, on one line each."""
    name, context = MAILS[case]
    mail = render(name, context, locale="en")
    return " ".join(mail.text.split()), read(mail.html).text


def test_a_confirmation_says_what_to_do_how_long_and_what_will_come() -> None:
    for part in parts("confirm"):
        assert "The link works for 72 hours." in part
        assert "once a week, from “The Briefing’s desk”, desk@briefing.example." in part
        assert "You did not ask for it?" in part
        assert NEWSLETTER.promise in part


def test_a_confirmation_has_one_button_and_its_address_to_copy() -> None:
    links = read(render("confirm", MAILS["confirm"][1], locale="en").html).links
    assert [each.text.strip() for each in links] == [
        "Confirm my subscription",
        link("confirm"),
        "This was not me",
        NEWSLETTER.promise,
    ]


def test_a_confirmation_is_plain_and_short() -> None:
    name, context = MAILS["confirm"]
    mail = render(name, context, locale="en")
    assert len(mail.text) < 1000
    assert len(mail.html.encode()) < 16_000
    assert not read(mail.html).all("img")


def test_a_confirmation_asks_for_nothing_a_visitor_wrote() -> None:
    visitors_words = {"address", "name", "source", "page"}
    _, context = MAILS["confirm"]
    # A template that asked for more than this would be refused with BrokenMailError.
    assert not visitors_words & set(context)
    render("confirm", context, locale="en")


def test_a_welcome_shows_the_latest_issue() -> None:
    for part in parts("welcome"):
        assert "While you wait: issue 12" in part
        assert LATEST.subject in part
        for headline in LATEST.headlines:
            assert headline in part
        assert NEWSLETTER.promise in part
        assert "reader@example.org confirmed a subscription to The Robotics Briefing." in part


def test_a_welcome_before_the_first_issue_promises_none() -> None:
    for part in parts("welcome before the first issue"):
        assert "While you wait" not in part
        assert "You are subscribed." in part


def test_a_welcome_leads_to_preferences_receipt_and_the_way_out() -> None:
    links = {
        each.text: each.attributes["href"]
        for each in read(render("welcome", WELCOME, locale="en").html).links
    }
    assert links["Your preferences"] == link("preferences")
    assert links["Your consent receipt"] == link("receipt")
    assert links["Unsubscribe"] == link("unsubscribe")


def test_a_goodbye_can_be_undone_and_says_what_is_kept() -> None:
    for part in parts("goodbye"):
        assert "No further issue of The Robotics Briefing will be sent to you" in part
        assert "What is kept of your data now, and for how long?" in part
    hrefs = [
        each.attributes["href"] for each in read(render(*MAILS["goodbye"], locale="en").html).links
    ]
    assert hrefs == [
        link("undo"),
        f"{SITE}/signup/",
        f"{SITE}/privacy/",
        link("preferences"),
    ]


def test_a_change_of_address_shows_the_other_address_only_as_a_hint() -> None:
    for part in parts("address_confirm"):
        assert "so far at r…@example.org" in part
    for part in parts("address_changed"):
        assert "goes to n…@example.net" in part


@pytest.mark.parametrize("case", MAILS)
def test_a_value_that_is_not_given_stops_the_mail(case: str) -> None:
    name, context = MAILS[case]
    for left_out in context:
        if left_out in {"latest", "articles", "intro_html", "intro_text", "left_out"}:
            continue  # they decide whether something is shown at all
        rest = {key: value for key, value in context.items() if key != left_out}
        with pytest.raises(BrokenMailError):
            render(name, rest, locale="en")
