"""Walks the desk in Chromium: whatever the content policy refuses or a script stumbles over fails."""

from collections.abc import Callable
from typing import Literal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from briefing.dispatch import control, planner
from briefing.dispatch.alerts import raise_alert
from briefing.models import Alert, Article, Dispatch, Issue, User
from subscribers import sealing, steps, suppression
from subscribers.models import Subscriber, Suppression
from subscribers.steps import Written
from tests.accessibility import assert_accessible, assert_contrast
from tests.briefing.admin.conftest import shown_models
from tests.factories import NOW, article, issue, newsletter, noise
from tests.subscribers.making import confirmed, pending

pytestmark = pytest.mark.django_db(transaction=True)
# The same on every screen of the desk: it is looked at here, and left out elsewhere.
SIDE_BAR = ("#nav-sidebar",)


@pytest.fixture
def filled(transactional_db: None) -> None:
    """Fill every list with something to show."""
    noise()
    pending("waiting@example.org")
    confirmed("reader@example.org")
    sealing.seal(now=timezone.now())
    suppression.suppress("gone@example.org", Suppression.Reason.MANUAL, now=NOW)
    raise_alert(Alert.Kind.BREAKER, "bulk", "The provider refuses us.", now=NOW)
    running = control.start(issue(), now=timezone.now())
    planner.plan(running.pk, ring=lambda _: None)
    issue(articles=[article("Ferries dock themselves")])
    for day in (2, 5):
        steps.add(newsletter(), Written(day, f"Day {day}", "", "Hello."), now=NOW)


def addresses() -> list[str]:
    """Return the address of every list, of a row of each, and of every screen of the desk's own."""
    found = [reverse("admin:index"), reverse("desk-deliveries"), reverse("desk-compose")]
    for model in shown_models():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist"))
        newest = model.objects.order_by("-pk").first()  # type: ignore[attr-defined]  # any model
        if newest is not None:
            found.append(reverse(f"{name}_change", args=[newest.pk]))
    added = ("briefing_article", "briefing_user", "subscribers_suppression")
    found += [reverse(f"admin:{each}_add") for each in added]
    draft, piece = Issue.objects.filter(status="draft").get(), Article.objects.latest("pk")
    sent, reader = Dispatch.objects.get(), Subscriber.objects.get(address="reader@example.org")
    found += [
        reverse(name, args=[draft.pk])
        for name in (
            "desk-preview",
            "desk-arrange",
            "desk-checks",
            "desk-test",
            "desk-dispatch",
            "desk-report",
        )
    ]
    found += [
        reverse("desk-follow", args=[sent.issue_id, kind]) for kind in ("missed", "correction")
    ]
    found += [reverse(name, args=[sent.issue_id]) for name in ("desk-course", "desk-heat")]
    named = ("desk-growth", "desk-cohorts", "desk-sources", "desk-repairs", "desk-retention")
    found += [reverse(name) for name in named]
    found += [reverse(name, args=[piece.pk]) for name in ("desk-proof", "desk-links")]
    found += [reverse("desk-erase", args=[reader.pk])]
    step = steps.of(newsletter())[0]
    of_series = ("desk-step", "desk-step-preview", "desk-step-test")
    found += [reverse("desk-series"), *(reverse(name, args=[step.pk]) for name in of_series)]
    version = piece.history.latest("history_id").history_id
    found += [reverse("admin:briefing_article_version", args=[piece.pk, version])]
    found += [reverse("admin:briefing_article_history", args=[piece.pk]), reverse("desk-hold")]
    return found


def test_no_page_of_the_desk_breaks_the_content_policy_or_shuts_anybody_out(
    owner: User, filled: None, desk_page: Callable[..., Page], pytestconfig: pytest.Config
) -> None:
    page = desk_page(owner)
    every = pytestconfig.getoption("full")
    looked = 0
    scheme: Literal["light", "dark"] = "light"
    # Plain ones first: once axe was asked about a page, every later one has to read it.
    for address in sorted(addresses(), key=_is_designed):
        response = page.goto(address)
        assert response is not None
        assert response.status == 200, address
        if every or _is_designed(address):
            # Loaded in light and loaded in dark, the side bar has been seen.
            without = () if every or looked < 2 else SIDE_BAR
            assert_accessible(page, without=without)
            # The next screen is loaded in this scheme and turned to the other.
            scheme = "dark" if scheme == "light" else "light"
            turn(page, scheme)
            assert_contrast(page, without=without)
            looked += 1
        if every:
            page.set_viewport_size({"width": 768, "height": 900})
            assert_accessible(page)
            page.set_viewport_size({"width": 1440, "height": 900})


def turn(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Show the page as on a machine of that scheme; unfold asks once, while it loads, for its own."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    dark = scheme == "dark"
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)


def _is_designed(address: str) -> bool:
    """Whether a page is more than a plain list or form; an article's stand for those of all models.

    The empty form of a new article is what its filled form is.
    """
    return "/subscribers/" not in address and (
        "/briefing/" not in address
        or ("/briefing/article/" in address and not address.endswith("/add/"))
    )


@pytest.mark.browser
def test_a_long_preheader_widens_no_column_of_the_composer(
    filled: None, owner: User, site: str, desk_page: Callable[..., Page]
) -> None:
    page = desk_page(owner)
    page.goto(f"{site}{reverse('desk-compose')}")

    page.get_by_label("Preheader").fill("Longer than one line of any mailbox, " * 5)

    assert page.evaluate("document.documentElement.scrollWidth") == page.evaluate("innerWidth")
