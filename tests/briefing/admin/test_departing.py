"""Leaving the desk: the gate, the time, the second person, and the press that can be undone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from briefing.admin.departing import moment
from briefing.models import AuditEntry, Dispatch, Issue
from tests.briefing.admin.conftest import holder_of, log_in
from tests.factories import issue, noise, subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> Issue:
    """Compose an issue for three readers; it was never tested, which is a warning."""
    noise()
    for number in range(3):
        subscription(f"reader{number}@example.org")
    return issue()


def press(client: Client, draft: Issue, **more: str) -> int:
    answer = client.post(f"/admin/issues/{draft.pk}/dispatch/", {"count": "3"} | more)
    return answer.status_code


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def test_an_error_blocks_whatever_is_typed(desk: Client, draft: Issue) -> None:
    draft.items.all().delete()
    page = desk.get(f"/admin/issues/{draft.pk}/dispatch/")
    assert "no articles" in page.content.decode()
    assert 'name="count"' not in page.content.decode()
    press(desk, draft, accepted="on")
    assert not Dispatch.objects.exists()


def test_a_warning_wants_a_name_which_is_kept(desk: Client, draft: Issue) -> None:
    press(desk, draft)
    assert not Dispatch.objects.exists()
    press(desk, draft, accepted="on")
    entry = AuditEntry.objects.get(act="issue.dispatch")
    assert entry.actor
    assert entry.actor.username == "olivia"
    assert "test" in entry.detail["in_spite_of"]


def test_a_time_schedules_instead_of_sending(desk: Client, draft: Issue) -> None:
    day = (timezone.now() + timedelta(days=3)).date()
    press(desk, draft, accepted="on", at=f"{day}T09:00", zone="Asia/Tokyo")
    draft.refresh_from_db()
    assert draft.send_at == datetime(day.year, day.month, day.day, 0, 0, tzinfo=UTC)
    assert (draft.zone, draft.scheduled_by) == ("Asia/Tokyo", "olivia")
    assert not Dispatch.objects.exists()
    assert f"goes out {day.day} " in desk.get("/admin/briefing/issue/").text
    page = desk.get(f"/admin/issues/{draft.pk}/dispatch/")
    assert "Scheduled by olivia" in page.content.decode()
    # Another press means another hour, and not this moment.
    assert f'value="{day}T09:00"' in page.text
    assert '<option value="Asia/Tokyo" selected>' in page.text
    desk.post(f"/admin/issues/{draft.pk}/dispatch/", {"unschedule": "1"})
    assert Issue.objects.filter(pk=draft.pk, send_at=None).exists()
    assert acts() == ["issue.schedule", "issue.unschedule"]


@pytest.mark.parametrize(
    "at", ["2020-01-01T09:00", "tomorrow", "2027-03-28T02:30", "2027-01-01T09:00+02:00"]
)
def test_a_time_that_is_none_schedules_nothing(desk: Client, draft: Issue, at: str) -> None:
    assert press(desk, draft, accepted="on", at=at, zone="Europe/Berlin") == 200
    draft.refresh_from_db()
    assert draft.send_at is None
    assert not Dispatch.objects.exists()


@pytest.mark.parametrize(
    ("typed", "zone", "utc"),
    [
        ("2026-12-01T09:00", "Europe/Berlin", "2026-12-01T08:00"),
        ("2026-07-01T09:00", "America/New_York", "2026-07-01T13:00"),
        # The clocks go back: the first of the two is meant.
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),
    ],
)
def test_local_times_are_one_moment(typed: str, zone: str, utc: str) -> None:
    assert moment(typed, zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_a_press_can_be_undone(desk: Client, draft: Issue, settings: Settings) -> None:
    settings.UNDO_SECONDS = 30
    press(desk, draft, accepted="on")
    dispatch = Dispatch.objects.get()
    page = desk.get(f"/admin/briefing/dispatch/{dispatch.pk}/change/").content.decode()
    assert "It begins at" in page
    assert "Undo" in page
    answer = desk.post(f"/admin/dispatches/{dispatch.pk}/undo/")
    assert answer.headers["Location"] == f"/admin/briefing/issue/{draft.pk}/change/"
    draft.refresh_from_db()
    assert draft.status == Issue.Status.DRAFT
    assert not Dispatch.objects.exists()
    assert acts() == ["issue.dispatch", "dispatch.undo"]


def test_above_the_limit_somebody_else_has_to_look(
    desk: Client, draft: Issue, settings: Settings
) -> None:
    settings.SECOND_PERSON_ABOVE = 2
    press(desk, draft, accepted="on")
    assert not Dispatch.objects.exists()
    # One's own approval does not count.
    desk.post(f"/admin/issues/{draft.pk}/dispatch/", {"approve": "1"})
    press(desk, draft, accepted="on")
    assert not Dispatch.objects.exists()
    other = log_in(holder_of("publisher"))
    press(other, draft, accepted="on")
    assert Dispatch.objects.get().issue == draft


def test_an_approval_is_of_the_issue_as_it_stood(
    desk: Client, draft: Issue, settings: Settings
) -> None:
    settings.SECOND_PERSON_ABOVE = 2
    other = log_in(holder_of("publisher"))
    other.post(f"/admin/issues/{draft.pk}/dispatch/", {"approve": "1"})
    draft.subject = "Something else"
    draft.save()
    press(desk, draft, accepted="on")
    assert not Dispatch.objects.exists()


def test_an_approval_is_of_the_headlines_too(
    desk: Client, draft: Issue, settings: Settings
) -> None:
    settings.SECOND_PERSON_ABOVE = 2
    log_in(holder_of("publisher")).post(f"/admin/issues/{draft.pk}/dispatch/", {"approve": "1"})
    draft.articles.update(headline="What nobody has approved")
    press(desk, draft, accepted="on")
    assert not Dispatch.objects.exists()


def test_an_issue_waits_for_the_end_of_an_embargo(desk: Client, draft: Issue) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    draft.articles.update(published_at=tomorrow)
    page = desk.get(f"/admin/issues/{draft.pk}/dispatch/").text
    assert "is public from" in page
    assert 'name="count"' in page
    press(desk, draft, accepted="on")
    press(desk, draft, accepted="on", at=f"{timezone.now():%Y-%m-%d}T23:59", zone="UTC")
    draft.refresh_from_db()
    assert (draft.send_at, Dispatch.objects.count()) == (None, 0)
    day = (tomorrow + timedelta(days=1)).date()
    press(desk, draft, accepted="on", at=f"{day}T09:00", zone="UTC")
    draft.refresh_from_db()
    assert draft.send_at is not None


def test_a_time_that_is_over_is_told_of_once(desk: Client, draft: Issue) -> None:
    typed = {"count": "3", "accepted": "on", "at": "2020-01-01T09:00", "zone": "UTC"}

    page = desk.post(f"/admin/issues/{draft.pk}/dispatch/", typed).text

    assert "That time is over" in page
    assert "not public by then" not in page


def test_an_issue_that_nobody_gets_says_so_beforehand_and_is_not_sent(
    db: None, desk: Client
) -> None:
    address = f"/admin/issues/{issue().pk}/dispatch/"

    assert "it cannot be sent now" in desk.get(address).text
    assert "has no active reader" in desk.post(address, {"count": "0", "accepted": "on"}).text

    assert not Dispatch.objects.exists()


def test_below_the_limit_nobody_is_asked(desk: Client, draft: Issue, settings: Settings) -> None:
    settings.SECOND_PERSON_ABOVE = 3
    press(desk, draft, accepted="on")
    assert Dispatch.objects.exists()
