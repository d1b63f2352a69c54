"""The one press that a person needs and a scanner's script cannot make."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from subscribers import links
from subscribers.models import ConsentRecord, SignupRequest, Subscription
from tests.chromium import Visit
from tests.subscribers import making
from tests.subscribers.post import Post

pytestmark = pytest.mark.django_db(transaction=True)
# What a scanner's script can do on a page, all of it at once; none of it is trusted.
_SCRIPTED = """
    for (const name of ["pointermove", "pointerdown", "pointerup", "click", "touchstart"]) {
        document.body.dispatchEvent(new PointerEvent(name, { bubbles: true }));
    }
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
"""


def _asked() -> tuple[SignupRequest, str]:
    asked = making.pending("anna@example.com")
    return asked, reverse("confirm", args=[links.make("confirm", asked.pk, links.now())])


def _press(page: Page, heading: str) -> None:
    """Press where there is nothing to press, as a thumb does."""
    page.get_by_role("heading", level=1).click()
    page.get_by_role("heading", name=heading).wait_for()


def test_a_persons_press_anywhere_confirms_and_leaves_a_scripted_one_does_not(
    visit: Visit, site: str, post: Post
) -> None:
    asked, path = _asked()
    page = visit(viewport=(320, 640))

    page.goto(path)
    page.evaluate(_SCRIPTED)
    page.keyboard.press("Tab")
    page.mouse.move(100, 100)
    page.wait_for_timeout(300)
    asked.refresh_from_db()
    assert asked.state == "mailed"

    _press(page, "Welcome, you are subscribed")

    row = Subscription.objects.get()
    numbers = (row.subscriber_id, row.newsletter_id)
    page.goto(reverse("unsubscribe", args=[links.make("unsubscribe", *numbers)]))
    page.evaluate(_SCRIPTED)
    row.refresh_from_db()
    assert row.state == "active"
    page.keyboard.press("Enter")
    page.get_by_label("It comes too often").wait_for()
    row.refresh_from_db()
    assert row.state == "unsubscribed"


def test_a_button_pressed_twice_is_pressed_once(visit: Visit, site: str, post: Post) -> None:
    _asked_row, path = _asked()
    page = visit()
    page.goto(path)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.method))

    page.evaluate(
        "document.querySelector('main form button').click();"
        "document.querySelector('main form button').click();"
    )
    page.get_by_role("heading", name="Welcome, you are subscribed").wait_for()

    assert posts.count("POST") == 1
    assert ConsentRecord.objects.filter(act=ConsentRecord.Act.CONFIRMED).count() == 1
