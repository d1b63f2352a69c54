"""Who got it, for one reader, and the decision about many bounces."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from briefing.models import AuditEntry, Burst, Event
from briefing.tracking import consequences
from subscribers import suppression
from subscribers.models import Subscriber, Suppression
from tests.briefing.tracking.making import NOW, hear, readers_of, report, sent
from tests.briefing.tracking.test_consequences import another

pytestmark = pytest.mark.django_db


def table_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_a_readers_timeline_has_deliveries_reports_and_suppressions_and_nobody_elses(
    desk: Client,
) -> None:
    dispatch = sent(2)
    reader, other = readers_of(dispatch)
    hear(
        report(dispatch, reader, Event.Kind.HARD_BOUNCED, code="550 5.1.1 nobody here"),
        report(None, reader, Event.Kind.DELIVERED, key="a confirmation"),
        report(dispatch, other, Event.Kind.COMPLAINED, code="not this one"),
    )
    key = Subscriber.objects.get(pk=reader).address_key
    assert key
    suppression.lift(key, Suppression.Reason.HARD_BOUNCE, now=timezone.now())

    answer = desk.get(f"/admin/readers/{reader}/timeline/")

    told = [str(moment.what) for moment in answer.context["moments"]]
    assert sorted(told) == [
        "accepted",
        "bounced, hard",
        "delivered",
        "suppressed: hard bounce",
        "suppression lifted: hard bounce",
    ]
    assert "550 5.1.1 nobody here" in answer.text
    assert f'/">{key}</a>' in answer.text, "an address stands as it was typed"
    assert "not this one" not in answer.text
    rows = table_of(desk.get(f"{answer.request['PATH_INFO']}?format=csv"))
    assert [row[1] for row in rows[1:]] == [str(each.what) for each in answer.context["moments"]]
    assert "550 5.1.1 nobody here" in {row[4] for row in rows}


def test_a_long_timeline_has_pages_says_what_it_leaves_out_and_is_whole_as_csv(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("briefing.admin.timeline.DISPATCHES_PER_PAGE", 2)
    monkeypatch.setattr("briefing.admin.timeline.REPORTS_PER_PAGE", 2)
    first = sent(2)
    reader = readers_of(first)[0]
    second = another(first)
    third = another(second)
    hear(
        report(first, reader, Event.Kind.DELIVERED),
        report(None, reader, Event.Kind.DELIVERED, key="of now", at=timezone.now()),
        report(None, reader, Event.Kind.DELIVERED, key="of then", at=NOW - timedelta(days=9)),
        report(third, reader, Event.Kind.OPENED),
        report(second, reader, Event.Kind.COMPLAINED, code="not wanted"),
    )
    where = f"/admin/readers/{reader}/timeline/"

    newest = desk.get(where)
    oldest = desk.get(f"{where}?before={newest.context['page'].older}")

    of = [moment.dispatch for moment in newest.context["moments"]]
    assert {first, second, third} & {*of} == {second, third}
    assert "Only the newest 2 reports" in newest.text
    told = [(moment.dispatch, str(moment.what)) for moment in oldest.context["moments"]]
    assert sorted(told, key=str) == [(first, "accepted"), (first, "delivered"), (None, "delivered")]
    assert oldest.context["page"].older is None
    assert "Only the newest" not in oldest.text
    file = table_of(desk.get(f"{where}?format=csv"))
    assert sorted(row[1] for row in file[1:]) == sorted(
        [*["accepted"] * 3, *["delivered"] * 3, "opened", "complained", "suppressed: complaint"]
    )
    assert desk.get(f"{where}?before=9{'9' * 30}").status_code == 200


def test_a_timeline_costs_the_same_however_many_issues_there_were(
    desk: Client, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    dispatch = sent(2)
    with django_assert_max_num_queries(40):  # type: ignore[operator]  # pytest-django's own fixture
        desk.get(f"/admin/readers/{readers_of(dispatch)[0]}/timeline/")


@pytest.mark.parametrize(
    ("decision", "suppressed"), [("suppress", True), ("spare", False), ("nothing", None)]
)
def test_a_burst_of_bounces_is_decided_once_at_the_desk(
    desk: Client, monkeypatch: pytest.MonkeyPatch, decision: str, *, suppressed: bool | None
) -> None:
    monkeypatch.setattr(consequences, "BURST_AT_LEAST", 2)
    dispatch = sent(4)
    readers = readers_of(dispatch)[:2]
    hear(*(report(dispatch, each, Event.Kind.HARD_BOUNCED, code="550 no") for each in readers))
    where = f"/admin/bursts/{dispatch.pk}/"
    assert where in desk.get("/admin/").text
    assert "550 no" in desk.get(where).text

    desk.post(where, {"decision": decision})

    keys = Subscriber.objects.filter(pk__in=readers).values_list("address_key", flat=True)
    assert all(suppression.is_suppressed(key or "") is bool(suppressed) for key in keys)
    decided = suppressed is not None
    assert Burst.objects.filter(decision=Burst.Decision.OPEN).exists() is not decided
    assert AuditEntry.objects.filter(act__startswith="burst.").exists() is decided
