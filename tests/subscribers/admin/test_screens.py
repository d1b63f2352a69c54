"""The screens about people: read by everybody who may, changed only by the rules."""

import pytest
from django.forms import model_to_dict
from django.test import Client

from subscribers import consent, sealing, suppression
from subscribers.models import (
    ConsentNotice,
    ConsentRecord,
    ConsentSeal,
    Outbox,
    SignupRequest,
    Subscriber,
    Subscription,
    Suppression,
)
from tests.factories import NOW, newsletter, noise
from tests.subscribers.making import confirmed

WRITTEN_BY_PROGRAMS = (
    ConsentNotice,
    ConsentRecord,
    ConsentSeal,
    Outbox,
    SignupRequest,
    Subscription,
)


@pytest.fixture
def client(admin_client: Client) -> Client:
    """Return the client of somebody who may do everything."""
    noise()
    confirmed("anna@example.org")
    sealing.seal(now=NOW)
    return admin_client


@pytest.mark.parametrize("model", WRITTEN_BY_PROGRAMS, ids=lambda model: model.__name__)
def test_what_programs_write_is_read_and_never_changed(client: Client, model: type) -> None:
    row = model.objects.first()  # type: ignore[attr-defined]  # any model
    address = f"/admin/subscribers/{model.__name__.lower()}"

    assert client.get(f"{address}/{row.pk}/change/").status_code == 200
    assert client.post(f"{address}/{row.pk}/change/", {}).status_code == 403
    assert client.post(f"{address}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    # A new wording can be published beside the old ones; nothing else is made by a form.
    assert client.get(f"{address}/add/").status_code == (200 if model is ConsentNotice else 403)


@pytest.mark.parametrize(
    "model", [*WRITTEN_BY_PROGRAMS, Subscriber, Suppression], ids=lambda model: model.__name__
)
def test_a_list_shows_its_rows_before_anybody_searches(client: Client, model: type) -> None:
    suppression.suppress("gone@example.org", Suppression.Reason.MANUAL, now=NOW)

    shown = client.get(f"/admin/subscribers/{model.__name__.lower()}/").context["cl"]

    assert shown.result_count == model.objects.count() > 0  # type: ignore[attr-defined]  # any model


def test_a_newsletter_is_at_home_in_a_zone_and_a_language_that_there_are(client: Client) -> None:
    letter = newsletter()
    address = f"/admin/subscribers/newsletter/{letter.pk}/change/"
    values = model_to_dict(letter) | {"draft_day": ""}

    refused = client.post(address, values | {"time_zone": "Berlin", "locale": "tlh"})
    kept = client.post(address, values | {"time_zone": "Asia/Tokyo", "locale": "de"})

    assert {"time_zone", "locale"} <= set(refused.context["adminform"].form.errors)
    assert kept.status_code == 302
    letter.refresh_from_db()
    assert (letter.time_zone, letter.locale) == ("Asia/Tokyo", "de")


def test_a_reader_is_never_made_or_deleted_by_a_form(client: Client) -> None:
    reader = Subscriber.objects.get(address_key="anna@example.org")

    assert client.get("/admin/subscribers/subscriber/add/").status_code == 403
    deletion = client.post(f"/admin/subscribers/subscriber/{reader.pk}/delete/", {"post": "yes"})
    assert deletion.status_code == 403


def test_a_readers_address_and_grant_are_not_in_the_form(client: Client) -> None:
    reader = Subscriber.objects.get(address_key="anna@example.org")
    form = {
        "name": "Anna",
        "format": "text",
        "locale": "de",
        "time_zone": "Europe/Berlin",
        "address": "other@example.org",
        "tracking_allowed": "on",
        "subscriptions-TOTAL_FORMS": "0",
        "subscriptions-INITIAL_FORMS": "0",
    }

    client.post(f"/admin/subscribers/subscriber/{reader.pk}/change/", form)

    reader.refresh_from_db()
    assert (reader.name, reader.format, reader.locale) == ("Anna", "text", "de")
    assert reader.address == "anna@example.org"
    assert not reader.tracking_allowed


def test_a_consent_record_names_its_newsletter_and_its_seal(client: Client) -> None:
    record = ConsentRecord.objects.filter(act=ConsentRecord.Act.CONFIRMED).latest("pk")

    page = client.get(f"/admin/subscribers/consentrecord/{record.pk}/change/").content.decode()

    assert "The Robotics Briefing" in page
    assert f"Seal {ConsentSeal.objects.get().pk}, leaf" in page
    assert bytes(record.sha256).hex() in page


@pytest.mark.parametrize(
    ("typed", "found"), [("anna", 1), ("anna@example.org", 1), ("@example.org", 5), ("nn", 0)]
)
def test_subscriptions_are_found_by_their_readers_address(
    client: Client, typed: str, found: int
) -> None:
    answer = client.get("/admin/subscribers/subscription/", {"q": typed})

    assert len(answer.context["cl"].result_list) == found


def test_a_new_wording_is_published_and_old_records_still_show_the_old_one(client: Client) -> None:
    old = ConsentNotice.objects.get(kind="signup")
    agreed = ConsentRecord.objects.filter(notice=old).count()

    answer = client.post(
        "/admin/subscribers/consentnotice/add/",
        {"kind": "signup", "locale": "en", "text": "You agree to\r\nsomething new."},
    )

    assert answer.status_code == 302
    new = ConsentNotice.objects.get(kind="signup", version=2)
    assert new.text == "You agree to\nsomething new.\n"
    assert consent.current_notice("signup", locale="en") == new
    assert ConsentRecord.objects.filter(notice=old).count() == agreed > 0
    page = client.get(f"/admin/subscribers/consentnotice/{old.pk}/change/")
    assert old.text.split()[1] in page.content.decode()
