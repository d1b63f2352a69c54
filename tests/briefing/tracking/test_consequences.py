"""What reports mean for readers: suppression by rule, and a person's word where many bounce at once."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from briefing.dispatch import control, planner
from briefing.dispatch.sender import drain
from briefing.models import Alert, Burst, Delivery, Dispatch, Event
from briefing.tracking import consequences
from subscribers import address, consent, moving, outbox, suppression
from subscribers.consent import Origin
from subscribers.models import ConsentRecord, Subscriber, Subscription, Suppression
from tests import factories
from tests.briefing.dispatch.making import Provider
from tests.briefing.tracking.making import hear, readers_of, report, sent

pytestmark = pytest.mark.django_db

Kind = Event.Kind
Reason = Suppression.Reason


def standing() -> dict[int, str]:
    """Return reader -> reason of every suppression that stands, noise left out."""
    hashes = dict(Suppression.objects.filter(lifted_at=None).values_list("address_hash", "reason"))
    return {
        reader: hashes[address_hash]
        for reader, address_hash in Subscriber.objects.values_list("pk", "address_hash")
        if address_hash in hashes
    }


def another(dispatch: Dispatch) -> Dispatch:
    """Dispatch the next issue to the same readers."""
    following = control.start(
        factories.issue(dispatch.issue.newsletter, [factories.article(f"Next of {dispatch.pk}")]),
        now=timezone.now(),
    )
    planner.plan(following.pk, ring=lambda _id: None)
    drain(following.pk, Provider())
    return following


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind.HARD_BOUNCED, Reason.HARD_BOUNCE),
        (Kind.COMPLAINED, Reason.COMPLAINT),
        (Kind.SOFT_BOUNCED, None),
        (Kind.BLOCKED, None),
        (Kind.DEFERRED, None),
        (Kind.DELIVERED, None),
    ],
)
def test_which_report_suppresses_at_once(kind: Kind, reason: str | None) -> None:
    dispatch = sent(3)
    before = standing()
    reader = readers_of(dispatch)[1]
    for _ in range(2):
        hear(report(dispatch, reader, kind))
    assert standing() == before | ({reader: reason} if reason else {})
    withheld = Subscription.objects.get(subscriber=reader).withheld
    assert bool(withheld) == bool(reason)


def test_a_bounce_of_a_single_mail_counts_for_its_reader() -> None:
    dispatch = sent(1)
    (reader,) = readers_of(dispatch)
    hear(report(None, reader, Kind.HARD_BOUNCED))
    assert standing()[reader] == Reason.HARD_BOUNCE


def test_three_soft_bounces_over_three_issues_suppress() -> None:
    dispatch = sent(2)
    reader = readers_of(dispatch)[0]
    for number in range(3):
        assert reader not in standing()
        hear(report(dispatch, reader, Kind.SOFT_BOUNCED))
        # The same issue's second bounce is no second issue.
        hear(report(dispatch, reader, Kind.SOFT_BOUNCED, key=f"again {number}"))
        if number < 2:
            dispatch = another(dispatch)
    assert standing()[reader] == Reason.HARD_BOUNCE


def test_a_delivery_between_soft_bounces_begins_anew() -> None:
    dispatch = sent(1)
    (reader,) = readers_of(dispatch)
    for kind in (Kind.SOFT_BOUNCED, Kind.SOFT_BOUNCED, Kind.DELIVERED, Kind.SOFT_BOUNCED):
        hear(report(dispatch, reader, kind))
        dispatch = another(dispatch)
    assert reader not in standing()


def test_soft_bounces_between_issues_that_nothing_was_heard_of_are_not_in_a_row() -> None:
    """A mail server reports no delivery: what has not come back within days has arrived."""
    dispatch = sent(1)
    (reader,) = readers_of(dispatch)
    for kind in (Kind.SOFT_BOUNCED, Kind.SOFT_BOUNCED, None, Kind.SOFT_BOUNCED):
        if kind:
            hear(report(dispatch, reader, kind))
        Delivery.objects.update(at=F("at") - timedelta(days=7))
        dispatch = another(dispatch)
    assert reader not in standing()


def test_a_newsletter_that_goes_out_daily_hides_no_soft_bounces_of_another() -> None:
    dispatch = sent(1)
    (reader,) = readers_of(dispatch)
    daily = factories.issue(factories.newsletter("daily"), [factories.article("Daily")])
    for number in range(3):
        hear(report(dispatch, reader, Kind.SOFT_BOUNCED))
        Dispatch.objects.bulk_create(
            Dispatch(
                issue=daily,
                edition=dispatch.edition,
                kind=Dispatch.Kind.CORRECTION,
                state=Dispatch.State.CANCELLED,
                ceiling=0,
                created_at=timezone.now(),
            )
            for _day in range(20)
        )
        if number < 2:
            dispatch = another(dispatch)
    assert standing()[reader] == Reason.HARD_BOUNCE


def move(reader: int, to: str) -> None:
    """Let a reader move to another address, by the rules."""
    row = Subscription.objects.get(subscriber=reader)
    asked = moving.asked(moving.ask(row, address.parse(to), now=timezone.now()) or 0)
    assert asked
    moving.confirm(asked, origin=Origin(form="address"), now=timezone.now())


@pytest.mark.parametrize("kind", [Kind.HARD_BOUNCED, Kind.COMPLAINED])
def test_a_report_is_held_against_the_mailbox_that_the_copy_went_to(kind: Kind) -> None:
    dispatch = sent(2)
    reader, other = readers_of(dispatch)
    move(reader, "new@mail.example")
    hear(report(dispatch, reader, kind), report(dispatch, other, kind))
    assert standing().keys() & {reader, other} == {other}
    assert suppression.reasons("reader0@mail.example")
    # Of a later copy, to the new address, it counts.
    hear(report(another(dispatch), reader, kind))
    assert reader in standing()


def test_of_an_address_that_nobody_knows_any_more_nobody_is_held_to_account() -> None:
    dispatch = sent(1)
    (reader,) = readers_of(dispatch)
    move(reader, "new@mail.example")
    outbox.forget_addresses(now=timezone.now() + timedelta(days=9))
    before = Suppression.objects.count()
    hear(report(dispatch, reader, Kind.HARD_BOUNCED))
    assert Suppression.objects.count() == before


def test_soft_bounces_of_a_mailbox_that_was_left_do_not_count_for_the_next() -> None:
    dispatch = sent(1)
    (reader,) = readers_of(dispatch)
    for number in range(3):
        hear(report(dispatch, reader, Kind.SOFT_BOUNCED))
        if number == 1:
            move(reader, "new@mail.example")
        dispatch = another(dispatch)
    assert reader not in standing()


def test_who_proved_the_mailbox_after_a_copy_is_not_suppressed_for_its_bounce(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They signed up again because nothing came; then the burst is decided about."""
    _dispatch, readers = bounce_many(monkeypatch)
    again = Subscription.objects.get(subscriber=readers[0])
    now = timezone.now() + timedelta(seconds=2)
    act = ConsentRecord.Act.CONFIRMED
    consent.record(consent.Entry(again.subscriber.person, act, now, again.newsletter_id))
    burst = Burst.objects.get()
    assert consequences.decide(burst, Burst.Decision.SUPPRESS, by="olivia", now=now) == 3
    assert standing().keys() & set(readers) == set(readers[1:])


