"""What mail may do in a real browser: look its part, show our pictures, have its links clicked."""

import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import override_settings
from playwright.sync_api import Page, expect

from briefing.demo import mailbox
from tests.briefing.demo import routes

_HTML = """<html><head><style>h1 {{ color: rgb(184, 48, 10) }}</style></head><body>
<h1>Confirm</h1>
<a href="{site}/inbox/?q=nobody">leave</a>
<img src="{site}/static/briefing/img/favicon.svg" alt="ours" width="40" height="40">
<img src="http://127.0.0.1:9/theirs.png" alt="theirs" width="40" height="40">
<form action="{site}/signup/" method="post"><button>submit</button></form>
<script>parent.document.title = "taken over"; top.location = "{site}/privacy/"</script>
</body></html>"""


@pytest.fixture
def mail(site: str, tmp_path: Path) -> Iterator[None]:
    message = EmailMessage()
    message["Subject"] = "Confirm your signup"
    message.set_content("text")
    message.add_alternative(_HTML.format(site=site), subtype="html")
    with override_settings(MODE="demo", ROOT_URLCONF=routes.__name__, LOCAL_DIR=tmp_path):
        with mailbox.writing(tmp_path / "mail.sqlite3") as box:
            box.keep([mailbox.Arrival(time.time(), "", ("a@mail.example",), bytes(message))])
        yield


@pytest.mark.usefixtures("mail")
def test_mail_keeps_its_looks_and_loses_its_powers(
    page: Page, site: str, problems: list[str]
) -> None:
    page.goto("/inbox/1/")
    frame = page.frame_locator(".mail__frame")
    heading = frame.get_by_role("heading", name="Confirm")
    expect(heading).to_have_css("color", "rgb(184, 48, 10)")
    expect(page).to_have_title("Confirm your signup - The Robotics Briefing")

    def is_shown(alt: str) -> bool:
        picture = frame.get_by_alt_text(alt, exact=True)
        return bool(picture.evaluate("picture => picture.complete && picture.naturalWidth > 0"))

    assert is_shown("ours")
    assert not is_shown("theirs")
    frame.get_by_role("button", name="submit").click()
    expect(page).to_have_url(f"{site}/inbox/1/")
    # The browser says of each power that it was refused.
    said = "\n".join(problems)
    assert "allow-scripts" in said
    assert "img-src" in said
    assert "form" in said
    problems.clear()


@pytest.mark.usefixtures("mail")
@pytest.mark.browser(javascript=False)
def test_a_link_in_a_mail_opens_in_the_whole_window_without_javascript(
    page: Page, site: str, problems: list[str]
) -> None:
    page.goto("/inbox/1/")
    page.frame_locator(".mail__frame").get_by_role("link", name="leave").click()
    expect(page).to_have_url(f"{site}/inbox/?q=nobody")
    problems.clear()
