"""`manage.py hold REASON` and `manage.py hold --release`: the switch for all outgoing mail."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefing.dispatch import cancelling, holding
from briefing.dispatch.clock import database_now
from briefing.models import Dispatch


class Command(BaseCommand):
    help = (
        "Hold all outgoing mail, or let it go again. A copy that was restored from a backup holds "
        "by itself: its backup may believe that mail is still to be sent which left long ago. Then "
        "decide: --release and resume each dispatch at the desk, or first --unsent-is-unknown, "
        "which lists everybody without a row as unknown instead of writing to them again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reason", nargs="?", help="why everything is held")
        parser.add_argument("--release", action="store_true", help="let mail leave again")
        parser.add_argument(
            "--unsent-is-unknown",
            type=int,
            metavar="DISPATCH",
            help="after a restore: nobody left of this dispatch is written to by itself",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        now = database_now()
        if options["unsent_is_unknown"]:
            self._settle(options["unsent_is_unknown"])
        elif options["release"]:
            holding.let_go(now=now)
            self.stdout.write("Mail may leave again. Held dispatches wait to be resumed.")
        elif options["reason"]:
            holding.hold(options["reason"], now=now)
            self.stdout.write("All outgoing mail is held.")
        else:
            self.stdout.write(holding.held() or "Nothing is held.")

    def _settle(self, dispatch_id: int) -> None:
        dispatch = Dispatch.objects.filter(pk=dispatch_id).first()
        if dispatch is None:
            raise CommandError(f"There is no dispatch {dispatch_id}.", returncode=2)
        if dispatch.state != Dispatch.State.HOLDING:
            raise CommandError(f"Dispatch {dispatch_id} is {dispatch.state}, not holding.")
        number = cancelling.settle_as_unknown(dispatch_id, by="command line", now=database_now())
        self.stdout.write(
            f"{number} readers are listed as unknown: manage.py unknown {dispatch_id}"
        )
