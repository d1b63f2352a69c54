"""`manage.py compose NEWSLETTER`: a draft issue from the articles no issue has carried yet."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from briefing.issues import lifecycle
from briefing.issues.slots import UnknownVariableError
from subscribers.models import Newsletter


class Command(BaseCommand):
    help = (
        "Compose a draft issue from the newest published articles that no issue has carried yet. "
        "Prints the issue's number; nothing is sent until `manage.py dispatch`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("newsletter", help="slug of the newsletter")
        parser.add_argument("--articles", type=int, default=6, help="how many at most (6)")
        parser.add_argument("--subject", default="", help="subject; default: the lead's headline")
        parser.add_argument("--preheader", default="", help="what mailboxes show after the subject")
        parser.add_argument("--intro", default="", help="introduction, in Markdown")

    def handle(self, *_: Any, **options: Any) -> None:
        newsletter = Newsletter.objects.filter(slug=options["newsletter"]).first()
        if newsletter is None:
            raise CommandError(f"There is no newsletter “{options['newsletter']}”.", returncode=2)
        articles = lifecycle.unused_articles(newsletter)[: options["articles"]]
        if not articles:
            raise CommandError(
                "Every published article has been in an issue. Publish or import one first."
            )
        try:
            issue = lifecycle.compose(
                newsletter,
                articles,
                subject=options["subject"] or articles[0].headline,
                preheader=options["preheader"] or articles[0].dek[:120],
                intro=options["intro"],
            )
        except UnknownVariableError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"{issue.newsletter.slug} {issue.number}: {len(articles)} articles")
