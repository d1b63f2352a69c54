"""Text as the parts of a message carry it: quoted-printable, dot-stuffed, cut at its slots.

Pure. A slot stands between two soft line breaks, so that a reader's value is a line of its own: it
can be encoded by itself and neither it nor its neighbours grow beyond 76 characters.
Sources: RFC 2045 section 6.7 (quoted-printable), RFC 5321 section 4.5.2 (dot-stuffing).
"""

from binascii import b2a_qp
from html import escape

from briefing.transports.headers import clean

_CRLF = b"\r\n"
_SOFT = b"=\r\n"
# With the `=` of a soft break, and a dot stuffed in front, a line still has less than 76.
_PIECE = 72
# What stands for itself in quoted-printable and in HTML: most names, and every link we make.
_PLAIN = bytes(set(range(0x20, 0x7F)) - set(b"=&<>\"'"))


def constant(text: str, *, slot_follows: bool) -> bytes:
    """Encode what is the same for every reader; its line ends become CRLF.

    Before a slot it ends with a soft break, else at the end of its last line, still open.
    """
    *lines, last = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    coded = [b2a_qp(line.encode("utf-8", "replace")) for line in lines]
    coded += [_open(last), b""] if slot_follows else [b2a_qp(last.encode("utf-8", "replace"))]
    # The coder breaks lines as Unix does.
    return _stuffed(b"\n".join(coded).replace(b"\n", _CRLF))


def value(text: str) -> tuple[bytes, bytes]:
    """Encode a reader's value for the plain text and for the HTML, each up to its soft break.

    The CRLF of that break belongs to the constant that follows.
    """
    raw = text.encode("utf-8", "surrogatepass")
    if not raw.translate(None, _PLAIN):
        coded = _stuffed(_cut(raw) if len(raw) > _PIECE else raw) + b"="
        return coded, coded
    text = clean(text)
    return _coded(text), _coded(escape(text))


def _coded(text: str) -> bytes:
    return _stuffed(_open(text).replace(b"\n", _CRLF))


def _open(line: str) -> bytes:
    """Encode a line that ends with the `=` of a soft break, which also guards a space before it."""
    # The `=` is encoded as =3D, and only its own `=` is kept: so its room is reckoned with.
    return b2a_qp(line.encode("utf-8", "replace") + b"=")[:-2]


def _cut(raw: bytes) -> bytes:
    """Break a line in which no byte needs coding: what b2a_qp does, at a third of its time."""
    return _SOFT.join([raw[at : at + _PIECE] for at in range(0, len(raw), _PIECE)])


def _stuffed(lines: bytes) -> bytes:
    """Double each dot at the beginning of a line: a dot by itself would end the message."""
    if b"\n." in lines:
        lines = lines.replace(b"\n.", b"\n..")
    return b"." + lines if lines.startswith(b".") else lines
