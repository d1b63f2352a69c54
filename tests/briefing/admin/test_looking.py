"""The composer's pane: the mail of what stands in the form, saved or not."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from playwright.sync_api import Page, expect

from briefing.models import Article, Issue, User
from tests.briefing.admin.test_in_chromium import turn
from tests.factories import article, issue, newsletter

pytestmark = pytest.mark.django_db


def typed(*articles: Article, **values: Any) -> dict[str, Any]:
    """Return what the composer's form sends."""
    numbers = [each.pk for each in articles]
    texts = {"subject": "Typed just now", "second_subject": "", "preheader": "", "intro": "Hello."}
    return texts | {"order": numbers, "articles": numbers} | values


def test_the_pane_shows_what_saving_would_make_and_saves_nothing(desk: Client) -> None:
    ports, welding = article("Ports count"), article("Welding cells")
    draft = issue(articles=[ports])
    versions = draft.history.count()

    answer = desk.post(f"/admin/issues/{draft.pk}/look/", typed(welding, ports))

    page = answer.content.decode()
    assert "Typed just now" in page
    assert page.index("Welding cells") < page.index("Ports count")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    draft.refresh_from_db()
    assert (draft.subject, draft.articles.count()) == ("Robots that ask first", 1)
    assert draft.history.count() == versions


def test_an_issue_that_is_not_there_yet_is_shown_too(desk: Client) -> None:
    address = f"/admin/issues/compose/{newsletter().slug}/look/"
    page = desk.post(address, typed(article(), **{"as": "text"}))
    assert page.headers["Content-Type"].startswith("text/plain")
    assert "WELDING CELLS" in page.content.decode().upper()
    assert not Issue.objects.exists()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"articles": []}, "at least one article"),
        ({"intro": "Hello {{ surname }}."}, "surname"),
        ({"subject": ""}, "required"),
    ],
)
def test_what_is_in_the_way_is_said_in_the_frame(
    desk: Client, values: dict[str, Any], why: str
) -> None:
    made = article()
    address = f"/admin/issues/compose/{newsletter().slug}/look/"
    answer = desk.post(address, typed(made) | values)
    assert why in answer.content.decode()
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "bare"])
def test_the_pane_follows_the_typing_and_without_scripts_a_button(
    owner: User, desk_page: Callable[..., Page], *, scripts: bool
) -> None:
    draft = issue()
    page = desk_page(owner, javascript=scripts)
    page.goto(f"/admin/issues/{draft.pk}/arrange/")
    page.get_by_label("Introduction").fill("It moves by itself.")
    if not scripts:
        page.get_by_role("button", name="Dark").click()
    mail = page.frame_locator("iframe.desk-mail")
    expect(mail.get_by_text("It moves by itself.")).to_be_visible()
    assert Issue.objects.get().intro == ""
    if scripts:
        turn(page, "dark")
        page.get_by_role("button", name="Plain text").click()
        text = mail.locator("pre")
        expect(text).to_contain_text("It moves by itself.")
        # Neither scheme may meet the other one's paper: words are seen.
        with Image.open(io.BytesIO(text.screenshot())) as picture:
            tones = picture.convert("L").tobytes()
        assert max(tones) - min(tones) > 128
