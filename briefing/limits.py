"""Reads the settings that limit how fast, how much and when an account sends. Pure."""

from dataclasses import dataclass
from datetime import date, time

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A warm-up plan: `first` messages on the day `start`, times `growth` each day, for `days`."""

    start: date
    first: int
    growth: float
    days: int


def rates(name: str, text: str) -> dict[str, float]:
    """Parse `account=rate,account/lane=rate` into messages a second.

    Raises: ImproperlyConfigured.
    """
    found: dict[str, float] = {}
    for key, value in _pairs(name, text):
        try:
            found[key] = float(value)
        except ValueError:
            found[key] = -1.0
        if not found[key] > 0:
            raise ImproperlyConfigured(f"{name}: “{value}” is not a number of messages a second.")
    return found


def warm_up(name: str, text: str) -> dict[str, WarmUp]:
    """Parse `account=START:FIRST:GROWTH:DAYS`, as in `bulk=2026-12-01:500:1.5:30`.

    Raises: ImproperlyConfigured.
    """
    plans: dict[str, WarmUp] = {}
    for account, value in _pairs(name, text):
        try:
            start, first, growth, days = value.split(":")
            plan = WarmUp(date.fromisoformat(start), int(first), float(growth), int(days))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name}: “{value}” must be START:FIRST:GROWTH:DAYS, as in 2026-12-01:500:1.5:30."
            ) from error
        if plan.first < 1 or plan.growth < 1 or plan.days < 1:
            raise ImproperlyConfigured(f"{name}: “{value}” would never grow.")
        plans[account] = plan
    return plans


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekly(name: str, text: str) -> tuple[int, time]:
    """Parse `sat 07:00` into a day of the week, Monday being 0, and a time.

    Raises: ImproperlyConfigured.
    """
    day, _space, at = text.strip().lower().partition(" ")
    try:
        return _DAYS.index(day), time.fromisoformat(at)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name}: “{text}” must be DAY TIME, as in sat 07:00."
        ) from error


def _pairs(name: str, text: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, separator, value = part.partition("=")
        if not (key and separator and value):
            raise ImproperlyConfigured(f"{name}: “{part}” must be NAME=VALUE.")
        pairs.append((key.strip(), value.strip()))
    return pairs
