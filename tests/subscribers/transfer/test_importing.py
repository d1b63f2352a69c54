"""Readers of another list are brought over with their ground, and never against a withdrawal."""

from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from subscribers import consent, links, privacy, sealing, steps, suppression
from subscribers.models import (
    ConsentRecord,
    Outbox,
    SeriesPlace,
    Subscriber,
    Subscription,
    Suppression,
    Tally,
)
from subscribers.steps import Written
from tests.subscribers import making

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

# First lines as these services write them, each with somebody who reads, and others.
MAILCHIMP = """\
"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,\
CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS
Ada@example.org,Ada,Lovelace,2,"2021-03-04 05:06:07",192.0.2.1,"2021-03-04 06:00:00",192.0.2.1\
,,,,,,,,"2022-01-01 00:00:00",1,a,,
"""
MAILCHIMP_LEFT = MAILCHIMP.replace(",NOTES", ",UNSUB_TIME").replace(",a,,", ',a,"2023-01-01",')
MAILCHIMP_CLEANED = MAILCHIMP.replace(",NOTES", ",CLEAN_TIME").replace(",a,,", ',a,"2023-01-01",')
GHOST = """\
id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels
1,ada@example.org,Ada Lovelace,,true,,,2021-03-04T06:00:00.000Z,,
2,left@example.org,,,false,,,2021-03-04T06:00:00.000Z,,
"""
SUBSTACK = """\
email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at
ada@example.org,false,,other,false,2021-03-04T06:00:00.000Z,
left@example.org,true,,other,true,2021-03-04T06:00:00.000Z,
"""
LISTMONK = """\
uuid,email,name,attributes,status,created_at,updated_at
u1,ada@example.org,Ada Lovelace,{},enabled,2021-03-04 07:00:00 +0100 CET,2021-03-04 07:00:00 +0100 CET
u2,left@example.org,Left,{},disabled,2021-03-04 06:00:00.1234 +0000 +0000,
u3,barred@example.org,Barred,{},blocklisted,2021-03-04 06:00:00.12 +0000 UTC,
"""
BUTTONDOWN = """\
email,creation_date,type,tags,notes
ada@example.org,2021-03-04T06:00:00Z,regular,,
left@example.org,2021-03-04T06:00:00Z,unsubscribed,,
waits@example.org,2021-03-04T06:00:00Z,unactivated,,
"""


def bring(tmp_path: Path, text: str | bytes, *more: str, newsletter: str = "") -> str:
    """Import a list by its command; return what was said, with the exit code at its end."""
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    slug = newsletter or making.newsletter().slug
    told, wrong = StringIO(), StringIO()
    usual = ["--newsletter", slug, "--basis", "Signed up at the fair", "--agreed-on", "2020-05-06"]
    code: Any = 0
    try:
        call_command("import_subscribers", str(file), *usual, *more, stdout=told, stderr=wrong)
    except SystemExit as ended:
        code = ended.code
    return f"{told.getvalue()}{wrong.getvalue()}{code}"


def readers() -> list[str]:
    """Return who reads the newsletter."""
    active = Subscription.objects.filter(
        newsletter=making.newsletter(), state="active", withheld=""
    )
    return sorted(map(str, active.values_list("subscriber__address_key", flat=True)))


@pytest.mark.parametrize(
    ("text", "service"),
    [
        (MAILCHIMP, "Mailchimp"),
        (GHOST, "Ghost"),
        (SUBSTACK, "Substack"),
        (LISTMONK, "listmonk"),
        (BUTTONDOWN, "Buttondown"),
    ],
)
def test_an_export_is_known_by_its_columns(tmp_path: Path, text: str, service: str) -> None:
    making.noise()

    told = bring(tmp_path, text)

    assert f"This is a list of {service}." in told
    assert told.endswith("0")
    assert readers() == ["ada@example.org"]
    ada = Subscription.objects.get(subscriber__address_key="ada@example.org")
    assert ada.confirmed_at == datetime(2021, 3, 4, 6, tzinfo=UTC)
    assert not Subscriber.objects.filter(address_key__in=["left@example.org", "waits@example.org"])


def test_what_stood_against_an_address_there_stands_here(tmp_path: Path) -> None:
    bring(tmp_path, LISTMONK)
    bring(tmp_path, MAILCHIMP_CLEANED.replace("Ada@", "gone@"))
    told = bring(tmp_path, MAILCHIMP_LEFT.replace("Ada@", "left@"))

    assert "1 had left there" in told
    assert suppression.reasons("barred@example.org") == {Suppression.Reason.MANUAL}
    assert suppression.reasons("gone@example.org") == {Suppression.Reason.HARD_BOUNCE}
    assert readers() == ["ada@example.org"]


def test_the_ground_is_in_the_ledger_and_in_what_the_reader_is_told(
    tmp_path: Path, client: Client
) -> None:
    bring(tmp_path, "E-mail;Name\nada@example.org;Ada\n")

    reader = Subscriber.objects.get(address_key="ada@example.org")
    (record,) = consent.history(reader.person)
    assert (record.act, record.basis) == ("imported", "Signed up at the fair (2020-05-06)")
    assert record.sha256 == consent.record_hash(record)
    sealing.seal_all(now=making.NOW)
    assert not sealing.verify().broken
    assert reader.name == "Ada"
    told = privacy.export("ada@example.org")["consent"][0]["statement"]
    assert told["basis"] == record.basis
    page = client.get(reverse("receipt", args=[links.make("receipt", reader.pk)]))
    assert "Signed up at the fair (2020-05-06)" in page.content.decode()
    assert Tally.objects.get(kind="joined", about="day").at == date(2020, 5, 6)


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


