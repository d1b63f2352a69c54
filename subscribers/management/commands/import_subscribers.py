"""`manage.py import_subscribers CSV --newsletter SLUG --basis TEXT --agreed-on DATE`."""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from subscribers.management.explained import ExplainedCommand
from subscribers.models import Newsletter
from subscribers.transfer import importing, reading
from subscribers.transfer.columns import Meaning
from subscribers.transfer.importing import Ground

_HELP = """\
Brings the readers of a list over into a newsletter, with the ground on which they agreed.

The list is a CSV file in UTF-8 whose first line names its columns. Exports of Mailchimp, Ghost,
Substack, listmonk and Buttondown are known by their columns, and so are usual names; --column says
what others mean. Only the address, the name, the date and how somebody stood are taken over.

--basis and --agreed-on are demanded because the law asks for them: on which ground each of these
people may be written to, and since when, for rows that have no date of their own. Both go into the
consent ledger, and each reader sees them in their receipt.

Nobody is written to because of an import: no confirmation, no welcome, no welcome series. Whoever
has left this newsletter here stays out, and so does every suppressed or erased address. Whoever had
left there, or never confirmed, is not taken over. Whose mail bounced there, or who complained, is
suppressed here, unless the same was lifted here before.

It may be stopped and begun again: whoever is there already is left as they are.

exit code: 0 every row was understood, 1 some were not, 2 nothing was done, 130 it was stopped"""

_SAID = {
    "added": "added",
    "there": "there already",
    "left here": "have left here, and stay out",
    "suppressed": "suppressed here, and stay out",
    "left": "had left there, and were not taken over",
    "unconfirmed": "had not confirmed there, and were not taken over",
    "barred": "bounced, complained or were barred there, and are suppressed here",
    "lifted": "bounced, complained or were barred there; that was lifted here, and stays so",
    "refused": "could not be understood",
}
_TOLD = 20
# What a shell makes of Ctrl-C: 128 and the signal's number.
_STOPPED = 130


class Command(ExplainedCommand):
    help = "Brings the readers of a list over, with the ground on which they agreed."
    explanation = _HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add("file", type=Path, metavar="CSV")
        add("--newsletter", required=True, metavar="SLUG")
        add("--basis", required=True, help="the ground, in words a reader understands")
        add("--agreed-on", required=True, type=_day, metavar="DATE", help="such as 2026-11-30")
        names = ", ".join(each.value for each in Meaning)
        add(
            "--column",
            action="append",
            default=[],
            type=_column,
            metavar="MEANING=NAME",
            help=f"what a column means: {names}. Without a NAME the list is taken to have none",
        )
        add("--refused", type=Path, metavar="CSV", help="where to write what was not understood")
        add("--dry-run", action="store_true", help="say what would come of it, and keep nothing")

    def handle(self, **options: Any) -> None:
        ground, stopped = _ground(options), False
        with ExitStack() as stack:
            try:
                file = stack.enter_context(
                    # Bytes that are no text are told of with their line, which the others survive.
                    options["file"].open(newline="", encoding="utf-8-sig", errors="surrogateescape")
                )
                found = reading.read(file, dict(options["column"]), now=timezone.now())
            except (OSError, reading.NotAListError) as error:
                raise CommandError(str(error), returncode=2) from error
            tell = self._teller(options["refused"], options["file"], stack)
            if found.columns.service:
                self.stdout.write(f"This is a list of {found.columns.service}.")
                _refuse_never_subscribed(found.columns.service, options["file"])
            counts = Counter[str]()
            try:
                self._bring(found.rows, ground, tell, counts, dry_run=options["dry_run"])
            except KeyboardInterrupt:
                stopped = True
        for name, said in _SAID.items():
            if counts[name]:
                self.stdout.write(f"{counts[name]:>10,} {said}")
        if options["dry_run"]:
            self.stdout.write("Nothing was kept: this was a dry run.")
        if stopped:
            self.stdout.write("Stopped. Begin it again for the rest: it goes on where this ended.")
            sys.exit(_STOPPED)
        if counts["refused"]:
            sys.exit(1)

    def _bring(
        self, rows: Any, ground: Ground, tell: Any, counts: Counter[str], *, dry_run: bool
    ) -> None:
        """Bring readers over; `counts` says at any time what became of them."""
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("Readers", total=None)
            steps = importing.bring(rows, ground, now=timezone.now(), dry_run=dry_run)
            for step in steps:
                counts.update(step.counts)
                tell(step.refused)
                progress.update(task, advance=step.rows)

    def _teller(self, to: Path | None, source: Path, stack: ExitStack) -> Any:
        """Return what says which lines were refused: into a file, else the first few of them."""
        if to is not None:
            if to.exists() and to.samefile(source):
                raise CommandError("--refused would write over the list itself.", returncode=2)
            try:
                file = stack.enter_context(to.open("w", newline="", encoding="utf-8"))
            except OSError as error:
                raise CommandError(f"--refused: {error}", returncode=2) from error
            writer = csv.writer(file)
            writer.writerow(["line", "why"])
            return lambda refused: writer.writerows((each.line, each.reason) for each in refused)
        told = 0

        def tell(refused: Iterable[reading.Refused]) -> None:
            nonlocal told
            for each in refused:
                told += 1
                if told <= _TOLD:
                    self.stderr.write(f"line {each.line}: {each.reason}")
                elif told == _TOLD + 1:
                    self.stderr.write("and more: --refused FILE writes all of them down")

        return tell


def _ground(options: dict[str, Any]) -> Ground:
    newsletter = Newsletter.objects.filter(slug=options["newsletter"]).first()
    if newsletter is None:
        raise CommandError("There is no such newsletter. Make one at the desk.", returncode=2)
    basis = options["basis"].strip()
    if not basis:
        raise CommandError("Say on which ground they may be written to.", returncode=2)
    if options["agreed_on"] > timezone.now().date():
        raise CommandError("--agreed-on is still to come.", returncode=2)
    return Ground(newsletter, basis, options["agreed_on"])


def _refuse_never_subscribed(service: str, file: Path) -> None:
    """Refuse the one list of Mailchimp's whose lines look like readers and are none."""
    if service == "Mailchimp" and file.name.lower().startswith("nonsubscribed"):
        raise CommandError(
            "By its name this is Mailchimp's list of those who never subscribed: customers and "
            "others nobody asked. Nothing in it tells them from readers, so it is not taken.",
            returncode=2,
        )


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise argparse.ArgumentTypeError("write it as 2026-11-30") from error


def _column(typed: str) -> tuple[Meaning, str]:
    meaning, equals, name = typed.partition("=")
    known = [each.value for each in Meaning]
    if not equals or meaning not in known:
        raise argparse.ArgumentTypeError(f"MEANING=NAME, and MEANING is one of {', '.join(known)}")
    return Meaning(meaning), name
