"""Mailjet: the history of a message by its id. It documents no API for its list of blocked addresses.

Source: https://dev.mailjet.com/email/reference/messages/
"""

from collections.abc import Mapping
from typing import Any

from briefing.providers.base import (
    NEVER_SEEN,
    Answer,
    Ask,
    Inquiry,
    NotThereError,
    Seen,
    What,
    basic,
    moment,
    no_lists,
    no_page,
    rows,
    taken,
    text,
)

lists, page = no_lists, no_page
LIST_SECONDS = LOOK_UP_SECONDS = 0.2

_WHAT = {
    # It says “sent” of what the receiving server has taken.
    "sent": What.DELIVERED,
    "deferred": What.DEFERRED,
    "bounced": What.BOUNCED,
    "softbounced": What.BOUNCED,
    "hardbounced": What.BOUNCED,
    "blocked": What.BLOCKED,
    "spam": What.COMPLAINED,
    "unsub": What.UNSUBSCRIBED,
}


def headers(backend: Any) -> Mapping[str, str]:
    """Return both keys."""
    return basic(backend.api_key, backend.secret_key)


def look_up(ask: Ask, inquiry: Inquiry) -> Answer | None:
    """Read the history of a message whose id is known."""
    if not inquiry.message_id or not inquiry.message_id.isdigit():
        return None
    try:
        # Messages are sent by one version of its API and asked for by another.
        data = ask.get(f"../v3/REST/messagehistory/{inquiry.message_id}")
    except NotThereError:
        return NEVER_SEEN
    return taken(map(_seen, rows(data, "Data")))


def _seen(event: Mapping[str, Any]) -> Seen | None:
    name, at = text(event, "EventType"), moment(event.get("EventAt"))
    if name not in _WHAT or at is None:
        return None
    said = text(event, "State", "Comment")
    return Seen(_WHAT[name], at, said, final=name == "hardbounced")
