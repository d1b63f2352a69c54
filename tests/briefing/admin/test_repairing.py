"""What was found by comparing with a provider, shown at the desk and decided there."""

import csv
from collections.abc import Callable
from io import StringIO

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from briefing.models import AuditEntry, ListedReader, Reconciliation, Repair, User
from subscribers import suppression
from subscribers.models import Subscriber
from tests.accessibility import assert_accessible, assert_contrast
from tests.briefing.admin.test_in_chromium import SIDE_BAR, turn
from tests.briefing.tracking.making import readers_of, sent
from tests.factories import subscription

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def found() -> list[int]:
    """Compare with a provider, and find something of each kind; returns whose readers it is about."""
    dispatch = sent(4)
    readers = readers_of(dispatch)
    Reconciliation.objects.create(
        provider="postmark", state="done", began_at=NOW, ended_at=NOW, listed=1240, strangers=1236
    )
    for reader, kind, words in (
        (readers[0], Repair.Kind.SUPPRESSED, "550 5.1.1 no such mailbox"),
        (readers[1], Repair.Kind.LET_GO, ""),
        (readers[2], Repair.Kind.STATE, "=delivered 250 2.0.0 OK"),
        (readers[3], Repair.Kind.UNSEEN, ""),
    ):
        of = dispatch.pk if kind in {Repair.Kind.STATE, Repair.Kind.UNSEEN} else 0
        Repair.objects.create(
            provider="postmark",
            at=NOW,
            kind=kind,
            subscriber_id=reader,
            dispatch_id=of,
            words=words,
        )
    return readers


def held_back(number: int = 2) -> Reconciliation:
    """Compare with a provider whose list would suppress unusually many."""
    one = Reconciliation.objects.create(
        provider="mailgun", state="done", began_at=NOW, held_back=number
    )
    for each in range(number):
        reader = subscription(f"many{each}@list.example").subscriber
        ListedReader.objects.create(
            reconciliation=one, subscriber_id=reader.pk, why="bounced", at=NOW
        )
    return one


def test_repairs_are_listed_with_their_readers_and_given_as_csv_without(desk: Client) -> None:
    readers = found()
    page = desk.get("/admin/repairs/").text
    assert "1,240" in page
    assert Subscriber.objects.get(pk=readers[0]).address in page
    assert "550 5.1.1 no such mailbox" in page
    only = desk.get("/admin/repairs/?kind=unseen").text
    assert Subscriber.objects.get(pk=readers[3]).address in only
    assert Subscriber.objects.get(pk=readers[0]).address not in only

    rows = list(csv.reader(StringIO(desk.get("/admin/repairs/?format=csv").text)))
    assert len(rows) == 5
    assert {row[3] for row in rows[1:]} == set(map(str, readers))
    assert "@" not in str(rows)
    # A provider's words are no formula.
    assert "'=delivered 250 2.0.0 OK" in {row[5] for row in rows}


def test_repairs_are_shown_page_by_page(desk: Client) -> None:
    for each in range(120):
        Repair.objects.create(provider="postmark", at=NOW, kind="silent", subscriber_id=each)
    seen, where = 0, "/admin/repairs/?kind=silent"
    while where:
        page = desk.get(where).text
        seen += page.count("desk-tone--wait")
        following = page.partition("?kind=silent&amp;before=")[2].partition('"')[0]
        where = f"/admin/repairs/?kind=silent&before={following}" if following else ""
    assert seen == 120


@pytest.mark.parametrize("query", ["?kind=nonsense", "?before=x", "?before=-1"])
def test_a_query_of_no_use_shows_everything(desk: Client, query: str) -> None:
    found()
    assert desk.get(f"/admin/repairs/{query}").status_code == 200


@pytest.mark.parametrize(
    ("decision", "suppressed", "waiting"),
    [("believe", True, 0), ("refuse", False, 0), ("nothing", False, 2)],
)
def test_what_was_held_back_is_decided_once(
    desk: Client, decision: str, *, suppressed: bool, waiting: int
) -> None:
    one = held_back()
    assert f"/admin/repairs/{one.pk}/decide/" in desk.get("/admin/repairs/").text
    desk.post(f"/admin/repairs/{one.pk}/decide/", {"decision": decision})
    one.refresh_from_db()
    assert one.held_back == waiting
    assert suppression.is_suppressed("many0@list.example") is suppressed
    acts = AuditEntry.objects.filter(act__startswith="reconciliation.")
    assert acts.exists() is (decision != "nothing")
    desk.post(f"/admin/repairs/{one.pk}/decide/", {"decision": "refuse"})
    assert suppression.is_suppressed("many0@list.example") is suppressed


@pytest.mark.browser
def test_the_screen_is_accessible(desk_page: Callable[..., Page], owner: User, site: str) -> None:
    found()
    held_back()
    page = desk_page(owner)
    page.goto(f"{site}/admin/repairs/")
    assert_accessible(page, without=SIDE_BAR)
    turn(page, "dark")
    assert_contrast(page, without=SIDE_BAR)
