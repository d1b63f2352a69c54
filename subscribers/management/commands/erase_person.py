"""`manage.py erase_person ADDRESS`: erases everything personal that is held on an address."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from subscribers import address, privacy


class Command(BaseCommand):
    help = (
        "Erase ADDRESS and everything personal that hangs on it. What stays names nobody: a keyed "
        "hash, so that no later import writes to the address again, and the consent ledger's bare "
        "ids. It cannot be undone, so it asks for the address once more; --yes skips the question."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            parsed = address.parse(options["address"])
        except address.AddressRefusedError as error:
            raise CommandError(str(error)) from error
        if not options["yes"] and input("Type the address once more to erase it: ") != parsed.text:
            raise CommandError("That was another address. Nothing was erased.")
        was_reader = privacy.erase(parsed.key, now=timezone.now())
        self.stdout.write(
            "Erased. The address will not be written to again unless its owner signs up anew."
            if was_reader
            else "No reader had this address. Signups under it are gone, and imports will refuse it."
        )
