"""A newsletter's readers as a file: complete, harmless to spreadsheets, and understood by an import."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from briefing.models import AuditEntry
from subscribers import privacy
from subscribers.models import Subscriber, Subscription
from subscribers.transfer import exporting
from tests.factories import NOW, newsletter, noise, subscription, topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make readers in every state, more than one portion of them."""
    monkeypatch.setattr(exporting, "_IDS_AT_ONCE", 2)
    noise()
    subscription("ada@example.org", source={"utm_source": "fair", "utm_medium": "a, b"}).topics.add(
        topic("Ports"), topic("Arms")
    )
    subscription("+plus@example.org", paused_until="2099-01-01")
    subscription("left@example.org", state="unsubscribed", unsubscribed_at=NOW)
    subscription("barred@example.org", withheld="suppressed")
    subscription("erased@example.org")
    privacy.erase("erased@example.org", now=NOW)
    Subscriber.objects.filter(address_key="ada@example.org").update(name='=HYPERLINK("x")')


def _written() -> str:
    told = StringIO()
    call_command("export_subscribers", newsletter().slug, stdout=told)
    return told.getvalue()


def test_a_list_of_nobody_is_its_first_line() -> None:
    newsletter()

    assert _written() == f"{','.join(exporting.HEADER)}\r\n"


def test_every_reader_who_is_not_erased_is_in_it(crowd: None) -> None:
    rows = list(csv.DictReader(StringIO(_written())))

    assert [(row["email"], row["status"]) for row in rows] == [
        ("ada@example.org", "subscribed"),
        ("'+plus@example.org", "subscribed"),
        ("left@example.org", "unsubscribed"),
        ("barred@example.org", "suppressed"),
    ]
    ada = rows[0]
    assert (ada["name"], ada["topics"]) == ('\'=HYPERLINK("x")', "arms ports")
    assert ada["source"] == "utm_medium=a, b utm_source=fair"
    assert (ada["confirmed_at"], ada["unsubscribed_at"]) == ("2026-03-02T09:00:00+00:00", "")
    assert rows[2]["unsubscribed_at"] == "2026-03-02T09:00:00+00:00"
    assert rows[1]["paused_until"] == "2099-01-01"


@pytest.mark.parametrize("mark", ["", "\N{BOM}"], ids=["from the command", "from the desk"])
def test_an_import_understands_it(crowd: None, tmp_path: Path, mark: str) -> None:
    file = tmp_path / "list.csv"
    file.write_text(mark + _written())
    to = newsletter("another", name="Another")
    ground = ["--newsletter", to.slug, "--basis", "The same house", "--agreed-on", "2026-01-01"]

    call_command("import_subscribers", str(file), *ground, stdout=StringIO())

    taken = Subscription.objects.filter(newsletter=to)
    keys = taken.values_list("subscriber__address_key", flat=True)
    assert set(keys) == {"ada@example.org", "+plus@example.org"}
    assert {each.confirmed_at for each in taken} == {NOW}


def test_at_the_desk_it_is_a_download_that_is_written_down(crowd: None, desk: Client) -> None:
    shown = desk.get("/admin/subscribers/subscription/").content.decode()
    address = f"/admin/readers/{newsletter().slug}/list/"

    answer = desk.post(address)
    text = b"".join(answer).decode()

    assert address in shown
    # Without the mark Excel reads a file in the machine's own code page, and a German name wrongly.
    assert text == f"\N{BOM}{_written()}"
    assert answer.headers["Content-Disposition"].endswith('"the-robotics-briefing.csv"')
    assert AuditEntry.objects.get().act == "newsletter.export"


def test_there_is_no_list_of_no_newsletter(desk: Client) -> None:
    assert desk.post("/admin/readers/nowhere/list/").status_code == 404
    with pytest.raises(CommandError, match="no such newsletter"):
        call_command("export_subscribers", "nowhere")
