"""Every page of the people's side in Chromium: usable by everybody, on a phone, without scripts."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from subscribers import links, sealing
from subscribers.models import Subscription, Topic
from tests.accessibility import OF_LOOKS, SITES_FRAME, assert_accessible
from tests.chromium import Visit
from tests.queue import Doorbell
from tests.subscribers import making
from tests.subscribers.post import ISSUE, Post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paths(site: str, post: Post) -> dict[str, str]:
    """Where each page is, with something on it."""
    post.latest = ISSUE
    Topic.objects.create(slug="china", name="China")
    making.notice("tracking")
    asked = making.pending("anna@example.com")
    row = making.confirmed("bert@example.com")
    numbers = (row.subscriber_id, row.newsletter_id)
    sealing.seal(now=making.NOW)
    late = links.now() - 4 * 24 * 3600
    preferences = reverse("preferences", args=[links.make("preferences", *numbers)])
    return {
        "signup": reverse("signup"),
        "signup-done": reverse("signup-done"),
        "confirm": reverse("confirm", args=[links.make("confirm", asked.pk, links.now())]),
        "expired": reverse("confirm", args=[links.make("confirm", asked.pk, late)]),
        "disown": reverse("disown", args=[links.make("disown", asked.pk)]),
        "unsubscribe": reverse("unsubscribe", args=[links.make("unsubscribe", *numbers)]),
        "undo": reverse("undo", args=[links.make("undo", *numbers, links.now())]),
        "receipt": reverse("receipt", args=[links.make("receipt", row.subscriber_id)]),
        "preferences": preferences,
        "erase": f"{preferences}erase/",
        "embed": reverse("embed"),
        "embed-instructions": reverse("embed-instructions"),
        "broken": reverse("preferences", args=["x"]),
    }


def test_every_page_is_usable_by_everybody(
    visit: Visit, paths: dict[str, str], problems: list[str], pytestconfig: pytest.Config
) -> None:
    page = visit()

    for name, path in paths.items():
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 320, "height": 800})
        page.goto(path)
        without = () if name == "signup" else SITES_FRAME
        assert_accessible(page, without=without)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 1440, "height": 800})
        # Words and elements are the same as before; what a width and a scheme change is this.
        rules = () if pytestconfig.getoption("full") else OF_LOOKS
        assert_accessible(page, rules=rules, without=without)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440, name
        assert page.title().endswith("The Robotics Briefing")

    # Chromium calls every answer over 399 an error; two of these pages are one.
    assert all("404" in problem or "410" in problem for problem in problems)
    problems.clear()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_person_signs_up_confirms_chooses_and_leaves(
    visit: Visit, site: str, post: Post, doorbell: Doorbell, *, javascript: bool
) -> None:
    making.newsletter()
    making.notice()
    page = visit(javascript=javascript, viewport=(320, 640))

    _sign_up(page, "carl@gmial.com")
    page.get_by_role("button", name="Use carl@gmail.com").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()

    doorbell.answer()
    page.goto(_link(post, "confirm", site))
    page.get_by_role("button", name="Confirm my subscription").click()
    page.get_by_role("heading", name="Welcome, you are subscribed").wait_for()

    page.get_by_role("link", name="Choose topics").click()
    page.get_by_label("weekly digest").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your preferences are saved.").wait_for()
    assert Subscription.objects.get().frequency == "digest"

    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_label("It comes too often").check()
    page.get_by_role("button", name="Tell us").click()
    page.get_by_role("heading", name="Thank you for telling us").wait_for()
    assert page.get_by_role("link", name="Stay subscribed").is_visible()
    row = Subscription.objects.get()
    assert (row.state, row.unsubscribe_reason) == ("unsubscribed", "too_often")


def _sign_up(page: Page, typed: str) -> None:
    page.goto(reverse("signup"))
    page.get_by_label("Your email address").fill(typed)
    # A form that is filled in within two seconds looks like a machine's.
    page.wait_for_timeout(2100)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()


def _link(post: Post, view: str, site: str) -> str:
    text = post.mails[-1].text
    start = text.index(f"{site}/{view}/")
    return text[start:].split()[0]
