"""The send screen compares an issue's audience with that of the last issue."""

import pytest
from django.test import Client
from django.utils import timezone

from briefing.admin import comparing
from briefing.dispatch import control, planner
from briefing.models import Dispatch, Issue
from subscribers.models import Subscription
from tests.factories import article, issue, noise, subscription


@pytest.fixture
def last(db: None) -> Dispatch:
    """Dispatch an issue to five readers while one had left, one is away and one is suppressed."""
    noise()
    for number in range(5):
        subscription(f"reader{number}@example.org")
    subscription("left@example.org", state="unsubscribed")
    subscription("away@example.org", paused_until="2099-01-01")
    subscription("gone@example.org", withheld="suppressed")
    started = control.start(issue(), now=timezone.now())
    planner.plan(started.pk, ring=lambda _: None)
    return started


def changes(desk: Client, composed: Issue) -> comparing.Change:
    found: comparing.Change = desk.get(f"/admin/issues/{composed.pk}/dispatch/").context["change"]
    assert found.before + sum(line.readers for line in found.lines) == found.now
    return found


def told(change: comparing.Change) -> dict[str, int]:
    return {str(line.reason): line.readers for line in change.lines}


def next_issue() -> Issue:
    return issue(articles=[article("Chips for robots")])


def of(name: str) -> Subscription:
    return Subscription.objects.get(subscriber__address=f"{name}@example.org")


def test_every_reader_more_or_fewer_has_a_reason(desk: Client, last: Dispatch) -> None:
    now = timezone.now()
    for number in range(3):
        subscription(f"new{number}@example.org", confirmed_at=now)
    subscription("came-and-left@example.org", confirmed_at=now, state="unsubscribed")
    Subscription.objects.filter(pk=of("reader0").pk).update(state="unsubscribed")
    Subscription.objects.filter(pk=of("reader1").pk).update(withheld="suppressed")
    Subscription.objects.filter(pk=of("away").pk).update(paused_until=None)

    found = changes(desk, next_issue())

    assert (found.before, found.now, found.difference) == (5, 7, 2)
    assert told(found) == {
        "have joined since": 3,
        "no longer: have paused their mail": 1,
        "have unsubscribed": -1,
        "must not be written to (bounce, complaint or a person’s decision)": -1,
    }


def test_whoever_left_and_came_back_counts_as_new(desk: Client, last: Dispatch) -> None:
    Subscription.objects.filter(pk=of("left").pk).update(
        state="active", confirmed_at=timezone.now()
    )

    assert told(changes(desk, next_issue())) == {"have joined since": 1}


def test_the_first_issue_and_a_digest_have_nothing_to_be_compared_with(
    desk: Client, last: Dispatch
) -> None:
    assert comparing.last_planned(last.issue) is None
    digest = next_issue()
    Issue.objects.filter(pk=digest.pk).update(kind=Issue.Kind.DIGEST)
    digest.refresh_from_db()
    assert comparing.last_planned(digest) is None
    assert desk.get(f"/admin/issues/{digest.pk}/dispatch/").context["change"] is None
