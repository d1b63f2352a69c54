"""Readers of another list are brought over with their ground, and never against a withdrawal."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
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
from subscribers.transfer import importing
from tests.subscribers import making
from tests.subscribers.transfer.lists import (
    BUTTONDOWN,
    GHOST,
    LISTMONK,
    MAILCHIMP,
    SUBSTACK,
    bring,
    readers,
)

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


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
        b"zero@example.org,,1970-01-01 00:00:00,",
        b"short@example.org",
        b"",
        b'"quoted@example.org"x,,,',
        b"nul\0@example.org,A\0da,,",
        b'open@example.org,"' + b"a" * 30_000 + b",,",
    ]

    told = bring(tmp_path, b"\n".join(rows))

    for line in (2, 3, 4, 5, 6, 7, 8, 11, 13):
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


def test_a_dry_run_says_the_same_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PORTION", 2)
    suppression.suppress("never@example.org", Suppression.Reason.MANUAL, now=making.NOW)
    more = ["ADA@example.org,,,enabled", "barred@example.org,,,enabled"]
    more += ["ada@example.org,,,disabled", "never@example.org,,,enabled"] * 2
    text = LISTMONK + "".join(f"u,{each},,\n" for each in more)

    dry = bring(tmp_path, text, "--dry-run")
    kept = Subscriber.objects.exists() or Suppression.objects.count() > 1 or Tally.objects.exists()
    real = bring(tmp_path, text)

    assert not kept
    assert dry.replace("Nothing was kept: this was a dry run.\n", "") == real


def test_whoever_stops_it_is_told_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = importing.bring

    def stopped(*args: Any, **kwargs: Any) -> Iterator[importing.Progress]:
        yield next(whole(*args, **kwargs))
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "PORTION", 1)
    with monkeypatch.context() as stopping:
        stopping.setattr(importing, "bring", stopped)
        told = bring(tmp_path, "email\nada@example.org\nb@example.org\n")

    assert "1 added" in told
    assert told.endswith("Begin it again for the rest: it goes on where this ended.\n130")
    assert "1 added\n         1 there" in bring(tmp_path, "email\nada@example.org\nb@example.org\n")


def test_those_who_never_subscribed_are_no_list_of_readers(tmp_path: Path) -> None:
    name = "nonsubscribed_email_audience_export_1a2b.csv"

    with pytest.raises(CommandError, match="never subscribed"):
        bring(tmp_path, MAILCHIMP, name=name)

    assert readers() == []


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    bring(tmp_path, GHOST)
    before = list(ConsentRecord.objects.values_list("pk", flat=True))

    assert "1 there already" in bring(tmp_path, GHOST)
    assert list(ConsentRecord.objects.values_list("pk", flat=True)) == before


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
