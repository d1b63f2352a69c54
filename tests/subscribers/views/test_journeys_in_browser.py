"""The ways through the people's side that only some readers go, in Chromium, each page looked at.

With JavaScript at 1440 pixels and without it at 320; `--full` turns that round as well.
"""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from limits import parse_many
from playwright.sync_api import Page, expect

from subscribers import links, throttle
from subscribers.models import SignupRequest, Subscriber, Subscription, Topic
from tests.accessibility import SITES_FRAME, assert_accessible
from tests.chromium import Visit
from tests.queue import Doorbell
from tests.subscribers import making
from tests.subscribers.post import Post

pytestmark = pytest.mark.django_db(transaction=True)


class Reader:
    """Somebody at a screen: follows the links of mails, presses, and looks at every page."""

    def __init__(self, page: Page, post: Post, doorbell: Doorbell, *, javascript: bool) -> None:
        self.page, self.post, self.doorbell = page, post, doorbell
        self.javascript = javascript

    def sees(self, heading: str) -> None:
        """Wait for a page that only such a reader meets: it fits, and everybody can use it."""
        self.meets(heading)
        if self.javascript:
            assert_accessible(self.page, without=SITES_FRAME)

    def meets(self, heading: str) -> None:
        """Wait for a page that axe is asked about in test_pages_in_browser, or earlier here: it fits."""
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width

    def presses(self, button: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=button, exact=True).click()

    def follows(self, link: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=link).click()

    def opens_mail(self, view: str) -> str:
        """Let the mails that are owed go out, and open a link of the newest."""
        self.doorbell.answer()
        found = re.search(rf"https?://[^/\s]+(/{view}/\S+)", self.post.mails[-1].text)
        assert found, self.post.mails[-1].text
        self.page.goto(found[1])
        return self.post.mails[-1].recipient


@pytest.fixture(
    params=[
        (True, 1440),
        (False, 320),
        pytest.param((True, 320), marks=pytest.mark.full),
        pytest.param((False, 1440), marks=pytest.mark.full),
    ],
    ids=lambda chosen: f"{'with' if chosen[0] else 'without'} JavaScript at {chosen[1]}",
)
def reader(visit: Visit, post: Post, doorbell: Doorbell, request: pytest.FixtureRequest) -> Reader:
    """Open a page for a reader, with a newsletter and its wordings published."""
    making.newsletter()
    making.notice()
    making.notice("tracking")
    javascript, width = request.param
    page = visit(javascript=javascript, viewport=(width, 800), dark=not javascript)
    return Reader(page, post, doorbell, javascript=javascript)


def _preferences(row: Subscription) -> str:
    return reverse(
        "preferences", args=[links.make("preferences", row.subscriber_id, row.newsletter_id)]
    )


def test_a_slip_several_newsletters_a_link_that_ran_out_and_a_second_click(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, problems: list[str]
) -> None:
    making.newsletter("weekly", name="Another Weekly")
    Topic.objects.create(slug="china", name="China")
    page = reader.page
    page.goto(reverse("signup"))
    page.get_by_label("Another Weekly").check()
    page.get_by_label("China").check()
    # The browser itself takes this for an address, and we do not.
    page.get_by_label("Your email address").fill("anna@localhost")
    page.wait_for_timeout(2100)
    reader.presses("Sign up")
    page.get_by_role("alert").wait_for()
    reader.sees("Sign up")
    expect(page.get_by_label("Another Weekly")).to_be_checked()
    expect(page.get_by_label("China")).to_be_checked()
    page.get_by_label("Your email address").fill("anna@example.com")
    reader.presses("Sign up")
    reader.meets("Look into your mailbox")

    reader.opens_mail("confirm")
    asked = SignupRequest.objects.get()
    assert (asked.newsletter.slug, asked.topics) == ("weekly", ["china"])
    late = links.make("confirm", asked.pk, links.now() - 4 * 24 * 3600)
    page.goto(reverse("confirm", args=[late]))
    reader.meets("This link has run out")
    SignupRequest.objects.update(created_at=making.NOW)
    reader.presses("Send me a new link")
    reader.meets("Look into your mailbox")
    reader.opens_mail("confirm")
    link = page.url
    reader.presses("Confirm my subscription")
    reader.sees("Welcome, you are subscribed")
    reader.opens_mail("preferences")
    assert "Another Weekly" in page.get_by_role("main").inner_text()
    page.goto(link)
    reader.sees("You are subscribed already")

    monkeypatch.setattr(throttle, "PER_VISITOR", parse_many("0/hour"))
    page.goto(reverse("signup"))
    page.get_by_label("Your email address").fill("bert@example.com")
    page.wait_for_timeout(2100)
    reader.presses("Sign up")
    reader.sees("One moment, please")
    # Chromium calls every answer over 399 an error; three of these pages are one.
    assert all(re.search("4(10|22|29)", problem) for problem in problems)
    problems.clear()


