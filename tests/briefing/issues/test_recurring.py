"""The weekly draft: composed once a week at the newsletter's own hour, and sent by nobody."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from briefing import schedule, tasks
from briefing.admin import duties
from briefing.issues import recurring
from briefing.models import Dispatch, Issue, User, WeeklyDraft
from subscribers.models import Newsletter
from tests import factories
from tests.briefing.admin.conftest import log_in, owner

__all__ = ["owner"]

pytestmark = pytest.mark.django_db

# A Thursday, nine o'clock in New York.
HOUR = datetime(2024, 11, 28, 14, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def asking(day: int = 3, at: time = time(9), zone: str = "America/New_York") -> Newsletter:
    """Return a newsletter that asks for a draft on a day of the week, beside one that does not."""
    factories.newsletter("another")
    home = factories.newsletter()
    Newsletter.objects.filter(pk=home.pk).update(draft_day=day, draft_at=at, time_zone=zone)
    return Newsletter.objects.get(pk=home.pk)


def headlines(issue: Issue) -> list[str]:
    return [item.article.headline for item in issue.items.select_related("article")]


def test_it_carries_what_the_week_brought_and_no_issue_has_carried() -> None:
    home = asking()
    factories.article("Long ago", published_at=HOUR - timedelta(days=8))
    factories.issue(home, [factories.article("Gone out", published_at=HOUR - timedelta(days=2))])
    Issue.objects.update(status=Issue.Status.PUBLISHED)
    factories.article("Monday", published_at=HOUR - timedelta(days=3))
    factories.article("Why {{ shipping }} fails", published_at=HOUR - timedelta(hours=1))

    (made,) = recurring.compose_due(now=HOUR)

    assert headlines(made) == ["Why {{ shipping }} fails", "Monday"]
    assert (made.newsletter, made.number, made.kind) == (home, 2, Issue.Kind.ISSUE)
    assert (made.subject, made.preheader) == ("Why { { shipping }} fails", "Monday")
    assert (made.status, made.send_at) == (Issue.Status.DRAFT, None)
    assert not Dispatch.objects.exists()


def test_not_before_its_hour_and_then_once_a_week() -> None:
    asking()
    # The week before had no article; its turn is taken all the same.
    assert recurring.compose_due(now=HOUR - WEEK) == []
    factories.article(published_at=HOUR - timedelta(days=1))
    assert recurring.compose_due(now=HOUR - timedelta(seconds=1)) == []

    assert len(recurring.compose_due(now=HOUR)) == 1
    Issue.objects.update(status=Issue.Status.PUBLISHED)
    factories.article("Friday", published_at=HOUR + timedelta(days=1))
    assert recurring.compose_due(now=HOUR + timedelta(days=1)) == []
    (second,) = recurring.compose_due(now=HOUR + WEEK)
    assert headlines(second) == ["Friday"]


def test_a_copy_that_was_down_makes_up_for_it_once() -> None:
    asking()
    factories.article("Just in time", published_at=HOUR - WEEK + timedelta(minutes=1))
    factories.article("While it was down", published_at=HOUR + timedelta(days=2))

    late = HOUR + timedelta(days=5)
    (made,) = recurring.compose_due(now=late)

    assert headlines(made) == ["While it was down", "Just in time"]
    Issue.objects.all().delete()
    assert recurring.compose_due(now=late + timedelta(hours=1)) == []


def test_after_weeks_away_it_makes_one_and_not_one_for_each() -> None:
    asking()
    recurring.compose_due(now=HOUR)
    factories.article(published_at=HOUR + 3 * WEEK - timedelta(days=1))
    away = HOUR + 3 * WEEK + timedelta(hours=2)
    assert len(recurring.compose_due(now=away)) == 1
    assert set(WeeklyDraft.objects.values_list("week", flat=True)) == {202448, 202451}


def test_a_draft_that_stands_is_enough_and_the_week_has_had_its_turn() -> None:
    home = asking()
    factories.article("New", published_at=HOUR - timedelta(days=1))
    standing = factories.issue(home, [factories.article("Old", published_at=HOUR - WEEK)])

    assert recurring.compose_due(now=HOUR) == []
    Issue.objects.filter(pk=standing.pk).update(status=Issue.Status.PUBLISHED)
    assert recurring.compose_due(now=HOUR + timedelta(hours=1)) == []


def test_another_newsletters_draft_and_a_digest_do_not_stand_in_its_way() -> None:
    home = asking()
    factories.article(published_at=HOUR - timedelta(days=1))
    factories.issue(factories.newsletter("another"), [])
    Issue.objects.create(newsletter=home, kind=Issue.Kind.DIGEST, number=202448, subject="Week")

    assert len(recurring.compose_due(now=HOUR)) == 1


@pytest.mark.parametrize(
    ("day", "at", "came"),
    [
        # Clocks in Berlin skip from 2:00 to 3:00 on 31 March 2024, a Sunday.
        (6, time(2, 30), datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),
        (6, time(9), datetime(2024, 3, 31, 7, 0, tzinfo=UTC)),
        (5, time(9), datetime(2024, 3, 30, 8, 0, tzinfo=UTC)),
        # They go back from 3:00 to 2:00 on 27 October 2024: the first of both.
        (6, time(2, 30), datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        (6, time(9), datetime(2024, 10, 27, 8, 0, tzinfo=UTC)),
    ],
)
def test_when_clocks_change_its_hour_comes_once(day: int, at: time, came: datetime) -> None:
    home = asking(day, at, "Europe/Berlin")
    factories.article(published_at=came - timedelta(days=1))
    assert recurring.last_hour(home, now=came - timedelta(seconds=1)) != came
    steps = [came + timedelta(minutes=5) * step for step in range(-1, 26)]

    assert recurring.last_hour(home, now=came) == came
    WeeklyDraft.objects.create(newsletter=home, week=weeks_before(came), at=came)
    made = [issue for now in steps for issue in recurring.compose_due(now=now)]

    assert len(made) == 1


def weeks_before(at: datetime) -> int:
    """Return the week before, as a number."""
    year, week, _day = (at - WEEK).isocalendar()
    return year * 100 + week


def test_who_asks_after_the_hour_is_not_given_a_draft_at_once(owner: User) -> None:
    desk = log_in(owner)
    home = factories.newsletter()
    page = desk.get(f"/admin/subscribers/newsletter/{home.pk}/change/")
    form = page.context["adminform"].form
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    # The hour before this one, on whatever day that is where the newsletter is at home.
    now = timezone.now()
    just = now.astimezone(ZoneInfo(home.time_zone)) - timedelta(hours=1)
    values |= {"draft_day": str(just.weekday()), "draft_at": just.strftime("%H:%M")}

    answer = desk.post(f"/admin/subscribers/newsletter/{home.pk}/change/", values)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    home.refresh_from_db()
    assert home.draft_day == just.weekday()
    factories.article(published_at=now - timedelta(minutes=30))
    assert recurring.compose_due(now=now) == []
    assert len(recurring.compose_due(now=now + timedelta(days=6, hours=23))) == 1


def test_a_newsletter_that_moves_to_another_zone_gets_no_second_one() -> None:
    home = asking()
    factories.article(published_at=HOUR - timedelta(days=1))
    recurring.compose_due(now=HOUR)
    Issue.objects.all().delete()
    Newsletter.objects.filter(pk=home.pk).update(time_zone="America/Los_Angeles")

    assert recurring.compose_due(now=HOUR + timedelta(hours=4)) == []


@pytest.mark.sql
@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_compose_one() -> None:
    asking()
    factories.article(published_at=HOUR - timedelta(days=1))
    gate = threading.Barrier(4)

    def beat(_: int) -> int:
        try:
            gate.wait()
            return len(recurring.compose_due(now=HOUR))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(beat, range(4)))

    assert sorted(made) == [0, 0, 0, 1]
    assert Issue.objects.count() == WeeklyDraft.objects.count() == 1


def test_beat_composes_it_and_the_desk_says_so_until_somebody_takes_it_up(owner: User) -> None:
    now = timezone.now()
    home = asking(now.weekday(), time(0), "UTC")
    factories.article(published_at=now - timedelta(days=1))
    editor = log_in(owner)

    tasks.compose_drafts()
    tasks.compose_drafts()

    assert schedule.every("briefing.tasks.compose_drafts") <= timedelta(minutes=10)
    (made,) = Issue.objects.filter(newsletter=home)
    page = editor.get("/admin/").content.decode()
    assert f"{made} was composed by itself" in page
    assert f"/admin/briefing/issue/{made.pk}/change/" in page
    Issue.objects.update(send_at=now + timedelta(days=1))
    said = [each.sentence for each in duties.waiting(owner, now=now)]
    assert not any("composed by itself" in each for each in said)
