"""The plan: which copy each reader gets, in which lane, slice by slice, and everybody counted once."""

import pytest
from django.utils import timezone

from briefing.dispatch import cancelling, control, planner, progress
from briefing.dispatch.outcome import ACCEPTED, UNKNOWN
from briefing.dispatch.planner import Variants
from briefing.dispatch.results import readers_of
from briefing.dispatch.sampling import Sample
from briefing.models import Batch, Delivery, Dispatch, DispatchCount
from subscribers.audience import Scope
from subscribers.models import Subscription
from tests import factories

# From what a reader of the text in English wants, who grants tracking and follows the first of two
# topics, to what is left for want of anything nearer. The newsletter itself is German.
_BY_NEARNESS = (
    "locale=en;format=text;tracked=1;topics=1;subject=b",
    "locale=en;format=html;tracked=1;topics=1;subject=b",
    "locale=en;format=text;tracked=1;subject=b",
    "locale=en;format=html;tracked=1;subject=b",
    "locale=en;format=text;topics=1;subject=b",
    "locale=en;format=html;topics=1;subject=b",
    "locale=en;format=text;subject=b",
    "locale=en;format=html;subject=b",
    "locale=de;format=html;subject=b",
    "locale=de;format=html",
    "locale=fr;format=html",
)


def chosen(keys: tuple[str, ...], *, tracked: bool) -> str:
    """Return which of these variants the reader gets."""
    scope = Scope(topics=frozenset({1, 2}))
    by_key = {key: number for number, key in enumerate(keys, 1)}
    variants = Variants(by_key, "locale=de;format=html", scope)
    number = variants.choose("en", "text", frozenset({1}), tracked=tracked, arm="b")
    return keys[number - 1]


def test_a_reader_gets_the_nearest_variant_there_is() -> None:
    for place, nearest in enumerate(_BY_NEARNESS):
        there_are = tuple(reversed(_BY_NEARNESS[place:]))
        assert chosen(there_are, tracked=True) == nearest


def test_nobody_is_tracked_who_has_not_granted_it() -> None:
    assert chosen(_BY_NEARNESS, tracked=False) == _BY_NEARNESS[4]
    assert chosen((*_BY_NEARNESS[:4], _BY_NEARNESS[9]), tracked=False) == _BY_NEARNESS[9]


def test_whoever_is_in_no_sample_gets_the_subject_of_the_rest() -> None:
    sample = Sample(1, 0.5)
    variants = Variants({}, "", Scope(), subject="b", sample=sample)

    arms = [(sample.arm_of(reader), variants.arm_of(reader)) for reader in range(40)]

    assert set(arms) == {("a", "a"), (None, "b")}
    assert Variants({}, "", Scope(), subject="b").arm_of(1) == "b"


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "_FIRST_SLICE", 4)
    monkeypatch.setattr(planner, "_SLICE", 3)
    monkeypatch.setattr(planner, "_LANE_LEAST", 2)
    monkeypatch.setattr(planner, "_LANE_SHARE", 0.5)


@pytest.fixture
def started(db: None, small_slices: None) -> Dispatch:
    """Start a dispatch to seven readers, the first four of whom show which domain is large."""
    factories.noise()
    domains = ("large", "small", "large", "large", "large", "small", "other")
    for number, domain in enumerate(domains):
        factories.subscription(f"{number}@{domain}.example")
    Subscription.objects.filter(
        subscriber__address__in=["3@large.example", "6@other.example"]
    ).update(state=Subscription.State.UNSUBSCRIBED)
    return control.start(factories.issue(), now=timezone.now())


def planned(dispatch: Dispatch) -> list[int]:
    """Plan it; return for what was rung."""
    rung: list[int] = []
    assert planner.plan(dispatch.pk, ring=rung.append)
    return rung


def numbers(dispatch: Dispatch) -> list[tuple[str, list[int]]]:
    """Return the lane and the readers of each batch, in the order they were planned."""
    batches = Batch.objects.filter(dispatch=dispatch).order_by("pk")
    return [(batch.lane, list(readers_of(batch))) for batch in batches]


def test_slice_by_slice_everybody_is_planned_or_counted_with_a_reason(started: Dispatch) -> None:
    newsletter = started.issue.newsletter
    of = list(newsletter.subscriptions.order_by("pk").values_list("subscriber_id", flat=True))

    # After each of three slices the workers are woken.
    assert planned(started) == [started.pk] * 3

    assert numbers(started) == [
        ("large.example", [of[0], of[2]]),
        ("", [of[1]]),
        ("large.example", [of[4]]),
        ("", [of[5]]),
    ]
    count = DispatchCount.objects.get(dispatch=started)
    assert (count.candidates, count.planned, count.again) == (7, 5, 0)
    assert progress.measure(started.pk).excluded == count.excluded == {"unsubscribed": 2}
    started.refresh_from_db()
    assert started.planned_at

    assert planned(started) == [started.pk]
    assert len(numbers(started)) == 4


def test_who_is_told_to_stop_plans_no_further_and_nothing_is_planned_of_what_is_over(
    started: Dispatch,
) -> None:
    rung: list[int] = []
    assert not planner.plan(started.pk, ring=rung.append, is_stopping=lambda: bool(rung))
    assert (rung, len(numbers(started))) == ([started.pk], 2)

    control.cancel(started, reason="wrong")
    assert not planner.plan(started.pk, ring=rung.append)
    assert (rung, len(numbers(started))) == ([started.pk], 2)


def test_what_follows_is_for_those_the_issue_missed_or_for_those_who_have_it(
    started: Dispatch,
) -> None:
    planned(started)
    control.cancel(started, reason="wrong")
    assert cancelling.settle(started.pk, now=timezone.now()) == 5
    have_it = [lane[1][0] for lane in numbers(started)][:2]
    for reader, outcome in zip(have_it, (ACCEPTED, UNKNOWN), strict=True):
        Delivery.objects.filter(subscriber_id=reader).update(outcome=outcome)

    missed = control.start_missed(started.issue, now=timezone.now())
    planned(missed)

    count = DispatchCount.objects.get(dispatch=missed)
    assert (count.planned, count.again) == (3, 3)
    assert count.excluded == {"unsubscribed": 2, "has it already": 2}
    control.cancel(missed, reason="wrong")

    correction = control.start_correction(started.issue, now=timezone.now())
    planned(correction)

    count = DispatchCount.objects.get(dispatch=correction)
    assert (count.planned, count.again) == (2, 0)
    assert count.excluded == {"unsubscribed": 2, "never received it": 3}
    assert [reader for _lane, readers in numbers(correction) for reader in readers] == have_it
