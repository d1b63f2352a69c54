"""A restored backup is told again who left and who was erased, and nobody else."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from briefing.dispatch import holding
from subscribers import departures, privacy, restoring, suppression, unsubscribe
from subscribers.consent import NOWHERE
from subscribers.models import SignupRequest, Subscriber, Subscription, Suppression
from subscribers.restoring import Replayed
from tests.subscribers import making

pytestmark = pytest.mark.django_db(transaction=True)
Reason = Suppression.Reason
LATER = making.NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Keep the file where only this test sees it."""
    settings.LOCAL_DIR = tmp_path
    return tmp_path


def _leave(row: Subscription) -> None:
    unsubscribe.one_click(row.subscriber_id, row.newsletter_id, origin=NOWHERE, now=LATER)


def _as_in_the_backup(row: Subscription, reader: Subscriber) -> None:
    """Put rows back as they were before their owner left."""
    Subscriber.objects.filter(pk=reader.pk).update(
        address=reader.address,
        address_key=reader.address_key,
        address_hash=reader.address_hash,
        erased_at=None,
    )
    Subscription.objects.filter(pk=row.pk).update(
        state="active", withheld="", confirmed_at=row.confirmed_at, unsubscribed_at=None
    )


def test_who_left_leaves_again_and_who_came_back_stays() -> None:
    making.noise()
    left, back = making.confirmed("left@example.com"), making.confirmed("back@example.com")
    undone = making.confirmed("undone@example.com")
    for row in (left, back, undone):
        _leave(row)
    unsubscribe.undo(undone.subscriber_id, undone.newsletter_id, origin=NOWHERE, now=LATER)
    making.confirmed("back@example.com", now=LATER + timedelta(days=1))
    _as_in_the_backup(left, left.subscriber)

    assert restoring.replay(now=LATER) == Replayed(erased=0, left=1)

    states = dict(Subscription.objects.values_list("subscriber__address_key", "state"))
    assert states["left@example.com"] == "unsubscribed"
    assert states["back@example.com"] == states["undone@example.com"] == "active"
    assert states["noise.active@example.org"] == "active"
    assert restoring.replay(now=LATER) == Replayed(erased=0, left=0)


def test_who_was_erased_is_erased_again_before_any_mail_leaves() -> None:
    row = making.confirmed("gone@example.com")
    reader = Subscriber.objects.get(pk=row.subscriber_id)
    privacy.erase("gone@example.com", now=LATER)
    _as_in_the_backup(row, reader)
    suppression.lift_by_signup("gone@example.com", now=LATER)
    holding.hold("a backup was restored", now=LATER)

    holding.let_go(now=LATER)

    assert not Subscriber.objects.filter(address_key="gone@example.com").exists()
    assert suppression.is_suppressed("gone@example.com")


def test_who_complained_or_bounced_is_left_alone_again_but_not_who_was_let_go() -> None:
    withheld, let_go = making.confirmed("angry@example.com"), making.confirmed("calm@example.com")
    stranger = "unknown@example.com"
    for key in ("angry@example.com", "calm@example.com", stranger):
        suppression.suppress(key, Reason.COMPLAINT, now=LATER)
    suppression.lift("calm@example.com", Reason.COMPLAINT, now=LATER)
    Suppression.objects.all().delete()
    Subscription.objects.update(withheld="")

    assert restoring.replay(now=LATER) == Replayed(erased=0, left=0, suppressed=2)

    assert suppression.reasons(stranger) == {Reason.COMPLAINT}
    withheld.refresh_from_db()
    let_go.refresh_from_db()
    assert (withheld.withheld, let_go.withheld) == ("suppressed", "")
    assert restoring.replay(now=LATER) == Replayed(erased=0, left=0)


def test_what_was_lifted_under_a_newer_key_is_not_suppressed_again(settings: Settings) -> None:
    suppression.suppress("calm@example.com", Reason.MANUAL, now=LATER)
    settings.SUPPRESSION_KEYS = {99: b"newer"} | settings.SUPPRESSION_KEYS
    suppression.lift("calm@example.com", Reason.MANUAL, now=LATER)
    Suppression.objects.all().delete()

    assert restoring.replay(now=LATER) == Replayed(erased=0, left=0)


def test_an_address_that_was_erased_without_a_reader_is_erased_again() -> None:
    making.pending("asked@example.com")
    privacy.erase("asked@example.com", now=LATER)
    Suppression.objects.all().delete()
    making.pending("asked@example.com")

    assert restoring.replay(now=LATER) == Replayed(erased=0, left=0, suppressed=1)

    assert not SignupRequest.objects.exclude(address_key="").exists()
    assert suppression.reasons("asked@example.com") == {Reason.ERASED}


def test_the_file_names_nobody_and_survives_a_torn_line(folder: Path) -> None:
    row = making.confirmed("anna@example.com")
    _leave(row)
    file = folder / "departures.log"
    with file.open("a") as torn:
        torn.write("2026-03-02T09:00:00+00:00 withdr")

    acts = [act.act for act in departures.read()]

    assert acts == ["confirmed", "withdrawn"]
    assert "anna" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_written_keeps_nobody_from_leaving(
    settings: Settings, folder: Path
) -> None:
    row = making.confirmed("anna@example.com")
    settings.LOCAL_DIR = folder / "nowhere"

    _leave(row)

    row.refresh_from_db()
    assert row.state == "unsubscribed"


def test_the_command_says_what_it_did() -> None:
    row = making.confirmed("anna@example.com")
    _leave(row)
    _as_in_the_backup(row, row.subscriber)
    said = StringIO()

    call_command("replay_departures", stdout=said)

    assert said.getvalue() == "Erased again: 0. Unsubscribed again: 1. Suppressed again: 0.\n"
