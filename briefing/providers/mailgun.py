"""Mailgun: three lists for each sending domain, and events by message or by recipient.

Sources: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/bounces
https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/complaints
https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/unsubscribe
https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/events
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

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
    basic,
    inner,
    moment,
    rows,
    taken,
    text,
)

LIST_SECONDS = LOOK_UP_SECONDS = 0.2

_LISTS = {
    "bounces": Why.BOUNCED,
    "complaints": Why.COMPLAINED,
    "unsubscribes": Why.UNSUBSCRIBED,
}
_WHAT = {
    "delivered": What.DELIVERED,
    "rejected": What.REJECTED,
    "complained": What.COMPLAINED,
    "unsubscribed": What.UNSUBSCRIBED,
}
_AROUND = timedelta(hours=12)
_MAX_PAGES = 20


def headers(backend: Any) -> Mapping[str, str]:
    """Return the key as a password."""
    return basic("api", backend.api_key)


def lists(ask: Ask) -> Sequence[str]:
    """Return each domain's three lists."""
    own = ask.backend.sender_domain
    domains = [str(own)] if own else ask.domains
    return [f"{domain}/{name}" for domain in domains for name in _LISTS]


def page(ask: Ask, name: str, cursor: str) -> Page:
    """Return up to a thousand entries; the cursor is the query of the next part's address."""
    domain, _slash, kind = name.rpartition("/")
    asked = dict(parse_qsl(cursor)) | {"limit": "1000"}
    data = ask.get(f"{quote(domain, safe='')}/{kind}", **asked)
    found = [_entry(row, _LISTS[kind]) for row in rows(data, "items")]
    # Its last page is an empty one, which has a following page like every other.
    return Page(found, _following(data) if found else None)


def look_up(ask: Ask, inquiry: Inquiry) -> Answer | None:
    """Read the events of the reader's copy: of its message, else of the hours around it."""
    asked: dict[str, str | int] = {"recipient": inquiry.address, "limit": 300}
    if inquiry.message_id:
        asked["message-id"] = inquiry.message_id.strip("<>")
    asked["begin"] = int((inquiry.at - _AROUND).timestamp())
    asked["ascending"] = "yes"
    events = [row for row in _events(ask, inquiry, asked) if _is_of(row, inquiry)]
    if not events:
        return NEVER_SEEN
    return taken(map(_seen, events))


def _entry(row: Mapping[str, Any], why: Why) -> Listed:
    said = f"{row.get('code') or ''} {text(row, 'error')}".strip()
    try:
        at = parsedate_to_datetime(text(row, "created_at"))
    except ValueError:
        at = None
    return Listed(address_in(row, "address"), why, at, said if why is Why.BOUNCED else "")


def _following(data: Any) -> str:
    address = inner(data, "paging").get("next")
    if not isinstance(address, str) or not urlsplit(address).query:
        raise AskError("a part without the address of the next")
    return urlsplit(address).query


def _events(ask: Ask, inquiry: Inquiry, asked: Mapping[str, str | int]) -> Iterator[dict[str, Any]]:
    """Yield every event that matches. The next part's address ends with a word, not with a query."""
    domain = quote(str(ask.backend.sender_domain or inquiry.domain), safe="")
    path = f"{domain}/events"
    for _page in range(_MAX_PAGES):
        data = ask.get(path, **asked)
        found = rows(data, "items")
        yield from found
        if len(found) < 300:
            return
        word = urlsplit(str(inner(data, "paging").get("next", ""))).path
        path, asked = f"{domain}/events/{quote(word.rpartition('/')[2], safe='=')}", {}
    raise AskError("more events than a reader can have")


def _is_of(event: Mapping[str, Any], inquiry: Inquiry) -> bool:
    return inquiry.is_of(inner(event, "user-variables").get("reference"))


def _seen(event: Mapping[str, Any]) -> Seen | None:
    at, name = moment(event.get("timestamp")), text(event, "event")
    status = inner(event, "delivery-status")
    said = f"{status.get('code') or ''} {text(status, 'message', 'description')}".strip()
    if at is None:
        return None
    if name == "failed":
        final = text(event, "severity") == "permanent"
        return Seen(What.BOUNCED if final else What.DEFERRED, at, said, final=final)
    return Seen(_WHAT[name], at, said) if name in _WHAT else None
