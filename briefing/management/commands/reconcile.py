"""`manage.py reconcile`: compare with each provider now, as beat does at night."""

import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count

from briefing.dispatch.clock import database_now
from briefing.models import Reconciliation, Repair
from briefing.providers.table import DESKS
from briefing.reconciling import nightly, unknown
from briefing.reconciling.nightly import Pace
from briefing.tracking import apply


class Command(BaseCommand):
    help = (
        "Read the suppression list of each provider of our accounts, ask about deliveries that are "
        "unknown or that nobody reported on, mend what is behind here, and list the rest. It may be "
        "stopped at any time: the next call goes on. Ends with 1 when a comparison was given up."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--list", action="store_true", help="only show what the last comparisons found"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if not nightly.providers():
            raise CommandError(
                "None of the accounts leaves by a provider that can be asked. These can: "
                f"{', '.join(sorted(DESKS))}. Set BULK_EMAIL_URL=anymail://...",
                returncode=2,
            )
        if not options["list"]:
            self._compare()
        failed = False
        for provider in nightly.providers():
            one = Reconciliation.objects.filter(provider=provider).order_by("-pk").first()
            if one:
                self._show(one)
                failed = failed or one.state == Reconciliation.State.FAILED
        if failed:
            raise CommandError("A comparison was given up; nothing of its list was changed.")

    def _compare(self) -> None:
        now = database_now()
        nightly.begin(now=now)
        resolved = unknown.resolve(now=now, again=True, pace=Pace(seconds=600))
        self.stdout.write(f"{resolved.settled} unknown deliveries were settled")
        while (seconds := nightly.go_on(now=database_now())) is not None:
            self._tell_progress()
            time.sleep(seconds)  # as long as the provider asks for
        _fold(now=database_now())

    def _tell_progress(self) -> None:
        """Say how far it is, to a person who waits; a file or a pipe hears the end only."""
        if not self.stdout.isatty():
            return
        for one in Reconciliation.objects.filter(ended_at=None):
            done = f"{one.listed} entries read, {one.asked} deliveries asked about"
            self.stdout.write(f"{one.provider}: {one.get_state_display()}, {done}")

    def _show(self, one: Reconciliation) -> None:
        self.stdout.write(
            f"{one.provider}, {one.began_at:%Y-%m-%d %H:%M}: {one.get_state_display()}. "
            f"{one.listed} entries read, {one.strangers} of nobody we know; "
            f"{one.asked} deliveries asked about."
        )
        if one.trouble:
            self.stdout.write(f"  {one.trouble}")
        if one.held_back:
            self.stdout.write(f"  {one.held_back} suppressions wait for a person at the desk.")
        counts = Repair.objects.filter(provider=one.provider, at__gte=one.began_at)
        for row in counts.values("kind").annotate(number=Count("pk")).order_by("kind"):
            self.stdout.write(f"{row['number']:>8}  {Repair.Kind(row['kind']).label}")


def _fold(*, now: datetime) -> None:
    """Fold what was fetched: without a broker nobody else would just now."""
    while apply.fold(now=now) == apply.AT_ONCE:
        pass
