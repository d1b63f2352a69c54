"""`manage.py replay_departures`: after a restore, erases, unsubscribes and suppresses again who was."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from subscribers import restoring


class Command(BaseCommand):
    help = (
        "Carry out again the withdrawals, erasures and suppressions since the backup which was "
        "restored, as departures.log in LOCAL_DIR has them. Letting held mail go does so by itself; "
        "call this when a backup was restored and nothing was held. Running it again changes nothing."
    )

    def handle(self, *_: Any, **_options: Any) -> None:
        done = restoring.replay(now=timezone.now())
        self.stdout.write(
            f"Erased again: {done.erased}. Unsubscribed again: {done.left}. "
            f"Suppressed again: {done.suppressed}."
        )
