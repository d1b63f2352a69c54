"""Reports on mails to one person, which no dispatch knows: told to the people's side at once.

Before it: a webhook or a mailbox, which keeps the report as an event where it names a reader. After
it: subscribers.returned.
"""

from collections.abc import Iterable
from datetime import datetime

from briefing.models import Event
from briefing.tracking.record import Report
from subscribers import returned

Kind = Event.Kind


def draw(reports: Iterable[Report], *, now: datetime) -> None:
    """Do what reports mean that name a row of the outbox. Safe to run twice."""
    for report in reports:
        if report.outbox_id is None:
            continue
        if report.kind == Kind.HARD_BOUNCED:
            returned.bounced(report.outbox_id, code=report.code, now=now)
        elif report.kind == Kind.COMPLAINED:
            returned.complained(report.outbox_id, now=now)
