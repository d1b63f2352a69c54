"""An issue's report counts each reader once, whatever followed the main dispatch."""

import pytest
from django.db.models import F
from django.utils import timezone

from briefing.dispatch import control, fate, planner, resolving
from briefing.dispatch.outcome import ACCEPTED, REJECTED
from briefing.dispatch.sender import drain
from briefing.models import Batch, Delivery, Dispatch, Event, EventCount
from briefing.tracking import reports
from tests.briefing.dispatch.making import Provider, dispatching
from tests.briefing.tracking.making import hear, readers_of, report

pytestmark = pytest.mark.django_db


def follow(dispatch: Dispatch, kind: str) -> Dispatch:
    """Send the issue to those it missed, or a correction to those who have it."""
    start = {"missed": control.start_missed, "correction": control.start_correction}[kind]
    made = start(dispatch.issue, now=timezone.now())
    planner.plan(made.pk, ring=lambda _id: None)
    drain(made.pk, Provider())
    return made


def refusing(*refused: str) -> Provider:
    """Return a provider that refuses these readers' copies."""
    return Provider(answer=lambda copy: REJECTED if copy.recipient in refused else ACCEPTED)


@pytest.fixture
def dispatch(db: None) -> Dispatch:
    """Dispatch to six readers, of whom two are refused; the issue has followed to those."""
    made = dispatching(6)
    drain(made.pk, refusing("reader0@mail.example", "reader3@mail.example"))
    Dispatch.objects.update(state=Dispatch.State.FINISHED)
    return made


def test_who_is_tried_again_was_planned_once(dispatch: Dispatch) -> None:
    again = follow(dispatch, "missed")
    told = reports.of_issue(dispatch.issue)
    rows = Delivery.objects.filter(dispatch__in=(dispatch, again))
    assert rows.count() == 8
    assert told.planned == rows.values("subscriber_id").distinct().count() == 6
    assert told.again == 2
    assert sum(told.outcomes.values()) == told.planned + told.again
    assert told.outcomes["accepted"] == 6


def test_a_correction_is_reported_by_itself(dispatch: Dispatch) -> None:
    correction = follow(dispatch, "correction")
    hear(*(report(correction, each, Event.Kind.DELIVERED) for each in readers_of(correction)))
    told = reports.of_issue(dispatch.issue)
    assert (told.planned, told.outcomes["accepted"], told.heard) == (6, 4, {})
    own = reports.of_dispatch(correction)
    assert (own.planned, own.outcomes["accepted"], sum(own.heard.values())) == (4, 4, 4)


def test_the_small_domains_together_are_never_cut_off(dispatch: Dispatch) -> None:
    variant = dispatch.batches.get().variant
    Batch.objects.bulk_create(
        Batch(
            dispatch=dispatch,
            variant=variant,
            lane=f"large{number}.example",
            not_before=timezone.now(),
            readers=b"",
            size=0,
            state=Batch.State.DONE,
            accepted=100 + number,
        )
        for number in range(reports.MOST_DOMAINS + 3)
    )
    EventCount.objects.create(dispatch=dispatch, domain="large0.example", kind=1, number=90)
    EventCount.objects.create(dispatch=dispatch, domain="", kind=1, number=3)
    told = reports.of_issue(dispatch.issue)
    assert len(told.domains) == reports.MOST_DOMAINS
    others = told.domains[-1]
    assert others.name == ""
    # Three large ones and a fourth too many by one line for the rest, with the small ones' four.
    assert others.accepted == 100 + 101 + 102 + 103 + 4
    assert others.delivered == 93
    assert sum(domain.accepted for domain in told.domains) == told.outcomes["accepted"]


def test_a_copy_that_bounced_softly_and_then_for_good_bounced_once(dispatch: Dispatch) -> None:
    one, other, third, *_more = readers_of(dispatch)
    soft, hard = Event.Kind.SOFT_BOUNCED, Event.Kind.HARD_BOUNCED
    hear(report(dispatch, one, soft), report(dispatch, other, soft))
    hear(report(dispatch, one, hard), report(dispatch, third, hard), report(dispatch, third, soft))
    (domain,) = reports.of_issue(dispatch.issue).domains
    bounced = Delivery.objects.alias(both=F("fate").bitand(fate.BOUNCED)).filter(both__gt=0)
    assert domain.bounced == bounced.count() == 3
    assert (domain.heard[fate.SOFT_BOUNCED], domain.heard[fate.HARD_BOUNCED]) == (3, 2)


def test_what_is_accepted_late_counts_for_its_domain(dispatch: Dispatch) -> None:
    dispatch.batches.update(lane="mail.example")
    type(dispatch.count).objects.update(lanes=["mail.example"])
    reader = readers_of(dispatch)[0]
    Delivery.objects.filter(dispatch=dispatch, subscriber_id=reader).update(outcome=5)
    dispatch.batches.update(rejected=1, unknown=1)
    resolving.accept(dispatch.pk, [reader], by="olivia")
    told = reports.of_issue(dispatch.issue)
    assert told.outcomes["accepted"] == 5
    assert [(each.name, each.accepted) for each in told.domains] == [("mail.example", 5)]
