"""What a mail server can answer, or fail to, at every verb; the table in docs/guarantees.md."""

import signal
import time

from briefing.dispatch.outcome import ACCEPTED, COUNTERS, DEFERRED, REJECTED, UNKNOWN
from briefing.models import Delivery, Dispatch
from subscribers.models import Subscriber
from tests.faults.registry import fault
from tests.faults.table import Measured
from tests.faults.verdict import judge
from tests.faults.world import World

# What the sink does (tests/faults/moods.py) -> what the row may say. The body was on the wire in the
# lower ones: then only a definite answer is an answer.
_FATES: dict[str, tuple[int, ...]] = {
    "mail": (ACCEPTED,),
    **dict.fromkeys(("mail-421", "mail-450", "mail-451", "mail-452"), (DEFERRED,)),
    **dict.fromkeys(("rcpt-421", "rcpt-450", "rcpt-451", "rcpt-452"), (DEFERRED,)),
    **dict.fromkeys(("rcpt-550", "rcpt-553", "data-554"), (REJECTED,)),
    **dict.fromkeys(("data-421", "data-451"), (DEFERRED,)),
    **dict.fromkeys(("dot-421", "dot-450", "dot-451", "dot-452"), (DEFERRED,)),
    **dict.fromkeys(("dot-550", "dot-552", "dot-554"), (REJECTED,)),
    "stall": (DEFERRED,),
    "reset": (UNKNOWN, DEFERRED),
    **dict.fromkeys(("drop", "lose", "hang", "drip", "garbage"), (UNKNOWN,)),
}
# A server that hangs at RCPT keeps its readers untried for longer; so does an account that is slowed.
_LAST_SECONDS = 15
_MAY_WAIT = frozenset({"stall", "mail-421"})
_TOO_SLOW = "no reply in time"
_READERS_EACH = 3
# Real troublemakers are few: a server that fails at every other reader counts as down.
_GOOD_FOR_EACH = 9


@fault(
    "SMTP refuses with 421/450/451/452/5xx at each verb, hangs, drips, resets, drops after the dot",
    must="each row as the table of answers says; one call per attempt",
    database="sqlite",
    seconds=120,
)
def smtp_pipelined(world: World) -> Measured:
    """Send to readers whose servers misbehave, good ones between them."""
    return _send(world, list(_FATES))


@fault(
    "the same by a server without PIPELINING",
    must="each row as the table of answers says; one call per attempt",
    database="sqlite",
    seconds=120,
)
def smtp_plain(world: World) -> Measured:
    """One command at a time: MAIL comes before anybody is named, so nothing can go wrong there."""
    world.sink.order("features", "8BITMIME")
    return _send(world, [each for each in _FATES if not each.startswith("mail-")])


def _send(world: World, labels: list[str]) -> Measured:
    domains = []
    for label in labels:
        domains += [f"{label}.example"] + ["good.example"] * _GOOD_FOR_EACH
    dispatch = world.dispatch(len(domains) * _READERS_EACH, domains=domains)
    for _ in range(2):
        world.fork()
    open_batches = dispatch.batches.exclude(state="done")
    world.until(lambda: not open_batches.exists(), seconds=100)
    # Those who were given back with others' trouble come last, and once more.
    untried = dispatch.deliveries.filter(outcome=DEFERRED, attempts=0)
    until = time.monotonic() + _LAST_SECONDS
    while untried.exists() and time.monotonic() < until:
        time.sleep(0.5)  # other processes work
    for each in world.workers:
        each.signal(signal.SIGTERM)
        each.wait(10)
    verdict = judge(dispatch, world.sink.log)
    measured = Measured(
        lost=verdict.lost,
        extra=verdict.extra,
        to_unsubscribed=verdict.to_unsubscribed,
        unknown=verdict.unknown,
        note=f"{len(labels)} answers",
        broken=verdict.broken,
    )
    found = _fates(dispatch)
    for label in labels:
        # Whom a server lets wait, or hangs up on before anybody was named, may still be waiting.
        measured.demand(label in found or label in _MAY_WAIT, f"{label}: nobody was tried")
    for label, fates in found.items():
        allowed = _FATES.get(label, (ACCEPTED,))
        wrong = [f"{COUNTERS[each]} ({code})" for each, code in fates if each not in allowed]
        measured.demand(not wrong, f"{label}: {', '.join(wrong)}")
    burned = Delivery.objects.filter(dispatch=dispatch, attempts__gt=1).count()
    measured.demand(not burned, f"{burned} readers were tried more than once")
    return measured


def _fates(dispatch: Dispatch) -> dict[str, list[tuple[int, str]]]:
    """Return, by the first label of the readers' domains, what became of them."""
    labels = dict(Subscriber.objects.values_list("pk", "domain"))
    found: dict[str, list[tuple[int, str]]] = {}
    # Whoever was given back with others' trouble was not tried at all yet.
    tried = dispatch.deliveries.exclude(outcome=DEFERRED, attempts=0)
    for reader, outcome, code in tried.values_list("subscriber_id", "outcome", "code"):
        label = labels[reader].removesuffix(".example")
        seen = found.setdefault(label, [])
        if outcome == DEFERRED and code == _TOO_SLOW and label != "stall":
            # On a busy machine the sink may not get round to a body within the second that is
            # waited: with the dot still in our hands the copy is as good as unsent.
            continue
        seen.append((outcome, code or ""))
    return found
