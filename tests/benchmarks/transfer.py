"""What it costs to bring a list over and to take one along, and the least that its rows can cost.

`imported` reads and brings a list in this copy; `bare_import` then writes the very rows it made once
more into bare tables with the same indexes, in portions of the same size; `exported` takes them along.
"""

import os
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from subscribers.models import (
    ConsentContext,
    ConsentRecord,
    Newsletter,
    Subscriber,
    Subscription,
    Tally,
)
from subscribers.transfer import exporting, importing, reading
from tests.benchmarks import bare

_HEADER = "Email Address,First Name,Last Name,OPTIN_TIME,CONFIRM_TIME,LEID,EUID\n"
# Like real lists: a few large domains, a long tail, and six years in which they grew.
_LARGE = ("mail.example.com", "post.example.org", "inbox.example.net")
_SMALL_DOMAINS = 2000
_YEARS_SECONDS = 6 * 365 * 86_400
_WARM = 200
# What an export says of a reader, as it stands in the tables.
_EVERYTHING = """
SELECT p.address, p.name, s.state, s.confirmed_at, s.unsubscribed_at, s.paused_until, s.frequency,
       p.locale, p.time_zone, p.format, s.source
FROM subscribers_subscription s JOIN subscribers_subscriber p ON p.id = s.subscriber_id
"""
_KEYS = {"subscribers_consentcontext": "record_id"}


def imported(number: int) -> dict[str, Any]:
    """Bring a list of so many readers over, as `manage.py import_subscribers` does."""
    newsletter = Newsletter.objects.create(
        slug="letter", name="A letter", from_address="a@b.example"
    )
    ground = importing.Ground(newsletter, "Signed up at the fair", date(2020, 5, 6))
    # What is loaded and remembered on the first rows is not the list's.
    _bring(_list(_WARM, first=number), ground)
    file = _list(number, first=0)
    with _used() as used:
        added = _bring(file, ground)
    assert added == number, added
    return used | {"rows": number}


def bare_import(_number: int) -> dict[str, Any]:
    """Write the rows that `imported` made once more, where nothing but their indexes is kept."""
    models = (Subscriber, Subscription, ConsentRecord, ConsentContext, Tally)
    with _used() as used:
        seconds = sum(_written_bare(model._meta.db_table) for model in models)
    return used | {"seconds": seconds}


def exported(times: int) -> dict[str, Any]:
    """Take the list along so many times, as the desk does, each time beside one bare statement."""
    newsletter = Newsletter.objects.get()
    seconds, bare_seconds, cpu = [], [], []
    for _ in range(times):
        with _used() as used:
            lines = sum(part.count("\n") for part in exporting.lines(newsletter))
        seconds.append(used["seconds"])
        cpu.append(used["cpu_seconds"])
        bare_seconds.append(_read_bare())
    return {
        "rows": lines - 1,
        "seconds": seconds,
        "bare_seconds": bare_seconds,
        "cpu_seconds": sum(cpu) / times,
    }


def _read_bare() -> float:
    begun = time.monotonic()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY ({_EVERYTHING}) TO STDOUT (FORMAT csv)") as copying:
                sum(len(part) for part in copying)
        else:
            cursor.execute(_EVERYTHING)
            sum(len(part) for part in iter(lambda: cursor.fetchmany(1000), []))
    return time.monotonic() - begun


def _written_bare(real: str) -> float:
    made, columns = bare.make(real), _columns(real)
    with connection.cursor() as cursor:
        # Values as they are kept: no converter of Django's, and on PostgreSQL no Python object.
        cursor.execute(f"SELECT {columns} FROM {real} ORDER BY 1")
        rows = cursor.fetchall()
    parts = (rows[at : at + importing.PORTION] for at in range(0, len(rows), importing.PORTION))
    return sum(bare.write(made, columns, part) for part in parts)


def _bring(file: Path, ground: importing.Ground) -> int:
    now = timezone.now()
    with file.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as lines:
        steps = importing.bring(reading.read(lines, {}, now=now).rows, ground, now=now)
        return sum(step.counts["added"] for step in steps)


def _list(number: int, *, first: int) -> Path:
    chance = random.Random(first)
    file = Path(os.environ["LOCAL_DIR"]) / f"list-{first}.csv"
    with file.open("w") as lines:
        lines.write(_HEADER)
        for each in range(first, first + number):
            domain = (
                chance.choice(_LARGE)
                if chance.random() < 0.7
                else f"d{chance.randrange(_SMALL_DOMAINS)}.example.com"
            )
            at = datetime(2018, 1, 1) + timedelta(seconds=chance.randrange(_YEARS_SECONDS))  # noqa: DTZ001  as a list has it
            lines.write(
                f'Reader.{each}@{domain},Reader,Number {each},"{at}","{at}",{each},e{each}\n'
            )
    return file


@contextmanager
def _used() -> Iterator[dict[str, float]]:
    """Measure seconds, processor seconds and by how many MB the process grows."""
    used: dict[str, float] = {}
    cpu, memory, begun = time.process_time(), _memory(), time.monotonic()
    yield used
    used["seconds"] = time.monotonic() - begun
    used["cpu_seconds"] = time.process_time() - cpu
    used["grown_mb"] = _memory() - memory


def _columns(real: str) -> str:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, real)
    return ", ".join(
        sorted((each.name for each in found), key=lambda name: name != _KEYS.get(real, "id"))
    )


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
