"""What a reader does: reads, signs up, confirms, opens an issue, leaves."""

import re

from playwright.sync_api import FrameLocator, Page, expect

_READING_MILLISECONDS = 2_500
_MAIL_SECONDS = 60


def read_an_article(page: Page) -> None:
    """Come to the front page and open its first article."""
    page.goto("/")
    page.locator("main h2 a, main h3 a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^Sources"))).to_be_visible()


def sign_up_in_its_box(page: Page, address: str) -> None:
    """Leave an address in the box under the article, after the time that reading takes."""
    box = page.locator(".signup-box")
    expect(box.locator(".promise")).to_contain_text("No spam. Unsubscribe anytime.")
    page.wait_for_timeout(_READING_MILLISECONDS)
    box.get_by_label("Your email address").fill(address)
    box.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()


def confirm_from_the_mail(page: Page, address: str) -> None:
    """Follow the mail's link and press the page's one button."""
    mail = open_mail(page, address, re.compile("confirm", re.IGNORECASE))
    mail.get_by_role("link", name=re.compile("confirm", re.IGNORECASE)).first.click()
    expect(page.get_by_role("heading", name="One click, and you are in")).to_be_visible()
    page.get_by_role("button", name="Confirm my subscription").click()
    expect(page.get_by_role("heading", name="Welcome, you are subscribed")).to_be_visible()


def leave_from_the_mail(page: Page, address: str, subject: str) -> None:
    """Open the issue, follow the link at its foot and press the page's button."""
    mail = open_mail(page, address, re.compile(re.escape(subject)))
    expect(mail.get_by_role("heading").first).to_be_visible()
    mail.get_by_role("link", name="Unsubscribe", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("^Leave "))).to_be_visible()
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()


def open_mail(page: Page, address: str, subject: re.Pattern[str]) -> FrameLocator:
    """Wait in the demo's inbox until a mail is there, open it and return its designed form."""
    line = page.get_by_role("link", name=subject)
    for _ in range(_MAIL_SECONDS):
        page.goto(f"/inbox/?q={address}")
        if line.count():
            break
        page.wait_for_timeout(1_000)
    line.first.click()
    return page.frame_locator("iframe.mail__frame")


def recipients(page: Page, subject: str) -> list[str]:
    """Return to whom the inbox has a mail of this subject, once for each mail."""
    page.goto(f"/inbox/?q={subject}")
    return [
        line.removeprefix("to").strip()
        for line in page.locator(".inbox__recipient").all_inner_texts()
    ]
