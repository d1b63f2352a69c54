"""`manage.py dispatch NEWSLETTER NUMBER`: send an issue to everybody who is to receive it."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from briefing import tasks
from briefing.dispatch import control, progress
from briefing.issues import preflight
from briefing.models import Issue


class Command(BaseCommand):
    help = (
        "Dispatch an issue: compile it, freeze its audience and ring the workers. An issue is "
        "dispatched once; a second call refuses. With --wait, follow it to its end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("newsletter", help="slug of the newsletter")
        parser.add_argument("number", type=int, help="number of the issue")
        parser.add_argument("--wait", action="store_true", help="follow until it is over")

    def handle(self, *_: Any, **options: Any) -> None:
        issue = (
            Issue.objects.select_related("newsletter")
            .filter(newsletter__slug=options["newsletter"], number=options["number"])
            .first()
        )
        if issue is None:
            raise CommandError(
                "There is no such issue. `manage.py compose` makes one.", returncode=2
            )
        for found in preflight.findings(issue, now=timezone.now()):
            if found.blocks:
                raise CommandError(f"{found.what} {found.mend}")
            self.stderr.write(f"warning: {found.what} {found.mend}")
        try:
            dispatch = control.start(issue, now=timezone.now())
        except control.DispatchRefusedError as error:
            raise CommandError(str(error)) from error
        tasks.plan_later(dispatch.pk)
        self.stdout.write(f"dispatch {dispatch.pk} is running")
        if options["wait"]:
            self._follow(dispatch.pk)

    def _follow(self, dispatch_id: int) -> None:
        """Show progress until the dispatch is over or stopped; says the outcome in one line."""
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            disable=not self.stdout.isatty(),
        ) as bar:
            line = bar.add_task("dispatching")
            while True:
                now = progress.measure(dispatch_id)
                bar.update(line, total=now.planned or None, completed=now.settled)
                if now.over or now.state not in {"running", "canary", "planned"}:
                    break
                time.sleep(0.5)  # the workers are other processes
        counts = ", ".join(f"{n} {word}" for word, n in now.by_outcome.items() if n)
        self.stdout.write(f"{now.state}: {now.planned} planned; {counts or 'nobody written to'}")
        if now.by_outcome["accepted"] < now.planned - now.by_outcome["skipped"]:
            raise CommandError(f"Look closer: manage.py dispatch_status {dispatch_id}")
