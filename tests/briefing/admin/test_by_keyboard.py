"""An issue from nothing to readers and back, without a mouse."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from briefing.models import Dispatch, Issue, User
from tests.factories import article, newsletter, noise, notice, subscription

pytestmark = pytest.mark.django_db(transaction=True)
_MOST_STEPS = 150


def reach(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus, as somebody does who cannot point at it."""
    target.first.wait_for()
    for _ in range(_MOST_STEPS):
        page.keyboard.press("Tab")
        if target.first.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {target}")


def press(page: Page, name: str, *, role: str = "button") -> None:
    """Go to a button or a link and press Enter."""
    if role == "link":
        reach(page, page.get_by_role("link", name=name, exact=True))
    else:
        reach(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press("Enter")


def write(page: Page, label: str, text: str) -> None:
    """Go to a field and replace what stands in it."""
    reach(page, page.get_by_label(label, exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_compose_check_schedule_send_pause_and_stop_by_keyboard_alone(
    owner: User, desk_page: Callable[..., Page]
) -> None:
    noise()
    newsletter()
    notice()
    subscription("ada@example.org")
    article("Welding cells learn to ask for help")
    article("Ports count their cranes twice")
    page = desk_page(owner)
    page.goto("/admin/issues/compose/")

    write(page, "Subject", "By keyboard alone")
    write(page, "Preheader", "And nothing else")
    reach(page, page.get_by_role("button", name=re.compile("^Move down: ")))
    moved = page.evaluate("document.activeElement.ariaLabel").removeprefix("Move down: ")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(f"{re.escape(moved)}.* is number 2 now"))).to_be_attached()
    reach(page, page.get_by_label("Introduction"))
    page.keyboard.type("Hello.")
    press(page, "Compose")
    expect(page.get_by_text("is composed.")).to_be_visible()
    issue = Issue.objects.get(subject="By keyboard alone")
    assert str(issue.items.order_by("position").last()) == moved

    press(page, "Checks", role="link")
    expect(page.get_by_role("heading", name="Before you send it")).to_be_visible()
    press(page, "Dispatch", role="link")
    reach(page, page.get_by_label(re.compile("Send it in spite")))
    page.keyboard.press("Space")
    write(page, "Type the number of readers to confirm", "1")
    page.keyboard.press("Enter")
    expect(page.locator(".desk-state")).to_be_visible()
    Dispatch.objects.update(state=Dispatch.State.RUNNING)
    press(page, "Pause")
    expect(page.get_by_text("Paused. What was on the wire")).to_be_visible()
    press(page, "Resume")
    expect(page.get_by_text("Resumed where it had stopped.")).to_be_visible()
    reach(page, page.locator("summary", has_text="Cancel"))
    page.keyboard.press("Enter")
    press(page, "Cancel it for ever")
    expect(page.locator(".desk-state")).to_contain_text("Cancelled")
