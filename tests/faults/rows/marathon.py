"""A million readers, and something that breaks every five seconds: only with `--long`."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone

from briefing.dispatch import breaker, pace, progress
from briefing.models import Breaker, Dispatch
from tests.faults.postbox import Postbox
from tests.faults.registry import fault
from tests.faults.rows.databases import restart_postgres
from tests.faults.rows.kills import finished
from tests.faults.table import Measured
from tests.faults.verdict import is_settled
from tests.faults.world import World

_EVERY_SECONDS = 5
_LOOK_SECONDS = 0.25
_TELL_SECONDS = 30
_WORKERS = 4
_STOPPED_SECONDS = 2.0
_AWAY_SECONDS = 3.0


@fault(
    "a fault every 5 s until everybody has it: a worker killed, stopped or replaced, PostgreSQL "
    "restarted, the mail servers' connections reset, the one in use away for 3 s",
    must="lost 0, extra 0; a killed lease recovered within 90 s and a drain's turn (50 s) in which "
    "an account could be used",
    seconds=120,
    only_long=True,
    alone=True,
)
def million(world: World) -> Measured:
    """Break one thing after the other, in random order, until everybody has it."""
    with Postbox(world.sink.log) as second:
        # A server that was away for three seconds shuts its account off for thirty: so a copy that
        # has to go on has two, and now and then both of them are shut off.
        settings.MAIL_ACCOUNTS["fallback"] = second.url
        world.tell(f"makes and plans {world.readers:,} readers")
        dispatch = world.dispatch(world.readers)
        with connection.cursor() as cursor:
            # The first restart would else do again all that made the readers.
            cursor.execute("CHECKPOINT")
        breaking = Breaking(world, {"bulk": world.sink, "fallback": second})
        began = tell_at = time.monotonic()
        while not is_settled(dispatch):
            world.keep(_WORKERS)
            breaking.look()
            world.watch_leases(since=breaking.shut_until)
            if time.monotonic() >= tell_at:
                world.tell(_how_far(dispatch, breaking.happened, time.monotonic() - began))
                tell_at += _TELL_SECONDS
            time.sleep(_LOOK_SECONDS)  # other processes work
        breaking.mend()
        happened = breaking.happened
        faults = ", ".join(f"{number} {what}" for what, number in happened.most_common())
        took_seconds = time.monotonic() - began
        note = f"{world.readers:,} readers in {took_seconds / 60:.0f} minutes; {faults}"
        # Every connection that was reset had a message on it that nobody can answer for.
        resets = (happened["reset"] + happened["away"]) * _WORKERS * int(settings.SMTP_SOCKETS)
        measured = finished(world, dispatch, note=note, timeouts=resets)
        most = float(settings.LEASE_SECONDS) + float(settings.DRAIN_SECONDS)
        recovered = measured.recovered_seconds or 0.0
        measured.demand(recovered <= most, f"a lease was taken over after {recovered:.0f} s")
        return measured


@dataclass(slots=True)
class Breaking:
    """Breaks something whenever it is time. What mends by itself does so while the next one breaks."""

    world: World
    servers: Mapping[str, Postbox]
    happened: Counter[str] = field(default_factory=Counter)
    # When no account could be used, last.
    shut_until: datetime | None = None
    _next_at: float = field(default_factory=lambda: time.monotonic() + _EVERY_SECONDS)
    _mends: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def look(self) -> None:
        """Mend and break what it is time for."""
        now = time.monotonic()
        self.mend(until=now)
        if Breaker.objects.filter(open_until__gt=timezone.now()).count() == len(self.servers):
            self.shut_until = timezone.now()
        if now >= self._next_at:
            self._next_at += _EVERY_SECONDS
            self.happened[self._break_something()] += 1

    def mend(self, *, until: float = float("inf")) -> None:
        """Mend what was to be mended until then."""
        for each in [each for each in self._mends if each[0] <= until]:
            self._mends.remove(each)
            each[1]()

    def _break_something(self) -> str:
        faults = ["killed", "stopped", "replaced", "restart", "reset"]
        in_use = self._in_use()
        what = random.choice([*faults, "away"] if in_use else faults)
        victim = random.choice(self.world.running())
        if what == "killed":
            victim.end()
        elif what == "stopped":
            victim.signal(signal.SIGSTOP)
            self._mend_in(_STOPPED_SECONDS, lambda: victim.signal(signal.SIGCONT))
        elif what == "replaced":
            victim.signal(signal.SIGTERM)
        elif what == "restart":
            restart_postgres()
        elif what == "reset":
            for server in self.servers.values():
                server.order("reset")
        elif in_use:
            in_use.order("close")
            self._mend_in(_AWAY_SECONDS, lambda: in_use.order("open"))
        return what

    def _mend_in(self, seconds: float, mend: Callable[[], object]) -> None:
        self._mends.append((time.monotonic() + seconds, mend))

    def _in_use(self) -> Postbox | None:
        """Return the server of the account that workers use at present, unless all are shut off."""
        names = [name for name in pace.accounts_in_order() if not breaker.is_open(name)]
        return self.servers[names[0]] if names else None


def _how_far(dispatch: Dispatch, happened: Counter[str], seconds: float) -> str:
    measured = progress.measure(dispatch.pk)
    shut = Breaker.objects.filter(open_until__isnull=False).count()
    return (
        f"{measured.settled:,} of {measured.planned:,} readers after {seconds:.0f} s and "
        f"{happened.total()} faults, {measured.open_batches} batches open, {shut} accounts shut off"
    )
