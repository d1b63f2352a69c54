"""The desk shows what it registered, to whom may see it, in the order of the work."""

from datetime import UTC, datetime

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import Permission
from django.core import checks
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import get_format
from pytest_django import Settings

from briefing.admin.navigation import PLACES
from briefing.models import Issue, User
from tests.briefing.admin.conftest import shown_models
from tests.factories import article, issue, newsletter, noise
from tests.subscribers.making import confirmed


def lists() -> list[str]:
    """Return the address of every list."""
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in shown_models()
    ]


def test_only_models_of_this_project_are_shown() -> None:
    # Other apps register themselves with Django's default site, secrets of second factors included.
    assert {model._meta.app_label for model in shown_models()} == {"briefing", "subscribers"}


def test_django_finds_nothing_wrong_with_the_screens() -> None:
    assert checks.run_checks(tags=[checks.Tags.admin]) == []


def test_every_line_of_the_side_bar_opens(desk: Client) -> None:
    for _title, places in PLACES:
        for place in places:
            answer = desk.get(reverse(place.address))
            assert answer.status_code == 200, place.address
            assert 'aria-current="page"' in answer.content.decode(), place.address


def test_the_way_past_the_side_bar_leads_before_what_can_be_done_with_an_issue(
    desk: Client,
) -> None:
    draft = issue()
    page = desk.get(reverse("admin:briefing_issue_change", args=[draft.pk])).content.decode()
    behind = page.partition('<main class="flex flex-col grow" id="content"')[2]
    for name in ("desk-checks", "desk-dispatch"):
        assert f'href="{reverse(name, args=[draft.pk])}"' in behind, name


def test_the_side_bar_shows_only_what_somebody_may_open(client: Client, db: None) -> None:
    writer = User.objects.create_user("wilma", is_staff=True)
    writer.user_permissions.add(Permission.objects.get(codename="view_article"))
    client.force_login(writer)

    page = client.get("/admin/").content.decode()

    assert "/admin/briefing/article/" in page
    assert "/admin/subscribers/subscriber/" not in page
    assert "/admin/briefing/issue/" not in page


def test_an_app_of_django_is_no_place_at_the_desk(desk: Client) -> None:
    assert desk.get("/admin/briefing/").headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("set_by_operator", "shown"), [("UTC", "17:00"), ("Europe/Berlin", "09:00")]
)
def test_times_are_shown_and_typed_by_the_clock_of_the_house(
    desk: Client, settings: Settings, set_by_operator: str, shown: str
) -> None:
    settings.TIME_ZONE = set_by_operator
    newsletter(time_zone="Asia/Tokyo")
    written = article(published_at=datetime(2026, 3, 2, 8, 0, tzinfo=UTC))

    page = desk.get(f"/admin/briefing/article/{written.pk}/change/").content.decode()

    assert f'value="{shown}' in page
    assert timezone.get_current_timezone_name() == set_by_operator


def test_a_zone_that_nobody_knows_does_not_shut_the_desk(desk: Client) -> None:
    newsletter(time_zone="Mars/Olympus")

    assert desk.get("/admin/briefing/article/").status_code == 200


@pytest.mark.parametrize("language", [code for code, _name in configured.LANGUAGES])
def test_every_language_writes_the_desks_own_forms_of_a_date(language: str) -> None:
    names = ("SECONDS_FORMAT", "WEEKDAY_FORMAT", "THIS_YEAR_FORMAT")

    # Without a module of its own a language would write the name, letter by letter.
    assert all(get_format(name, lang=language) != name for name in names)


def test_what_is_called_utc_is_utc_whatever_the_clock_of_the_house(desk: Client) -> None:
    newsletter(time_zone="Asia/Tokyo")
    draft = issue()
    Issue.objects.update(send_at=datetime(2099, 3, 2, 8, 0, tzinfo=UTC), zone="Europe/Berlin")

    page = desk.get(f"/admin/issues/{draft.pk}/dispatch/").content.decode()

    assert "2 Mar 2099, 09:00 in Europe/Berlin, which is 2 Mar, 08:00 UTC" in page


def _asked(desk: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        assert desk.get(address).status_code == 200
    return [query["sql"] for query in seen]


def test_no_list_counts_a_whole_table_or_asks_more_often_for_more_rows(desk: Client) -> None:
    noise()
    confirmed("one@example.org")
    article()
    # The first page of all writes down that somebody is there.
    desk.get("/admin/")
    few = {address: _asked(desk, address) for address in lists()}
    for number in range(4):
        confirmed(f"more{number}@example.org")
        article(f"Another headline, number {number}")

    many = {address: _asked(desk, address) for address in lists()}

    assert few
    for address, asked in many.items():
        assert len(asked) <= len(few[address]), address
        counts = [sql for sql in asked if "COUNT(*)" in sql.upper()]
        assert all("LIMIT" in sql or "django_session" in sql for sql in counts), counts
