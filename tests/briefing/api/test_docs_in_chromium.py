"""The description of the API, as whoever writes a program reads it: under the public pages' policy."""

import pytest
from playwright.sync_api import expect

from tests.chromium import Visit

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_api_is_described_without_a_word_from_another_site(visit: Visit) -> None:
    page = visit()

    page.goto("/api/v1/docs")

    expect(page.get_by_role("heading", name="The Robotics Briefing")).to_be_visible()
    page.get_by_role("button", name="post /api/v1/signups", exact=True).click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()
