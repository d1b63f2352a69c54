"""What stands against an address, here or there, stands against an import."""

from pathlib import Path
from typing import Any

import pytest

from subscribers import address, departures, privacy, suppression
from subscribers.models import Suppression
from tests.subscribers import making
from tests.subscribers.transfer.lists import (
    LISTMONK,
    MAILCHIMP_CLEANED,
    MAILCHIMP_LEFT,
    bring,
    readers,
)

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def test_what_stood_against_an_address_there_stands_here(tmp_path: Path) -> None:
    bring(tmp_path, LISTMONK)
    bring(tmp_path, MAILCHIMP_CLEANED.replace("Ada@", "gone@"))
    told = bring(tmp_path, MAILCHIMP_LEFT.replace("Ada@", "left@"))

    assert "1 had left there" in told
    assert suppression.reasons("barred@example.org") == {Suppression.Reason.MANUAL}
    assert suppression.reasons("gone@example.org") == {Suppression.Reason.HARD_BOUNCE}
    assert readers() == ["ada@example.org"]


def test_nobody_is_brought_back_who_left_is_suppressed_or_erased(tmp_path: Path) -> None:
    making.subscription("left@example.org", state="unsubscribed")
    making.subscription("active@example.org", confirmed_at=making.NOW)
    suppression.suppress("never@example.org", Suppression.Reason.MANUAL, now=making.NOW)
    making.confirmed("erased@example.org")
    privacy.erase("erased@example.org", now=making.NOW)
    rows = "".join(f"{name}@example.org\n" for name in ("left", "active", "never", "erased", "new"))

    told = bring(tmp_path, f"email\n{rows}NEW@example.org\n")

    assert readers() == ["active@example.org", "new@example.org"]
    for said in ("1 added", "2 there already", "1 have left here", "2 suppressed here"):
        assert said in told


def test_what_was_lifted_here_stays_lifted_when_the_list_is_brought_again(tmp_path: Path) -> None:
    bring(tmp_path, LISTMONK)
    suppression.lift("barred@example.org", Suppression.Reason.MANUAL, now=making.NOW)

    told = bring(tmp_path, LISTMONK)

    assert "1 bounced, complained or were barred there; that was lifted here" in told
    assert not suppression.is_suppressed("barred@example.org")


def test_why_an_address_is_barred_stays_what_is_known_here(tmp_path: Path) -> None:
    bounced, bring_back = Suppression.Reason.HARD_BOUNCE, "back@example.org"
    making.confirmed("ada@example.org")
    for key in ("ada@example.org", bring_back):
        suppression.suppress(key, bounced, now=making.NOW)
    suppression.lift(bring_back, bounced, now=making.NOW)

    told = bring(tmp_path, f"email,status\nada@example.org,suppressed\n{bring_back},suppressed\n")

    assert suppression.reasons("ada@example.org") == {bounced}
    assert not suppression.is_suppressed(bring_back)
    assert ("1 bounced" in told, "that was lifted here" in told) == (True, True)


def test_who_bounced_there_gets_nothing_more_here_and_a_restored_backup_is_told(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    for name in ("reads", "ada"):
        making.subscription(f"{name}@example.org")
    here, unknown = "reads@example.org", "gone@example.org"

    with django_capture_on_commit_callbacks(execute=True):
        bring(tmp_path, f"email,status\n{here},cleaned\n{unknown},cleaned\n{unknown},bounced\n")

    assert readers() == ["ada@example.org"]
    told = [each.address_hash for each in departures.mailboxes()]
    assert told == [address.address_hash(here), address.address_hash(unknown)]
    assert suppression.reasons(unknown) == {Suppression.Reason.HARD_BOUNCE}
