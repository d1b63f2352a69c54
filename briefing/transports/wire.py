"""From a variant to RFC 5322 bytes: everything constant is encoded once, readers' values spliced in.

Pure. The HTML and text parts are quoted-printable; each slot stands between soft line breaks, so a
value can be encoded on its own and no line exceeds 76 characters. The result is dot-stuffed and
ends with the dot, ready for DATA.
Sources: RFC 5322 (format), RFC 2045 section 6.7 (quoted-printable), RFC 2047 (encoded words),
RFC 5321 section 4.5.2 (dot-stuffing), RFC 2369, RFC 2919 and RFC 8058 (list headers).
"""

import hashlib
import html
import re
from collections.abc import Callable, Iterator
from email.header import Header
from email.utils import formatdate
from functools import lru_cache

from briefing.transports.base import Sender, Slots, VariantContent

_CRLF = b"\r\n"
_SOFT = b"=\r\n"
# Every byte as quoted-printable writes it inside a line.
_QP = [
    bytes((byte,)) if (33 <= byte <= 126 and byte != ord("=")) or byte == 32 else b"=%02X" % byte
    for byte in range(256)
]
# Room for a soft break, a stuffed dot, and a last space that becomes =20.
_LINE = 72
# C0 and C1 controls, line and paragraph separators, and marks that turn the reading direction.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PLAIN = re.compile(rb"[!-<>-~ ]*\Z")
_ATOM_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")

Encode = Callable[[str], bytes]


def clean(value: str) -> str:
    """Take out of a reader's value what could start a header, a line or another direction."""
    return _UNSAFE.sub("", value) if not value.isprintable() else value


class WireComposer:
    """Builds one variant's copies as finished SMTP data."""

    def __init__(self, variant: VariantContent, sender: Sender) -> None:
        self._domain = sender.from_address.rpartition("@")[2]
        segments: list[bytes] = []
        encoders: list[tuple[str, Encode]] = []
        for piece in _message(variant, sender, self._domain):
            if isinstance(piece, bytes):
                if len(segments) > len(encoders):
                    segments[-1] += piece
                else:
                    segments.append(piece)
            else:
                encoders.append(piece)
        self._segments = segments
        self._encoders = encoders

    def build(self, slots: Slots) -> bytes:
        """Return one reader's message, from its first header to the final dot."""
        values = slots.values
        parts = [b""] * (len(self._segments) + len(self._encoders))
        parts[0::2] = self._segments
        parts[1::2] = [encode(values[name]) for name, encode in self._encoders]
        return b"".join(parts)


def _message(
    variant: VariantContent, sender: Sender, domain: str
) -> Iterator[bytes | tuple[str, Encode]]:
    """Yield constant bytes and (slot, encoder) in turn; neighbouring bytes are joined later."""
    yield from _headers(variant, sender, domain)
    text = ("text/plain", variant.text, str)
    if variant.html is None:
        yield from _part(*text)
        yield b".\r\n"
        return
    boundary = _boundary(variant)
    yield (
        b'Content-Type: multipart/alternative;\r\n boundary="%s"\r\n\r\n--%s\r\n'
        % (boundary, boundary)
    )
    yield from _part(*text)
    yield b"--%s\r\n" % boundary
    yield from _part("text/html", variant.html, html.escape)
    yield b"--%s--\r\n.\r\n" % boundary


def _headers(
    variant: VariantContent, sender: Sender, domain: str
) -> Iterator[bytes | tuple[str, Encode]]:
    yield b"From: %s\r\nTo: " % mailbox(sender.from_name, sender.from_address)
    yield ("to", str.encode)
    yield b"\r\nSubject: "
    if len(variant.subject) == 1:
        yield header_text(variant.subject[0])
    else:
        yield ("subject", header_text)
    yield b"\r\nDate: "
    yield ("date", str.encode)
    yield b"\r\nMessage-ID: <"
    yield ("reference", str.encode)
    yield b"@%s>\r\n" % domain.encode("ascii")
    if sender.reply_to:
        yield b"Reply-To: <%s>\r\n" % sender.reply_to.encode("ascii")
    list_id = f"{sender.newsletter_slug}.{domain}".encode("ascii")
    yield b"List-Id: %s <%s>\r\n" % (_phrase(sender.newsletter_name), list_id)
    yield b"List-Unsubscribe: <"
    yield ("one_click_url", str.encode)
    mailbox_address = sender.unsubscribe_address.encode("ascii")
    yield b">,\r\n <mailto:%s?subject=" % mailbox_address
    yield ("unsubscribe_token", str.encode)
    yield b">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nFeedback-ID: "
    yield ("feedback_id", str.encode)
    yield b"\r\nMIME-Version: 1.0\r\n"


