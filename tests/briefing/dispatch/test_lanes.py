"""How each domain goes: sums of its batches, and the limit it has now."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from briefing.dispatch import lanes, progress
from briefing.dispatch.lanes import Lane
from briefing.dispatch.progress import Progress
from briefing.models import Batch, Bucket, Dispatch
from tests.briefing.dispatch.making import dispatching

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def batch(dispatch: Dispatch, lane: str, size: int, **counters: int) -> None:
    """Put a batch beside the one that was planned."""
    planned = Batch.objects.filter(dispatch=dispatch).order_by("pk").first()
    assert planned
    planned.pk, planned.lane, planned.size = None, lane, size
    for name, number in counters.items():
        setattr(planned, name, number)
    planned.save(force_insert=True)


def slowed(lane: str, by: float, *, account: str = "bulk") -> None:
    Bucket.objects.create(account=account, lane=lane, free_at=NOW, slowdown=by)


@pytest.mark.django_db
def test_a_lane_is_the_sum_of_its_batches_the_largest_first_and_the_shared_one_last(
    settings: Settings,
) -> None:
    settings.RATES = {"bulk/large.example": 10.0}
    dispatch = dispatching(1)
    batch(dispatch, "small.example", 2, rejected=1, skipped=1)
    batch(dispatch, "large.example", 5, accepted=2, deferred=1)
    batch(dispatch, "large.example", 3, accepted=1, unknown=1)
    slowed("large.example", 4.0)
    slowed("small.example", 1.0)
    slowed("", 8.0)
    slowed("small.example", 2.0, account="fallback")

    assert lanes.measure(dispatch.pk) == [
        Lane("large.example", 8, 5, 3, 1, 0, 2.5, is_slowed=True),
        Lane("small.example", 2, 2, 0, 0, 1, None, is_slowed=False),
        Lane("", 1, 0, 0, 0, 0, None, is_slowed=False),
    ]
    assert [each.open for each in lanes.measure(dispatch.pk)] == [3, 0, 1]
    assert lanes.measure(dispatch.pk + 1) == []


def _progress(**values: object) -> Progress:
    usual: dict[str, object] = {
        "state": "running",
        "planned_completely": True,
        "candidates": 100,
        "planned": 100,
        "again": 0,
        "excluded": {},
        "by_outcome": {"accepted": 30, "deferred": 10},
        "open_batches": 1,
        "started_at": NOW,
        "finished_at": None,
    }
    return Progress(**usual | values)  # type: ignore[arg-type]  # a test's own values


def test_the_pace_is_counted_from_the_start_or_from_where_the_others_were_let_go() -> None:
    later = NOW + timedelta(seconds=20)

    assert _progress().rate(now=later) == 2.0
    assert _progress(finished_at=NOW + timedelta(seconds=10)).rate(now=later) == 4.0
    trial = _progress(pace_from=NOW + timedelta(seconds=10), settled_before=15)
    assert trial.rate(now=later) == 2.5
    assert _progress(settled_before=60).rate(now=later) == 0.0
    assert _progress(started_at=None).rate(now=later) == 0.0
    assert _progress().rate(now=NOW) == 0.0


@pytest.mark.parametrize(
    ("values", "over"),
    [
        ({"by_outcome": {"accepted": 100, "deferred": 0}}, True),
        ({"by_outcome": {"accepted": 99, "deferred": 1}}, False),
        ({"by_outcome": {"accepted": 99, "deferred": 0}}, False),
        ({"by_outcome": {"accepted": 100, "deferred": 0}, "planned_completely": False}, False),
    ],
)
def test_it_is_over_when_all_is_planned_and_nobody_waits(
    values: dict[str, object], *, over: bool
) -> None:
    assert _progress(**values).over is over


@pytest.mark.django_db
def test_progress_is_read_from_what_was_counted() -> None:
    dispatch = dispatching(1)
    batch(dispatch, "x.example", 2, accepted=2)

    now = progress.measure(dispatch.pk)

    assert (now.state, now.planned_completely, now.open_batches) == ("running", True, 2)
    assert (now.candidates, now.planned, now.settled, now.again) == (1, 1, 2, 0)
    assert (now.started_at, now.finished_at, now.pace_from) == (dispatch.started_at, None, None)
