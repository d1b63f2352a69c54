"""Postmark: a stream's suppressions as one dump, and messages by id or by our reference.

Sources: https://postmarkapp.com/developer/api/suppressions-api
https://postmarkapp.com/developer/api/messages-api
https://postmarkapp.com/developer/api/bounce-api
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

LIST_SECONDS = LOOK_UP_SECONDS = 0.1

_WHY = {"HardBounce": Why.BOUNCED, "SpamComplaint": Why.COMPLAINED, "ManualSuppression": Why.MANUAL}
_WHAT = {"Delivered": What.DELIVERED, "Transient": What.DEFERRED, "Bounced": What.BOUNCED}
_FINAL = frozenset({"HardBounce", "BadEmailAddress"})


def headers(backend: Any) -> Mapping[str, str]:
    """Return the server's token."""
    return {"X-Postmark-Server-Token": backend.server_token}


def lists(ask: Ask) -> Sequence[str]:
    """Return the stream that issues leave by."""
    return [str(ask.backend.message_stream or "outbound")]


def page(ask: Ask, name: str, cursor: str) -> Page:
    """Return the whole list: it is given at once."""
    data = ask.get(f"message-streams/{quote(name, safe='')}/suppressions/dump")
    return Page([_entry(row) for row in rows(data, "Suppressions")], None)


def look_up(ask: Ask, inquiry: Inquiry) -> Answer | None:
    """Ask for the message by its id, else search by the reference in its metadata."""
    message_id = inquiry.message_id or _search(ask, inquiry)
    if not message_id:
        return NEVER_SEEN
    try:
        data = ask.get(f"messages/outbound/{quote(message_id, safe='')}/details")
    except NotThereError:
        return NEVER_SEEN
    events = rows(about(data, "MessageID", message_id), "MessageEvents")
    return taken(_seen(ask, event) for event in events)


def _entry(row: Mapping[str, Any]) -> Listed:
    why = _WHY.get(text(row, "SuppressionReason"))
    if why is None:
        raise AskError("a reason that is not documented")
    if why is Why.MANUAL and text(row, "Origin") == "Recipient":
        why = Why.UNSUBSCRIBED
    return Listed(address_in(row, "EmailAddress"), why, moment(row.get("CreatedAt")))


def _search(ask: Ask, inquiry: Inquiry) -> str:
    """Return the id of the message that carries the reference, or nothing."""
    data = ask.get("messages/outbound", count=10, offset=0, metadata_reference=inquiry.reference)
    for row in rows(data, "Messages"):
        if inquiry.is_of(inner(row, "Metadata").get("reference")):
            return text(row, "MessageID")
    return ""


def _seen(ask: Ask, event: Mapping[str, Any]) -> Seen | None:
    what, at = _WHAT.get(text(event, "Type")), moment(event.get("ReceivedAt"))
    if what is None or at is None:
        return None
    details = inner(event, "Details")
    said = text(details, "DeliveryMessage", "Summary")
    if what is What.BOUNCED and (number := str(details.get("BounceID", ""))).isdigit():
        bounce = ask.get(f"bounces/{number}")
        kind = text(bounce, "Type") if isinstance(bounce, dict) else ""
        if kind in {"SpamComplaint", "SpamNotification"}:
            return Seen(What.COMPLAINED, at)
        return Seen(what, at, text(bounce, "Details") or said, final=kind in _FINAL)
    return Seen(what, at, said)
