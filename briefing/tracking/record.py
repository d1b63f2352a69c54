"""Keeping reports as they come: one row each, however often they are sent.

Before it: a webhook, a mailbox, a reader's click. After it: apply.fold. What is kept names a reader
by number only: no address, no network address, no browser.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from briefing.models import Event
from briefing.tracking import rows
from briefing.tracking.sql.rows import Row

Kind = Event.Kind

_ADDRESS = re.compile(r"[^\s<>@\"',;:()\[\]{}=]+@[^\s<>@\"',;:()\[\]{}&]+")
_IP = re.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f:]+"
    # Its zeros left out. Three numbers without a gap are a time of the day.
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){1,2}(?::[0-9a-f]{1,4})+(?![\w:])",
    re.IGNORECASE,
)
# Where providers put what tells who or where the reader is.
_PRIVATE = re.compile(
    r"(?:^|_|-)(?:ip|ipaddress|geo|agent|useragent|client|city|country|region|location|os|platform)s?"
    r"(?:_parsed)?$|^client-info$",
    re.IGNORECASE,
)
# PostgreSQL takes no NUL and no half of a character, neither in text nor in JSON.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
# Cut before it is searched, so that no text costs time, and again behind that.
_MAX_READ = 4000
_MAX_TEXT = 500
_MAX_CODE = 120
_MAX_PROVIDER = 40
_MAX_NAME = 100
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """One report, from whoever made it. `key` tells it from that reporter's other reports.

    Without `dispatch_id` it is of a single mail to a reader, or of nobody we know; `outbox_id` says
    which mail, where its own reference is in the report.
    """

    provider: str
    key: str
    kind: str
    at: datetime
    dispatch_id: int | None = None
    subscriber_id: int | None = None
    code: str = ""
    link: int | None = None
    by_person: bool | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    outbox_id: int | None = None


def keep(reports: Iterable[Report], *, now: datetime, due_at: datetime | None = None) -> int:
    """Write reports down; return how many were handed in. The same report twice is one row.

    They are folded at once, or not before `due_at`. One statement for a thousand of them. Safe to run
    twice.
    """
    kept = [_row(report) for report in reports]
    for begin in range(0, len(kept), _AT_ONCE):
        rows.write(kept[begin : begin + _AT_ONCE], now=now, due_at=due_at or now)
    return len(kept)


def without_addresses(value: Any) -> Any:
    """Return a payload with nothing in it that tells who or where a reader is."""
    if isinstance(value, dict):
        return {
            _told(str(name)): without_addresses(each)
            for name, each in value.items()
            if not _is_private(str(name)[-_MAX_NAME:])
        }
    if isinstance(value, (list, tuple)):
        return [without_addresses(each) for each in value]
    return _told(value) if isinstance(value, str) else value


def key_of(*parts: object) -> str:
    """Return a key for a report that brings none of its own: the same parts, the same key."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def code_of(words: Sequence[str | None]) -> str:
    """Return the first of some server's words, shortened and without addresses."""
    return _told(" ".join(next(filter(None, words), "").split()))[:_MAX_CODE]


@lru_cache(maxsize=1000)
def _is_private(name: str) -> bool:
    """Whether a field tells who or where the reader is. The same few names come again and again."""
    return bool(_PRIVATE.search(name))


def _told(text: str) -> str:
    """Return a text that may be kept. Most have nothing to take out, which is seen at once."""
    text = text[:_MAX_READ]
    if not text.isascii() or "\0" in text:
        text = _UNWRITABLE.sub("", text)
    if "@" in text:
        text = _ADDRESS.sub("[address]", text)
    if text.count(".") >= 3 or text.count(":") >= 3 or "::" in text:
        text = _IP.sub("[network address]", text)
    return text[:_MAX_TEXT]


def _row(report: Report) -> Row:
    return Row(
        report.dispatch_id,
        report.subscriber_id,
        _digest(report.provider, report.key),
        report.provider[:_MAX_PROVIDER],
        report.kind,
        report.at,
        report.code[:_MAX_CODE],
        report.link,
        report.by_person,
        report.payload,
    )


def _digest(provider: str, key: str) -> int:
    """Return eight bytes that stand for a reporter's key: enough among the reports on one delivery."""
    digest = hashlib.sha256(f"{provider} {key}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