def _part(
    kind: str, segments: list[str], escape: Callable[[str], str]
) -> Iterator[bytes | tuple[str, Encode]]:
    yield (
        f"Content-Type: {kind}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode("ascii")
    for index, piece in enumerate(segments):
        if index % 2:
            yield _SOFT
            yield (piece, _body_encoder(escape))
            yield _SOFT
        else:
            yield quoted_printable(piece)
    yield _CRLF


def _body_encoder(escape: Callable[[str], str]) -> Encode:
    def encode(value: str) -> bytes:
        return quoted_printable_value(escape(clean(value)))

    return encode


def _boundary(variant: VariantContent) -> bytes:
    """`=_` never occurs in quoted-printable text, so no content can contain the boundary."""
    seed = repr((variant.variant_id, variant.subject, variant.text)).encode()
    return b"=_" + hashlib.sha256(seed).hexdigest()[:24].encode()


def quoted_printable(text: str) -> bytes:
    """Encode a constant text; its line ends become CRLF, its lines at most 76 characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _CRLF.join(_encode_line(line.encode()) for line in lines)


def quoted_printable_value(value: str) -> bytes:
    """Encode a slot's value, which begins on a line of its own and is followed by a soft break."""
    return _encode_line(value.encode())


def _encode_line(raw: bytes) -> bytes:
    """Encode one line, broken softly, each piece dot-stuffed where it begins with a dot."""
    pieces = _plain_pieces(raw) if _PLAIN.match(raw) else _coded_pieces(raw)
    # A space at the end of a line would be lost on the way.
    if pieces[-1][-1:] == b" ":
        pieces[-1] = pieces[-1][:-1] + b"=20"
    return _SOFT.join([b"." + piece if piece[:1] == b"." else piece for piece in pieces])


def _plain_pieces(raw: bytes) -> list[bytes]:
    """Cut a line in which no byte needs coding: links, most words."""
    if len(raw) <= _LINE:
        return [raw]
    return [raw[at : at + _LINE] for at in range(0, len(raw), _LINE)]


def _coded_pieces(raw: bytes) -> list[bytes]:
    """Code byte by byte, never cutting one code in two."""
    pieces: list[bytes] = []
    current: list[bytes] = []
    length = 0
    for byte in raw:
        token = _QP[byte]
        if length + len(token) > _LINE:
            pieces.append(b"".join(current))
            current, length = [], 0
        current.append(token)
        length += len(token)
    pieces.append(b"".join(current))
    return pieces


@lru_cache(maxsize=4096)
def header_text(value: str) -> bytes:
    """Return a header's value: as it is where ASCII allows it, else as RFC 2047 encoded words."""
    value = clean(value)
    if value.isascii() and len(value) < 900 and "=?" not in value:
        return _folded(value)
    return Header(value, "utf-8", maxlinelen=70, header_name="Subject").encode(
        linesep="\r\n"
    ).encode("ascii")


def _folded(value: str) -> bytes:
    """Break a long ASCII value at spaces so that no line exceeds 78 characters where it can."""
    return Header(value, "us-ascii", maxlinelen=70).encode(linesep="\r\n").encode("ascii")


def mailbox(name: str, address: str) -> bytes:
    """Return `"Name" <address>` for a header.

    An address with other than ASCII letters stays UTF-8: only SMTPUTF8 servers are handed it.
    """
    name = clean(name).strip()
    return (b"%s <%s>" % (_phrase(name), address.encode())) if name else address.encode()


@lru_cache(maxsize=4096)
def _phrase(name: str) -> bytes:
    """Return a display name as atoms, as a quoted string or as encoded words.

    Source: RFC 5322 section 3.2.5; RFC 2047 section 5 (3).
    """
    if not name.isascii() or "=?" in name or len(name) > 120:
        return Header(name, "utf-8", maxlinelen=70).encode(linesep="\r\n").encode("ascii")
    if _ATOM_WORDS.match(name):
        return name.encode("ascii")
    return b'"%s"' % name.replace("\\", "\\\\").replace('"', '\\"').encode("ascii")


def date_header() -> str:
    """Return the time now as the Date header writes it. Source: RFC 5322 section 3.3."""
    return formatdate(usegmt=False, localtime=False)
