"""Walks the desk in Chromium: whatever the content policy refuses or a script stumbles over fails."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from briefing.dispatch import control, planner
from briefing.models import User
from subscribers import sealing, suppression
from subscribers.models import Suppression
from tests.accessibility import assert_accessible
from tests.briefing.admin.conftest import shown_models
from tests.factories import NOW, article, issue, noise
from tests.subscribers.making import confirmed, pending

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def filled(transactional_db: None) -> None:
    """Fill every list with something to show."""
    noise()
    pending("waiting@example.org")
    confirmed("reader@example.org")
    sealing.seal(now=timezone.now())
    suppression.suppress("gone@example.org", Suppression.Reason.MANUAL, now=NOW)
    article("Ferries dock themselves", status="draft")
    dispatch = control.start(issue(), now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _: None)


def addresses() -> list[str]:
    """Return the addresses of every list, form and screen of the desk."""
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in shown_models()
    ]
    forms = [f"{address}add/" for address in lists if "article/" in address or "topic/" in address]
    return [
        reverse("admin:index"),
        *lists,
        *forms,
        reverse("desk-deliveries"),
        reverse("desk-compose"),
    ]


def test_no_page_of_the_desk_breaks_the_content_policy_or_shuts_anybody_out(
    owner: User, filled: None, desk_page: Callable[..., Page]
) -> None:
    page = desk_page(owner)
    for address in addresses():
        response = page.goto(address)
        assert response is not None
        assert response.status == 200, address
        page.wait_for_load_state("load")
        assert_accessible(page)
