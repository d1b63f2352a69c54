"""`manage.py verify_consent`: walks the consent ledger and names the first thing that does not fit."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from subscribers import sealing


class Command(BaseCommand):
    help = (
        "Check every consent record, wording and seal, oldest first. Exit code 0: the ledger is "
        "whole. 1: something was altered or removed, and the first misfit is named. "
        "With --head, check as well that a seal's hash you noted earlier (from "
        "/privacy/seals.json, say) is still in the chain."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", default="", metavar="SHA256", help="a seal's hash published earlier"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        found = sealing.verify(published_head=options["head"].lower())
        if found.broken:
            raise CommandError(
                f"{found.broken} {found.records} records before it are whole. "
                "Compare with a backup from before the change; nothing was repaired."
            )
        self.stdout.write(
            f"{found.records} records under {found.seals} seals are whole; "
            f"{found.unsealed} wait for the next seal. Head: {found.head}"
        )
