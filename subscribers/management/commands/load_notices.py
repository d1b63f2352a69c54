"""`manage.py load_notices PATH...`: publishes consent wordings kept as Markdown files."""

import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from subscribers import consent
from subscribers.models import ConsentNotice

# signup-1.md, privacy-2.de.md
_NAME = re.compile(r"(?P<kind>[a-z]+)-(?P<version>[1-9]\d{0,3})(?:\.(?P<locale>[a-z-]{2,10}))?\.md")


class Command(BaseCommand):
    help = (
        "Publish the wordings that people are shown. Each PATH is a folder or a file named "
        "KIND-VERSION[.LANGUAGE].md, where KIND is signup, privacy or tracking, like signup-1.md or "
        "privacy-2.de.md. Loading the same files again changes nothing; a published version with "
        "another text is refused, because somebody may have agreed to it: give it the next number."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")

    def handle(self, *_: Any, **options: Any) -> None:
        refused = []
        for path in _files(options["paths"]):
            try:
                self.stdout.write(str(_publish(path)))
            except ValueError as error:
                refused.append(f"{path.name}: {error}")
        if refused:
            raise CommandError("\n".join(refused))


def _files(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.glob("*.md"))
        elif path.is_file():
            found.append(path)
        else:
            raise CommandError(f"{path} is neither a file nor a folder.")
    if not found:
        raise CommandError("There is no .md file in the folder.")
    return found


def _publish(path: Path) -> ConsentNotice:
    match = _NAME.fullmatch(path.name)
    if not match or match["kind"] not in ConsentNotice.Kind:
        kinds = ", ".join(ConsentNotice.Kind.values)
        raise ValueError(f"the name must be KIND-VERSION[.LANGUAGE].md, with KIND one of {kinds}")
    # Line ends and a byte-order mark depend on who saved the file, the wording does not.
    text = path.read_text("utf-8-sig").replace("\r\n", "\n").strip() + "\n"
    return consent.publish_notice(
        match["kind"],
        version=int(match["version"]),
        locale=match["locale"] or "en",
        text=text,
        now=timezone.now(),
    )
