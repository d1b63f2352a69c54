"""The page on retention: every rule with its time, what it deleted, what goes next, and when."""

from datetime import timedelta
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from briefing import schedule, tasks
from briefing.admin import retained
from briefing.models import ClickMonth, User
from briefing.tracking import retention as publishing
from subscribers import retention
from subscribers import tasks as peoples_tasks
from subscribers.models import RetentionRun, SignupRequest
from tests.briefing.admin.conftest import log_in
from tests.briefing.tracking.making import hear, report, sent
from tests.factories import NOW
from tests.subscribers.making import confirmed, newsletter, pending

pytestmark = pytest.mark.django_db
NOTICES = Path(__file__).parents[3] / "seeds" / "notices"


def _lines(desk: Client) -> dict[str, retained.Line]:
    answer = desk.get(reverse("desk-retention"))
    assert answer.status_code == 200
    return {line.rule.name: line for line in answer.context["lines"]}


@pytest.mark.sql
def test_every_rule_that_deletes_stands_on_the_page_and_no_other() -> None:
    now = timezone.now()
    deleted = {**retention.apply(now=now), **publishing.forget(now=now)}

    assert set(deleted) == {rule.name for rule in retained.RULES}
    assert {rule.task for rule in retained.RULES} == {
        name
        for name in ("subscribers.tasks.expire", "briefing.tasks.forget")
        if schedule.every(name) == timedelta(hours=1)
    }


@pytest.mark.sql
def test_a_run_is_written_down_with_its_numbers_and_shown(desk: Client) -> None:
    long_ago = timezone.now() - timedelta(days=8)
    pending("anna@example.org", now=long_ago)
    confirmed("ben@example.org", now=long_ago)
    fresh = pending("carl@example.org", now=timezone.now() - timedelta(days=2))

    peoples_tasks.expire()

    assert RetentionRun.objects.get(rule="signups").deleted == 2
    line = _lines(desk)["signups"]
    assert (line.told.last_deleted, line.told.lately_deleted) == (2, 2)
    assert line.goes_at == SignupRequest.objects.get(pk=fresh.pk).created_at + timedelta(days=7)
    assert line.told.last_at
    assert line.next_at == line.told.last_at + timedelta(hours=1)
    assert not line.overdue
    page = desk.get(reverse("desk-retention")).text
    assert page.count("Requests to sign up, whatever became of them") == 2
    # A run that found nothing is news for its rule, and none for the list of what was deleted.
    assert RetentionRun.objects.get(rule="outbox_rows").deleted == 0
    assert page.count("Mails to one person: what for, when, and the answer") == 1


@pytest.mark.sql
def test_both_tasks_write_down_their_runs_and_forget_them_after_90_days(desk: Client) -> None:
    sent(2)
    hear(report(None, None, "clicked"))
    newsletter("another")
    for number in (1, 2):
        ClickMonth.objects.create(newsletter_id=number, month="2026-03-01", subscriber_id=7)
    RetentionRun.objects.create(rule="signups", at=NOW - timedelta(days=400), deleted=9)

    tasks.forget()
    peoples_tasks.expire()

    lines = _lines(desk)
    assert all(line.told.last_at for line in lines.values())
    assert lines["retention_runs"].told.last_deleted == 1
    assert lines["signups"].told.lately_deleted == 0


def test_before_the_first_run_the_page_says_so_and_when_nobody_rings_too(desk: Client) -> None:
    page = desk.get(reverse("desk-retention")).text
    assert page.count("not yet") == page.count("within the hour") == len(retained.RULES)
    assert "Nothing was old enough yet." in page

    retention.note(dict.fromkeys(("signups",), 0), now=timezone.now() - timedelta(hours=2.5))

    assert _lines(desk)["signups"].overdue
    assert "overdue: does beat run?" in desk.get(reverse("desk-retention")).text


@pytest.mark.sql
def test_a_month_of_clicks_goes_90_days_after_it_ended() -> None:
    row = newsletter("another")
    ClickMonth.objects.create(newsletter_id=row.pk, month="2026-01-01", subscriber_id=7)
    (rule,) = (each for each in publishing.RULES if each.name == "click_months")
    ended = rule.oldest()
    assert ended

    assert publishing.forget(now=ended + rule.kept_for - timedelta(hours=1))["click_months"] == 0
    assert publishing.forget(now=ended + rule.kept_for)["click_months"] == 1


@pytest.mark.parametrize(
    ("file", "day", "days", "months"),
    [
        ("privacy-2.md", "after one day", "{} days", "12 months"),
        ("privacy-2.de.md", "nach einem Tag", "{} Tage", "12 Monaten"),
    ],
)
def test_the_privacy_policy_names_every_time_for_which_something_is_kept(
    file: str, day: str, days: str, months: str
) -> None:
    policy = (NOTICES / file).read_text("utf-8")

    for rule in retained.RULES:
        kept = {1: day, 365: months}.get(rule.kept_for.days, days.format(rule.kept_for.days))
        assert kept in policy, rule.name


@pytest.mark.sql
def test_sessions_of_staff_go_when_they_are_over_with_what_is_kept_of_where_they_were_opened(
    desk: Client, owner: User
) -> None:
    over = log_in(owner)
    for client, agent in ((desk, "A browser of today"), (over, "A browser of long ago")):
        UserSession.objects.create(
            user=owner, session_key=client.session.session_key, ip="192.0.2.1", user_agent=agent
        )
    Session.objects.filter(pk=over.session.session_key).update(
        expire_date=timezone.now() - timedelta(minutes=1)
    )

    tasks.forget()

    assert [each.user_agent for each in UserSession.objects.all()] == ["A browser of today"]
    assert RetentionRun.objects.get(rule="sessions").deleted == 1
    ends_at = Session.objects.get().expire_date
    assert _lines(desk)["sessions"].goes_at == ends_at
    assert "8 hours" in desk.get(reverse("desk-retention")).text
