"""A mail to one person that comes back: its signup ends, its address is suppressed, nobody else's is."""

from datetime import timedelta

import pytest

from subscribers import address, consent, moving, outbox, returned, signup, suppression
from subscribers.models import Outbox, SignupRequest, Subscriber
from subscribers.signup import SignupGoneError
from tests.subscribers import making
from tests.subscribers.making import NOW

pytestmark = pytest.mark.django_db
ANNA = "anna@example.com"
CODE = "550 5.1.1 no such user"
State = SignupRequest.State


@pytest.fixture(autouse=True)
def _noise() -> None:
    making.noise()
    making.confirmed("bert@example.com")


def mail_of(asked: SignupRequest) -> Outbox:
    """Hand the confirmation of a request over."""
    row = Outbox.objects.get(signup=asked)
    claimed = outbox.claim(row.pk, now=NOW)
    assert claimed
    outbox.settle(claimed, Outbox.State.ACCEPTED, now=NOW)
    return row


def test_a_bounced_confirmation_ends_its_signup_and_asks_once_a_day() -> None:
    asked = making.pending(ANNA)
    row = mail_of(asked)

    assert returned.bounced(row.pk, code=CODE, now=NOW)
    assert not returned.bounced(row.pk, code=CODE, now=NOW)

    row.refresh_from_db()
    asked.refresh_from_db()
    assert (row.state, row.code, asked.state) == (Outbox.State.REJECTED, CODE, State.BOUNCED)
    assert suppression.reasons(ANNA) == {suppression.Reason.HARD_BOUNCE}
    with pytest.raises(SignupGoneError):
        signup.confirm(asked.pk, origin=making.origin(), now=NOW)
    assert making.pending(ANNA, now=NOW + timedelta(hours=23)).state == State.DROPPED
    assert making.pending(ANNA, now=NOW + timedelta(hours=25)).state == State.MAILED
    assert not suppression.reasons("bert@example.com")


def test_a_bounce_after_the_mailbox_was_proven_is_not_believed() -> None:
    asked = making.pending(ANNA)
    row = mail_of(asked)
    signup.confirm(asked.pk, origin=making.origin(), now=NOW)

    assert not returned.bounced(row.pk, code=CODE, now=NOW)

    assert not suppression.reasons(ANNA)


def test_a_complaint_about_a_confirmation_is_this_was_not_me() -> None:
    asked = making.pending(ANNA)

    assert returned.complained(mail_of(asked).pk, now=NOW)

    asked.refresh_from_db()
    assert (asked.state, asked.address) == (State.DISOWNED, "")
    assert suppression.reasons(ANNA) == {suppression.Reason.COMPLAINT}


def test_a_bounced_welcome_suppresses_its_reader() -> None:
    reader = making.confirmed(ANNA).subscriber
    row = Outbox.objects.get(subscriber=reader, purpose=Outbox.Purpose.WELCOME)

    assert returned.bounced(row.pk, code=CODE, now=NOW)

    assert suppression.is_suppressed(ANNA)


def test_a_welcome_that_bounces_after_a_move_says_nothing_of_the_new_mailbox() -> None:
    subscription = making.confirmed(ANNA)
    row = Outbox.objects.get(subscriber=subscription.subscriber, purpose=Outbox.Purpose.WELCOME)
    asked = moving.ask(subscription, address.parse("anna@new.example"), now=NOW)
    assert asked
    moving.confirm(Outbox.objects.get(pk=asked), origin=consent.NOWHERE, now=NOW)

    returned.bounced(row.pk, code=CODE, now=NOW)

    assert not suppression.is_suppressed("anna@new.example")


def test_a_question_that_bounced_at_a_new_address_is_not_held_against_the_old_one() -> None:
    row = making.confirmed(ANNA)
    asked = moving.ask(row, address.parse("anna@gone.example"), now=NOW)
    assert asked

    assert returned.bounced(asked, code=CODE, now=NOW)

    assert suppression.is_suppressed("anna@gone.example")
    assert not suppression.is_suppressed(ANNA)
    assert Subscriber.objects.get(pk=row.subscriber_id).address_key == ANNA


def test_a_row_that_is_gone_changes_nothing() -> None:
    assert not returned.bounced(999_999, code=CODE, now=NOW)
    assert not returned.complained(999_999, now=NOW)
