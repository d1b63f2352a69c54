"""An issue's report: every figure is what the raw rows say, on the screen and in the file."""

import random
from collections import Counter

import pytest
from django.test import Client

from briefing.dispatch import fate
from briefing.dispatch.outcome import ACCEPTED, COUNTERS, DEFERRED, REJECTED
from briefing.dispatch.sender import drain
from briefing.models import Delivery, Dispatch, Event, Link
from briefing.tracking import reports
from tests import factories
from tests.briefing.dispatch.making import Provider, dispatching
from tests.briefing.tracking.making import hear, readers_of, report

pytestmark = pytest.mark.django_db

KINDS = [kind for kind in Event.Kind if kind != Event.Kind.OTHER]


@pytest.fixture
def dispatch() -> Dispatch:
    """Dispatch to twelve readers, with every answer, and let a random history be reported."""
    chance = random.Random(7)
    made = dispatching(12)
    drain(
        made.pk,
        Provider(answer=lambda _copy: chance.choice([ACCEPTED, ACCEPTED, REJECTED, DEFERRED])),
    )
    for number in range(60):
        reader, kind = chance.choice(readers_of(made)), chance.choice(KINDS)
        click = {"link": chance.randrange(2), "by_person": chance.random() < 0.7}
        more = click if kind == Event.Kind.CLICKED else {}
        hear(report(made, reader, kind, key=f"report {number}", **more))
    return made


def test_the_report_agrees_with_the_raw_rows(dispatch: Dispatch) -> None:
    told = reports.of_issue(dispatch.issue)
    rows = Delivery.objects.filter(dispatch=dispatch)
    outcomes = Counter(COUNTERS[each] for each in rows.values_list("outcome", flat=True))
    assert {name: number for name, number in told.outcomes.items() if number} == dict(outcomes)
    assert told.planned == rows.count() == 12
    fates = list(rows.values_list("fate", flat=True))
    heard = Counter(bit for mask in fates for bit in fate.bits(mask))
    # Softly and for good is one that came back.
    heard[fate.BOUNCED] = sum(bool(mask & fate.BOUNCED) for mask in fates)
    assert told.heard == dict(heard)
    clicks = Event.objects.filter(kind=Event.Kind.CLICKED, by_person=True)
    assert len(told.links) == Link.objects.filter(edition=dispatch.edition).count() > 1
    assert [each.clicks for each in told.links[:2]] == [
        clicks.filter(link=place).count() for place in (0, 1)
    ]
    assert sum(domain.accepted for domain in told.domains) == outcomes["accepted"]
    assert sum(domain.delivered for domain in told.domains) == heard[fate.DELIVERED]


def test_the_screen_and_the_file_show_the_same(desk: Client, dispatch: Dispatch) -> None:
    page = desk.get(f"/admin/issues/{dispatch.issue_id}/report/")
    told = reports.of_issue(dispatch.issue)
    assert {str(line.name): line.number for line in page.context["handed"]}["accepted"] == (
        told.outcomes["accepted"]
    )
    assert all(link.url in page.content.decode() for link in told.links)
    file = desk.get(f"/admin/issues/{dispatch.issue_id}/report/?format=csv")
    assert file.headers["Content-Type"].startswith("text/csv")
    lines = file.content.decode("utf-8-sig").splitlines()
    assert f",planned,{told.planned}" in lines
    assert f"handed over,accepted,{told.outcomes['accepted']}" in lines
    assert f"clicks,{told.links[0].url},{told.links[0].clicks}" in lines


def test_a_link_to_an_article_is_told_by_its_headline(desk: Client, dispatch: Dispatch) -> None:
    headline = dispatch.issue.articles.first().headline  # type: ignore[union-attr]  # it has some

    for screen in ("", "clicks/"):
        page = desk.get(f"/admin/issues/{dispatch.issue_id}/report/{screen}")
        assert headline in {line.link for line in page.context["clicks"]}


def test_a_cell_is_never_a_formula(desk: Client, dispatch: Dispatch) -> None:
    dispatch.batches.update(lane="=cmd")
    file = desk.get(f"/admin/issues/{dispatch.issue_id}/report/?format=csv").content.decode()
    assert ",=cmd" not in file
    assert "'=cmd" in file


def test_an_issue_that_never_went_out_has_an_empty_report(desk: Client) -> None:
    page = desk.get(f"/admin/issues/{factories.issue().pk}/report/")
    assert page.status_code == 200
    assert page.context["report"].planned == 0
