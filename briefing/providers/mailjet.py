"""Mailjet: the history of a message by its id. It documents no API for its list of blocked addresses.

Source: https://dev.mailjet.com/email/reference/messages/
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from briefing.providers.base import (
    NEVER_SEEN,
    Answer,
    Ask,
    AskError,
    Inquiry,
    NotThereError,
    Page,
    Seen,
    What,
    moment,
    rows,
    text,
)

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
    word = base64.b64encode(f"{backend.api_key}:{backend.secret_key}".encode()).decode()
    return {"Authorization": f"Basic {word}"}


def lists(ask: Ask) -> Sequence[str]:
    """Return nothing."""
    return []


def page(ask: Ask, name: str, cursor: str) -> Page:
    """Refuse. Raises: AskError."""
    raise AskError(f"no such list ({name})")


def look_up(ask: Ask, inquiry: Inquiry) -> Answer | None:
    """Read the history of a message whose id is known."""
    if not inquiry.message_id or not inquiry.message_id.isdigit():
        return None
    try:
        # Messages are sent by one version of its API and asked for by another.
        data = ask.get(f"../v3/REST/messagehistory/{inquiry.message_id}")
    except NotThereError:
        return NEVER_SEEN
    events = rows(data, "Data")
    return Answer(taken=True, seen=tuple(filter(None, map(_seen, events))))


def _seen(event: Mapping[str, Any]) -> Seen | None:
    name, at = text(event, "EventType"), moment(event.get("EventAt"))
    if name not in _WHAT or at is None:
        return None
    said = text(event, "State", "Comment")
    return Seen(_WHAT[name], at, said, final=name == "hardbounced")
