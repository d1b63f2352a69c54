"""What a provider reports: many times over, in any order, too early, forged, while things break."""

import signal
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from briefing.dispatch import fate, sender
from briefing.models import Delivery, Dispatch, Event, EventCount, Unfolded
from briefing.tracking import apply
from briefing.transports.null import NullTransport
from subscribers import address
from subscribers.models import Subscriber, Suppression
from tests.briefing.web import hooks
from tests.faults import programs, reporter, visitors
from tests.faults.registry import fault
from tests.faults.rows.databases import restart_postgres
from tests.faults.table import Measured
from tests.faults.world import World

_READERS = 10_000
_TIMES = 5
_A_POST = 50
# Of a fifth the reports are there before the copies are.
_EARLY = 5
_FORGED = 50
_LONGEST_MS = 100
_FEWER = 2_000
_BREAKS = 5
_BAD = frozenset({"hard", "complained"})
_BITS = {
    "deferred": fate.DEFERRED,
    "delivered": fate.DELIVERED,
    "hard": fate.HARD_BOUNCED,
    "complained": fate.COMPLAINED,
}


@fault(
    "100,000 reports in a burst: each of 20,000 five times, shuffled, a fifth before their "
    "deliveries, 50 posts forged",
    must="I10: fates, counters and suppressions as if each came once; forged: no effect; p99 < 100 ms",
    seconds=240,
    alone=True,
)
def webhooks(world: World) -> Measured:
    """Post everything while one process folds; some of it before the issue is sent."""
    dispatch = world.dispatch(_READERS)
    reports = _reports(dispatch, _READERS)
    _hash_truly(reports)
    bodies = reporter.posts(
        (_report(dispatch, *each) for each in reports), times=_TIMES, size=_A_POST
    )
    port = programs.free_port()
    early = len(bodies) // _EARLY
    with _web(port):
        programs.await_port(port)
        told = reporter.tell(port, bodies[:early])
        world.fork(_fold_on)
        sender.drain(dispatch.pk, NullTransport(), seconds=600)
        late = reporter.tell(port, bodies[early:])
        refused = sum(_forge(port, dispatch, number) for number in range(_FORGED))
    told.seconds += late.seconds
    measured = _judged(dispatch, reports)
    p99 = visitors.p99_ms(told.seconds)
    measured.note = f"{len(told.seconds)} posts, p99 {p99:.0f} ms"
    measured.demand(p99 < _LONGEST_MS, f"p99 {p99:.0f} ms")
    measured.demand(refused == _FORGED, f"{_FORGED - refused} forged posts were taken")
    repeated = told.repeated + late.repeated
    measured.demand(not repeated, f"{repeated} posts were not answered at first")
    return measured


@fault(
    "the web server killed and PostgreSQL restarted, five times each, while reports come in that "
    "the provider repeats until they are answered",
    must="every report kept, none doubled; fates and counters as if nothing had happened",
    seconds=180,
)
def webhooks_interrupted(world: World) -> Measured:
    """Break what takes the reports in, again and again."""
    dispatch = world.dispatch(_FEWER)
    reports = _reports(dispatch, _FEWER)
    _hash_truly(reports)
    sender.drain(dispatch.pk, NullTransport(), seconds=600)
    bodies = reporter.posts((_report(dispatch, *each) for each in reports), times=2, size=10)
    port, done = programs.free_port(), Path(settings.LOCAL_DIR) / "reported.json"
    web = _web(port)
    with web:
        programs.await_port(port)
        tell = partial(reporter.tell, port, bodies, pause_seconds=0.02)
        world.fork(lambda: tell().save(done))
        broken = 0
        while broken < 2 * _BREAKS and not done.exists():
            time.sleep(1)  # reports come in meanwhile
            if broken % 2:
                restart_postgres()
            else:
                web.stop(number=signal.SIGKILL)
                web.start()
                programs.await_port(port)
            broken += 1
        world.until(done.exists, seconds=60)
    told = reporter.Told.load(done)
    measured = _judged(dispatch, reports)
    measured.note = f"{len(bodies)} posts, {told.repeated} repeated"
    measured.demand(broken == 2 * _BREAKS, f"all was told after {broken} breaks")
    measured.demand(told.repeated, "no post had to be repeated")
    return measured


