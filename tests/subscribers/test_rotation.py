"""A new key in front: old links and old suppressions go on working, new ones are made with it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from subscribers import address, links, privacy, signup, suppression
from subscribers.models import Subscription, Suppression
from tests.subscribers import making
from tests.subscribers.making import NOW

pytestmark = pytest.mark.django_db
ANNA, BERT, CARL = "anna@example.com", "bert@example.com", "carl@example.com"
NEW = b"tests-only-newer-key-0123456789abcdef"
Reason = suppression.Reason


@pytest.fixture
def rotated(settings: Settings) -> None:
    """Anna was erased, Bert bounced and Carl disowned a signup; then both kinds of key are new."""
    making.noise()
    making.confirmed(ANNA)
    making.confirmed(BERT)
    privacy.erase(ANNA, now=NOW)
    suppression.suppress(BERT, Reason.HARD_BOUNCE, now=NOW)
    suppression.suppress("noise.active@example.org", Reason.MANUAL, now=NOW)
    signup.disown(making.pending(CARL).pk, now=NOW)
    settings.SUPPRESSION_KEYS = {2: NEW, **settings.SUPPRESSION_KEYS}
    settings.LINK_KEYS = {2: NEW, **settings.LINK_KEYS}


def rehash() -> str:
    """Run the command and return what it says."""
    said = StringIO()
    call_command("rehash_suppressions", stdout=said)
    return said.getvalue().strip()


def keys_of(key: str) -> set[int]:
    """Return under which keys an address is known."""
    return set(suppression.history(key).values_list("hash_key_id", flat=True))


def test_what_stood_under_the_old_key_still_stands(rotated: None) -> None:
    assert suppression.reasons(ANNA) == {Reason.ERASED}
    assert suppression.reasons(BERT) == {Reason.HARD_BOUNCE}
    assert making.pending(CARL).reason == "disowned"


def test_what_is_written_now_is_under_the_new_key_and_stands_once(rotated: None) -> None:
    suppression.suppress(BERT, Reason.HARD_BOUNCE, now=NOW)
    suppression.suppress("dora@example.com", Reason.COMPLAINT, now=NOW)

    assert keys_of("dora@example.com") == keys_of(BERT) == {2}
    assert suppression.history(BERT).count() == 1


def test_the_command_moves_whom_it_knows_and_names_the_key_that_must_stay(rotated: None) -> None:
    assert rehash() == "1 suppressions stay under key 1: keep it."
    assert rehash() == "1 suppressions stay under key 1: keep it."

    assert (keys_of(BERT), keys_of(ANNA)) == ({2}, {1})
    assert keys_of("noise.active@example.org") == {2}
    assert suppression.reasons(BERT) == {Reason.HARD_BOUNCE}


def test_an_erased_person_who_turns_up_again_is_moved_then(rotated: None) -> None:
    making.pending(ANNA, now=NOW)

    assert keys_of(ANNA) == {2}
    assert suppression.reasons(ANNA) == {Reason.ERASED}
    assert rehash() == "Every suppression is under the newest key."


def test_two_rows_for_one_reason_are_left_as_they_are(rotated: None) -> None:
    Suppression.objects.create(
        address_hash=address.address_hash(BERT),
        hash_key_id=2,
        reason=Reason.HARD_BOUNCE,
        at=NOW,
    )

    assert suppression.rehash(BERT) == 0
    assert suppression.lift(BERT, Reason.HARD_BOUNCE, now=NOW) == set()


def test_a_key_that_was_dropped_too_early_is_told_by_the_doctor(
    rotated: None, settings: Settings
) -> None:
    call_command("doctor", "--only", "suppressions", stdout=StringIO())
    settings.SUPPRESSION_KEYS = {2: NEW}

    said = StringIO()
    with pytest.raises(CommandError):
        call_command("doctor", "--only", "suppressions", stdout=said)
    assert "3 suppressions are under a key" in said.getvalue()


def test_a_link_in_an_old_mail_still_leaves(client: Client, settings: Settings) -> None:
    row = making.confirmed(ANNA)
    old = links.make("unsubscribe", row.subscriber_id, row.newsletter_id)
    settings.LINK_KEYS = {2: NEW, **settings.LINK_KEYS}
    assert links.make("unsubscribe", row.subscriber_id, row.newsletter_id) != old

    page = client.post(reverse("unsubscribe", args=[old]), {"action": "leave"})

    assert page.status_code == 200
    assert Subscription.objects.get(pk=row.pk).state == "unsubscribed"
    settings.LINK_KEYS = {2: NEW}
    assert client.get(reverse("unsubscribe", args=[old])).status_code == 404
