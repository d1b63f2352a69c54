"""Brevo: its blocked contacts by offset, and events by message id.

What it says of a message does not hold our reference, so one without its id cannot be asked for.
Sources: https://developers.brevo.com/reference/get-transac-blocked-contacts
https://developers.brevo.com/reference/get-email-event-report
"""

from collections.abc import Mapping, Sequence
from typing import Any

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
    inner,
    moment,
    rows,
    taken,
    text,
)

LIST_SECONDS = LOOK_UP_SECONDS = 0.2

_PER_PAGE = 100
_WHY = {
    "hardBounce": Why.BOUNCED,
    "contactFlaggedAsSpam": Why.COMPLAINED,
    "unsubscribedViaEmail": Why.UNSUBSCRIBED,
    "unsubscribedViaApi": Why.UNSUBSCRIBED,
    "unsubscribedViaMA": Why.UNSUBSCRIBED,
}
_WHAT = {
    "delivered": What.DELIVERED,
    "deferred": What.DEFERRED,
    "hardBounces": What.BOUNCED,
    "softBounces": What.BOUNCED,
    "invalid": What.BOUNCED,
    "blocked": What.REJECTED,
    "error": What.REJECTED,
    "spam": What.COMPLAINED,
    "unsubscribed": What.UNSUBSCRIBED,
}
_FINAL = frozenset({"hardBounces", "invalid"})


def headers(backend: Any) -> Mapping[str, str]:
    """Return the key."""
    return {"api-key": backend.api_key}


def lists(ask: Ask) -> Sequence[str]:
    """Return its one list."""
    return ["smtp/blockedContacts"]


def page(ask: Ask, name: str, cursor: str) -> Page:
    """Return up to a hundred entries, oldest first: what comes meanwhile moves none of them."""
    offset = int(cursor or 0)
    data = ask.get(name, limit=_PER_PAGE, offset=offset, sort="asc")
    if isinstance(data, dict) and data.get("count") == 0 and "contacts" not in data:
        return Page([], None)
    found = [_entry(row) for row in rows(data, "contacts")]
    return Page(found, str(offset + len(found)) if len(found) == _PER_PAGE else None)


def look_up(ask: Ask, inquiry: Inquiry) -> Answer | None:
    """Read the events of a message whose id is known."""
    if not inquiry.message_id:
        return None
    data = ask.get(
        "smtp/statistics/events",
        messageId=inquiry.message_id,
        email=inquiry.address,
        limit=100,
    )
    # Without any event it leaves the list out.
    found = rows(data, "events") if isinstance(data, dict) and "events" in data else []
    if not isinstance(data, dict):
        raise AskError("an answer without its list “events”")
    mine = [row for row in found if text(row, "messageId") == inquiry.message_id]
    if found and not mine:
        raise AskError("an answer about another message")
    return taken(map(_seen, mine)) if mine else NEVER_SEEN


def _entry(row: Mapping[str, Any]) -> Listed:
    reason = inner(row, "reason")
    why = _WHY.get(text(reason, "code"), Why.MANUAL)
    said = text(reason, "message") if why is Why.BOUNCED else ""
    return Listed(address_in(row, "email"), why, moment(row.get("blockedAt")), said)


def _seen(event: Mapping[str, Any]) -> Seen | None:
    name, at = text(event, "event"), moment(event.get("date"))
    if name not in _WHAT or at is None:
        return None
    return Seen(_WHAT[name], at, text(event, "reason"), final=name in _FINAL)
