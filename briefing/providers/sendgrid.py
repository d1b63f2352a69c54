"""SendGrid: its four lists by offset, and messages by our reference.

Messages can be asked for with its add-on “email activity history” only, six times a minute.
Sources: https://www.twilio.com/docs/sendgrid/api-reference/bounces-api/retrieve-all-bounces
https://www.twilio.com/docs/sendgrid/api-reference/spam-reports-api/retrieve-all-spam-reports
https://www.twilio.com/docs/sendgrid/api-reference/invalid-e-mails-api/retrieve-all-invalid-emails
https://www.twilio.com/docs/sendgrid/api-reference/email-activity/filter-all-messages
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from briefing.providers.base import (
    NEVER_SEEN,
    Answer,
    Ask,
    AskError,
    Inquiry,
    Listed,
    Page,
    Seen,
    What,
    Why,
    address_in,
    moment,
    rows,
    taken,
    text,
)

LIST_SECONDS, LOOK_UP_SECONDS = 0.2, 10.0

_LISTS = {
    "suppression/bounces": Why.BOUNCED,
    "suppression/invalid_emails": Why.BOUNCED,
    "suppression/spam_reports": Why.COMPLAINED,
    "suppression/unsubscribes": Why.UNSUBSCRIBED,
}
_PER_PAGE = 500
_WHAT = {
    "delivered": What.DELIVERED,
    "deferred": What.DEFERRED,
    "bounced": What.BOUNCED,
    "bounce": What.BOUNCED,
    "dropped": What.REJECTED,
    "spam_report": What.COMPLAINED,
}


def headers(backend: Any) -> Mapping[str, str]:
    """Return the key."""
    return {"Authorization": f"Bearer {backend.api_key}"}


def lists(ask: Ask) -> Sequence[str]:
    """Return its lists."""
    return list(_LISTS)


def page(ask: Ask, name: str, cursor: str) -> Page:
    """Return up to 500 entries; the cursor is the number of those before them."""
    offset = int(cursor or 0)
    found = [
        _entry(row, _LISTS[name]) for row in rows(ask.get(name, limit=_PER_PAGE, offset=offset))
    ]
    return Page(found, str(offset + len(found)) if len(found) == _PER_PAGE else None)


def look_up(ask: Ask, inquiry: Inquiry) -> Answer | None:
    """Search for the message by the reference among its arguments, then read its events."""
    query = f"unique_args['reference']=\"{inquiry.reference}\""
    found = rows(ask.get("messages", query=query, limit=10), "messages")
    mine = [row for row in found if _same(text(row, "to_email"), inquiry.address)]
    if found and not mine:
        raise AskError("an answer about another message")
    if not mine:
        return NEVER_SEEN
    at, status = moment(mine[0].get("last_event_time")), text(mine[0], "status")
    if status == "delivered" and at:
        return taken([Seen(What.DELIVERED, at)])
    if status != "not_delivered":
        return taken([])
    data = ask.get(f"messages/{quote(text(mine[0], 'msg_id'), safe='')}")
    return taken(map(_seen, rows(data, "events")))


def _entry(row: Mapping[str, Any], why: Why) -> Listed:
    said = f"{text(row, 'status')} {text(row, 'reason')}".strip()
    return Listed(address_in(row, "email"), why, moment(row.get("created")), said)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _seen(event: Mapping[str, Any]) -> Seen | None:
    what, at = _WHAT.get(text(event, "event_name")), moment(event.get("processed"))
    if what is None or at is None:
        return None
    kind = text(event, "bounce_type").casefold()
    if what is What.BOUNCED and kind == "blocked":
        what = What.BLOCKED
    return Seen(what, at, text(event, "reason"), final=kind in {"hard", "bounce", "permanent"})
