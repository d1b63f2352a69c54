"""`manage.py check_links`: looks whether the sources of articles still answer."""

import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from briefing.archive import linkcheck


class Command(BaseCommand):
    help = (
        "Looks whether the sources of published articles still answer. Each is asked once a week; "
        "one that does not answer is asked again a day later before it is shown as gone. Only "
        "public https addresses are asked. exit code: 0"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--limit", type=int, default=500, help="ask at most this many (default: 500)"
        )

    def handle(self, *, limit: int, **_: Any) -> None:
        now = timezone.now()
        console = Console(file=sys.stderr)
        told: Counter[str] = Counter()
        with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
            sources = list(linkcheck.due(now=now)[:limit])
            for source in progress.track(sources, description="Sources"):
                result = linkcheck.check(source, now=now)
                told[result] += 1
                if result == linkcheck.GONE:
                    self.stdout.write(f"gone: {source.url} ({source.article_id})")
        self.stdout.write(", ".join(f"{told[name]} {name}" for name in sorted(told)) or "none due")
