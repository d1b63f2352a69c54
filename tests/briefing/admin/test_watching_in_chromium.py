"""A dispatch that refreshes itself, in Chromium, and the hands of whoever watches it."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from briefing.dispatch import control, planner
from briefing.models import Dispatch, User
from tests.factories import issue, subscription

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_refresh_that_comes_in_between_does_not_take_a_press_back(
    owner: User, desk_page: Callable[..., Page]
) -> None:
    subscription("ada@example.org")
    running = control.start(issue(), now=timezone.now())
    planner.plan(running.pk, ring=lambda _: None)
    page = desk_page(owner)
    asked: list[Route] = []
    page.route("**/change/?seen=*", lambda route: asked.append(route))  # noqa: PLW0108  it is marked by Playwright

    def press(pressed: Route) -> None:
        # As the desk answers when the state is another than the one that was seen.
        with page.expect_event("requestfinished"):
            asked[0].fulfill(headers={"HX-Refresh": "true"}, body="")
        pressed.continue_()

    page.route("**/pause/", press)
    with page.expect_request("**/change/?seen=*"):
        page.goto(f"/admin/briefing/dispatch/{running.pk}/change/")
    page.get_by_role("button", name="Pause").click()

    expect(page.get_by_text("Paused. What was on the wire")).to_be_visible()
    assert Dispatch.objects.get().state == Dispatch.State.PAUSED
