"""Finds our own signatures in a mail that came back: in addresses, in Message-IDs, in a subject.

Anybody can send us a report about anybody. Only what we signed says whose copy it is about, and
then about nobody else: without a signature a report changes nothing.
"""

import re
from collections.abc import Iterator
from email.message import Message
from itertools import islice
from typing import NamedTuple

from briefing import envelope
from briefing.mailbox.parts import blocks, field, fields, one_line, originals, part, text_of
from subscribers import links

# Where servers write down to which address a mail was delivered, the surest first.
_DELIVERED_TO = (
    "X-Original-To",
    "Delivered-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "To",
    "Cc",
)
# Base64url: 49 bytes of a reference, 41 of a single mail's, 45 of an unsubscribe token.
_MAIL = re.compile(r"(?<![\w-])([\w-]{55})@")
_REFERENCE = re.compile(r"(?<![\w-])([\w-]{66})@")
_UNSUBSCRIBE = re.compile(r"(?<![\w-])[\w-]{60}(?![\w-])")
_ENVELOPE = re.compile(rf"\+([0-9A-Fa-f]{{{envelope.TOKEN_LENGTH}}})@")
# How many candidates of one mail are verified: more is no report.
_MAX_CANDIDATES = 20


class Delivery(NamedTuple):
    """Whose copy of what."""

    dispatch_id: int
    subscriber_id: int


def delivery(message: Message, *, recipient: str) -> Delivery | None:
    """Return the delivery that a mail is about, by the first signature of ours that holds."""
    for number, text in enumerate(_places(message, recipient)):
        if number > _MAX_CANDIDATES:
            break
        for found in _ENVELOPE.findall(text)[:_MAX_CANDIDATES]:
            if named := envelope.read(found):
                return Delivery(*named)
        for found in _REFERENCE.findall(text)[:_MAX_CANDIDATES]:
            if numbers := _read("reference", found):
                return Delivery(*numbers)
    return None


def mail(message: Message, *, recipient: str) -> int | None:
    """Return the row of the outbox that a report on a mail to one person names, if we signed it."""
    for text in islice(_places(message, recipient), _MAX_CANDIDATES):
        for found in _ENVELOPE.findall(text)[:_MAX_CANDIDATES]:
            if (number := envelope.read_mail(found)) is not None:
                return number
        for found in _MAIL.findall(text)[:_MAX_CANDIDATES]:
            if numbers := _read("mail", found):
                return numbers[0]
    return None


def unsubscribe(message: Message, *, recipient: str) -> tuple[int, int] | None:
    """Return the reader and the newsletter of a signed unsubscribe request.

    The token is what List-Unsubscribe put into the subject; some programs fold or prefix it.
    """
    subject = field(message, "Subject")
    for text in (subject, subject.replace(" ", ""), recipient, *fields(message, "To")):
        for found in _UNSUBSCRIBE.findall(text)[:_MAX_CANDIDATES]:
            if numbers := _read("unsubscribe", found):
                return numbers[0], numbers[1]
    return None


def _places(message: Message, recipient: str) -> Iterator[str]:
    """Yield the texts that may hold a signature: where it came to, then what it gives back."""
    yield recipient
    for name in _DELIVERED_TO:
        yield from fields(message, name)
    for original in originals(message):
        yield from (field(original, name) for name in ("Message-ID", "Return-Path"))
    # A complaint says itself whose envelope it was, also where the returned mail was made unreadable.
    if complaint := part(message, "message/feedback-report"):
        yield from (field(block, "Original-Mail-From") for block in blocks(complaint))
    # An answer names what it answers; a bounce that is only text quotes the headers in it.
    yield from (field(message, name) for name in ("In-Reply-To", "References"))
    for each in message.walk():
        if each.get_content_type() in {"text/plain", "message/delivery-status"}:
            yield one_line(text_of(each))


def _read(purpose: str, token: str) -> tuple[int, ...] | None:
    try:
        return links.read(purpose, token)
    except links.BadLinkError:
        return None
