"""Does the time of a signup tell whether an address is known? Posts of both kinds, mixed by lot.

The known ones are readers in every state; the unknown ones were never seen. Each visitor has a
network of their own, told by a proxy that the copy trusts, so that no limit is reached.
"""

import random
import time
from typing import Any

from django.test import Client
from django.utils import timezone

from subscribers import consent, links, suppression
from subscribers.models import Subscription
from tests.benchmarks import world

_STATES = 4


def asked(number: int) -> dict[str, Any]:
    """Post so many of each kind; return how long each took, in seconds, in the order of asking."""
    newsletter = world.readers(number)
    _part(number)
    consent.publish_notice("signup", version=1, locale="en", text="Yes.\n", now=timezone.now())
    order = [(kind, each) for kind in ("known", "unknown") for each in range(1, number + 1)]
    random.Random(1).shuffle(order)
    client = Client(headers={"host": "127.0.0.1"})
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    # The first ones compile templates and open connections.
    for place, (kind, each) in enumerate([("unknown", 10**6 + n) for n in range(50)] + order):
        name = "reader" if kind == "known" else "nobody"
        filled = {
            "email": f"{name}{each}@mail.example",
            "newsletter": newsletter.slug,
            "stamp": links.make("stamp", links.now() - 30),
        }
        network = f"10.{place >> 16}.{place >> 8 & 255}.{place & 255}"
        began = time.perf_counter()
        answer = client.post("/signup/", filled, headers={"X-Forwarded-For": network})
        took = time.perf_counter() - began
        assert answer.status_code == 302, answer.status_code
        if place >= 50:
            times[kind].append(took)
    return times


def _part(number: int) -> None:
    """Let a quarter each of the readers be subscribed, have left, be suppressed, be erased."""
    now = timezone.now()
    quarter = number // _STATES
    Subscription.objects.filter(subscriber_id__gt=quarter, subscriber_id__lte=2 * quarter).update(
        state=Subscription.State.UNSUBSCRIBED, unsubscribed_at=now
    )
    for each in range(2 * quarter + 1, number + 1):
        erased = each > 3 * quarter
        reason = suppression.Reason.ERASED if erased else suppression.Reason.COMPLAINT
        suppression.suppress(f"reader{each}@mail.example", reason, now=now)
