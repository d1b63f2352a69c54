"""The file in which a demo copy's mail arrives: the sink writes it, the inbox and `up` read it."""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import HeaderParser
from pathlib import Path

_TABLE = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    mail_from TEXT NOT NULL,
    recipients TEXT NOT NULL,
    header_from TEXT NOT NULL,
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    raw BLOB NOT NULL
)
"""
_LISTED = "id, at, mail_from, recipients, header_from, subject, message_id, bytes"
_INSERT = (
    "INSERT INTO mail (at, mail_from, recipients, header_from, subject, message_id, bytes, raw)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_parser = HeaderParser()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as the sink took it: its envelope and its bytes. `at` is seconds since 1970."""

    at: float
    mail_from: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the inbox. `message_id` is without its angle brackets."""

    id: int
    at: float
    mail_from: str
    recipients: tuple[str, ...]
    header_from: str
    subject: str
    message_id: str
    bytes: int


class Mailbox:
    """An open mail file. Each process and thread opens its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep(self, arrivals: Iterable[Arrival]) -> None:
        """Store messages in one transaction; on return they outlive a kill of this process."""
        rows = [_row(arrival) for arrival in arrivals]
        with self._connection:
            self._connection.executemany(_INSERT, rows)

    def count(self, search: str = "") -> int:
        """Return how many messages match."""
        where, values = _where(search)
        query = f"SELECT count(*) FROM mail WHERE {where}"  # noqa: S608  values are bound
        count: int = self._connection.execute(query, values).fetchone()[0]
        return count

    def page(self, *, search: str = "", before: int | None = None, size: int = 50) -> list[Listed]:
        """Return messages newest first, those older than id `before`."""
        where, values = _where(search)
        if before is not None:
            where, values = f"{where} AND id < ?", [*values, before]
        query = f"SELECT {_LISTED} FROM mail WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608  as above
        return [_listed(row) for row in self._connection.execute(query, [*values, size])]

    def since(self, last_id: int) -> Iterator[Listed]:
        """Yield messages newer than id `last_id`, oldest first."""
        query = f"SELECT {_LISTED} FROM mail WHERE id > ? ORDER BY id"  # noqa: S608  a list of columns
        for row in self._connection.execute(query, [last_id]):
            yield _listed(row)

    def listed(self, mail_id: int) -> Listed | None:
        """Return one message's line, if it exists."""
        query = f"SELECT {_LISTED} FROM mail WHERE id = ?"  # noqa: S608  a list of columns
        row = self._connection.execute(query, [mail_id]).fetchone()
        return _listed(row) if row else None

    def raw(self, mail_id: int) -> bytes | None:
        """Return one message's bytes exactly as they arrived, if it exists."""
        row = self._connection.execute("SELECT raw FROM mail WHERE id = ?", [mail_id]).fetchone()
        return zlib.decompress(row[0]) if row else None


@contextmanager
def writing(path: Path) -> Iterator[Mailbox]:
    """Open the file to write to it, made if it is missing; any one thread may use it at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, check_same_thread=False)) as connection:
        # In the write-ahead log a commit has left the process: a kill cannot take it back.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_TABLE)
        yield Mailbox(connection)


@contextmanager
def reading(path: Path) -> Iterator[Mailbox]:
    """Open the file to read it; where none exists yet, an empty one in memory stands in."""
    exists = path.is_file()
    name = f"{path.absolute().as_uri()}?mode=ro" if exists else ":memory:"
    with closing(sqlite3.connect(name, uri=exists)) as connection:
        if not exists:
            connection.execute(_TABLE)
        yield Mailbox(connection)


def _where(search: str) -> tuple[str, list[str | int]]:
    """Return the condition for a search by recipient or subject, and its values."""
    if not search:
        return "1", []
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    return "(recipients LIKE ? ESCAPE '\\' OR subject LIKE ? ESCAPE '\\')", [pattern, pattern]


def _row(arrival: Arrival) -> tuple[float, str, str, str, str, str, int, bytes]:
    # Headers may be UTF-8 as they stand (RFC 6532); a byte that is not becomes a visible mark.
    head = arrival.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    headers = _parser.parsestr(head)
    return (
        arrival.at,
        arrival.mail_from,
        json.dumps(arrival.recipients, ensure_ascii=False),
        _decoded(headers.get("From", "")),
        _decoded(headers.get("Subject", "")),
        headers.get("Message-ID", "").strip().strip("<>"),
        len(arrival.raw),
        # An issue to thousands is mostly the same text: the fastest level takes four fifths away.
        zlib.compress(arrival.raw, level=1),
    )


def _decoded(value: str) -> str:
    """Decode a header for people; what cannot be decoded is shown as it came."""
    with suppress(HeaderParseError, LookupError, ValueError):
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def _listed(row: tuple[int, float, str, str, str, str, str, int]) -> Listed:
    mail_id, at, mail_from, recipients, header_from, subject, message_id, size = row
    return Listed(
        id=mail_id,
        at=at,
        mail_from=mail_from,
        recipients=tuple(json.loads(recipients)),
        header_from=header_from,
        subject=subject,
        message_id=message_id,
        bytes=size,
    )
