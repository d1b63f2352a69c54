"""Totals agree on every screen, in every file and with SQL on the raw rows after a random history."""

import csv
import io
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from briefing.admin import heat
from briefing.dispatch import control, fate, planner, resolving
from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.dispatch.sender import drain
from briefing.models import Delivery, Dispatch, Event
from briefing.tracking.reports import LinkClicks
from subscribers import suppression, unsubscribe
from subscribers.consent import Origin
from subscribers.models import Suppression
from tests import factories
from tests.briefing.dispatch.making import Provider
from tests.briefing.tracking.making import hear, readers_of, report
from tests.subscribers.making import confirmed, newsletter, pending

pytestmark = pytest.mark.django_db

KINDS = [kind for kind in Event.Kind if kind != Event.Kind.OTHER]
HERE = Origin(form="test", locale="en")


def answers(chance: random.Random) -> Provider:
    """Return a provider that takes, refuses or keeps silent."""
    said = [ACCEPTED, ACCEPTED, ACCEPTED, REJECTED, None]
    return Provider(answer=lambda _copy: chance.choice(said))


def people(chance: random.Random) -> None:
    """Let readers join over three months, by several ways, some of whom only ask."""
    now = timezone.now()
    for number in range(12):
        at = now - timedelta(days=chance.randrange(90))
        source = chance.choice([{}, {"utm_source": "=press"}])
        make = pending if number % 4 == 3 else confirmed
        make(f"reader{number}@mail.example", now=at, source=source)


def depart(dispatch: Dispatch, chance: random.Random) -> None:
    """Let some leave and some come back after the dispatch, and one be withheld."""
    now = timezone.now()
    readers = readers_of(dispatch)
    for reader in chance.sample(readers, 3):
        unsubscribe.one_click(reader, newsletter().pk, origin=HERE, now=now)
    unsubscribe.undo(readers[0], newsletter().pk, origin=HERE, now=now)
    suppression.suppress_reader(readers[-1], Suppression.Reason.MANUAL, now=now)


@pytest.fixture
def dispatch(db: None) -> Dispatch:
    """Make a random history: readers, an issue, a dispatch to the missed, a correction, reports."""
    chance = random.Random(11)
    factories.noise()
    people(chance)
    main = control.start(factories.issue(), now=timezone.now())
    for start in (None, control.start_missed, control.start_correction):
        if start:
            Dispatch.objects.update(state=Dispatch.State.FINISHED)
        made = start(main.issue, now=timezone.now()) if start else main
        planner.plan(made.pk, ring=lambda _id: None)
        drain(made.pk, answers(chance))
    unknown = Delivery.objects.filter(dispatch=main, outcome=UNKNOWN)
    resolving.accept(
        main.pk, list(unknown.values_list("subscriber_id", flat=True))[:1], by="olivia"
    )
    hear(*_reports(main, chance))
    depart(main, chance)
    return main


def _reports(main: Dispatch, chance: random.Random) -> Iterator[Any]:
    for number in range(60):
        of = chance.choice(list(Dispatch.objects.filter(issue=main.issue)))
        kind = chance.choice(KINDS)
        reader = chance.choice(readers_of(of))
        nobody = kind == Event.Kind.CLICKED and chance.random() < 0.3
        click = {"link": chance.randrange(2), "by_person": chance.random() < 0.7}
        more = click if kind == Event.Kind.CLICKED else {}
        yield report(of, None if nobody else reader, kind, key=f"report {number}", **more)


