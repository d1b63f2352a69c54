"""A provider that is away, or refuses the account: nobody's attempt is burned, and it goes on alone."""

import time

from briefing.dispatch import control
from briefing.models import Alert, Breaker, Delivery, Dispatch
from subscribers.models import Subscriber
from tests.faults.registry import fault
from tests.faults.rows.kills import finished
from tests.faults.table import Measured
from tests.faults.world import World

_BREAKER_SECONDS = 10


@fault(
    "provider down: every connection refused",
    must="breaker opens within 10 s; no row is written; resumes by itself",
)
def provider_down(world: World) -> Measured:
    """Take the provider away, wait for the breaker, bring it back."""
    world.sink.order("close")
    dispatch = world.dispatch(600)
    for _ in range(2):
        world.fork()
    opened = world.until(
        lambda: Breaker.objects.filter(open_until__isnull=False).exists(), seconds=30
    )
    time.sleep(2)  # what was under way has ended by then
    rows, claims = Delivery.objects.count(), _claims(dispatch)
    time.sleep(1)  # long enough for a claim, were there one
    alerts = Alert.objects.filter(kind=Alert.Kind.BREAKER).count()
    quiet = _claims(dispatch) - claims
    world.sink.order("open")
    back_at = time.monotonic()
    world.until(lambda: world.sink.taken() > 0, seconds=60)
    resumed = time.monotonic() - back_at
    measured = finished(world, dispatch, note=f"opened after {opened:.1f} s")
    measured.recovered_seconds = resumed
    measured.demand(opened <= _BREAKER_SECONDS, f"the breaker opened after {opened:.1f} s")
    measured.demand(rows == 0, f"{rows} rows were written with the provider away")
    measured.demand(alerts == 1, f"{alerts} alerts about the breaker")
    measured.demand(quiet <= 2, f"{quiet} claims in a second with the breaker open")
    measured.demand(not measured.unknown, "somebody became unknown")
    return measured


@fault(
    "provider refuses the account (550 at MAIL)",
    must="dispatch paused with the reason; no row, one alert; goes on when resumed",
)
def account_refused(world: World) -> Measured:
    """Refuse the sender before any reader is named, until a person has mended it and resumes."""
    dispatch = world.dispatch(200, domains=["mail-550.example"])
    world.fork()
    world.until(lambda: _state(dispatch) == Dispatch.State.PAUSED, seconds=20)
    time.sleep(1)  # long enough for a row, were there one
    rows, alerts = Delivery.objects.count(), Alert.objects.filter(kind=Alert.Kind.PAUSED).count()
    reason = dispatch.reason
    # The sender is mended: the same readers are served from now on.
    Subscriber.objects.update(domain="mended.example")
    control.resume(dispatch)
    measured = finished(world, dispatch, note=f"paused: {reason}")
    measured.recovered_seconds = None
    measured.demand("550" in reason, f"paused without the reason: {reason}")
    measured.demand(rows == 0, f"{rows} rows were written for a refusal that is ours")
    measured.demand(alerts == 1, f"{alerts} alerts")
    measured.demand(world.sink.taken() == 200, "after the resume not everybody got it")
    return measured


def _claims(dispatch: Dispatch) -> int:
    return sum(dispatch.batches.values_list("claims", flat=True))


def _state(dispatch: Dispatch) -> str:
    dispatch.refresh_from_db()
    return dispatch.state
