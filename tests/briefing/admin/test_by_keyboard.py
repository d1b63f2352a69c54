"""An article and an issue from nothing to readers and back, without a mouse."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from briefing.models import Article, Dispatch, Issue, User
from tests.factories import article, newsletter, noise, notice, subscription

pytestmark = pytest.mark.django_db(transaction=True)
_MOST_STEPS = 150
# Asked of the element itself: to look for it by its name after every step would cost more than the step.
_WHERE = """wanted => {
  if (wanted === document.activeElement) return "there";
  const skips = document.activeElement.matches(".desk-skip");
  if (skips && wanted.closest("main")) return "before the side bar";
  return wanted.isConnected ? "elsewhere" : "replaced";
}"""
# Whether the focus can be seen: a line is drawn around it, and nothing lies over it.
# Source: WCAG 2.2, 2.4.7 and 2.4.11.
_SEEN = """element => {
  // The editor of Markdown has the focus deep inside of what is drawn.
  const field = element.closest(".CodeMirror") ?? element;
  const style = getComputedStyle(field);
  const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const box = element.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const onTop = document.elementFromPoint(x, y);
  const clear = onTop && (element.contains(onTop) || onTop.contains(element));
  return [drawn && "drawn", clear && "clear"].filter(Boolean).join(" ");
}"""


def reach(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus, as somebody does who cannot point at it.

    The side bar is skipped by the link that is there for it, unless the target lies before the content.
    """
    target.first.wait_for()
    wanted = target.first.element_handle()
    for _ in range(_MOST_STEPS):
        page.keyboard.press("Tab")
        where = page.evaluate(_WHERE, wanted)
        if where == "there":
            assert wanted.evaluate(_SEEN) == "drawn clear", target
            return
        if where == "before the side bar":
            page.keyboard.press("Enter")
        # A screen that follows its dispatch puts another in its place.
        if where == "replaced":
            wanted = target.first.element_handle()
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
    reach(page, page.get_by_label(re.compile(f"^{label}")))
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_write_and_publish_an_article_by_keyboard_alone(
    owner: User, desk_page: Callable[..., Page]
) -> None:
    page = desk_page(owner)
    page.goto("/admin/")
    press(page, "Articles", role="link")
    press(page, "Add article", role="link")

    write(page, "Headline", "Welding cells learn to ask")
    reach(page, page.get_by_role("textbox", name="Body, in Markdown"))
    page.keyboard.type("Plain and ")
    page.keyboard.press("Control+B")
    page.keyboard.type("bold")
    reach(page, page.get_by_label("Status"))
    page.keyboard.type("publ")
    press(page, "Save")

    expect(page.get_by_text("was added successfully")).to_be_visible()
    written = Article.objects.get()
    assert (written.status, written.body) == (Article.Status.PUBLISHED, "Plain and **bold**")


def test_compose_check_schedule_undo_send_pause_and_stop_by_keyboard_alone(
    owner: User, desk_page: Callable[..., Page], settings: Settings
) -> None:
    settings.UNDO_SECONDS = 600
    noise()
    newsletter()
    notice()
    subscription("ada@example.org")
    article("Welding cells learn to ask for help")
    article("Ports count their cranes twice")
    page = desk_page(owner)
    page.goto("/admin/issues/compose/")
    compose(page)
    press(page, "Checks", role="link")
    expect(page.get_by_role("heading", name="Before you send it")).to_be_visible()
    press(page, "Dispatch", role="link")
    schedule(page)
    expect(page.get_by_text("09:30 in Asia/Tokyo, which is 2 Feb, 00:30 UTC")).to_be_visible()
    press(page, "Do not send it then")
    expect(page.get_by_text("It is not scheduled any more.")).to_be_visible()
    confirm(page)
    expect(page.get_by_text("Until then it can be undone")).to_be_visible()
    press(page, "Undo")
    expect(page.get_by_text("Nobody was written to")).to_be_visible()
    press(page, "Dispatch", role="link")
    confirm(page)
    expect(page.locator(".desk-state")).to_be_visible()
    Dispatch.objects.update(state=Dispatch.State.RUNNING, begins_at=None, started_at=timezone.now())
    page.reload()
    stop(page)
    expect(page.locator(".desk-state")).to_contain_text("Cancelled")


def compose(page: Page) -> None:
    """Write what an issue needs, put another article first, and save."""
    write(page, "Subject", "By keyboard alone")
    write(page, "Preheader", "And nothing else")
    reach(page, page.get_by_role("button", name=re.compile("^Move down: ")))
    moved = page.evaluate("document.activeElement.ariaLabel").removeprefix("Move down: ")
    # A key that falls into a frame which is just being replaced is never answered by the browser.
    with page.expect_response(re.compile("/look/$")):
        page.keyboard.press("Enter")
    mail = page.frame_locator("iframe.desk-mail")
    expect(mail.get_by_role("link", name=moved).first).to_be_visible()
    expect(page.get_by_text(re.compile(f"{re.escape(moved)}.* is number 2 now"))).to_be_attached()
    reach(page, page.get_by_label("Introduction"))
    page.keyboard.type("Hello.")
    expect(mail.get_by_text("Hello.")).to_be_visible()
    press(page, "Compose")
    expect(page.get_by_text("is composed.")).to_be_visible()
    issue = Issue.objects.get(subject="By keyboard alone")
    assert str(issue.items.order_by("position").last()) == moved


def schedule(page: Page) -> None:
    """Type a day and an hour, choose whose hour it is, and confirm."""
    reach(page, page.get_by_label("When", exact=True))
    # The same in every country's order of day and month, with and without a.m.
    page.keyboard.type("02022099")
    page.keyboard.press("Tab")
    page.keyboard.type("0930A")
    reach(page, page.get_by_label("in the time zone"))
    page.keyboard.type("Asia/Tokyo")
    confirm(page)


def confirm(page: Page) -> None:
    """Accept the warnings, type the number of readers, and press Enter."""
    reach(page, page.get_by_label(re.compile("Send it in spite")))
    page.keyboard.press("Space")
    write(page, "Type the number of readers to confirm", "1")
    page.keyboard.press("Enter")


def stop(page: Page) -> None:
    """Pause, go on, and cancel for ever."""
    press(page, "Pause")
    expect(page.get_by_text("Paused. What was on the wire")).to_be_visible()
    press(page, "Resume")
    expect(page.get_by_text("Resumed where it had stopped.")).to_be_visible()
    reach(page, page.locator("summary", has_text="Cancel"))
    page.keyboard.press("Enter")
    press(page, "Cancel it for ever")
