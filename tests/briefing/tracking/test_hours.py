"""What is heard of a dispatch is counted by the hours since its start."""

from datetime import timedelta

import pytest

from briefing.dispatch import fate
from briefing.models import Event, HourCount
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
