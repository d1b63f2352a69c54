"""A request is one row; a worker decides; the mailbox's owner confirms."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from limits import parse_many

from subscribers import consent, signup, suppression, throttle
from subscribers.models import (
    ConsentContext,
    ConsentRecord,
    Outbox,
    SignupRequest,
    Subscriber,
)
from subscribers.signup import SignupGoneError
from subscribers.suppression import Reason
from tests.subscribers import making

pytestmark = pytest.mark.django_db
ANNA = "Anna@example.com"
KEY = "anna@example.com"
NOW = making.NOW
LATER = NOW + timedelta(days=2)
ORIGIN = consent.Origin(form="confirm", page="/confirm/", locale="en", ip="198.51.100.0")


@pytest.fixture(autouse=True)
def _noise() -> None:
    making.noise()


def _past(kind: str, typed: str = ANNA) -> None:
    """Give an address a past."""
    if kind == "pending":
        making.pending(typed)
    elif kind == "active":
        making.confirmed(typed)
    elif kind == "left":
        making.subscription(typed, state="unsubscribed", unsubscribed_at=NOW)
    elif kind == "disowned":
        signup.disown(making.pending(typed).pk, now=NOW)
    elif kind != "new":
        suppression.suppress(typed.lower(), Reason(kind), now=NOW)


_PASTS = ["new", "pending", "active", "left", "disowned", *Reason.values]


def test_a_request_costs_the_same_whatever_the_address_has_behind_it() -> None:
    statements = set()
    for past in _PASTS:
        _past(past, f"{past}@example.com")
        before = SignupRequest.objects.count()
        wish = making.wish(f"{past}@example.com")
        with CaptureQueriesContext(connection) as queries:
            signup.request(wish, now=LATER)
        statements.add(tuple(query["sql"].split("VALUES")[0] for query in queries))
        assert SignupRequest.objects.count() == before + 1

    assert len(statements) == 1
    assert len(next(iter(statements))) == 1


@pytest.mark.parametrize(
    ("past", "mailed"),
    [
        ("new", True),
        ("pending", True),
        ("active", True),
        ("left", True),
        ("disowned", False),
        ("hard_bounce", True),
        ("complaint", False),
        ("erased", True),
        ("manual", False),
    ],
)
def test_the_worker_decides_by_the_addresss_past(past: str, *, mailed: bool) -> None:
    _past(past)
    owed = Outbox.objects.count()

    asked = making.pending(ANNA, now=LATER)

    assert Outbox.objects.count() - owed == mailed
    assert asked.state == ("mailed" if mailed else "dropped")


def test_nobody_is_a_subscriber_before_confirming() -> None:
    making.pending(ANNA)

    assert not Subscriber.objects.filter(address_key=KEY).exists()


def test_deciding_twice_owes_one_mail_and_records_one_request() -> None:
    asked = signup.request(making.wish(ANNA), now=NOW)

    first, second = signup.work(asked.pk, now=NOW), signup.work(asked.pk, now=NOW)

    assert first == Outbox.objects.get().pk
    assert second is None
    assert ConsentRecord.objects.get().act == "requested"


def test_a_suspicious_form_is_written_down_and_goes_no_further() -> None:
    asked = signup.request(making.wish(ANNA, suspicion="trap"), now=NOW)

    assert signup.work(asked.pk, now=NOW) is None
    assert (asked.state, asked.reason) == ("dropped", "trap")


def test_a_closed_newsletter_asks_nobody() -> None:
    closed = making.newsletter("closed", name="Closed", open_to_signup=False)

    assert making.pending(ANNA, newsletter=closed).reason == "newsletter closed"


@pytest.mark.parametrize("requests", [80, pytest.param(10_000, marks=pytest.mark.full)])
def test_however_many_ask_in_one_victims_name_it_gets_three_mails_a_day(requests: int) -> None:
    # Spread over a day, the worst case for the limit.
    for each in range(requests):
        making.pending(ANNA, now=NOW + timedelta(days=each / requests))

    assert Outbox.objects.filter(purpose="confirm").count() == 3


@pytest.mark.parametrize(
    ("first", "second", "mails"),
    [
        ("anna@example.com", "anna+shop@example.com", 1),
        ("a.nna+1@gmail.com", "ANNA@googlemail.com", 1),
        ("anna@example.com", "an.na@example.com", 2),
        ("anna@gmail.com", "anna@example.com", 2),
    ],
)
def test_one_mailbox_by_many_names_is_one_victim(first: str, second: str, mails: int) -> None:
    making.pending(first)
    making.pending(second, now=NOW + timedelta(minutes=1))

    assert Outbox.objects.count() == mails


def test_this_was_not_me_counts_for_the_whole_mailbox_from_that_moment() -> None:
    asked = making.pending("anna+1@example.com")

    signup.disown(asked.pk, now=LATER)

    assert making.pending(ANNA, now=LATER + timedelta(days=29)).reason == "disowned"
    assert signup.expire(now=LATER + timedelta(days=29))["disowned_signups"] == 0


def test_two_workers_that_do_not_see_each_other_cause_one_mail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = (signup.request(making.wish(ANNA), now=NOW) for _ in range(2))
    real = throttle.admits_address

    def overtaken(*args: Any, **kwargs: Any) -> bool:
        monkeypatch.setattr(throttle, "admits_address", real)
        admitted = real(*args, **kwargs)
        signup.work(second.pk, now=NOW)
        return admitted

    monkeypatch.setattr(throttle, "admits_address", overtaken)

    assert signup.work(first.pk, now=NOW) is None
    assert Outbox.objects.count() == 1
    first.refresh_from_db()
    assert (first.state, first.reason) == ("dropped", "address limit")


def test_under_pressure_the_confirmation_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "PER_SITE", parse_many("1/hour"))
    making.pending("first@example.com")

    making.pending(ANNA)

    assert Outbox.objects.latest("pk").next_at == NOW + throttle.PRESSURE_DELAY


def test_this_was_not_me_forgets_the_address_and_asks_it_no_more() -> None:
    asked = making.pending(ANNA)
    waiting = signup.request(making.wish(ANNA), now=NOW)
    other = making.pending("bert@example.com")

    assert signup.disown(asked.pk, now=NOW)

    for row in (asked, waiting):
        row.refresh_from_db()
        assert (row.state, row.address, row.address_key, row.ip) == ("disowned", "", "", "")
    other.refresh_from_db()
    assert other.state == "mailed"
    assert Outbox.objects.get(signup=asked).state == "dropped"
    assert not ConsentContext.objects.filter(record__person=asked.person).exists()
    assert ConsentContext.objects.filter(record__person=other.person).exists()
    with pytest.raises(SignupGoneError):
        signup.confirm(asked.pk, origin=ORIGIN, now=NOW)
    assert making.pending(ANNA, now=NOW + timedelta(days=29)).reason == "disowned"
    assert making.pending(ANNA, now=NOW + timedelta(days=31)).state == "mailed"


def test_this_was_not_me_does_not_undo_a_confirmation() -> None:
    asked = making.pending(ANNA)
    row = signup.confirm(asked.pk, origin=ORIGIN, now=NOW).subscription

    assert not signup.disown(asked.pk, now=NOW)
    row.refresh_from_db()
    assert row.state == "active"


def test_an_expired_request_can_be_asked_again() -> None:
    old = making.pending(ANNA)

    new = signup.renew(old.pk, now=LATER)

    assert new is not None
    assert (new.address, new.person, new.state) == (old.address, old.person, "received")
    assert signup.work(new.pk, now=LATER)


def test_only_what_was_asked_can_be_asked_again() -> None:
    asked = making.pending(ANNA)
    signup.disown(asked.pk, now=NOW)

    assert signup.renew(asked.pk, now=LATER) is None
    assert signup.renew(10**9, now=LATER) is None


def test_pending_requests_are_gone_after_seven_days_with_their_mails() -> None:
    making.pending(ANNA)
    signup.disown(making.pending("bert@example.com").pk, now=NOW)
    fresh = making.pending("carl@example.com", now=NOW + timedelta(days=1))

    gone = signup.expire(now=NOW + timedelta(days=7))
    assert gone == {"signups": 1, "disowned_signups": 0}

    left = SignupRequest.objects.order_by("pk")
    assert [row.state for row in left] == ["disowned", "mailed"]
    assert list(Outbox.objects.filter(state="owed").values_list("signup", flat=True)) == [fresh.pk]
    gone = signup.expire(now=NOW + timedelta(days=30))
    assert gone == {"signups": 1, "disowned_signups": 1}


def test_the_sweep_finds_requests_nobody_was_rung_for() -> None:
    asked = signup.request(making.wish(ANNA), now=NOW)
    making.pending("bert@example.com")

    def waiting(seconds: int) -> list[int]:
        return signup.waiting(
            now=NOW + timedelta(seconds=seconds), older_than=timedelta(seconds=5), limit=10
        )

    assert waiting(4) == []
    assert waiting(5) == [asked.pk]
