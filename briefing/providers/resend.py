"""Resend: the last event of a message by its id. It documents no API for its suppression list.

Source: https://resend.com/docs/api-reference/emails/retrieve-email
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from briefing.providers.base import (
    NEVER_SEEN,
    Answer,
    Ask,
    Inquiry,
    NotThereError,
    Seen,
    What,
    about,
    moment,
    no_lists,
    no_page,
    taken,
    text,
)

lists, page = no_lists, no_page
LIST_SECONDS = LOOK_UP_SECONDS = 0.6

_WHAT = {
    "delivered": What.DELIVERED,
    "opened": What.DELIVERED,
    "clicked": What.DELIVERED,
    "delivery_delayed": What.DEFERRED,
    "bounced": What.BOUNCED,
    "complained": What.COMPLAINED,
    "failed": What.REJECTED,
    "suppressed": What.REJECTED,
}


def headers(backend: Any) -> Mapping[str, str]:
    """Return the key."""
    return {"Authorization": f"Bearer {backend.api_key}"}


def look_up(ask: Ask, inquiry: Inquiry) -> Answer | None:
    """Read the last event of a message whose id is known; its time is when the message was made."""
    if not inquiry.message_id:
        return None
    try:
        data = ask.get(f"emails/{quote(inquiry.message_id, safe='')}")
    except NotThereError:
        return NEVER_SEEN
    data = about(data, "id", inquiry.message_id)
    what, at = _WHAT.get(text(data, "last_event")), moment(data.get("created_at"))
    return taken([Seen(what, at)] if what and at else [])
