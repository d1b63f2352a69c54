"""The parts of a mail that came back, read as its writer meant them, however badly it was made.

Pure. What cannot be read is empty: a report that is broken must stop nobody else's.
"""

from collections.abc import Iterator
from email import message_from_string
from email.message import Message

# Longer texts are somebody's newsletter quoted whole.
_MAX_TEXT = 64 * 1024
_ORIGINALS = frozenset({
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
})  # fmt: skip


def field(message: Message, name: str) -> str:
    """Return a header field as one line, empty when it is not there."""
    return one_line(message.get(name, ""))


def fields(message: Message, name: str) -> list[str]:
    """Return every value of a header field, each as one line."""
    return [one_line(value) for value in message.get_all(name, [])]


def one_line(value: object) -> str:
    """Unfold a value. A header with raw 8-bit bytes comes as an object, never as a plain string."""
    return " ".join(str(value).split())


def report_type(message: Message) -> str:
    """Return what kind of report a mail is by its form, or nothing. Source: RFC 6522 section 3.

    Some mailers forget the parameter; then the part that makes the report is looked for.
    """
    if message.get_content_type() != "multipart/report":
        return ""
    for part in message.walk():
        for kind in ("feedback-report", "delivery-status"):
            if part.get_content_type() in {f"message/{kind}", f"message/global-{kind}"}:
                return kind
    return ""


def part(message: Message, *types: str) -> Message | None:
    """Return the first part of one of these types."""
    return next((each for each in message.walk() if each.get_content_type() in types), None)


def text_of(message: Message) -> str:
    """Return what a part says as text, whatever its encoding; nothing of a container."""
    payload = message.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return payload[:_MAX_TEXT].decode("utf-8", "replace")


def blocks(message: Message) -> list[Message]:
    """Return the groups of fields of a machine-readable part: each an empty line apart."""
    payload = message.get_payload()
    if not isinstance(payload, list):
        return _parsed(text_of(message))
    found: list[Message] = []
    for each in payload:
        if isinstance(each, Message):
            # Of a type that the parser does not know, every group but the first is a body to it.
            found += [each, *_parsed(text_of(each))]
    return found


def originals(message: Message) -> Iterator[Message]:
    """Yield what the report returns of our own mail: whole, or its headers only."""
    for each in message.walk():
        if each is message or each.get_content_type() not in _ORIGINALS:
            continue
        payload = each.get_payload()
        if isinstance(payload, list):
            yield from (inner for inner in payload if isinstance(inner, Message))
        else:
            yield from _parsed(text_of(each))[:1]


def _parsed(text: str) -> list[Message]:
    paragraphs = text.replace("\r\n", "\n").strip().split("\n\n")
    return [message_from_string(each) for each in paragraphs if each.strip()]
