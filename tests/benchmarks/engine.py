"""One measurement of the engine in a fresh process; prints one line of JSON.

`python -m tests.benchmarks.engine MODE` with the copy's settings in the environment. Modes:
`prepare N` fills the database; `drain N` plans and drains a new dispatch; `state N` does so with
copies that cost nothing, `floor` then writes its rows into a bare table; `first N` starts so many with
a warm worker beside it; `django N` sends by Django's own mail, one connection for each message;
`counted N` counts the audience so many times; `screens N` opens the reports at so many deliveries;
`asked N` signs up so many known and so many unknown addresses; `imported N` brings a list over,
`bare_import` writes its rows into bare tables, `exported` takes it along, `bare_export` by one COPY.
"""

import json
import os
import resource
import select
import subprocess
import sys
import time
from datetime import timedelta
from typing import IO, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "briefing.settings")

import django

django.setup()

from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from briefing.dispatch import planner, sender
from briefing.dispatch.copies import CopyMaker
from briefing.dispatch.journal import Journal
from briefing.dispatch.progress import measure
from briefing.dispatch.results import copy_key
from briefing.dispatch.sql.rows import ReaderRow
from briefing.transports import accounts
from briefing.transports.base import Copy
from subscribers import audience
from subscribers.models import Newsletter
from tests.benchmarks import asking, floor, reports, screens, transfer, world


def prepare(number: int) -> dict[str, Any]:
    """Create the tables and so many readers."""
    call_command("migrate", verbosity=0)
    started = time.monotonic()
    if number:
        world.readers(number)
    return {"seconds": time.monotonic() - started}


def drain(number: int) -> dict[str, Any]:
    """Plan a dispatch, then drain it; figures are of the drain alone, planning beside them."""
    dispatch = world.dispatch(Newsletter.objects.get())
    started = time.monotonic()
    planner.plan(dispatch.pk, ring=lambda _id: None)
    planned = time.monotonic()
    memory, cpu = _memory(), _cpu()
    report = sender.drain(dispatch.pk, accounts.transport(), seconds=3600)
    seconds = time.monotonic() - planned
    progress = measure(dispatch.pk)
    return {
        "messages": report.handed_over,
        "per_second": report.handed_over / seconds,
        "cpu_us": (_cpu() - cpu) / max(1, report.handed_over) * 1e6,
        "plan_seconds": planned - started,
        "seconds": seconds,
        "memory_mb": _memory(),
        "grown_mb": _memory() - memory,
        "accepted": progress.by_outcome["accepted"],
        "complete": progress.over and progress.planned == number,
        "bytes_each": _bytes_each(),
    }


def state(number: int) -> dict[str, Any]:
    """Return what the database's side costs a row: copies cost nothing here, and nothing is sent."""

    def make(self: CopyMaker, reader: ReaderRow, *, position: int) -> Copy:
        return Copy(
            position,
            reader.subscriber_id,
            copy_key(self._dispatch_id, reader.address_hash),
            "",
            b"",
        )

    CopyMaker.make = make  # type: ignore[method-assign]  # splicing is measured apart
    figures = drain(number)
    return figures | {"us_each": figures["seconds"] / number * 1e6}


def first(times: int) -> dict[str, Any]:
    """Return how long after *running* a warm worker starts the first message, so many times."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.engine", "worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdin
    assert worker.stdout
    try:
        seconds = [_first(worker.stdin, worker.stdout) for _ in range(times)]
    finally:
        worker.terminate()
        worker.wait()
    return {"seconds": seconds}


def _first(bell: IO[str], answers: IO[str]) -> float:
    assert answers.readline() == "warm\n"
    dispatch = world.dispatch(Newsletter.objects.get())
    running_at = time.monotonic()
    rung: list[int] = []

    def ring(dispatch_id: int) -> None:
        if not rung:
            rung.append(dispatch_id)
            print(dispatch_id, file=bell, flush=True)

    # Of a million readers most are still to be planned by then, which is no part of the wait.
    planner.plan(
        dispatch.pk,
        ring=ring,
        is_stopping=lambda: bool(select.select([answers], [], [], 0)[0]),
    )
    return float(answers.readline()) - running_at


def worker(_number: int) -> dict[str, Any]:
    """Wait for dispatches on standard input and print when the first message of each was started."""
    transport = accounts.transport()
    measure_connection = connection.cursor()
    measure_connection.execute("SELECT 1")
    told: list[float] = []
    noted = Journal.started

    def started(self: Journal, copy: Any) -> None:
        if not told:
            told.append(time.monotonic())
            print(told[0], flush=True)
        noted(self, copy)

    Journal.started = started  # type: ignore[method-assign]  # measured from outside the product
    while True:
        print("warm", flush=True)
        if not (line := sys.stdin.readline()):
            return {}
        told.clear()
        sender.drain(int(line), transport, seconds=1)


def naive(number: int) -> dict[str, Any]:
    """Send the same message by Django's own way, one connection for each."""
    body = "A plant in Nagoya lets its robots stop and call a person. " * 60
    cpu, begun = _cpu(), time.monotonic()
    for index in range(number):
        message = EmailMultiAlternatives(
            "Robots that ask first",
            body,
            "The Robotics Briefing <desk@news.example>",
            [f"Reader {index} <reader{index}@mail.example>"],
            headers={"List-Unsubscribe": "<https://news.example/one-click/x/>"},
            connection=accounts.backend("bulk"),
        )
        message.attach_alternative(f"<html><body>{body * 4}</body></html>", "text/html")
        message.send()
    seconds = time.monotonic() - begun
    return {"per_second": number / seconds, "cpu_us": (_cpu() - cpu) / number * 1e6}


def counted(times: int) -> dict[str, Any]:
    """Count the audience so many times, as the send screen does: reasons, and the change."""
    newsletter, now = Newsletter.objects.get(), timezone.now()
    since = now - timedelta(days=7)
    seconds = []
    for _ in range(times):
        started = time.monotonic()
        found = audience.count(newsletter, now=now, since=since)
        seconds.append(time.monotonic() - started)
    started = time.monotonic()
    audience.combinations(newsletter, now=now)
    return {
        "seconds": seconds,
        "candidates": found.candidates,
        "combinations_seconds": time.monotonic() - started,
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _bytes_each() -> float | None:
    """Return what a delivery takes with its indexes, where the database can tell."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM briefing_delivery")
        rows = int(cursor.fetchone()[0])
        if not rows:
            return None
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size('briefing_delivery')")
        else:
            cursor.execute(
                "SELECT SUM(pgsize) FROM dbstat WHERE name IN "
                "(SELECT name FROM sqlite_master WHERE tbl_name = 'briefing_delivery')"
            )
        return float(cursor.fetchone()[0]) / rows


if __name__ == "__main__":
    modes = {
        "prepare": prepare,
        "drain": drain,
        "state": state,
        "floor": floor.floor,
        "first": first,
        "worker": worker,
        "django": naive,
        "events": reports.events,
        "events_at_once": reports.events_at_once,
        "fold_along": reports.fold_along,
        "bare": reports.bare,
        "references": reports.references,
        "fold_all": reports.fold_all,
        "counted": counted,
        "screens": screens.screens,
        "asked": asking.asked,
        "imported": transfer.imported,
        "bare_import": transfer.bare_import,
        "exported": transfer.exported,
    }
    result = modes[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    if result:
        print(json.dumps(result), flush=True)
