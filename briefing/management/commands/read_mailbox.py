"""`manage.py read_mailbox [--pipe]`: work in bounces, complaints and requests to leave."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from briefing import tasks
from briefing.dispatch import outage
from briefing.mailbox import places, reading
from briefing.mailbox.reading import MAX_BYTES, Done


class Command(BaseCommand):
    help = (
        "Read the mailbox of MAILBOX_URL: what bounced, who complained, who wants to leave. Each "
        "mail is worked in, then deleted; what a person should see moves to the folder Aside. With "
        "--pipe, read one mail from stdin, as a mail server's transport hands it over."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pipe", action="store_true", help="read one mail from stdin")
        parser.add_argument(
            "--recipient", default="", help="with --pipe: the address that it was delivered to"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            done = self._pipe(options["recipient"]) if options["pipe"] else self._read()
        except outage.LOST as error:
            # EX_TEMPFAIL: a mail server keeps the mail and tries again.
            raise CommandError("The database is away.", returncode=os.EX_TEMPFAIL) from error
        tasks.fold_later()
        self.stdout.write(done)

    def _read(self) -> str:
        if not settings.MAILBOX_URL:
            raise CommandError("No mailbox: set MAILBOX_URL.", returncode=2)
        try:
            with places.opened(settings.MAILBOX_URL) as mailbox:
                done = reading.read_all(mailbox, now=timezone.now())
        except (OSError, ImproperlyConfigured) as error:
            raise CommandError(f"The mailbox cannot be read: {error}") from error
        return ", ".join(f"{done[what]} {what}" for what in Done)

    def _pipe(self, recipient: str) -> str:
        raw = sys.stdin.buffer.read(MAX_BYTES)
        # Read to the end: a server whose pipe closes early takes that for a failure.
        while sys.stdin.buffer.read(MAX_BYTES):
            pass
        done = reading.take_in(raw, now=timezone.now(), recipient=recipient)
        # To an address with a plus only servers write, and nobody waits for an answer there.
        if done is Done.SET_ASIDE and "+" not in recipient:
            # EX_UNAVAILABLE: the server tells the writer, so that no letter is lost silently.
            raise CommandError(
                "Nobody reads this mailbox. Please answer to the newsletter’s own address.",
                returncode=os.EX_UNAVAILABLE,
            )
        return str(done)
