"""People who withdraw, and staff who edit and cancel, while the issue is on its way to everybody."""

import random
import time
from datetime import timedelta

from django.utils import timezone

from briefing.dispatch import control
from briefing.dispatch.outcome import CANCELLED, SKIPPED
from briefing.models import Article, Delivery, Dispatch, EditionVariant, Issue
from subscribers import preferences, privacy, suppression, unsubscribe
from subscribers.consent import NOWHERE
from subscribers.models import Subscriber, Subscription
from tests.faults import witness
from tests.faults.registry import fault
from tests.faults.rows.kills import finished
from tests.faults.table import Measured
from tests.faults.world import World

_READERS = 4_000
_EACH = 250


@fault(
    "250 unsubscribes, 250 pauses, 250 complaints, 250 erasures and edits of the issue during a send",
    must="I5: no intent for anybody behind their commit; I6: everybody gets the frozen edition",
    seconds=180,
)
def withdrawals(world: World) -> Measured:
    """Have a thousand readers withdraw in random order while three workers send."""
    world.sink.order("delay", 0.03)
    dispatch = world.dispatch(_READERS)
    frozen = _checksums(dispatch)
    acts = [_unsubscribe, _pause, _complain, _erase] * _EACH
    leaving = random.sample(range(1, _READERS + 1), len(acts))
    for _ in range(3):
        world.fork(prepare=witness.watch)
    world.until(lambda: world.sink.taken() > 0, seconds=20)
    left_at: dict[int, float] = {}
    for number, (reader, act) in enumerate(zip(leaving, acts, strict=True)):
        act(reader)
        left_at[reader] = time.monotonic()
        if number % 100 == 0:
            _edit(dispatch, number)
    world.sink.order("delay", 0)
    measured = finished(world, dispatch)
    measured.recovered_seconds = None
    too_late = [
        reader
        for began, readers in witness.intended()
        for reader in readers
        if began > left_at.get(reader, began)
    ]
    skipped = Delivery.objects.filter(dispatch=dispatch, outcome=SKIPPED).count()
    measured.to_unsubscribed = len(too_late)
    measured.note = f"{skipped} of {len(acts)} withdrew before their intent"
    measured.demand(not too_late, f"I5 {len(too_late)} intents behind a withdrawal")
    measured.demand(0 < skipped < len(acts), "nobody withdrew in the midst of the send")
    measured.demand(_checksums(dispatch) == frozen, "I6 the edition changed under the dispatch")
    return measured


@fault(
    "a cancel during a send",
    must="I8: no intent behind its commit; the rest counts as cancelled",
)
def cancel(world: World) -> Measured:
    """Cancel when a third of the readers have been written to."""
    world.sink.order("delay", 0.03)
    dispatch = world.dispatch(3_000)
    for _ in range(3):
        world.fork(prepare=witness.watch)
    world.until(lambda: world.sink.taken() > 1_000, seconds=60)
    control.cancel(dispatch, reason="the wrong issue")
    cancelled_at = time.monotonic()
    world.sink.order("delay", 0)
    world.until(lambda: not control.cancelled_and_open(), seconds=30)
    took = time.monotonic() - cancelled_at
    measured = finished(world, dispatch)
    measured.recovered_seconds = None
    behind = sum(began > cancelled_at for began, _readers in witness.intended())
    rest = Delivery.objects.filter(dispatch=dispatch, outcome=CANCELLED).count()
    measured.note = f"{rest} cancelled, written down after {took:.1f} s"
    measured.demand(not behind, f"I8 {behind} intents behind the cancel")
    measured.demand(rest, "nobody was left to be cancelled")
    return measured


def _unsubscribe(reader: int) -> None:
    newsletter_id = Subscription.objects.values_list("newsletter_id", flat=True).get(
        subscriber_id=reader
    )
    unsubscribe.one_click(reader, newsletter_id, origin=NOWHERE, now=timezone.now())


def _pause(reader: int) -> None:
    row = Subscription.objects.select_related("subscriber").get(subscriber_id=reader)
    choices = preferences.Choices(
        topics=(),
        frequency=row.frequency,
        paused_until=(timezone.now() + timedelta(days=30)).date(),
        locale="en",
        time_zone="",
        format="html",
        tracking_allowed=False,
    )
    preferences.choose(row, choices, origin=NOWHERE, now=timezone.now())


def _complain(reader: int) -> None:
    suppression.suppress_reader(reader, suppression.Reason.COMPLAINT, now=timezone.now())


def _erase(reader: int) -> None:
    key = Subscriber.objects.values_list("address_key", flat=True).get(pk=reader)
    if key:
        privacy.erase(key, now=timezone.now())


def _edit(dispatch: Dispatch, number: int) -> None:
    """Change what the issue is made of; what is being sent was frozen before."""
    Issue.objects.filter(pk=dispatch.issue_id).update(subject=f"Edited {number} times")
    Article.objects.update(headline=f"Edited {number} times")


def _checksums(dispatch: Dispatch) -> list[tuple[str, list[str]]]:
    rows = EditionVariant.objects.filter(edition_id=dispatch.edition_id)
    return [(row.sha256, row.subject) for row in rows.order_by("pk")]
