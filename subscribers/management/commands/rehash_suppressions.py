"""`manage.py rehash_suppressions`: after a new key, moves to it whatever can be moved."""

from typing import Any

from django.core.management.base import BaseCommand

from subscribers import suppression


class Command(BaseCommand):
    help = (
        "After a new key was put in front of SUPPRESSION_KEYS: hash anew what stands against "
        "addresses that are known, and say how many rows stay under which older key. Those are of "
        "people who were erased or never became readers: nobody can hash them again until they "
        "turn up, so their key has to stay. Running it again changes nothing."
    )

    def handle(self, *_: Any, **_options: Any) -> None:
        left = suppression.rehash_known()
        for key_id, number in sorted(left.items()):
            self.stdout.write(f"{number} suppressions stay under key {key_id}: keep it.")
        if not left:
            self.stdout.write("Every suppression is under the newest key.")
