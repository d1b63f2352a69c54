"""`manage.py compose_digest NEWSLETTER`: this week's digest of a newsletter, made now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from briefing import tasks
from briefing.dispatch import control
from briefing.issues import digest
from subscribers.models import Newsletter


class Command(BaseCommand):
    help = (
        "Compose this week's digest of a newsletter from what its issues carried since the last. "
        "It stays a draft until its hour (DIGEST_AT), when beat sends it; --dispatch sends it now, "
        "to the readers who chose the weekly digest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("newsletter", help="slug of the newsletter")
        parser.add_argument("--dispatch", action="store_true", help="send it at once")

    def handle(self, *_: Any, **options: Any) -> None:
        newsletter = Newsletter.objects.filter(slug=options["newsletter"]).first()
        if newsletter is None:
            raise CommandError(f"There is no newsletter “{options['newsletter']}”.", returncode=2)
        now = timezone.now()
        try:
            issue = digest.compose(newsletter, now=now)
        except digest.NothingToDigestError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{newsletter.slug} {issue.number}: {issue.items.count()} articles")
        if options["dispatch"]:
            try:
                dispatch = control.start(issue, now=now)
            except control.DispatchRefusedError as error:
                raise CommandError(str(error)) from error
            tasks.plan_later(dispatch.pk)
            self.stdout.write(f"dispatch {dispatch.pk} is running")