def _web(port: int) -> programs.Program:
    return programs.web(port, ANYMAIL_WEBHOOK_SECRET=hooks.SECRET)


def _reports(dispatch: Dispatch, readers: int) -> list[tuple[str, int]]:
    """Return two reports of each reader: few copies bounce, few are complained of."""
    last = ["hard" if reader % 400 == 0 else "delivered" for reader in range(1, readers + 1)]
    first = ["complained" if reader % 90 == 0 else "deferred" for reader in range(1, readers + 1)]
    numbers = list(range(1, readers + 1))
    return [*zip(first, numbers, strict=True), *zip(last, numbers, strict=True)]


def _hash_truly(reports: Iterable[tuple[str, int]]) -> None:
    """Hash whoever a report will be held against: readers made by SQL have invented hashes.

    By its hash a delivery tells which mailbox it went to.
    """
    rows = list(Subscriber.objects.filter(pk__in={who for kind, who in reports if kind in _BAD}))
    for row in rows:
        row.address_hash = address.hashes_under_all_keys(row.address_key or "")[0]
    Subscriber.objects.bulk_update(rows, ["address_hash"])


def _report(dispatch: Dispatch, kind: str, reader: int) -> dict[str, object]:
    return reporter.report(kind, dispatch.pk, reader)


def _forge(port: int, dispatch: Dispatch, number: int) -> bool:
    """Complain in a reader's name without the secret; returns whether that was refused."""
    body = reporter.posts([_report(dispatch, "complained", number + 1)], times=1, size=1)[0]
    secrets = ("", "Bearer x", hooks.basic("desk:guess"), hooks.basic(hooks.SECRET[:-1]))
    return reporter.forge(port, body, secrets[number % len(secrets)]) in {400, 401}


def _fold_on() -> None:
    while True:
        if not apply.fold(now=timezone.now()):
            time.sleep(0.2)  # nothing to fold yet


def _judged(dispatch: Dispatch, reports: Iterable[tuple[str, int]]) -> Measured:
    """Fold what is left, and hold rows and counters against what was reported."""
    Unfolded.objects.update(due_at=timezone.now())
    while apply.fold(now=timezone.now()):
        pass
    heard: Counter[int] = Counter()
    kinds: Counter[int] = Counter()
    bad = set()
    for kind, reader in reports:
        heard[reader] += _BITS[kind]
        kinds[_BITS[kind]] += 1
        if kind in _BAD:
            bad.add(reader)
    rows = dict(Delivery.objects.filter(dispatch=dispatch).values_list("subscriber_id", "fate"))
    lost = sum(rows.get(reader) != bits for reader, bits in heard.items())
    kept = Event.objects.count()
    measured = Measured(lost=lost, extra=kept - kinds.total())
    measured.demand(not lost, f"I10 {lost} deliveries tell another fate")
    measured.demand(kept == kinds.total(), f"{kept} reports kept of {kinds.total()}")
    counted: Counter[int] = Counter()
    for bit, number in EventCount.objects.values_list("kind", "number"):
        counted[bit] += number
    # Once, whether it was soft, hard or both.
    kinds[fate.BOUNCED] = sum(bits & fate.BOUNCED > 0 for bits in heard.values())
    measured.demand(counted == +kinds, f"I10 counted {dict(counted)} of {dict(kinds)}")
    suppressed = Suppression.objects.values("address_hash").distinct().count()
    measured.demand(suppressed == len(bad), f"{suppressed} suppressed of {len(bad)}")
    return measured
