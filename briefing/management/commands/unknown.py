"""`manage.py unknown DISPATCH`: the deliveries that only a person can decide."""

import csv
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefing import tasks
from briefing.dispatch import questions, resolving
from briefing.dispatch.clock import database_now
from briefing.models import Delivery, Dispatch


class Command(BaseCommand):
    help = (
        "List the deliveries of a dispatch that are unknown or quarantined, and decide them. "
        "Unknown means handed over without an answer: the reader may or may not have a copy, and "
        "nothing is sent again unless you say so. --resend may give some readers a second copy."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dispatch", type=int, help="number of the dispatch")
        decision = parser.add_mutually_exclusive_group()
        decision.add_argument("--csv", action="store_true", help="write the list as CSV")
        decision.add_argument("--accept", action="store_true", help="count them as accepted")
        decision.add_argument("--reject", action="store_true", help="count them as rejected")
        decision.add_argument("--resend", action="store_true", help="send to them again")
        parser.add_argument("--reader", type=int, action="append", help="only this reader (repeat)")
        parser.add_argument("--by", default="command line", help="who decides; kept with each row")

    def handle(self, *_: Any, **options: Any) -> None:
        dispatch_id = options["dispatch"]
        if not Dispatch.objects.filter(pk=dispatch_id).exists():
            raise CommandError(f"There is no dispatch {dispatch_id}.", returncode=2)
        rows = resolving.open_questions(dispatch_id)
        if options["reader"]:
            rows = rows.filter(subscriber_id__in=options["reader"])
        readers = list(rows.values_list("subscriber_id", flat=True))
        if options["csv"]:
            self._write_csv(list(rows))
        elif options["accept"]:
            self._told(resolving.accept(dispatch_id, readers, by=options["by"]), "accepted")
        elif options["reject"]:
            self._told(resolving.reject(dispatch_id, readers, by=options["by"]), "rejected")
        elif options["resend"]:
            number = resolving.resend(dispatch_id, readers, by=options["by"], now=database_now())
            tasks.ring(dispatch_id)
            self._told(number, "to be sent again")
        else:
            self._summary(list(rows))
            self._still_asked(dispatch_id)

    def _told(self, number: int, what: str) -> None:
        self.stdout.write(f"{number} deliveries are now {what}")

    def _summary(self, rows: list[Delivery]) -> None:
        if not rows:
            self.stdout.write("Nothing is unknown.")
            return
        for (outcome, code), number in Counter(
            (row.get_outcome_display(), row.code) for row in rows
        ).most_common():
            self.stdout.write(f"{number:>8}  {outcome}: {code}")
        self.stdout.write("Decide with --accept, --reject or --resend; see them with --csv.")

    def _still_asked(self, dispatch_id: int) -> None:
        asked = questions.open_at(database_now()).filter(dispatch_id=dispatch_id)
        first = asked.order_by("next_at").first()
        if first:
            self.stdout.write(
                f"The provider is still asked about calls ({asked.count()}), next at "
                f"{first.next_at:%H:%M} UTC. That gives nobody a second copy: wait for it."
            )

    def _write_csv(self, rows: list[Delivery]) -> None:
        writer = csv.writer(self.stdout)
        writer.writerow(["dispatch", "reader", "outcome", "code", "at", "attempts"])
        for row in rows:
            writer.writerow(
                [
                    row.dispatch_id,
                    row.subscriber_id,
                    row.get_outcome_display(),
                    row.code or "",
                    row.at.isoformat(),
                    row.attempts,
                ]
            )
