"""What the people's side needs from publishing; briefing.apps registers the answer.

Imports run one way, briefing -> subscribers. This is the door through which the other direction
is asked for, by name and type instead of by import.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from subscribers.models import Newsletter


@dataclass(frozen=True, slots=True)
class Mail:
    """One finished mail to one person. `reference` becomes its Message-ID's local part."""

    purpose: str
    reference: str
    recipient: str
    from_name: str
    from_address: str
    subject: str
    text: str
    html: str
    reply_to: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of handing a mail over. `code` is the provider's own short answer.

    A deferral that is not `certain` had no answer: the mail may have been accepted.
    """

    outcome: str  # accepted | deferred | rejected
    code: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class LatestIssue:
    """The newest issue a new reader can read at once."""

    number: int
    subject: str
    url: str
    headlines: tuple[str, ...]
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Prose:
    """What an editor wrote in Markdown, with a reader's name in it, in both forms of a mail."""

    html: str
    text: str


class Publishing(Protocol):
    """The answers that publishing gives to the people's side."""

    def send(self, mail: Mail) -> Answer:
        """Hand one transactional mail over, once, and say what came of it."""

    def held(self) -> str:
        """Return why all outgoing mail is held, or nothing."""

    def prose(self, written: str, *, name: str, locale: str) -> Prose:
        """Return Markdown as a mail shows it. Raises: ValueError, which says what to mend."""

    def line(self, written: str, *, name: str) -> str:
        """Return one line, such as a subject. Raises: ValueError, which says what to mend."""

    def latest_issue(self, newsletter: Newsletter) -> LatestIssue | None:
        """Return the newest published issue of a newsletter, if there is one."""

    def deliveries(self, subscriber_id: int) -> list[dict[str, Any]]:
        """Return what is kept of the issues handed over for a reader, for the reader to read."""

    def forget(self, subscriber_id: int) -> None:
        """Remove what publishing keeps of a reader beyond the bare number."""


_publishing: Publishing | None = None


def register(publishing: Publishing) -> None:
    """Take the answers; briefing.apps calls this once, when Django is ready."""
    global _publishing  # noqa: PLW0603  being told once at start-up is what this module is for
    _publishing = publishing


def publishing() -> Publishing:
    """Return the registered answers."""
    if _publishing is None:
        raise RuntimeError("briefing.apps has not registered its answers: is it in INSTALLED_APPS?")
    return _publishing
