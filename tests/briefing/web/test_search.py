"""The search page: marked words, nothing obeyed, an address for every search."""

import pytest
from django.test import Client
from playwright.sync_api import Page

from briefing.archive import searching
from tests import factories
from tests.accessibility import SITES_FRAME, assert_accessible

pytestmark = pytest.mark.django_db


def test_the_words_are_marked_and_markdown_is_not_shown(client: Client) -> None:
    factories.article(
        "Gears", dek="A dek.", body="The **flange** of [a gear](https://example.org/)."
    )
    text = client.get("/search/", {"q": "flange"}).content.decode()
    assert "<mark>flange</mark> of a gear" in text
    assert "example.org" not in text.partition("<main")[2]
    assert "1 article found" in text
    assert 'value="flange"' in text


def test_what_is_typed_or_written_is_never_obeyed(client: Client) -> None:
    factories.article("Gears", body="<script>alert(1)</script> flange <b>bold</b>")
    text = client.get("/search/", {"q": "flange"}).content.decode()
    assert "<script>alert" not in text
    assert "<b>" not in text
    text = client.get("/search/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in text


def test_nothing_found_says_what_to_do(client: Client) -> None:
    text = client.get("/search/", {"q": "zebra"}).content.decode()
    assert "No article has all of these words." in text


def test_more_than_can_be_shown_is_not_called_all(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_RESULTS", 2)
    for number in range(2):
        factories.article(f"Gears {number}")
    assert "2 articles found" in client.get("/search/", {"q": "gears"}).content.decode()
    factories.article("Gears 2")
    text = client.get("/search/", {"q": "gears"}).content.decode()
    assert "these 2 fit best" in text
    assert text.count('class="entry__headline"') == 2


def test_search_results_are_not_for_search_engines(client: Client) -> None:
    assert '<meta name="robots" content="noindex">' in client.get("/search/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_search_works_by_keyboard_and_without_a_mouse(page: Page) -> None:
    factories.article("Gears", body="The flange broke.")
    page.goto("/search/")
    assert_accessible(page, without=SITES_FRAME)
    page.keyboard.type("flange")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=flange")
    assert page.locator("mark").first.inner_text() == "flange"
    assert_accessible(page, without=SITES_FRAME)
