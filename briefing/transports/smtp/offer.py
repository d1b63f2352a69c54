"""What a server offered in EHLO: which copies it can be handed, and in which words. Pure.

Sources: RFC 1870 (SIZE), RFC 2920 (PIPELINING), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8).
"""

import re
from dataclasses import dataclass
from typing import Self

from briefing.transports.base import Copy

_BRACKET = re.compile("[ <>]")
# ASCII, without what the brackets of an envelope could not hold.
_PLAIN = re.compile(r"[!-;=?-~]*\Z")
_FINAL_DOT_BYTES = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """What the server said. `max_bytes` 0 means that it named no limit."""

    pipelining: bool
    eight_bit: bool
    utf8: bool
    size: bool
    max_bytes: int

    @classmethod
    def from_features(cls, features: dict[str, str]) -> Self:
        """Read smtplib's table of EHLO keywords."""
        named = {keyword.upper(): value.strip() for keyword, value in features.items()}
        limit = named.get("SIZE", "")
        return cls(
            pipelining="PIPELINING" in named,
            eight_bit="8BITMIME" in named,
            utf8="SMTPUTF8" in named,
            size="SIZE" in named,
            max_bytes=int(limit) if limit.isdecimal() else 0,
        )

    def why_not(self, copy: Copy) -> str:
        """Return why this server cannot be handed this copy, or nothing."""
        recipient = copy.recipient
        if not _PLAIN.match(recipient):
            if not recipient.isprintable() or _BRACKET.search(recipient):
                return "553 5.1.3 address cannot be written in an envelope"
            if not self.utf8:
                return "553 5.6.7 server does not offer SMTPUTF8"
        if self.max_bytes and _bytes_of(copy) > self.max_bytes:
            return "552 5.3.4 larger than the server's SIZE"
        return ""

    def envelope(self, envelope_from: str, copy: Copy) -> bytes:
        """Return the three commands that introduce a copy, a line each."""
        size = f" SIZE={_bytes_of(copy)}" if self.size else ""
        if copy.recipient.isascii():
            # Such a copy is ASCII throughout.
            extra = ""
        else:
            extra = " BODY=8BITMIME SMTPUTF8" if self.eight_bit else " SMTPUTF8"
        mail = f"MAIL FROM:<{envelope_from}>{size}{extra}"
        return f"{mail}\r\nRCPT TO:<{copy.recipient}>\r\nDATA\r\n".encode()


def _bytes_of(copy: Copy) -> int:
    """Return the size that SIZE speaks of: without the final dot."""
    assert isinstance(copy.payload, bytes)  # noqa: S101  built by WireComposer
    return len(copy.payload) - _FINAL_DOT_BYTES
