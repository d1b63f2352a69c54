"""From a variant to RFC 5322 bytes: everything constant is encoded once, readers' values spliced in.

Pure. The result is dot-stuffed and ends with the dot, ready for DATA.
Sources: RFC 5322 (format), RFC 2046 section 5.1.4 (multipart/alternative), RFC 2369, RFC 2919 and
RFC 8058 (list headers), RFC 5321 section 4.5.2 (the dot).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal
from urllib.parse import quote

from briefing.transports import quoted
from briefing.transports.base import Sender, Slots, VariantContent
from briefing.transports.headers import ascii_address, date_header, header_text, mailbox, named

_PART = b"Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
Form = Literal["to", "date", "subject", "plain", "text", "html"]


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place for one reader's value, and which of its forms stands there.

    What is `plain` needs no coding anywhere: a token, an address made by us.
    """

    name: str
    form: Form


class WireComposer:
    """Builds one variant's copies as finished SMTP data."""

    def __init__(self, variant: VariantContent, sender: Sender) -> None:
        segments, places = _joined(_message(variant, sender))
        self._plain = _names(places, "plain")
        self._coded = _names(places, "text", "html")
        self._has_subject = len(variant.subject) > 1
        forms = [_Slot("to", "to"), _Slot("date", "date"), _Slot("subject", "subject")]
        forms += [_Slot(name, "plain") for name in self._plain]
        for name in self._coded:
            forms += [_Slot(name, "text"), _Slot(name, "html")]
        # A value that stands in five places is encoded once and picked five times.
        self._pick = itemgetter(*(forms.index(slot) for slot in places))
        self._template = [b""] * (len(segments) + len(places))
        self._template[0::2] = segments

    def build(self, slots: Slots) -> bytes:
        """Return one reader's message, from its first header to the final dot."""
        values = slots.values
        subject = header_text(values["subject"], header="Subject") if self._has_subject else b""
        forms = [mailbox(slots.name, slots.recipient), date_header(), subject]
        forms += [values[name].encode() for name in self._plain]
        for name in self._coded:
            forms += quoted.value(values[name])
        message = self._template.copy()
        message[1::2] = self._pick(forms)
        return b"".join(message)


def _names(places: list[_Slot], *forms: Form) -> list[str]:
    return list(dict.fromkeys(slot.name for slot in places if slot.form in forms))


def _joined(pieces: Iterator[bytes | _Slot]) -> tuple[list[bytes], list[_Slot]]:
    """Join neighbouring bytes: segments and slots then take turns, a segment first and last."""
    segments = [b""]
    slots: list[_Slot] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            segments[-1] += piece
        else:
            slots.append(piece)
            segments.append(b"")
    return segments, slots


def _message(variant: VariantContent, sender: Sender) -> Iterator[bytes | _Slot]:
    yield from _headers(variant, sender)
    if variant.html is None:
        yield _PART % b"text/plain"
        yield from _part(variant.text, "text")
        # A text that ends its last line needs no second line end.
        yield b".\r\n" if variant.text[-1].endswith(("\n", "\r")) else b"\r\n.\r\n"
        return
    boundary = _boundary(variant)
    yield b'Content-Type: multipart/alternative;\r\n boundary="%s"\r\n\r\n' % boundary
    yield b"--%s\r\n" % boundary + _PART % b"text/plain"
    yield from _part(variant.text, "text")
    yield b"\r\n--%s\r\n" % boundary + _PART % b"text/html"
    yield from _part(variant.html, "html")
    yield b"\r\n--%s--\r\n.\r\n" % boundary


def _headers(variant: VariantContent, sender: Sender) -> Iterator[bytes | _Slot]:
    from_address = ascii_address(sender.from_address)
    domain = from_address.rpartition("@")[2].encode()
    yield b"From: %s\r\nTo: " % mailbox(sender.from_name, from_address, header="From")
    yield _Slot("to", "to")
    yield b"\r\nSubject: "
    if len(variant.subject) == 1:
        yield header_text(variant.subject[0], header="Subject")
    else:
        yield _Slot("subject", "subject")
    yield b"\r\nDate: "
    yield _Slot("date", "date")
    yield b"\r\nMessage-ID: <"
    yield _Slot("reference", "plain")
    reply_to = ascii_address(sender.reply_to or sender.from_address)
    yield b"@%s>\r\nReply-To: <%s>\r\n" % (domain, reply_to.encode())
    list_id = b"%s.%s" % (sender.newsletter_slug.encode("ascii"), domain)
    yield b"List-Id: %s\r\n" % named(sender.newsletter_name, list_id, header="List-Id")
    yield b"List-Unsubscribe: <"
    yield _Slot("one_click_url", "plain")
    unsubscribe = quote(ascii_address(sender.unsubscribe_address), safe="@+")
    yield b">,\r\n <mailto:%s?subject=" % unsubscribe.encode()
    yield _Slot("unsubscribe_token", "plain")
    yield b">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nFeedback-ID: "
    yield _Slot("feedback_id", "plain")
    yield b"\r\nMIME-Version: 1.0\r\n"


def _part(segments: list[str], form: Literal["text", "html"]) -> Iterator[bytes | _Slot]:
    """Yield a part's body, the line end after it left out."""
    last = len(segments) - 1
    for index, piece in enumerate(segments):
        if index % 2:
            yield _Slot(piece, "plain" if piece.endswith("_token") else form)
        else:
            yield quoted.constant(piece, slot_before=index > 0, slot_behind=index < last)


def _boundary(variant: VariantContent) -> bytes:
    """`=_` never occurs in quoted-printable text, so no content can contain the boundary."""
    seed = repr((variant.variant_id, variant.subject, variant.text)).encode("utf-8", "replace")
    return b"=_" + hashlib.sha256(seed).hexdigest()[:24].encode()
