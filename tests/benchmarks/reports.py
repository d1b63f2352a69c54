"""What it costs to keep, fold and count what providers report, in this process's copy."""

import time
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from briefing.dispatch import planner, sender
from briefing.models import Delivery, Event, EventCount, Unfolded
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
    dispatch = world.dispatch(Newsletter.objects.get())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    sender.drain(dispatch.pk, accounts.transport(), seconds=3600)
    Event.objects.all().delete()
    posts = list(_posts(dispatch.pk, readers))
    number = sum(map(len, posts))
    began = time.monotonic()
    for post in posts:
        record.keep(post, now=timezone.now())
    kept = time.monotonic()
    while apply.fold(now=timezone.now()):
        pass
    ended = time.monotonic()
    counted = dict(EventCount.objects.filter(dispatch=dispatch).values_list("kind", "number"))
    return {
        "events": number,
        "per_second": number / (ended - began),
        "kept_us": (kept - began) / number * 1e6,
        "folded_us": (ended - kept) / number * 1e6,
        "complete": counted.get(turn.BITS[Event.Kind.DELIVERED]) == readers
        and not Unfolded.objects.exists(),
    }


def references(_readers: int) -> dict[str, Any]:
    """Dispatch to nowhere; return the reference that each reader's copy carried."""
    dispatch = world.dispatch(Newsletter.objects.get())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    sender.drain(dispatch.pk, accounts.transport(), seconds=3600)
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
