"""`manage.py drain [--loop]`: plan and send what is due, with no broker at all."""

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from briefing.dispatch import control, outage, pace, planner, sender, upkeep
from briefing.dispatch.clock import database_now
from briefing.tracking import refused
from briefing.transports import accounts

_IDLE_SECONDS = 1.0
# Between turns the sweep looks after the engine, so a turn must not be long.
_TURN_SECONDS = 5.0


class Command(BaseCommand):
    help = (
        "Plan and send whatever is due, then stop; with --loop, go on until interrupted. It needs "
        "the database and the mail account, and no broker: any number may run beside the workers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGINT or SIGTERM")

    def handle(self, *_: Any, **options: Any) -> None:
        self._stop = threading.Event()
        with self._until_interrupted():
            while not self._stop.is_set():
                worked = self._outlast() if options["loop"] else self._work_once()
                if not worked and not options["loop"]:
                    return
                if not worked:
                    self._stop.wait(_IDLE_SECONDS)

    @contextmanager
    def _until_interrupted(self) -> Iterator[None]:
        """Have the signals end the turn in good order; whoever called the command has them back."""
        before = {
            number: signal.signal(number, lambda *_: self._stop.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _outlast(self) -> int:
        """Work once; with the database away do nothing, and try again."""
        try:
            return self._work_once()
        except outage.LOST as error:
            self.stderr.write(f"the database is away: {error}")
            connection.close()
            return 0

    def _work_once(self) -> int:
        """Sweep, and give every dispatch that is due a turn; return how many were written to."""
        due: list[int] = []
        now = database_now()
        for finished in upkeep.sweep(now=now, ring=due.append, plan=self._plan):
            refused.draw(finished, now=now)
        return sum(self._drain(dispatch_id) for dispatch_id in due)

    def _plan(self, dispatch_id: int) -> None:
        planner.plan(dispatch_id, ring=lambda _id: None, is_stopping=self._stop.is_set)

    def _drain(self, dispatch_id: int) -> int:
        account = pace.usable_account(now=database_now())
        if account is None:
            self.stderr.write(f"dispatch {dispatch_id}: every mail account is shut off for now")
            return 0
        report = sender.drain(
            dispatch_id,
            accounts.transport(account),
            account=account,
            seconds=_TURN_SECONDS,
            is_stopping=self._stop.is_set,
        )
        if report.down:
            self.stderr.write(f"dispatch {dispatch_id}: {account}: {report.down}")
        if control.finish_if_done(dispatch_id, now=database_now()):
            refused.draw(dispatch_id, now=database_now())
        return report.handed_over
