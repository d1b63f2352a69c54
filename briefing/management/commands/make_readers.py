"""`manage.py make_readers N`: invented readers, to try a copy at the size it may grow to."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from subscribers import synthetic
from subscribers.models import Newsletter


class Command(BaseCommand):
    help = (
        "Add N invented readers to a newsletter, with consent records, at domains that no mail can "
        "reach. A few left, are suppressed, paused or read the digest. Refuses in production."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, help="how many, such as 1000000")
        parser.add_argument("--newsletter", default="", help="slug; default: the first newsletter")

    def handle(self, *_: Any, **options: Any) -> None:
        if settings.MODE == "production":
            raise CommandError(
                "This copy is in production: invented readers would stand among the real ones.",
                returncode=2,
            )
        number, slug = options["number"], options["newsletter"]
        if number < 1:
            raise CommandError("Say how many readers to make: at least one.", returncode=2)
        newsletters = Newsletter.objects.order_by("pk")
        newsletter = (newsletters.filter(slug=slug) if slug else newsletters).first()
        if newsletter is None:
            raise CommandError("There is no such newsletter. Make one at the desk.", returncode=2)
        for made in synthetic.make(newsletter, number, now=timezone.now()):
            if self.stdout.isatty():
                self.stdout.write(f"\r{made:,}", ending="")
        with connection.cursor() as cursor:
            # Without fresh statistics the first queries would be planned for an empty table.
            cursor.execute("ANALYZE")
        self.stdout.write(f"{newsletter.slug}: {number:,} readers more")
