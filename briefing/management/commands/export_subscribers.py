"""`manage.py export_subscribers NEWSLETTER`: its readers as CSV, to take along or to look at."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from subscribers.models import Newsletter
from subscribers.transfer import exporting


class Command(BaseCommand):
    help = (
        "Write a newsletter's readers to the standard output as CSV, with how each stands. "
        "import_subscribers of another copy understands it. It holds addresses: keep it safe."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("newsletter", help="slug, such as the-robotics-briefing")

    def handle(self, *_: Any, **options: Any) -> None:
        newsletter = Newsletter.objects.filter(slug=options["newsletter"]).first()
        if newsletter is None:
            raise CommandError("There is no such newsletter.", returncode=2)
        for portion in exporting.lines(newsletter):
            self.stdout.write(portion, ending="")
