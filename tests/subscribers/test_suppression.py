"""Who must not be written to, what they may still receive, and what ends it."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from subscribers import address, suppression, tasks
from subscribers.models import Subscription, Suppression
from subscribers.suppression import Reason
from tests.subscribers import making

pytestmark = pytest.mark.django_db
ANNA = "anna@example.com"
NOW = making.NOW


@pytest.fixture(autouse=True)
def _noise() -> None:
    making.noise()
    suppression.suppress("noise.suppressed@example.org", Reason.MANUAL, now=NOW)


def _withheld() -> str:
    return Subscription.objects.get(subscriber__address_key=ANNA).withheld


# The table of dispatch.md, section 5: confirmation at once, after a month, lifted by a signup.
@pytest.mark.parametrize(
    ("reason", "at_once", "after_a_month", "lifted"),
    [
        (Reason.HARD_BOUNCE, True, True, True),
        (Reason.COMPLAINT, False, True, True),
        (Reason.ERASED, True, True, True),
        (Reason.MANUAL, False, False, False),
    ],
)
def test_each_reason_refuses_and_ends_as_the_table_says(
    reason: Reason, *, at_once: bool, after_a_month: bool, lifted: bool
) -> None:
    making.subscription(ANNA)
    suppression.suppress(ANNA, reason, now=NOW)

    assert suppression.is_suppressed(ANNA)
    assert suppression.allows_confirmation(ANNA, now=NOW) is at_once
    assert suppression.allows_confirmation(ANNA, now=NOW + timedelta(days=29)) is at_once
    assert suppression.allows_confirmation(ANNA, now=NOW + timedelta(days=30)) is after_a_month

    still = suppression.lift_by_signup(ANNA, now=NOW + timedelta(days=31))

    assert still == (set() if lifted else {reason})
    assert suppression.is_suppressed(ANNA) is not lifted


def test_suppressing_withholds_every_subscription_of_that_reader_and_no_other() -> None:
    making.subscription(ANNA)
    Subscription.objects.create(
        subscriber=Subscription.objects.get(subscriber__address_key=ANNA).subscriber,
        newsletter=making.newsletter("another-letter"),
        confirmed_at=NOW,
    )

    suppression.suppress(ANNA, Reason.HARD_BOUNCE, now=NOW)

    mine = Subscription.objects.filter(subscriber__address_key=ANNA)
    assert set(mine.values_list("withheld", flat=True)) == {"suppressed"}
    assert Subscription.objects.get(subscriber__address="noise.active@example.org").withheld == ""


def test_a_reason_reported_twice_stands_once() -> None:
    suppression.suppress(ANNA, Reason.COMPLAINT, now=NOW)
    suppression.suppress(ANNA, Reason.COMPLAINT, now=NOW + timedelta(days=5))

    row = Suppression.objects.get(address_hash=address.address_hash(ANNA))
    assert row.at == NOW


def test_one_reason_lifted_leaves_the_other_in_force() -> None:
    making.subscription(ANNA)
    suppression.suppress(ANNA, Reason.HARD_BOUNCE, now=NOW)
    suppression.suppress(ANNA, Reason.MANUAL, now=NOW)

    assert suppression.lift_by_signup(ANNA, now=NOW) == {Reason.MANUAL}
    assert _withheld() == "suppressed"

    assert suppression.lift(ANNA, Reason.MANUAL, now=NOW) == set()
    assert _withheld() == ""


def test_an_erased_address_is_told_apart() -> None:
    making.subscription(ANNA)

    suppression.suppress(ANNA, Reason.ERASED, now=NOW)

    assert _withheld() == "erased"


def test_what_was_lifted_can_stand_again() -> None:
    suppression.suppress(ANNA, Reason.HARD_BOUNCE, now=NOW)
    suppression.lift_by_signup(ANNA, now=NOW)

    suppression.suppress(ANNA, Reason.HARD_BOUNCE, now=NOW + timedelta(days=1))

    assert suppression.reasons(ANNA) == {Reason.HARD_BOUNCE}


def test_an_unknown_address_can_be_suppressed() -> None:
    suppression.suppress("stranger@example.com", Reason.MANUAL, now=NOW)

    assert suppression.is_suppressed("stranger@example.com")
    assert not suppression.is_suppressed(ANNA)


def test_an_event_names_the_reader_only() -> None:
    reader = making.subscription(ANNA).subscriber

    suppression.suppress_reader(reader.pk, Reason.HARD_BOUNCE, now=NOW)
    suppression.suppress_reader(10**9, Reason.HARD_BOUNCE, now=NOW)

    assert suppression.reasons(ANNA) == {Reason.HARD_BOUNCE}


def test_a_suppression_holds_after_its_key_was_rotated(settings: Settings) -> None:
    suppression.suppress(ANNA, Reason.ERASED, now=NOW)

    settings.SUPPRESSION_KEYS = {2: b"new" * 12, **settings.SUPPRESSION_KEYS}

    assert suppression.is_suppressed(ANNA)
    suppression.suppress(ANNA, Reason.ERASED, now=NOW)
    assert Suppression.objects.filter(reason="erased").count() == 1


def test_no_row_of_suppression_holds_an_address() -> None:
    suppression.suppress(ANNA, Reason.MANUAL, now=NOW)

    assert "anna" not in repr(list(Suppression.objects.values()))


def test_who_confirmed_in_the_moment_of_the_suppression_is_withheld_by_the_next_sweep() -> None:
    making.subscription(ANNA)
    # As it is when neither transaction saw the other.
    Suppression.objects.create(
        address_hash=address.address_hash(ANNA),
        hash_key_id=address.hash_key_id(),
        reason=Reason.MANUAL,
        at=NOW,
    )

    tasks.work_owed()
    assert suppression.withhold_missed(now=NOW) == 0

    assert _withheld() == Subscription.Withheld.SUPPRESSED
    others = Subscription.objects.exclude(subscriber__address_key=ANNA)
    assert others.filter(withheld="").exists()
