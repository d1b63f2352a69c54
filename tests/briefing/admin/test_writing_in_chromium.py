"""The editor in a browser: its toolbar, its preview, and what it keeps by itself."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from briefing.models import KeptText, User
from tests.factories import article

pytestmark = pytest.mark.django_db(transaction=True)


def test_text_is_formatted_previewed_and_kept_without_pressing_save(
    owner: User, desk_page: Callable[..., Page]
) -> None:
    draft = article(status="draft", published_at=None, body="")
    page = desk_page(owner)
    page.goto(f"/admin/briefing/article/{draft.pk}/change/")

    page.get_by_role("textbox", name="Body, in Markdown").click()
    page.get_by_role("button", name="Bold").click()
    page.keyboard.type("Ferries")
    page.get_by_text("Kept, not yet saved").wait_for()
    page.get_by_role("button", name="Preview").last.click()

    page.locator(".editor-preview-active strong", has_text="Ferries").wait_for()
    assert KeptText.objects.get().body == "**Ferries**"


@pytest.mark.browser(javascript=False)
def test_without_scripts_it_is_a_field_that_can_be_filled_and_saved(
    owner: User, desk_page: Callable[..., Page]
) -> None:
    draft = article(status="draft", published_at=None, body="")
    page = desk_page(owner, javascript=False)
    page.goto(f"/admin/briefing/article/{draft.pk}/change/")

    page.locator("textarea[name=body]").fill("Plain words")
    page.locator("[name=_save]").first.click()

    draft.refresh_from_db()
    assert draft.body == "Plain words"
