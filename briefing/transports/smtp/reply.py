"""What a server says while copies are handed over, and what a refusal means. Pure.

Sources: RFC 5321 sections 4.2 (replies) and 4.3.2 (which belong to which command), RFC 3463
(enhanced codes), RFC 4954 section 6 (530).
"""

import re
from typing import NamedTuple

from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.transports.headers import clean

CLOSING = 421
GO_AHEAD = 354

# RFC 5321 section 4.5.3.1.5 allows 512; some servers explain themselves at length.
_MAX_LINE_BYTES = 8192
_LINE = re.compile(rb"\d{3}([ -]|\r?\Z)")
_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>]+>?")
# What comes most often, in one piece: a copy was taken, and the envelope of the next one as well.
_ALL_WELL = re.compile(rb"2\d\d [^\n]*\n" * 3 + rb"354 [^\n]*\n\Z")
# Said of us, not of the reader: commands out of order, or no login.
_ABOUT_US = frozenset({500, 502, 503, 504, 530, 535, 538})
# Of a reader's address, mailbox or the way there: subjects 1, 2 and 4, but for a sender's address.
_OF_READER = re.compile(r"5\d\d[ -]5\.(1\.(?![78]\b)|[24]\.)\d")
_TOO_LARGE = re.compile(rb"552|5\d\d[ -]5\.3\.4\b")


class Reply(NamedTuple):
    """One whole reply; of several lines the first, which says most."""

    code: int
    line: bytes

    def __str__(self) -> str:
        """Never holds an address: replies like to quote them."""
        words = clean(self.line[4:].decode("utf-8", "replace"))
        return f"{self.code} {_ADDRESS.sub('<address>', words)}"[:120].rstrip()


class Replies:
    """Cuts what arrives into replies. `unreadable` says that what came last is not SMTP."""

    def __init__(self) -> None:
        self.unreadable = False
        self._rest = b""
        self._first = b""

    def all_well(self, data: bytes) -> bool:
        """Whether four replies came whole, 2xx three times and then 354; if not, `feed` the data."""
        begun = self._rest or self._first
        return not begun and _ALL_WELL.match(data) is not None

    def feed(self, data: bytes) -> list[Reply]:
        """Return the replies that are complete now, those before anything unreadable included."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found = []
        for line in lines:
            if not _LINE.match(line) or len(line) > _MAX_LINE_BYTES:
                self.unreadable = True
                break
            self._first = self._first or line
            if line[3:4] != b"-":
                found.append(Reply(int(line[:3]), self._first.rstrip()))
                self._first = b""
        self.unreadable |= len(self._rest) > _MAX_LINE_BYTES
        return found


def of_message(reply: Reply) -> int:
    """Return what the reply after the dot means: 4xx is definite for now, 5xx for ever."""
    if 200 <= reply.code < 300:
        return ACCEPTED
    if 400 <= reply.code < 500:
        return DEFERRED
    return REJECTED if 500 <= reply.code < 600 else UNKNOWN


def of_envelope(stage: str, reply: Reply, *, utf8: bool) -> int | None:
    """Return what a refused MAIL, RCPT or DATA means for the copy.

    None when it is not about this copy: the server refuses our sender, our login or the order of
    our commands, and would refuse every reader alike. `utf8` tells that SMTPUTF8 was asked for.
    """
    if 400 <= reply.code < 500:
        return DEFERRED
    if stage == "mail":
        # MAIL is the same for every reader, but for the size and the wish for SMTPUTF8.
        return REJECTED if utf8 or _TOO_LARGE.match(reply.line) else None
    return None if reply.code in _ABOUT_US else REJECTED


def blames_reader(code: str) -> bool:
    """Whether a refusal, as it stands beside a copy, says that it is the reader's and nobody else's."""
    return _OF_READER.match(code) is not None
