"""What is heard of a dispatch is counted by the hours since its start."""

from datetime import timedelta

import pytest
from django.utils import timezone

from briefing.dispatch import control, fate, planner
from briefing.dispatch.sender import drain
from briefing.models import Dispatch, Event, HourCount, LateCount
from briefing.tracking import hours
from subscribers import tally
from tests.briefing.dispatch.making import Provider
from tests.briefing.tracking.making import hear, readers_of, report, sent

pytestmark = pytest.mark.django_db

Kind = Event.Kind


def test_each_hour_after_the_start_counts_what_was_heard_in_it() -> None:
    dispatch = sent(2)
    reader, other = readers_of(dispatch)
    begun = dispatch.started_at
    assert begun is not None
    for hour, number in ((0, 0), (0, 1), (30, 2)):
        click = {"key": f"click {number}", "link": 1, "by_person": True}
        at = begun + timedelta(hours=hour, minutes=5)
        hear(report(dispatch, reader, Kind.CLICKED, at=at, **click))
    late, early = begun + timedelta(hours=3), begun - timedelta(seconds=9)
    hear(
        report(dispatch, other, Kind.DELIVERED, at=late),
        report(dispatch, other, Kind.DELIVERED, at=early, key="of a clock behind ours"),
    )
    rows = HourCount.objects.filter(dispatch=dispatch).values_list("kind", "hour", "number")
    assert set(rows) == {
        (fate.DELIVERED, 0, 1),
        (fate.CLICKED, 0, 2),
        (fate.CLICKED, 30, 1),
    }


def test_a_course_adds_up_and_is_told_by_days_when_it_is_long() -> None:
    dispatch = sent(3)
    reader, other, _third = readers_of(dispatch)
    begun = dispatch.started_at
    assert begun is not None
    dispatch.batches.update(counted_at=begun + timedelta(hours=2))
    LateCount.objects.create(dispatch=dispatch, hour=5, number=2)
    hear(report(dispatch, reader, Kind.DELIVERED, at=begun + timedelta(hours=4)))
    told = hours.course([dispatch])
    assert not told.by_days
    assert [point.accepted for point in told.points] == [0, 0, 3, 0, 0, 2]
    assert [point.delivered for point in told.points] == [0, 0, 0, 0, 1, 0]
    for days, who in ((3, reader), (900, other)):
        click = {"key": f"after {days}", "link": 1, "by_person": True}
        hear(report(dispatch, who, Kind.CLICKED, at=begun + timedelta(days=days), **click))
    told = hours.course([dispatch])
    assert told.by_days
    assert len(told.points) == hours.MOST_DAYS
    assert [told.points[day].clicked for day in (0, 3, hours.MOST_DAYS - 1)] == [0, 1, 1]
    assert sum(point.accepted for point in told.points) == 5


def test_a_reader_counts_once_a_month_for_the_month_they_joined_in() -> None:
    first = sent(2)
    Dispatch.objects.update(state=Dispatch.State.FINISHED)
    second = control.start_correction(first.issue, now=timezone.now())
    planner.plan(second.pk, ring=lambda _id: None)
    drain(second.pk, Provider())
    reader, other = readers_of(first)
    newsletter = first.issue.newsletter_id
    for number, (dispatch, who) in enumerate([(first, reader), (second, reader), (first, other)]):
        click = {"key": f"click {number}", "link": 1, "by_person": True}
        hear(report(dispatch, who, Kind.CLICKED, **click))
    rows = dict(tally.sums(newsletter, tally.About.COHORT, "kind"))
    assert rows["clicked"] == 2
