"""The editor in a browser: its toolbar, its preview, and what it keeps by itself."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from playwright.sync_api import Page

from briefing.models import KeptText, User
from tests.accessibility import assert_accessible
from tests.briefing.admin.conftest import log_in
from tests.factories import article, issue

pytestmark = pytest.mark.django_db(transaction=True)


def log_in_elsewhere(page: Page, person: User, site: str) -> None:
    """Log somebody in in another window, which changes the token that forms carry as well."""
    cookies = {
        settings.SESSION_COOKIE_NAME: log_in(person).cookies[settings.SESSION_COOKIE_NAME].value,
        settings.CSRF_COOKIE_NAME: "a" * 32,
    }
    page.context.add_cookies(
        [{"name": name, "value": value, "url": site} for name, value in cookies.items()]
    )


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


def test_whoever_was_logged_out_while_writing_is_told_and_goes_on_after_logging_in_elsewhere(
    owner: User, desk_page: Callable[..., Page], site: str
) -> None:
    draft = article(status="draft", published_at=None, body="")
    page = desk_page(owner)
    page.goto(f"/admin/briefing/article/{draft.pk}/change/")
    body = page.get_by_role("textbox", name="Body, in Markdown")
    Session.objects.all().delete()

    body.click()
    page.keyboard.type("Ferries")
    page.get_by_text("You are logged out").wait_for()

    assert not KeptText.objects.exists()
    log_in_elsewhere(page, owner, site)
    page.keyboard.type(" dock")
    page.get_by_text("Kept, not yet saved").wait_for()
    assert KeptText.objects.get().body == "Ferries dock"


def test_an_issue_saved_after_its_session_ended_is_sent_again_after_logging_in_elsewhere(
    owner: User, desk_page: Callable[..., Page], site: str
) -> None:
    draft = issue()
    page = desk_page(owner)
    page.goto(f"/admin/issues/{draft.pk}/arrange/")
    page.get_by_label("Introduction").fill("Ferries dock.\n\nTwice.")
    Session.objects.all().delete()

    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="You were logged out").wait_for()
    assert_accessible(page)

    log_in_elsewhere(page, owner, site)
    page.get_by_role("button", name="Send it again").click()
    page.get_by_text("Saved. Look at it").wait_for()
    draft.refresh_from_db()
    assert draft.intro.splitlines() == ["Ferries dock.", "", "Twice."]


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
