"""What it costs to keep, fold and count what providers report, in this process's copy."""

import subprocess
import sys
import time
from collections.abc import Iterator
from select import select
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from briefing.dispatch import planner, sender
from briefing.models import Delivery, Dispatch, Event, EventCount, Unfolded
from briefing.tracking import apply, record, turn
from briefing.tracking.record import Report
from briefing.transports import accounts
from subscribers import links
from subscribers.models import Newsletter
from tests.benchmarks import world

_A_POST = 500
# As a provider tells of an issue: nearly all arrive, some are opened, few bounce, some come twice.
_DEFERRED_EVERY = 20
_SOFT_EVERY = 200
_OPENED_EVERY = 3
_TWICE_EVERY = 10


def events(readers: int) -> dict[str, Any]:
    """Dispatch to nowhere, then keep and fold the reports of it; repeated ones count as events."""
    dispatch = _dispatched()
    posts = list(_posts(dispatch.pk, readers))
    number = sum(map(len, posts))
    began = time.monotonic()
    for post in posts:
        record.keep(post, now=timezone.now())
    kept = time.monotonic()
    while apply.fold(now=timezone.now()):
        pass
    ended = time.monotonic()
    return {
        "events": number,
        "per_second": number / (ended - began),
        "kept_us": (kept - began) / number * 1e6,
        "folded_us": (ended - kept) / number * 1e6,
        "complete": _is_complete(dispatch, readers),
    }


def events_at_once(readers: int) -> dict[str, Any]:
    """Do the same as production does: one process keeps while another folds."""
    dispatch = _dispatched()
    posts = list(_posts(dispatch.pk, readers))
    command = [sys.executable, "-m", "tests.benchmarks.engine", "fold_along"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as folding:
        assert folding.stdin
        assert folding.stdout
        folding.stdout.readline()
        began = time.monotonic()
        for post in posts:
            record.keep(post, now=timezone.now())
        folding.stdin.close()
        folding.wait()
        seconds = time.monotonic() - began
    return {
        "per_second": sum(map(len, posts)) / seconds,
        "complete": _is_complete(dispatch, readers),
    }


def fold_along(_readers: int) -> None:
    """Say that this process is warm, and fold until its input ends and there is nothing more."""
    apply.fold(now=timezone.now())
    print("ready", flush=True)
    over = False
    while (folded := apply.fold(now=timezone.now())) or not over:
        # Many at once cost less each; production rings once a second.
        wait = 0.0 if folded >= apply.AT_ONCE else 0.1
        over = over or bool(select([sys.stdin], [], [], wait)[0])


def bare(_readers: int) -> dict[str, Any]:
    """Return how fast the same rows are copied, a post at a time, into a table with the same indexes.

    It is the least that rows can cost here: nobody asks whether they are there, and nobody folds them.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_event")
        cursor.execute("CREATE TABLE bare_event (LIKE briefing_event INCLUDING ALL)")
        with cursor.copy("COPY briefing_event TO STDOUT") as told:
            rows = b"".join(told).splitlines(keepends=True)
        began = time.monotonic()
        for place in range(0, len(rows), _A_POST):
            with transaction.atomic(), cursor.copy("COPY bare_event FROM STDIN") as copying:
                copying.write(b"".join(rows[place : place + _A_POST]))
        return {"per_second": len(rows) / (time.monotonic() - began)}


def references(_readers: int) -> dict[str, Any]:
    """Dispatch to nowhere; return the reference that each reader's copy carried."""
    dispatch = _dispatched()
    rows = Delivery.objects.filter(dispatch=dispatch).values_list("subscriber_id", flat=True)
    sign = links.signer("reference")
    return {"references": [sign(dispatch.pk, reader) for reader in rows]}


def fold_all(_readers: int) -> dict[str, Any]:
    """Fold whatever was posted; return how much there was, and how fast it went."""
    number = Event.objects.count()
    began = time.monotonic()
    while apply.fold(now=timezone.now()):
        pass
    seconds = time.monotonic() - began
    assert not Unfolded.objects.exists()
    return {"events": number, "per_second": number / seconds}


def _dispatched() -> Dispatch:
    dispatch = world.dispatch(Newsletter.objects.get())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    sender.drain(dispatch.pk, accounts.transport(), seconds=3600)
    Event.objects.all().delete()
    return dispatch


def _is_complete(dispatch: Dispatch, readers: int) -> bool:
    counted = dict(EventCount.objects.filter(dispatch=dispatch).values_list("kind", "number"))
    delivered = counted.get(turn.BITS[Event.Kind.DELIVERED])
    return delivered == readers and not Unfolded.objects.exists()


def _posts(dispatch_id: int, readers: int) -> Iterator[list[Report]]:
    post: list[Report] = []
    for reader in range(1, readers + 1):
        kinds = [Event.Kind.DELIVERED]
        kinds += [Event.Kind.DEFERRED] * (reader % _DEFERRED_EVERY == 0)
        kinds += [Event.Kind.SOFT_BOUNCED] * (reader % _SOFT_EVERY == 0)
        kinds += [Event.Kind.OPENED] * (reader % _OPENED_EVERY == 0)
        post += [_report(dispatch_id, reader, kind) for kind in kinds]
        post += [_report(dispatch_id, reader, kinds[0])] * (reader % _TWICE_EVERY == 0)
        if len(post) >= _A_POST or reader == readers:
            yield post
            post = []


def _report(dispatch_id: int, reader: int, kind: str) -> Report:
    return Report(
        provider="postmark",
        key=f"{dispatch_id}-{reader}-{kind}",
        kind=kind,
        at=timezone.now(),
        dispatch_id=dispatch_id,
        subscriber_id=reader,
        payload={"RecordType": "Delivery", "MessageStream": "broadcast", "Recipient": "[address]"},
    )
