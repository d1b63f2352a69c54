"""Takes a stored mail apart for the inbox: headers, plain text, and HTML made safe to frame."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
# In a frame of its own a link would open inside it, where no other page lets itself be shown.
_LINKS_OPEN_ABOVE = '<base target="_top">'
# MJML's buttons ask for a window of their own, which the frame's sandbox refuses.
_NEW_WINDOW = re.compile(r"""\starget=["']?_blank["']?""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Opened:
    """One mail, opened. `html` and `text` are empty where the mail has no such part."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def open_mail(raw: bytes) -> Opened:
    """Read a message's bytes; whatever is broken in them is shown as far as it goes."""
    message = message_from_bytes(raw, policy=policy.default)
    return Opened(
        headers=tuple((name, _unfolded(value)) for name, value in message.raw_items()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def framed(html: str) -> str:
    """Return the HTML with its links aimed at the window around the frame."""
    html = _NEW_WINDOW.sub("", html)
    head = _HEAD.search(html)
    position = head.end() if head else 0
    return html[:position] + _LINKS_OPEN_ABOVE + html[position:]


def _part(message: EmailMessage, subtype: str) -> str:
    """Return the text of the first body of that kind."""
    body = message.get_body(preferencelist=(subtype,))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, ValueError):
        # An unknown charset or transfer encoding: the bytes, as far as they are text.
        payload = body.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _unfolded(value: str) -> str:
    """Put a folded header on one line. Source: RFC 5322, 2.2.3."""
    text = re.sub(r"\r?\n(?=[ \t])", "", str(value))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
