"""`manage.py drain [--loop]`: plan and send what is due, with no broker at all."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from briefing.dispatch import control, planner, sender
from briefing.dispatch.clock import database_now
from briefing.dispatch.states import SENDING
from briefing.models import Dispatch
from briefing.transports import accounts

_IDLE_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Plan and send whatever is due, then stop; with --loop, go on until interrupted. It needs "
        "the database and the mail account, and no broker: any number may run beside the workers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGINT or SIGTERM")

    def handle(self, *_: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            worked = self._work_once()
            if not options["loop"] and not worked:
                return
            if not worked:
                stop.wait(_IDLE_SECONDS)

    def _work_once(self) -> int:
        """Give every running dispatch a turn; return how many messages were handed over."""
        handed_over = 0
        for dispatch in Dispatch.objects.filter(state__in=SENDING).order_by("pk"):
            if dispatch.planned_at is None:
                planner.plan(dispatch.pk, ring=lambda _id: None)
            report = sender.drain(dispatch.pk, accounts.transport(), seconds=5)
            handed_over += report.handed_over
            if report.down:
                self.stderr.write(f"dispatch {dispatch.pk}: provider down: {report.down}")
            control.finish_if_done(dispatch.pk, now=database_now())
        return handed_over
