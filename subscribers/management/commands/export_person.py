"""`manage.py export_person ADDRESS`: answers a person who asks what is held on them."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from subscribers import address, privacy


class Command(BaseCommand):
    help = (
        "Write everything held on ADDRESS as JSON: the reader, subscriptions, consent with wordings "
        "and proofs, signup requests, suppressions, mails and deliveries. It goes to the screen, or "
        "with --output into a file that only you can read; delete that file when it is handed over."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS")
        parser.add_argument("--output", type=Path, metavar="FILE", help="a new file to write")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            key = address.parse(options["address"]).key
        except address.AddressRefusedError as error:
            raise CommandError(str(error)) from error
        text = json.dumps(privacy.export(key), cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
        if options["output"] is None:
            sys.stdout.write(text + "\n")
            return
        try:
            options["output"].touch(mode=0o600, exist_ok=False)
        except OSError as error:
            raise CommandError(
                f"{options['output']}: {error.strerror}. Name a new file."
            ) from error
        options["output"].write_text(text + "\n", "utf-8")
