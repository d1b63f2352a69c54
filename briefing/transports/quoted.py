"""Text as the parts of a message carry it: quoted-printable, dot-stuffed, cut at its slots.

Pure. A slot stands between two soft line breaks, so that a reader's value is a line of its own: it
can be encoded by itself and neither it nor its neighbours grow beyond 76 characters. The soft breaks
belong to what stands around a slot: a value that needs no coding is then spliced as it is.
Sources: RFC 2045 section 6.7 (quoted-printable), RFC 5321 section 4.5.2 (dot-stuffing).
"""

import re
from binascii import b2a_qp
from html import escape

from briefing.transports.headers import clean

_CRLF = b"\r\n"
_SOFT = b"=\r\n"
# With the `=` of a soft break, and a dot stuffed in front, a line still has less than 76.
_PIECE = 72
# What stands for itself in quoted-printable and in HTML, on one line: most names and addresses.
_PLAIN = re.compile(rf"(?!\.)[ !#-%(-;?-~]{{0,{_PIECE}}}\Z")


def constant(text: str, *, slot_before: bool, slot_behind: bool) -> bytes:
    """Encode what is the same for every reader; its line ends become CRLF.

    It begins and ends with a soft break where a slot is, else at the end of its last line, still open.
    """
    *lines, last = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    coded = [b2a_qp(line.encode("utf-8", "replace")) for line in lines]
    coded += [_open(last) + b"=", b""] if slot_behind else [b2a_qp(last.encode("utf-8", "replace"))]
    # The coder breaks lines as Unix does.
    whole = _stuffed(b"\n".join(coded).replace(b"\n", _CRLF))
    return _SOFT + whole if slot_before else whole


def value(text: str) -> tuple[bytes, bytes]:
    """Encode a reader's value for the plain text and for the HTML, to stand between soft breaks."""
    if _PLAIN.match(text):
        raw = text.encode("ascii")
        return raw, raw
    text = clean(text)
    return _coded(text), _coded(escape(text))


def _coded(text: str) -> bytes:
    return _stuffed(_open(text).replace(b"\n", _CRLF))


def _open(line: str) -> bytes:
    """Encode a line that a soft break will end, which also guards a space before it."""
    # The `=` is encoded as =3D and taken off again: so the room of the soft break is reckoned with.
    return b2a_qp(line.encode("utf-8", "replace") + b"=")[:-3]


def _stuffed(lines: bytes) -> bytes:
    """Double each dot at the beginning of a line: a dot by itself would end the message."""
    if b"\n." in lines:
        lines = lines.replace(b"\n.", b"\n..")
    return b"." + lines if lines.startswith(b".") else lines
