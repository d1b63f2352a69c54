"""Evidence of one reader's consent on paper: complete, checked, and it is known who took it."""

import hashlib
import html
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from briefing.admin import roles
from briefing.models import AuditEntry, User
from subscribers import consent, privacy, sealing, triggers, unsubscribe
from subscribers.models import ConsentRecord, Newsletter, Subscriber
from tests.accessibility import assert_accessible
from tests.briefing.admin.conftest import holder_of, log_in
from tests.subscribers.making import NOW, confirmed, notice

pytestmark = pytest.mark.django_db


def _reader() -> Subscriber:
    """Make a reader with three acts, the last of them not sealed yet, and a neighbour in the seal."""
    notice(version=2, text="Ein *anderer* Wortlaut.\n", locale="de")
    confirmed("neighbour@example.org")
    row = confirmed("anna@example.org")
    # What is called UTC below is so whatever the clock of the house.
    Newsletter.objects.update(time_zone="Asia/Tokyo")
    sealing.seal(now=NOW)
    unsubscribe.one_click(row.subscriber_id, row.newsletter_id, origin=consent.NOWHERE, now=NOW)
    return row.subscriber


def _evidence(desk: Client, reader: Subscriber) -> str:
    answer = desk.post(reverse("desk-evidence", args=[reader.pk]))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return html.unescape(answer.content.decode())


def test_the_document_has_every_act_each_wording_and_a_proof_that_leads_to_the_seal(
    desk: Client,
) -> None:
    reader = _reader()

    page = _evidence(desk, reader)

    assert "anna@example.org" in page
    assert "neighbour@example.org" not in page
    assert [act in page for act in ("Requested", "Confirmed", "Withdrawn")] == [True] * 3
    assert "The signup wording. See our [privacy policy](/privacy/)." in page
    assert "Ein *anderer* Wortlaut." not in page
    assert "Sound:" in page
    assert "not yet: the next seal takes it in" in page
    assert f"Requested, {NOW:%Y-%m-%d %H:%M:%S} UTC" in page
    for record in consent.history(reader.person):
        receipt = sealing.receipt(record)
        assert hashlib.sha256(_statement(page, record).encode()).hexdigest() == receipt["sha256"]
        steps = receipt.get("proof", [])
        shown = [receipt["sha256"], *(step["sibling"] for step in steps)]
        assert all(each in page for each in shown)
        if receipt["seal"]:
            assert receipt["seal"]["root"] in page


def _statement(page: str, record: ConsentRecord) -> str:
    part = page.split(f"<h3>Record {record.pk}</h3>")[1]
    found = re.search(r"<code>(\{.*?\})</code>", part)
    assert found
    return found[1]


def test_it_is_written_down_who_took_it_and_nobody_takes_it_by_a_link(db: None) -> None:
    reader = _reader()
    officer = holder_of(roles.PRIVACY_OFFICER)

    page = _evidence(log_in(officer), reader)

    entry = AuditEntry.objects.get(act="subscriber.evidence")
    assert (entry.actor, entry.subject_id) == (officer, str(reader.pk))
    assert f"by privacy-officer, entry {entry.pk} of the audit log" in page
    assert log_in(officer).get(reverse("desk-evidence", args=[reader.pk])).status_code == 405


def test_what_was_altered_is_named_beside_the_record_and_at_the_top(desk: Client) -> None:
    reader = _reader()
    neighbour = ConsentRecord.objects.exclude(person=reader.person).earliest("pk")
    triggers.remove(connection)
    ConsentRecord.objects.filter(pk=neighbour.pk).update(page="/another/")
    triggers.install(connection)

    page = _evidence(desk, reader)

    assert "Not sound:" in page
    # Both sealed acts stand under the seal that no longer fits; the third has none yet.
    assert page.count(f"Record {neighbour.pk} was altered.") == 2
    assert page.count("<dd>fits</dd>") == 1


def test_an_erased_readers_records_still_stand_and_name_nobody(desk: Client) -> None:
    reader = _reader()
    privacy.erase("anna@example.org", now=NOW)

    page = _evidence(desk, reader)

    assert "anna@example.org" not in page
    assert "erased: no address is held any more" in page
    assert "deleted after its time; the record proves itself without it" in page
    assert "Sound:" in page


@pytest.mark.django_db(transaction=True)
def test_the_document_can_be_read_by_everybody_and_is_light_on_a_dark_screen(
    owner: User, site: str, desk_page: Callable[..., Page]
) -> None:
    reader = _reader()
    page = desk_page(owner, javascript=True, dark=True)
    page.goto(reverse("admin:subscribers_subscriber_change", args=[reader.pk]))

    page.get_by_role("button", name="Evidence to print").click()
    page.get_by_role("heading", name="Evidence of consent").wait_for()

    assert_accessible(page)
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.emulate_media(media="print")
    assert page.get_by_text("Print this page").is_hidden()
