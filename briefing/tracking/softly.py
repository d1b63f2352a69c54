"""How many issues in a row bounced softly: a full mailbox or a server in trouble, again and again.

Before it: consequences, with soft bounces that are not folded yet. A delivery ends the row.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from briefing.dispatch import fate
from briefing.dispatch.outcome import ACCEPTED, REJECTED
from briefing.models import Delivery, Dispatch
from briefing.tracking import mailboxes
from briefing.tracking.verdicts import Bounce, of_bounce

_DISPATCHES_LOOKED_AT = 20
# Whoever did any of this has the copy.
_HAS_IT = fate.DELIVERED | fate.OPENED | fate.CLICKED | fate.COMPLAINED | fate.UNSUBSCRIBED
_CAME_BACK = fate.SOFT_BOUNCED | fate.HARD_BOUNCED | fate.BLOCKED
# A mail server says nothing of what arrives. What has not come back when every queue has given up has
# arrived. Source: RFC 5321 section 4.5.4.1, which has four to five days.
_SILENT_FOR = timedelta(days=5)


def in_a_row(
    soft: Mapping[int, Collection[int]], keys: Mapping[int, str], *, now: datetime
) -> dict[int, int]:
    """Return how many of each reader's latest issues bounced softly, without a delivery behind them.

    `soft` has the dispatches whose soft bounces are not folded yet, `keys` the readers' addresses:
    what went to an address that a reader has left says nothing of the present one.
    """
    issues = _latest({dispatch for dispatches in soft.values() for dispatch in dispatches})
    rows = Delivery.objects.filter(
        dispatch_id__in=list(issues), subscriber_id__in=list(keys), outcome__in=(ACCEPTED, REJECTED)
    )
    bounced: defaultdict[int, set[int]] = defaultdict(set)
    over: set[int] = set()
    for row in rows.order_by("-dispatch_id"):
        reader, dispatch = row.subscriber_id, row.dispatch_id
        if reader in over or not mailboxes.is_to(keys[reader], dispatch, row.address):
            continue
        softly = dispatch in soft[reader] or _is_soft(row)
        if (not softly and _arrived(row, now=now)) or row.fate & _HAS_IT:
            over.add(reader)
        elif softly:
            # A correction or a second dispatch of an issue is the same issue.
            bounced[reader].add(issues[dispatch])
    return {reader: len(those) for reader, those in bounced.items()}


def _is_soft(row: Delivery) -> bool:
    if row.outcome == REJECTED:
        return of_bounce("", row.code or "") is Bounce.FULL
    return bool(row.fate & fate.SOFT_BOUNCED)


def _arrived(row: Delivery, *, now: datetime) -> bool:
    """Whether nothing came back of a copy, and nothing will."""
    silent = row.outcome == ACCEPTED and not row.fate & _CAME_BACK
    return silent and row.at < now - _SILENT_FOR


def _latest(dispatches: Collection[int]) -> dict[int, int]:
    """Return the latest dispatches, each with its issue, of the newsletters that these belong to.

    Of each as many: a newsletter that goes out daily must not hide one that goes out once a week.
    """
    of = Dispatch.objects.filter(pk__in=dispatches).values_list("issue__newsletter_id", flat=True)
    found: dict[int, int] = {}
    for newsletter in sorted(set(of)):
        rows = Dispatch.objects.filter(issue__newsletter=newsletter).order_by("-pk")
        found |= dict(rows.values_list("pk", "issue_id")[:_DISPATCHES_LOOKED_AT])
    return found
