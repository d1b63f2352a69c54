"""Values as a message's headers carry them: in ASCII, folded, and unable to begin another header.

Pure. Sources: RFC 5322 (format, section 2.1.1 for the length of lines), RFC 2047 (encoded words).
"""

import re
import time
from email.header import Header
from email.utils import formatdate
from functools import lru_cache

from django.utils.encoding import punycode

# RFC 5322 asks for 78; a line with encoded words may have 76 (RFC 2047 section 2).
_LINE = 76
# C0 and C1 controls, line and paragraph separators, marks that turn the reading direction, and
# halves of surrogate pairs, which no encoding can carry.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_NEEDS_BACKSLASH = re.compile(r'["\\]')
# What cannot be broken must leave room for the header's name; longer, it becomes encoded words.
_LONGEST_WORD = 60
# So long may name and address be to stand on one line, behind the longest header's name of ours.
_PLAIN_MAILBOX = _LINE - len("From:  <>")
# Words with single spaces between them, each of which can stand on a line.
_FOLDABLE = re.compile(rf"[!-~]{{1,{_LONGEST_WORD}}}( [!-~]{{1,{_LONGEST_WORD}}})*\Z")


def clean(value: str) -> str:
    """Take out of a reader's value what could start a header, a line or another direction."""
    return value if value.isprintable() else _UNSAFE.sub("", value)


@lru_cache(maxsize=4096)
def header_text(value: str, *, header: str) -> bytes:
    """Return free text for a header: as it is where ASCII allows it, else as encoded words."""
    value = clean(value)
    if not _FOLDABLE.match(value) or "=?" in value:
        return _encoded(value, header=header) if value else b""
    folded = Header(value, "us-ascii", maxlinelen=_LINE, header_name=header)
    return folded.encode(splitchars=" ", linesep="\r\n").encode("ascii")


def mailbox(name: str, address: str, *, header: str = "To") -> bytes:
    """Return `Name <address>` for a header; the address has a line of its own where it needs one.

    An address with other than ASCII letters stays UTF-8: only SMTPUTF8 servers are handed it.
    """
    # Nearly every reader: a name of plain words, and an address that fits on its line.
    if len(name) + len(address) <= _PLAIN_MAILBOX and _ATOMS.match(name) and "=?" not in name:
        return f"{name} <{clean(address)}>".encode()
    return named(name, clean(address).encode(), header=header)


def named(name: str, identifier: bytes, *, header: str) -> bytes:
    """Return a display name and what it names, in angle brackets."""
    phrase = _phrase(name, header=header)
    if not phrase:
        return b"<%s>" % identifier
    last = len(phrase) - phrase.rfind(b"\n") - 1
    begins = len(header) + 2 if last == len(phrase) else 0
    fits = begins + last + len(identifier) + 3 <= _LINE
    return b"%s%s<%s>" % (phrase, b" " if fits else b"\r\n ", identifier)


@lru_cache(maxsize=4096)
def _phrase(name: str, *, header: str) -> bytes:
    """Return a display name as atoms, as a quoted string or as encoded words.

    Source: RFC 5322 section 3.2.5; RFC 2047 section 5 (3).
    """
    name = clean(name).strip()
    if name.isascii() and "=?" not in name:
        phrase = name
        if name and not _ATOMS.match(name):
            escaped = _NEEDS_BACKSLASH.sub(r"\\\g<0>", name)
            phrase = f'"{escaped}"'
        if len(phrase) <= _LONGEST_WORD:
            return phrase.encode("ascii")
    return _encoded(name, header=header)


def _encoded(value: str, *, header: str) -> bytes:
    words = Header(value, "utf-8", maxlinelen=_LINE, header_name=header)
    return words.encode(linesep="\r\n").encode("ascii")


def ascii_address(address: str) -> str:
    """Return a newsletter's own address with its domain as DNS and every server know it."""
    local, _at, domain = clean(address).rpartition("@")
    return f"{local}@{punycode(domain)}"


def date_header() -> bytes:
    """Return the time now as the Date header writes it. Source: RFC 5322 section 3.3."""
    return _date_at(int(time.time()))


@lru_cache(maxsize=1)
def _date_at(second: int) -> bytes:
    """Format a time; thousands of copies share a second, and formatting one takes 7 us."""
    return formatdate(second).encode("ascii")
