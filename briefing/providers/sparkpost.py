"""SparkPost: one list by cursor, and events of the last ten days by recipient.

Sources: https://developers.sparkpost.com/api/suppression-list/
https://developers.sparkpost.com/api/events/
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

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

LIST_SECONDS = LOOK_UP_SECONDS = 0.5

_WHY = {
    "Bounce Rule": Why.BOUNCED,
    "Spam Complaint": Why.COMPLAINED,
    "List Unsubscribe": Why.UNSUBSCRIBED,
    "Unsubscribe Link": Why.UNSUBSCRIBED,
}
_WHAT = {
    "delivery": What.DELIVERED,
    "delay": What.DEFERRED,
    "bounce": What.BOUNCED,
    "out_of_band": What.BOUNCED,
    "spam_complaint": What.COMPLAINED,
    "list_unsubscribe": What.UNSUBSCRIBED,
    "link_unsubscribe": What.UNSUBSCRIBED,
    "policy_rejection": What.REJECTED,
    "generation_failure": What.REJECTED,
    "generation_rejection": What.REJECTED,
}
# No such mailbox, and bounces for good of no other class.
_FINAL = frozenset({"10", "30"})
_AROUND = timedelta(hours=12)
_MAX_PAGES = 20


def headers(backend: Any) -> Mapping[str, str]:
    """Return the key, and the subaccount where there is one."""
    own = {"Authorization": str(backend.api_key)}
    if backend.subaccount is not None:
        own["X-MSYS-SUBACCOUNT"] = str(backend.subaccount)
    return own


def lists(ask: Ask) -> Sequence[str]:
    """Return its one list."""
    return ["suppression-list"]


def page(ask: Ask, name: str, cursor: str) -> Page:
    """Return up to a thousand entries."""
    data = ask.get(name, cursor=cursor or "initial", per_page=1000)
    entries = [_entry(row) for row in rows(data, "results")]
    links = data.get("links") or []
    following = next((each.get("href") for each in rows(links) if each.get("rel") == "next"), None)
    return Page(entries, _cursor(following) if following else None)


def look_up(ask: Ask, inquiry: Inquiry) -> Answer | None:
    """Read the events of the reader's copy."""
    asked = {
        "recipients": inquiry.address,
        "from": (inquiry.at - _AROUND).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "per_page": "1000",
    }
    if inquiry.message_id:
        asked["transmissions"] = inquiry.message_id
    events = [row for row in _events(ask, asked) if _is_of(row, inquiry)]
    if not events:
        return NEVER_SEEN
    return taken(map(_seen, events))


def _entry(row: Mapping[str, Any]) -> Listed:
    source = text(row, "source")
    why = _WHY.get(source, Why.MANUAL)
    said = text(row, "description") if why is Why.BOUNCED else ""
    return Listed(address_in(row, "recipient"), why, moment(row.get("created")), said)


def _cursor(address: Any) -> str:
    found = dict(parse_qsl(urlsplit(str(address)).query)).get("cursor")
    if not found:
        raise AskError("a part without the cursor of the next")
    return found


def _events(ask: Ask, asked: dict[str, str]) -> Iterator[dict[str, Any]]:
    for _page in range(_MAX_PAGES):
        data = ask.get("events/message", **asked)
        yield from rows(data, "results")
        following = inner(data, "links").get("next")
        if not following:
            return
        asked = asked | {"cursor": _cursor(following)}
    raise AskError("more events than a reader can have")


def _is_of(event: Mapping[str, Any], inquiry: Inquiry) -> bool:
    return inquiry.is_of(inner(event, "rcpt_meta").get("reference"))


def _seen(event: Mapping[str, Any]) -> Seen | None:
    what, at = _WHAT.get(text(event, "type")), moment(event.get("timestamp"))
    if what is None or at is None:
        return None
    final = str(event.get("bounce_class", "")) in _FINAL
    return Seen(what, at, text(event, "raw_reason", "reason"), final=final)
