"""Changing a dispatch's row in turn, between the intents of however many workers.

Intents share a lock on the row, so that a stop waits for those under way. But whoever shares a row
overtakes whoever wants it alone: of sixteen busy workers one always has it, and a pause would wait
for ever. So both take a turn first, in a queue that lets nobody pass.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from briefing.dispatch.sql import dialect


@contextmanager
def in_turn(*dispatch_ids: int) -> Iterator[None]:
    """Wait for the intents under way, before all that come behind, and change the rows inside."""
    with transaction.atomic():
        for dispatch_id in sorted(dispatch_ids):
            dialect().take_turn_alone(dispatch_id)
        yield
