"""Writes down in what a provider and we differ, and what was mended; read at the desk and in the log."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from briefing.models import Repair

logger = logging.getLogger(__name__)

_AT_ONCE = 1000


def write(repairs: Sequence[Repair]) -> None:
    """Write repairs down, each once: what is found again next night is the same row, newer."""
    Repair.objects.bulk_create(
        repairs,
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["provider", "kind", "subscriber_id", "dispatch_id"],
        update_fields=["at", "words"],
    )
    for (provider, kind), number in Counter((each.provider, each.kind) for each in repairs).items():
        logger.info("repaired provider=%s kind=%s number=%s", provider, kind, number)


def clear(provider: str, kinds: Sequence[Repair.Kind], *, before: datetime) -> None:
    """Take away what was to be looked at and was not found again."""
    Repair.objects.filter(provider=provider, kind__in=kinds, at__lt=before).delete()