def test_an_unsubscribe_at_the_provider_is_one_here() -> None:
    dispatch = sent(2)
    reader, other = readers_of(dispatch)
    hear(report(dispatch, reader, Kind.UNSUBSCRIBED))
    states = dict(Subscription.objects.values_list("subscriber_id", "state"))
    assert states[reader] == Subscription.State.UNSUBSCRIBED
    assert states[other] == Subscription.State.ACTIVE


def test_mail_refused_because_of_us_is_told_and_held_against_nobody() -> None:
    dispatch = sent(3)
    before = standing()
    for reader in readers_of(dispatch):
        hear(report(dispatch, reader, Kind.BLOCKED, code="550 5.7.515 not authenticated"))
    assert standing() == before
    alert = Alert.objects.get()
    assert "5.7.515" in alert.text


def bounce_many(monkeypatch: pytest.MonkeyPatch) -> tuple[Dispatch, list[int]]:
    monkeypatch.setattr(consequences, "BURST_AT_LEAST", 3)
    dispatch = sent(10)
    readers = readers_of(dispatch)[:4]
    hear(*(report(dispatch, reader, Kind.HARD_BOUNCED) for reader in readers))
    return dispatch, readers


def test_many_hard_bounces_at_once_wait_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch, readers = bounce_many(monkeypatch)
    assert not standing().keys() & set(readers)
    assert Alert.objects.get().kind == Alert.Kind.BOUNCES
    hear(report(dispatch, readers_of(dispatch)[5], Kind.HARD_BOUNCED))
    assert not standing().keys() & set(readers_of(dispatch))


def test_a_person_suppresses_all_of_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch, readers = bounce_many(monkeypatch)
    burst = Burst.objects.get()
    now = timezone.now()
    assert consequences.decide(burst, Burst.Decision.SUPPRESS, by="olivia", now=now) == 4
    assert set(readers) <= standing().keys()
    # Said once; and what bounces later is suppressed at once.
    assert consequences.decide(burst, Burst.Decision.SPARE, by="olivia", now=now) == 0
    late = readers_of(dispatch)[6]
    hear(report(dispatch, late, Kind.HARD_BOUNCED))
    assert late in standing()


def test_a_person_spares_all_of_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch, _readers = bounce_many(monkeypatch)
    now = timezone.now() + timedelta(hours=1)
    consequences.decide(Burst.objects.get(), Burst.Decision.SPARE, by="olivia", now=now)
    hear(report(dispatch, readers_of(dispatch)[6], Kind.HARD_BOUNCED))
    assert not standing().keys() & set(readers_of(dispatch))
