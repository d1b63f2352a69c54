"""`manage.py dispatch_status [ID]`: what became of a dispatch, in numbers that add up."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefing.dispatch import progress
from briefing.models import Dispatch


class Command(BaseCommand):
    help = "Show the state and the numbers of one dispatch, or of the latest ten."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dispatch", type=int, nargs="?", help="number of the dispatch")

    def handle(self, *_: Any, **options: Any) -> None:
        dispatches = Dispatch.objects.select_related("issue__newsletter").order_by("-pk")
        if options["dispatch"]:
            dispatches = dispatches.filter(pk=options["dispatch"])
            if not dispatches:
                raise CommandError(f"There is no dispatch {options['dispatch']}.", returncode=2)
        for dispatch in dispatches[:10]:
            self._tell(dispatch)

    def _tell(self, dispatch: Dispatch) -> None:
        now = progress.measure(dispatch.pk)
        self.stdout.write(f"{dispatch.pk}  {dispatch}  {now.state}  {dispatch.reason}".rstrip())
        self.stdout.write(f"    candidates {now.candidates} = planned {now.planned}", ending="")
        for reason, number in sorted(now.excluded.items()):
            self.stdout.write(f" + {reason} {number}", ending="")
        self.stdout.write("")
        told = [f"{word} {n}" for word, n in now.by_outcome.items() if n]
        self.stdout.write(f"    planned {now.planned} = " + " + ".join([*told, f"open {now.open}"]))
