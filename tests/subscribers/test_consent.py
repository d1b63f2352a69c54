"""Each act stands in the ledger once, with the wording that was shown."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from subscribers import consent
from subscribers.models import ConsentContext, ConsentNotice, ConsentRecord
from tests.subscribers import making

pytestmark = pytest.mark.django_db
Act = ConsentRecord.Act


def _entry(**values: Any) -> consent.Entry:
    about: dict[str, Any] = {
        "person": uuid.uuid4(),
        "act": Act.CONFIRMED,
        "at": making.NOW,
    } | values
    return consent.Entry(**about)


def test_a_record_says_who_agreed_to_what_where_and_when() -> None:
    wording = making.notice()
    origin = consent.Origin(
        notice=wording,
        page="/articles/x/",
        form="box",
        locale="en",
        ip="192.0.2.0",
        user_agent="UA",
    )
    person = uuid.uuid4()

    consent.record(_entry(person=person, newsletter_id=7, origin=origin))

    row = next(consent.history(person))
    assert (row.person, row.newsletter_id, row.act, row.notice) == (person, 7, "confirmed", wording)
    assert (row.page, row.form, row.locale, row.at) == ("/articles/x/", "box", "en", making.NOW)
    assert (row.context.ip, row.context.user_agent) == ("192.0.2.0", "UA")
    assert bytes(row.sha256) == consent.record_hash(row)


def test_a_record_keeps_nothing_personal_of_its_own() -> None:
    origin = consent.Origin(ip="192.0.2.0", user_agent="Agent 007")
    row = consent.record(_entry(origin=origin))

    stored = ConsentRecord.objects.filter(pk=row.pk).values().get()

    assert "192.0.2.0" not in repr(stored)
    assert "Agent 007" not in repr(stored)


def test_the_same_context_twice_cannot_be_recognised_without_its_salt() -> None:
    origin = consent.Origin(ip="192.0.2.0", user_agent="UA")

    first, second = consent.record(_entry(origin=origin)), consent.record(_entry(origin=origin))

    assert bytes(first.context_mac) != bytes(second.context_mac)


def test_a_history_is_one_persons_and_in_order() -> None:
    person = uuid.uuid4()
    consent.record(_entry(person=person, act=Act.REQUESTED))
    consent.record(_entry(act=Act.CONFIRMED))
    consent.record(_entry(person=person, act=Act.CONFIRMED))

    assert [row.act for row in consent.history(person)] == ["requested", "confirmed"]


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_a_record(change: str) -> None:
    row = consent.record(_entry())
    rows = ConsentRecord.objects.filter(pk=row.pk)

    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(act="withdrawn") if change == "update" else rows._raw_delete(rows.db)  # noqa: SLF001  past the cascade, straight at the table

    assert rows.get().act == "confirmed"


def test_a_context_can_go_while_its_record_stays() -> None:
    row = consent.record(_entry())

    ConsentContext.objects.filter(record=row).delete()

    assert ConsentRecord.objects.filter(pk=row.pk).exists()


def test_publishing_a_wording_twice_is_publishing_it_once() -> None:
    assert making.notice() == making.notice()
    assert ConsentNotice.objects.count() == 1


def test_a_published_version_never_gets_another_text() -> None:
    making.notice()

    with pytest.raises(consent.NoticeChangedError, match="signup-2"):
        making.notice(text="Something else.\n")


def test_the_newest_wording_in_the_readers_language_is_current() -> None:
    making.notice(version=1)
    newest = making.notice(version=2)
    german = making.notice(version=1, locale="de", text="Auf Deutsch.\n")
    making.notice("privacy", version=3)

    assert consent.current_notice("signup", locale="en") == newest
    assert consent.current_notice("signup", locale="de") == german
    assert consent.current_notice("signup", locale="fr") == newest


def test_a_missing_wording_says_what_to_do() -> None:
    making.notice("privacy")

    with pytest.raises(consent.NoticeMissingError, match="load_notices"):
        consent.current_notice("signup", locale="en")


def test_what_builds_on_a_consent_names_the_wording_of_the_latest_confirmation() -> None:
    person, old, new = uuid.uuid4(), making.notice(version=1), making.notice(version=2)
    for at, wording in ((making.NOW, old), (making.NOW + timedelta(days=1), new)):
        origin = consent.Origin(notice=wording)
        consent.record(_entry(person=person, newsletter_id=1, at=at, origin=origin))
    consent.record(_entry(person=person, newsletter_id=2, origin=consent.Origin(notice=old)))

    assert consent.latest_origin(person, newsletter_id=1).notice == new
    assert consent.latest_origin(uuid.uuid4(), newsletter_id=1).notice is None
