"""What one fault happens in: a copy of the product with readers, an issue, workers and a sink.

One world lives in one process, with the copy's settings in its environment; nothing outlives it.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import connection
from django.urls import get_resolver
from django.utils import timezone

from briefing.dispatch import control, planner
from briefing.models import Article, Batch, Dispatch, Issue
from tests import factories
from tests.faults import readers, worker
from tests.faults.postbox import Postbox
from tests.faults.worker import Worker

# So many times longer may something take on a busy machine before it counts as hung, and with
# production's leases as many times as they have seconds. What has to be quick a fault says itself.
_PATIENCE = 3
# How often a condition is looked at: often enough for figures in tenths of a second.
_LOOK_SECONDS = 0.1


class TooLongError(Exception):
    """Something that has to happen did not happen in time."""


@dataclass(slots=True)
class World:
    """The surroundings of one fault. A long run has so many `readers`, any other none."""

    readers: int
    sink: Postbox
    workers: list[Worker] = field(default_factory=list)
    overdue_seconds: float = 0.0
    _stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(cls, *, readers: int) -> Self:
        """Start a sink on a port of its own and make it the copy's mail server."""
        stack = ExitStack()
        sink = stack.enter_context(Postbox(Path(settings.LOCAL_DIR) / "sink.log"))
        for account in ("bulk", "transactional"):
            settings.MAIL_ACCOUNTS[account] = sink.url
        os.environ["EMAIL_URL"] = sink.url
        # Read now: within the transaction that begins a dispatch it would take longer, on a busy
        # machine, than a lease of seconds lets any transaction lie idle.
        len(get_resolver().reverse_dict)
        return cls(readers, sink, _stack=stack)

    def dispatch(self, number: int, *, domains: Sequence[str] = ("mail.example",)) -> Dispatch:
        """Make so many readers and set an issue to them running; nothing of it is sent yet."""
        readers.subscribe(number, domains=domains)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET idle_in_transaction_session_timeout = 0")
        dispatch = control.start(self.issue(), now=timezone.now())
        planner.plan(dispatch.pk, ring=lambda _id: None)
        return dispatch

    def issue(self) -> Issue:
        """Compose an issue of two articles, the same ones for every issue."""
        return factories.issue(articles=list(Article.objects.all()) or None)

    def fork(
        self,
        work: Callable[[], object] = worker.drain_loop,
        *,
        prepare: Callable[[], object] | None = None,
    ) -> Worker:
        """Start a worker that dies with this world."""
        forked = worker.fork(work, prepare=prepare)
        self.workers.append(forked)
        return forked

    def running(self) -> list[Worker]:
        """Return the workers that are still alive."""
        return [each for each in self.workers if each.is_running()]

    def keep(self, number: int) -> None:
        """Replace the workers that died, up to a number."""
        for _ in range(number - len(self.running())):
            self.fork()

    def tell(self, how_far: str) -> None:
        """Say how far it is to whoever waits for a long run."""
        with (Path(settings.LOCAL_DIR) / "told").open("a", encoding="utf-8") as told:
            told.write(f"{how_far}\n")

    def until(
        self,
        holds: Callable[[], object],
        *,
        seconds: float,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> float:
        """Wait until something holds, which takes `seconds` at most; returns how long that took.

        Raises: TooLongError.
        """
        began = time.monotonic()
        most = seconds * max(_PATIENCE, float(settings.LEASE_SECONDS))
        while not holds():
            if time.monotonic() - began > most:
                raise TooLongError(f"not after {most:.0f} s")
            meanwhile()
            self.watch_leases()
            time.sleep(_LOOK_SECONDS)  # other processes work
        return time.monotonic() - began

    def watch_leases(self, *, since: datetime | None = None) -> None:
        """Note for how long the longest forgotten batch has been waiting beyond its lease.

        Since a time, when nobody could have taken it over before that.
        """
        now = timezone.now()
        oldest = (
            Batch.objects.filter(state=Batch.State.CLAIMED, lease_until__lt=now)
            .order_by("lease_until")
            .values_list("lease_until", flat=True)
            .first()
        )
        if oldest:
            waits = now - max(oldest, since or oldest)
            self.overdue_seconds = max(self.overdue_seconds, waits.total_seconds())

    @property
    def recovered_seconds(self) -> float:
        """Return how long after a worker's last sign of life its batch was taken over, at most."""
        return float(settings.LEASE_SECONDS) + self.overdue_seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for each in self.workers:
            each.end()
        self._stack.close()