def test_somebody_elses_signup_is_disowned_and_a_confirmed_one_leads_out(reader: Reader) -> None:
    making.pending("anna@example.com")
    row = making.confirmed("bert@example.com")
    theirs, own = SignupRequest.objects.order_by("pk")

    reader.page.goto(reverse("disown", args=[links.make("disown", theirs.pk)]))
    reader.meets("This was not me")
    reader.presses("Forget my address")
    reader.sees("Done, and sorry for the trouble")
    theirs.refresh_from_db()
    assert (theirs.state, theirs.address) == ("disowned", "")

    reader.page.goto(reverse("disown", args=[links.make("disown", own.pk)]))
    reader.presses("Forget my address")
    reader.sees("This address is subscribed")
    reader.follows("Unsubscribe")
    reader.presses("Unsubscribe")
    reader.sees("You are unsubscribed")
    reader.follows("Stay subscribed")
    reader.meets("Stay subscribed?")
    reader.presses("Stay subscribed")
    reader.sees("You are subscribed")
    row.refresh_from_db()
    assert row.state == "active"


def test_who_leaves_all_newsletters_may_take_one_of_them_back(reader: Reader) -> None:
    row = making.confirmed("anna@example.com")
    other = making.newsletter("weekly", name="Another Weekly")
    making.subscription("anna@example.com", other)

    reader.page.goto(_preferences(row))
    reader.follows("Unsubscribe")
    reader.sees("Leave The Robotics Briefing?")
    reader.presses("Leave all our newsletters")
    reader.sees("You are unsubscribed")
    assert not Subscription.objects.filter(state="active").exists()
    reader.follows("Stay subscribed to Another Weekly")
    reader.presses("Stay subscribed")
    reader.meets("You are subscribed")

    assert Subscription.objects.get(state="active").newsletter == other
    reader.page.goto(_preferences(row))
    expect(reader.page.get_by_text("You are not subscribed at the moment")).to_be_visible()


def test_a_reader_moves_is_asked_at_the_new_address_and_may_take_it_back_at_the_old(
    reader: Reader,
) -> None:
    row = making.confirmed("anna@example.com")
    reader.page.goto(_preferences(row))
    reader.meets("Your preferences")
    reader.page.get_by_label("New email address").fill("anna@example.net")
    reader.presses("Change the address")
    expect(reader.page.get_by_text("nothing changes until you confirm it there")).to_be_visible()

    assert reader.opens_mail("address") == "anna@example.net"
    reader.sees("Is this your new address?")
    reader.presses("Use this address")
    reader.sees("Done, it comes here now")
    assert Subscriber.objects.get().address == "anna@example.net"

    assert reader.opens_mail("address") == "anna@example.com"
    reader.sees("Change the address back?")
    reader.presses("Change it back")
    reader.sees("Done, it is as it was")
    assert Subscriber.objects.get().address == "anna@example.com"


def test_a_reader_pauses_reads_the_receipt_takes_the_data_and_is_deleted(
    reader: Reader, problems: list[str], tmp_path: Path
) -> None:
    row = making.confirmed("anna@example.com")
    page = reader.page
    page.goto(_preferences(row))
    until = str(timezone.localdate() + timedelta(days=30))
    page.get_by_label("Pause until").fill(until)
    page.get_by_label("You may see what I open and click").check()
    reader.presses("Save")
    expect(page.get_by_text("Your preferences are saved.")).to_be_visible()
    row.refresh_from_db()
    assert str(row.paused_until) == until

    reader.follows("See what you agreed to")
    reader.sees("What you agreed to")
    expect(page.get_by_role("heading", name="You allowed opens and clicks")).to_be_visible()
    assert '"statement"' in _download(page, "Download with its proof", tmp_path)
    page.goto(_preferences(row))
    held = _download(page, "Download everything we hold on you", tmp_path)
    assert "anna@example.com" in held

    reader.follows("Delete me")
    reader.meets("Delete everything about you?")
    reader.presses("Delete me")
    reader.sees("You are deleted")
    assert Subscriber.objects.get().erased_at
    page.goto(_preferences(row))
    reader.sees("You are deleted")
    assert all("410" in problem for problem in problems)
    problems.clear()


def _download(page: Page, link: str, folder: Path) -> str:
    with page.expect_download() as started:
        page.get_by_role("link", name=link).click()
    file = folder / started.value.suggested_filename
    started.value.save_as(file)
    return file.read_text("utf-8")
