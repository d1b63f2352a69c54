"""What one mail that came back says, and whose copy it is about.

Pure but for the keys that verify a token. Before it: a mailbox or a pipe, whose bytes anybody may
have written: nothing in here is believed without a signature of ours. After it: `reading`.
Sources: RFC 3464 (delivery status), RFC 5965 (complaints), RFC 3834 (automatic answers), RFC 6522.
"""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import StrEnum

from briefing.mailbox import complaints, poor, statuses
from briefing.mailbox.parts import field, report_type
from briefing.mailbox.tokens import Delivery, delivery, mail, unsubscribe
from briefing.tracking.verdicts import Bounce

# A machine's word that it answers by itself. Senders of much mail say bulk or list, and so do the
# answers of some vacation programs.
_AUTOMATIC_FIELDS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
_AUTOMATIC_PRECEDENCE = frozenset({"auto_reply", "bulk", "junk", "list"})


class Kind(StrEnum):
    """What somebody wanted to tell us."""

    BOUNCED = "bounced"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    COMPLAINED = "complained"
    UNSUBSCRIBE = "unsubscribe"
    AUTOMATIC = "automatic"  # a vacation note and the like: nobody has to know
    LETTER = "letter"  # anything else: perhaps somebody wrote to us


@dataclass(frozen=True, slots=True)
class Report:
    """One mail, understood. `delivery` is empty where no signature of ours is in it.

    `outbox_id` is told instead where it is about a mail to one person.
    `bounce`, `status` and `words` are told of bounces and deferrals; `leaving` is the reader and the
    newsletter of an unsubscribe request. `words` never hold an address.
    """

    kind: Kind
    delivery: Delivery | None = None
    leaving: tuple[int, int] | None = None
    bounce: Bounce | None = None
    status: str = ""
    words: str = ""
    at: datetime | None = None
    outbox_id: int | None = None


def read(raw: bytes, *, recipient: str = "") -> Report:
    """Understand one mail. `recipient` is the envelope's, where a pipe or a server told it."""
    message = message_from_bytes(raw)
    about = delivery(message, recipient=recipient)
    mail_id = None if about else mail(message, recipient=recipient)
    at = _date(message)
    kind = report_type(message)
    if kind == "feedback-report":
        said = complaints.of(message)
        return Report(Kind(said), about, at=at, outbox_id=mail_id)
    found = statuses.of(message) if kind == "delivery-status" else poor.of(message)
    if found:
        return Report(
            Kind(found.kind),
            about,
            bounce=found.bounce,
            status=found.status,
            words=found.words,
            at=at,
            outbox_id=mail_id,
        )
    leaving = unsubscribe(message, recipient=recipient)
    if leaving and not _answers_by_itself(message):
        return Report(Kind.UNSUBSCRIBE, leaving=leaving, at=at)
    return Report(Kind.AUTOMATIC if is_automatic(message) else Kind.LETTER, about, at=at)


def is_automatic(message: Message) -> bool:
    """Whether a machine wrote this without a person's wish. Source: RFC 3834 section 5."""
    submitted = field(message, "Auto-Submitted").lower()
    return (
        (bool(submitted) and submitted != "no")
        or any(field(message, name) for name in _AUTOMATIC_FIELDS)
        or field(message, "Precedence").lower() in _AUTOMATIC_PRECEDENCE
        or field(message, "Return-Path") == "<>"
        # A report of a kind that tells us nothing: that a mail was read, for one.
        or message.get_content_type() == "multipart/report"
    )


def _answers_by_itself(message: Message) -> bool:
    """Whether it is a vacation note: a mail program that leaves for its reader is no such thing."""
    return field(message, "Auto-Submitted").lower().startswith("auto-replied")


def _date(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(field(message, "Date"))
    except (ValueError, TypeError, OverflowError):
        return None
    # A date without a zone is nobody's.
    return at if at.tzinfo else None
