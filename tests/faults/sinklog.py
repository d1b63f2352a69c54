"""The sink's log: one line for each message that was taken, written before its answer. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# How the readers of a fault test are called: the number is the reader's id.
READER = re.compile(rb"reader(\d+)@")
_MESSAGE_ID = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that the sink took. `strangers` counts other readers' addresses in it."""

    at: float
    reader: int
    recipients: int
    strangers: int
    reference: str


def line_of(at: float, recipients: list[str], content: bytes) -> bytes:
    """Return the line of a message."""
    own = READER.match(recipients[0].encode()) if recipients else None
    reader = own[1] if own else b"0"
    strangers = sum(number != reader for number in READER.findall(content))
    found = _MESSAGE_ID.search(content)
    reference = found[1].decode("ascii", "replace") if found else "-"
    return f"{at:.6f} {reader.decode()} {len(recipients)} {strangers} {reference}\n".encode()


def read(path: Path) -> Iterator[Taken]:
    """Yield what was taken. A last line cut short by a kill was not answered for."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        at, reader, recipients, strangers, reference = line.decode().split(" ")
        yield Taken(float(at), int(reader), int(recipients), int(strangers), reference)


def copies(path: Path) -> Counter[int]:
    """Return how many copies each reader has."""
    return Counter(taken.reader for taken in read(path))