def sql(statement: str, *parameters: Any) -> int:
    """Return one number from the raw rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchone()[0] or 0)


def file(desk: Client, address: str) -> list[list[str]]:
    """Return a screen's CSV."""
    answer = desk.get(f"{address}{'&' if '?' in address else '?'}format=csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def column(rows: list[list[str]], place: int) -> int:
    return sum(int(row[place]) for row in rows[1:])


def test_an_issues_screens_and_files_agree_with_the_raw_rows(
    desk: Client, dispatch: Dispatch
) -> None:
    report_of = f"/admin/issues/{dispatch.issue_id}/report/"
    own = "FROM briefing_delivery d JOIN briefing_dispatch s ON s.id = d.dispatch_id"
    own = f"{own} WHERE s.issue_id = %s AND s.kind <> 'correction'"
    issue = dispatch.issue_id
    planned = sql(f"SELECT COUNT(DISTINCT d.subscriber_id) {own}", issue)
    accepted = sql(f"SELECT COUNT(*) {own} AND d.outcome = 1", issue)
    delivered = sql(f"SELECT COUNT(*) {own} AND d.fate & {fate.DELIVERED} <> 0", issue)
    clicks = sql(
        "SELECT COUNT(*) FROM briefing_event e JOIN briefing_dispatch s ON s.id = e.dispatch_id "
        "WHERE s.issue_id = %s AND s.kind <> 'correction' AND e.kind = 'clicked' AND e.by_person",
        issue,
    )
    assert min(planned, accepted, delivered, clicks) > 0

    page = desk.get(report_of).context
    assert page["report"].planned == planned
    assert {str(line.name): line.number for line in page["handed"]}["accepted"] == accepted
    assert {str(line.name): line.number for line in page["heard"]}["delivered"] == delivered
    assert sum(line.number for line in page["clicks"]) == clicks
    assert sum(domain.accepted for domain, _bars in page["domains"]) == accepted
    rows = {(row[0], row[1]): int(row[2]) for row in file(desk, report_of)}
    assert rows["", "planned"] == planned
    assert rows["handed over", "accepted"] == accepted
    assert rows["reported since", "delivered"] == delivered

    course = desk.get(f"{report_of}course/").context
    told = [(band.total, sum(bar.height > 0 for bar in band.bars)) for band in course["bands"]]
    assert [total for total, _bars in told] == [accepted, delivered, clicks]
    over_time = file(desk, f"{report_of}course/")
    assert [column(over_time, place) for place in (1, 2, 3)] == [accepted, delivered, clicks]

    assert desk.get(f"{report_of}clicks/").context["total"] == clicks
    assert column(file(desk, f"{report_of}clicks/"), 1) == clicks


def test_each_dispatch_agrees_with_its_own_screen(desk: Client, dispatch: Dispatch) -> None:
    for each in Dispatch.objects.filter(issue=dispatch.issue):
        raw = sql("SELECT COUNT(*) FROM briefing_delivery WHERE dispatch_id = %s", each.pk)
        own = f"/admin/issues/{dispatch.issue_id}/report/?dispatch={each.pk}"
        watched = desk.get(f"/admin/briefing/dispatch/{each.pk}/change/").context["panel"]
        told = desk.get(own).context["report"]
        assert raw == told.planned == watched.progress.planned == sum(told.outcomes.values())
        assert told.outcomes == watched.progress.by_outcome
    assert desk.get(f"/admin/issues/{dispatch.issue_id}/report/?dispatch=0").status_code == 404


def test_growth_cohorts_and_sources_agree_with_the_raw_rows(
    desk: Client, dispatch: Dispatch
) -> None:
    of = newsletter().pk
    mine = "FROM subscribers_subscription WHERE newsletter_id = %s"
    there = sql(f"SELECT COUNT(*) {mine} AND state = 'active' AND withheld = ''", of)
    joined = sql(f"SELECT COUNT(*) {mine}", of)
    asked = sql(
        "SELECT COUNT(*) FROM subscribers_consentrecord WHERE act = 'requested' "
        "AND newsletter_id = %s",
        of,
    )
    assert 0 < there < joined < asked
    query = f"?newsletter={newsletter().slug}"
    for by in ("week", "month"):
        address = f"/admin/numbers/growth/{query}&by={by}"
        newest = desk.get(address).context["periods"][0]
        assert newest.there == there
        rows = file(desk, address)
        assert (column(rows, 1), column(rows, 2)) == (asked, joined)
        assert int(rows[-1][5]) == there
    shown = desk.get(f"/admin/numbers/cohorts/{query}").context["rows"]
    assert sum(cohort.there[-1] for cohort, _cells in shown) == there
    assert sum(cohort.joined for cohort, _cells in shown) == joined
    clicked = sum(sum(cohort.clicked) for cohort, _cells in shown)
    assert clicked == sql(
        "SELECT COUNT(DISTINCT subscriber_id) FROM briefing_delivery WHERE fate & %s <> 0",
        fate.CLICKED,
    )
    cohorts = file(desk, f"/admin/numbers/cohorts/{query}&of=clicked")
    assert column(cohorts, 4) == clicked
    rows = file(desk, f"/admin/numbers/sources/{query}")
    assert [column(rows, place) for place in (1, 2, 3)] == [asked, joined, there]
    assert {row[0] for row in rows[1:]} == {"not said", "'=press"}


def test_the_mail_shows_on_each_link_how_often_people_clicked_it(
    desk: Client, dispatch: Dispatch
) -> None:
    page = desk.get(f"/admin/issues/{dispatch.issue_id}/report/clicks/mail/")
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    html = page.content.decode()
    lines = desk.get(f"/admin/issues/{dispatch.issue_id}/report/clicks/").context["clicks"]
    for line in lines[:2]:
        assert f'href="{line.name}"' in html
        assert f"{line.number} click" in html


def test_a_marked_link_stays_what_it_was() -> None:
    html = (
        '<p><a class="x" href="https://a.example/?b=1&amp;c=2"><b>Go</b></a> <a href="#">x</a></p>'
    )
    marked = heat.marked(html, [LinkClicks(0, "https://a.example/?b=1&c=2", 1)])
    assert marked.startswith('<p><a class="x" href="https://a.example/?b=1&amp;c=2"><b>Go</b><span')
    assert "1 click</span></a>" in marked
    assert marked.endswith('<a href="#">x</a></p>')


@pytest.mark.parametrize("name", ["growth", "cohorts", "sources"])
def test_a_newsletter_without_readers_has_empty_numbers(desk: Client, name: str) -> None:
    address = f"/admin/numbers/{name}/"
    assert "no newsletter" in desk.get(address).content.decode()
    newsletter()
    assert "desk-tabs" in desk.get(address).content.decode() or name == "sources"
    assert desk.get(f"{address}?newsletter=nobodys").status_code == 404
