"""`manage.py import_articles PATH...`: brings articles in the published form into the archive."""

import argparse
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from briefing.archive import importing, mastheads
from briefing.archive.importing import Outcome, RefusedError
from subscribers.management.explained import ExplainedCommand

_HELP = """\
Brings articles in the published form into the archive.

Each .txt file is one article: the headline, "By A and B", "Image / Photo by X on Y", the dek, the
body with a paragraph on each line, "### What we're watching next in TOPIC", "Sources" and the
newsletter's box. Sections may be empty or missing. The file's name without .txt becomes the
article's address, so renaming a file makes another article.

What the form does not say stands in an archive.toml in the same folder or the one above:

  [articles."chinas-tech-push"]
  published_at = 2026-11-24T06:00:00Z     # else: the time of the first import
  image = "images/chinas-tech-push.png"   # JPEG, PNG, WebP or GIF, from that folder
  alt = "What somebody who cannot see the image should know of it."
  licence = "CC BY 4.0"

  [topics.china]
  name = "China"

Importing twice changes nothing. A changed file updates its article and overwrites what was
changed in the desk since. A file that is not of the form is refused with its line and the reason,
and the others still come in.

exit code: 0 all came in, 1 some were refused, 2 the command was not understood"""


class Command(ExplainedCommand):
    help = "Brings articles in the published form into the archive."
    explanation = _HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "paths",
            nargs="+",
            type=Path,
            metavar="PATH",
            help="a .txt file, or a folder whose .txt files are meant, with those below it",
        )

    def handle(self, *, paths: list[Path], **options: Any) -> None:
        refused: list[str] = []
        files = self._find(paths, refused)
        counts = dict.fromkeys(Outcome, 0)
        now = timezone.now()
        with self._progress() as progress:
            for path in progress.track(files, description="Articles"):
                try:
                    counts[importing.import_file(path, now=now)] += 1
                except RefusedError as error:
                    refused.append(str(error))
        for line in dict.fromkeys(refused):
            self.stderr.write(line)
        if options["verbosity"]:
            told = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
            self.stdout.write(f"{told}, {len(refused)} refused")
        if refused:
            raise CommandError("Some files were refused; mend them and import again.", returncode=1)

    def _find(self, paths: list[Path], refused: list[str]) -> list[Path]:
        """Return the files that the paths mean, and apply what the facts beside them say."""
        files: dict[Path, None] = {}
        for path in paths:
            try:
                files.update(dict.fromkeys(importing.find(path)))
            except RefusedError as error:
                refused.append(str(error))
        applied: set[Path] = set()
        for path in files:
            try:
                toml, known = importing.facts_beside(path)
            except RefusedError:
                continue  # Each of its files will be refused with this reason.
            if toml is not None and toml not in applied:
                applied.add(toml)
                mastheads.apply(known)
        return list(files)

    def _progress(self) -> Progress:
        """Draw a bar on a terminal and nothing anywhere else."""
        console = Console(file=sys.stderr)
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
