"""Inquiries of a provider and its answers, in words that are the same for all of them.

Before it: a provider's API, read by one module for each. After it: reconciling. Whatever cannot be
read to the end raises: an answer is whole, or it is none.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

from subscribers import links


class AskError(Exception):
    """No answer that could be used. `reason` names no address and no key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotThereError(AskError):
    """The provider knows nothing under this name (404)."""


class LaterError(AskError):
    """The time for this turn is over, or the provider asks to wait longer than it lasts."""

    def __init__(self, reason: str, *, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Why(StrEnum):
    """Why a provider does not write to an address."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    MANUAL = "manual"


class What(StrEnum):
    """What became of a message behind the provider's door."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    BLOCKED = "blocked"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a provider's suppression list. `said` is the receiving server's reply."""

    address: str
    why: Why
    at: datetime | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. `following` is the cursor of the next part, None behind the last."""

    entries: Sequence[Listed]
    following: str | None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Which message is asked about. `message_id` is the provider's, where it ever told us one."""

    dispatch_id: int
    subscriber_id: int
    address: str
    domain: str  # of the sender
    at: datetime
    message_id: str | None = None

    @property
    def reference(self) -> str:
        """The reference that the copy carried."""
        return links.make("reference", self.dispatch_id, self.subscriber_id)

    def is_of(self, reference: object) -> bool:
        """Whether a reference in an answer is this copy's, whichever of our keys signed it."""
        try:
            return links.read("reference", str(reference)) == (self.dispatch_id, self.subscriber_id)
        except links.BadLinkError:
            return False


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that became of a message. `final` is the provider's own word on a bounce."""

    what: What
    at: datetime
    said: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider says of a message: whether it has taken it, and what it saw since."""

    taken: bool
    seen: tuple[Seen, ...] = ()


NEVER_SEEN = Answer(taken=False)


class Ask(Protocol):
    """An opened way to ask one provider."""

    @property
    def domains(self) -> Sequence[str]:
        """The domains that we send from."""

    @property
    def backend(self) -> Any:
        """Anymail's backend, which has the provider's settings."""

    def get(self, path: str, **parameters: str | int) -> Any:
        """Return the JSON at a path of the API. Raises: AskError and its kin."""

    def call(self, operation: str, **parameters: Any) -> Any:
        """Return what an operation of boto3's client says. Raises: AskError and its kin."""


class Desk(Protocol):
    """One provider: what its API can be asked. Modules of this package are desks."""

    # Seconds between two calls, as the provider documents its limits.
    LIST_SECONDS: float
    LOOK_UP_SECONDS: float

    def headers(self, backend: Any) -> Mapping[str, str]:
        """Return what says to the provider who asks."""

    def lists(self, ask: Ask) -> Sequence[str]:
        """Return the names of its suppression lists; empty where it has no API for them."""

    def page(self, ask: Ask, name: str, cursor: str) -> Page:
        """Return a part of a list; the cursor is empty at its beginning."""

    def look_up(self, ask: Ask, inquiry: Inquiry) -> Answer | None:
        """Return what became of a message; None where the API has no way to ask for this one."""


def rows(data: Any, name: str = "") -> list[dict[str, Any]]:
    """Return a list of objects out of an answer. Raises: AskError when it is none."""
    found = data
    if name:
        found = data.get(name) if isinstance(data, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise AskError(f"an answer without its list{f' “{name}”' if name else ''}")
    return found


def inner(row: Any, name: str) -> Mapping[str, Any]:
    """Return the object in a field of an answer; an empty one where there is none."""
    found = row.get(name) if isinstance(row, dict) else None
    return found if isinstance(found, dict) else {}


def about(data: Any, name: str, message_id: str) -> Mapping[str, Any]:
    """Return an answer whose field holds the message's id. Raises: AskError when it is another's."""
    if not isinstance(data, dict) or data.get(name) != message_id:
        raise AskError("an answer about another message")
    return data


def taken(seen: Iterable[Seen | None]) -> Answer:
    """Return that the provider has the message, and what of its events could be understood."""
    return Answer(taken=True, seen=tuple(each for each in seen if each))


def basic(name: str, word: str) -> Mapping[str, str]:
    """Return the header of HTTP's basic authentication (RFC 7617)."""
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{word}'.encode()).decode()}"}


def no_lists(ask: Ask) -> Sequence[str]:
    """Return nothing: what `lists` is where no API for suppression lists is documented."""
    return []


def no_page(ask: Ask, name: str, cursor: str) -> Page:
    """Refuse, as `page` there. Raises: AskError."""
    raise AskError(f"no such list ({name})")


def text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that holds words, on one line."""
    found = (row.get(name) for name in names)
    return " ".join(next((each for each in found if isinstance(each, str) and each), "").split())


def address_in(row: Mapping[str, Any], name: str) -> str:
    """Return an entry's address. Raises: AskError: a list without addresses is not believed."""
    found = row.get(name)
    if not isinstance(found, str) or "@" not in found:
        raise AskError(f"an entry without its “{name}”")
    return found


def moment(value: Any) -> datetime | None:
    """Return a time given as seconds since 1970, as ISO 8601 or as a time already."""
    try:
        if isinstance(value, datetime):
            found = value
        elif isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            found = datetime.fromisoformat(value.strip())
        else:
            found = datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
