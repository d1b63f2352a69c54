"""Clicks and openings: judged person or machine, then written down without who made them.

Before it: web.tracking, with a request. After it: apply.fold. What the request told of its sender
(network address, browser, languages) is read for the verdict and kept nowhere.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from briefing.models import Delivery, Event, Link
from briefing.tracking import humans, record, rows
from briefing.tracking.humans import BURST_SECONDS, Visit
from briefing.tracking.record import Report
from subscribers import throttle
from subscribers.models import Subscriber

Kind = Event.Kind
PROVIDER = "reader"
# A scanner shows itself by its third link; until then what it asked for is not folded.
_WAIT = timedelta(seconds=BURST_SECONDS * 1.5)


@dataclass(frozen=True, slots=True)
class Copy:
    """Whose copy a link stands in; without a reader it is everybody's."""

    dispatch_id: int
    subscriber_id: int | None = None


def target(dispatch_id: int, position: int) -> str | None:
    """Return the address at a place of the link table of a dispatch's edition."""
    rows = Link.objects.filter(edition__dispatches=dispatch_id, position=position)
    return rows.values_list("url", flat=True).first()


def click(
    copy: Copy, position: int, *, method: str, headers: Mapping[str, str], now: datetime
) -> None:
    """Write a click down: a reader's who still grants it, else nobody's. Safe to run twice."""
    if copy.subscriber_id is None or not _grants(copy.subscriber_id):
        visit = Visit("click", method, headers)
        # Nobody's click cannot be told from the same one again: machines leave no row, and a flood
        # of seeming people no more than the limits say.
        if humans.is_person(visit) and throttle.admits_click(copy.dispatch_id, position):
            _keep(Copy(copy.dispatch_id), visit, key=secrets.token_hex(16), link=position, now=now)
        return
    before = _just_before(copy, now=now)
    links = len({*before.values(), position})
    visit = Visit("click", method, headers, _seconds(copy, now=now), links)
    if links >= humans.MANY_LINKS:
        # The first of them looked like a reader's.
        rows.judge_machines(before, now=now)
    # Two clicks on one link within a minute are one.
    key = f"click {copy.dispatch_id} {copy.subscriber_id} {position} {now:%Y%m%d%H%M}"
    _keep(copy, visit, key=key, link=position, now=now)


def opening(copy: Copy, *, method: str, headers: Mapping[str, str], now: datetime) -> None:
    """Write down that a copy was opened, once by a person and once by a machine at most."""
    if copy.subscriber_id is None or not _grants(copy.subscriber_id):
        return
    visit = Visit("open", method, headers, _seconds(copy, now=now))
    _keep(copy, visit, key=f"open {copy.dispatch_id} {copy.subscriber_id}", link=None, now=now)


def _keep(copy: Copy, visit: Visit, *, key: str, link: int | None, now: datetime) -> None:
    person = humans.is_person(visit)
    visited = Report(
        provider=PROVIDER,
        key=f"{key} {'person' if person else 'machine'}",
        kind=Kind.CLICKED if visit.what == "click" else Kind.OPENED,
        at=now,
        dispatch_id=copy.dispatch_id,
        subscriber_id=copy.subscriber_id,
        link=link,
        by_person=person,
    )
    record.keep([visited], now=now, due_at=now + _WAIT)


def _grants(subscriber_id: int) -> bool:
    """Whether the reader grants tracking now: a link in an old mail is bound by today's word."""
    return Subscriber.objects.filter(pk=subscriber_id, tracking_allowed=True).exists()


def _seconds(copy: Copy, *, now: datetime) -> float | None:
    """Return how long ago the copy was accepted, if its row is written already."""
    rows = Delivery.objects.filter(
        dispatch_id=copy.dispatch_id, subscriber_id=copy.subscriber_id or 0
    ).values_list("at", flat=True)
    at = rows.first()
    return (now - at).total_seconds() if at else None


def _just_before(copy: Copy, *, now: datetime) -> dict[int, int | None]:
    """Return this copy's clicks of the last moments, with their links."""
    rows = Event.objects.filter(
        dispatch_id=copy.dispatch_id,
        subscriber_id=copy.subscriber_id,
        kind=Kind.CLICKED,
        provider=PROVIDER,
        at__gt=now - timedelta(seconds=BURST_SECONDS),
    )
    return dict(rows.values_list("pk", "link"))
