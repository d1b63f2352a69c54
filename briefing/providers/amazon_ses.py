"""Amazon SES: the account's suppression list, and insights into a message by its id.

Insights are kept where the Virtual Deliverability Manager is on, and may be asked for once a second.
Sources: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ListSuppressedDestinations.html
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetMessageInsights.html
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
    NotThereError,
    Page,
    Seen,
    What,
    Why,
    about,
    address_in,
    inner,
    moment,
    rows,
    taken,
    text,
)

LIST_SECONDS = LOOK_UP_SECONDS = 1.1

_WHY = {"BOUNCE": Why.BOUNCED, "COMPLAINT": Why.COMPLAINED}
_WHAT = {
    "DELIVERY": What.DELIVERED,
    "DELIVERY_DELAY": What.DEFERRED,
    "BOUNCE": What.BOUNCED,
    "COMPLAINT": What.COMPLAINED,
    "SUBSCRIPTION": What.UNSUBSCRIBED,
    "REJECT": What.REJECTED,
    "RENDERING_FAILURE": What.REJECTED,
}


def headers(backend: Any) -> Mapping[str, str]:
    """Return nothing: boto3 signs."""
    return {}


def lists(ask: Ask) -> Sequence[str]:
    """Return the account's one list."""
    return ["account"]


def page(ask: Ask, name: str, cursor: str) -> Page:
    """Return up to a thousand entries."""
    token = {"NextToken": cursor} if cursor else {}
    data = ask.call("list_suppressed_destinations", PageSize=1000, **token)
    found = [_entry(row) for row in rows(data, "SuppressedDestinationSummaries")]
    return Page(found, data.get("NextToken") or None)


def look_up(ask: Ask, inquiry: Inquiry) -> Answer | None:
    """Read the insights into a message whose id is known."""
    if not inquiry.message_id:
        return None
    try:
        data = ask.call("get_message_insights", MessageId=inquiry.message_id)
    except NotThereError:
        return NEVER_SEEN
    insights = rows(about(data, "MessageId", inquiry.message_id), "Insights")
    events = [event for row in insights for event in rows(row, "Events")]
    return taken(map(_seen, events))


def _entry(row: Mapping[str, Any]) -> Listed:
    why = _WHY.get(text(row, "Reason"))
    if why is None:
        raise AskError("a reason that is not documented")
    return Listed(address_in(row, "EmailAddress"), why, moment(row.get("LastUpdateTime")))


def _seen(event: Mapping[str, Any]) -> Seen | None:
    what, at = _WHAT.get(text(event, "Type")), moment(event.get("Timestamp"))
    if what is None or at is None:
        return None
    bounce = inner(inner(event, "Details"), "Bounce")
    final = text(bounce, "BounceType") == "PERMANENT"
    return Seen(what, at, text(bounce, "DiagnosticCode"), final=final)