def test_a_reader_of_another_newsletter_becomes_one_of_this_one(tmp_path: Path) -> None:
    other = making.noise()
    reader = making.subscription("ada@example.org", other)

    bring(tmp_path, "email\nada@example.org\n")

    both = Subscription.objects.filter(subscriber=reader.subscriber, state="active")
    assert both.count() == 2
    assert [each.act for each in consent.history(reader.subscriber.person)] == ["imported"]


def test_nobody_is_written_to_because_of_an_import(tmp_path: Path) -> None:
    steps.add(making.newsletter(), Written(2, "Begin here", "", "Hello."), now=making.NOW)
    steps.switch_on(making.newsletter())

    bring(tmp_path, "email\nada@example.org\n")

    assert readers() == ["ada@example.org"]
    assert not Outbox.objects.exists()
    assert not SeriesPlace.objects.exists()


def test_rows_that_are_not_understood_are_named_and_the_others_come_in(tmp_path: Path) -> None:
    rows = [
        b"email,name,created_at,status",
        b"no address,,,",
        b"b\xffd@example.org,,,",
        b"date@example.org,,03/04/2021,",
        b"soon@example.org,,2999-01-01,",
        b"word@example.org,,,perhaps",
        b"first@example.org,,0001-01-01T00:00:00+14:00,",
        b"short@example.org",
        b"",
        b'"quoted@example.org"x,,,',
        b"nul\0@example.org,A\0da,,",
        b'open@example.org,"' + b"a" * 30_000 + b",,",
    ]

    told = bring(tmp_path, b"\n".join(rows))

    for line in (2, 3, 4, 5, 6, 7, 10, 12):
        assert f"line {line}: " in told
    assert told.endswith("1")
    assert readers() == ["nul@example.org", "short@example.org"]
    assert "example.org" not in told


def test_refused_rows_are_written_down_where_that_is_asked_for(tmp_path: Path) -> None:
    to = tmp_path / "refused.csv"

    told = bring(tmp_path, "email\nnobody\n", "--refused", str(to))

    assert "line 2" not in told
    assert to.read_text().splitlines()[0] == "line,why"
    assert to.read_text().splitlines()[1].startswith("2,")


def test_the_list_itself_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "list.csv")

    for to in ("list.csv", "link.csv", "nowhere/refused.csv"):
        with pytest.raises(CommandError, match="--refused"):
            bring(tmp_path, "email\nnobody\nada@example.org\n", "--refused", str(tmp_path / to))

    assert (tmp_path / "list.csv").read_text() == "email\nnobody\nada@example.org\n"
    assert readers() == []


def test_a_dry_run_says_the_same_and_keeps_nothing(tmp_path: Path) -> None:
    text = f"{LISTMONK}u4,ADA@example.org,,,enabled,,\n"

    dry = bring(tmp_path, text, "--dry-run")
    kept = Subscriber.objects.exists() or Suppression.objects.exists() or Tally.objects.exists()
    real = bring(tmp_path, text)

    assert not kept
    assert dry.replace("Nothing was kept: this was a dry run.\n", "") == real


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    bring(tmp_path, GHOST)
    before = list(ConsentRecord.objects.values_list("pk", flat=True))

    assert "1 there already" in bring(tmp_path, GHOST)
    assert list(ConsentRecord.objects.values_list("pk", flat=True)) == before


def test_what_was_lifted_here_stays_lifted_when_the_list_is_brought_again(tmp_path: Path) -> None:
    bring(tmp_path, LISTMONK)
    suppression.lift("barred@example.org", Suppression.Reason.MANUAL, now=making.NOW)

    told = bring(tmp_path, LISTMONK)

    assert "1 bounced, complained or were barred there; that was lifted here" in told
    assert not suppression.is_suppressed("barred@example.org")


def test_columns_of_other_names_are_told(tmp_path: Path) -> None:
    text = "Adresse,Art,Seit\nada@example.org,Papier,2021-03-04\n"

    with pytest.raises(CommandError, match="--column"):
        bring(tmp_path, text)
    bring(tmp_path, text, "--column", "email=adresse", "--column", "since=Seit")
    with pytest.raises(CommandError, match="Nicht da"):
        bring(tmp_path, text, "--column", "email=Adresse", "--column", "name=Nicht da")
    told = bring(tmp_path, "email,type\nb@example.org,Papier\n", "--column", "status=")

    assert "1 added" in told
    assert readers() == ["ada@example.org", "b@example.org"]


@pytest.mark.parametrize(
    "more",
    [
        ("--newsletter", "nowhere"),
        ("--basis", " "),
        ("--agreed-on", "2999-01-01"),
        ("--agreed-on", "yesterday"),
        ("--column", "email"),
        ("--column", "shoes=Size"),
    ],
)
def test_without_a_ground_nothing_is_done(tmp_path: Path, more: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        bring(tmp_path, "email\nada@example.org\n", *more)

    assert not Subscriber.objects.exists()
