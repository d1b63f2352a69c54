"""What an editor does: writes, publishes, composes, looks, tries, sends, takes back, watches, stops."""

import re
from collections.abc import Mapping

from playwright.sync_api import Locator, Page, expect

# A countdown of half a minute, and a busy machine.
PATIENTLY = 180_000
_A_PERSON = {"User-Agent": "Mozilla/5.0 (rv:140.0) Firefox/140.0", "Accept-Language": "en"}


def log_in(page: Page, password: str) -> None:
    """Come in by the desk's door."""
    page.set_default_timeout(PATIENTLY)
    page.goto("/admin/")
    page.get_by_label(re.compile("^(Username|Login|Email)")).fill("owner")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="What needs doing")).to_be_visible()


def write_an_article(page: Page, headline: str) -> None:
    """Write with the toolbar's editor, publish, and read it where visitors do."""
    page.goto("/admin/briefing/article/add/")
    page.get_by_label("Headline").fill(headline)
    page.get_by_label("Dek").fill("A plant in Nagoya lets its robots stop and call a person.")
    page.get_by_role("textbox", name="Body, in Markdown").click()
    page.keyboard.type("The first month went **better** than planned.")
    page.get_by_label("Status").select_option("published")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    slug = re.sub("[^a-z]+", "-", headline.lower())
    page.goto(f"/articles/{slug}/")
    expect(page.get_by_role("heading", level=1, name=headline)).to_be_visible()
    expect(page.locator("strong", has_text="better")).to_be_visible()


def compose(page: Page, subject: str, *, second: str = "") -> None:
    """Compose the next issue of what is offered."""
    page.goto("/admin/issues/compose/")
    page.get_by_label("Subject", exact=True).fill(subject)
    if second:
        page.get_by_label("A second subject to try").fill(second)
    if not page.locator("input[name=articles]:checked").count():
        page.get_by_label("also those an issue has carried").check()
        page.get_by_role("button", name="Look for them").click()
        page.locator("input[name=articles]").first.check()
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_text("is composed.")).to_be_visible()


def look_and_try(page: Page, *, mails: int = 1) -> None:
    """From an issue's page: read the checks, see it in three guises, send a test to oneself."""
    issue = page.url
    page.get_by_role("link", name="Checks").click()
    expect(page.get_by_text("Nobody has sent a test of this issue")).to_be_visible()
    page.goto(issue)
    page.get_by_role("link", name="Preview").click()
    for guise in ("Phone", "Dark"):
        page.get_by_role("link", name=guise, exact=True).click()
        mail = page.frame_locator("iframe.desk-mail")
        expect(mail.get_by_role("link", name="Unsubscribe", exact=True)).to_be_visible()
    page.get_by_role("link", name="Plain text").click()
    expect(page.locator(".desk-plain")).to_contain_text("Unsubscribe")
    page.goto(issue)
    page.get_by_role("link", name="Send test").click()
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_text("the mail server took it.")).to_have_count(mails)
    page.goto(issue)


def dispatch(page: Page, *, at: str = "", first: str = "") -> None:
    """From an issue's page: read whom it goes to, type the number, press."""
    page.get_by_role("link", name="Dispatch", exact=True).click()
    number = page.locator(".desk-figure strong").inner_text()
    page.get_by_label("When", exact=True).fill(at)
    if at:
        page.get_by_label("in the time zone").select_option("Asia/Tokyo")
    if first:
        page.get_by_role("radio", name=re.compile(first)).check()
    for warning in page.get_by_label(re.compile("Send it in spite of")).all():
        warning.check()
    page.get_by_label("Type the number of readers").fill(number)
    page.get_by_role("button", name="Dispatch it").click()


def take_back(page: Page) -> None:
    """Undo while the countdown runs: the issue is a draft as before."""
    expect(page.get_by_text("Until then it can be undone")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Nobody was written to, and the issue is a draft")).to_be_visible()


def pause(page: Page, *, once_above: int) -> None:
    """Watch until so many have it, then pause."""
    page.wait_for_function(
        "least => Number(document.querySelector('#panel .desk-figure strong')"
        "?.textContent.replaceAll(',', '')) > least",
        arg=once_above,
        timeout=PATIENTLY,
    )
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused. What was on the wire")).to_be_visible()


def stop(page: Page) -> None:
    """Cancel for ever, behind a second look."""
    page.locator("summary", has_text="Cancel").click()
    page.get_by_role("button", name="Cancel it for ever").click()
    expect(page.get_by_text("Readers who had not been reached yet will not be.")).to_be_visible()
    expect(page.locator(".desk-state")).to_contain_text("Cancelled")


def told(page: Page) -> Mapping[str, int]:
    """Return the figures on a dispatch's screen, by their names."""
    rows: list[Locator] = page.locator("#panel .desk-outcomes").first.locator("tr").all()
    cells = [(row.locator("th").inner_text(), row.locator("td").inner_text()) for row in rows]
    return {name.strip(): int(number.replace(",", "")) for name, number in cells}


def click_as_people(page: Page, link: str, *, times: int) -> None:
    """Follow a mail's counted link so often, each time as somebody nobody knows."""
    for _ in range(times):
        answer = page.request.get(link, headers=_A_PERSON, max_redirects=0)
        assert answer.status == 302, answer.status
