"""When a reader's own clock shows the hour at which an issue goes out. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

# Of all zones that are in use, none differs from another by less.
QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LocalHour:
    """The moment from which an issue goes out, and the zone in which its hour was meant."""

    at: datetime
    zone: str

    def quarters_until(self, zone: str) -> int:
        """Return for how many quarters of an hour after `at` a zone's readers wait: within a day.

        0 for whoever names no zone, or one that this machine does not know. Of an hour that the
        clocks leave out the one behind it is meant, of one that comes twice the first.
        """
        return _quarters(self.at, self.zone, zone)


@lru_cache(maxsize=2048)
def _quarters(at: datetime, meant: str, zone: str) -> int:
    there = _known(zone)
    if there is None:
        return 0
    hour = at.astimezone(_known(meant) or UTC).time()
    day = at.astimezone(there).date()
    shown = datetime.combine(day, hour, there).astimezone(UTC)
    if shown < at:
        shown = datetime.combine(day + _DAY, hour, there).astimezone(UTC)
    return round((shown - at) / QUARTER)


def _known(zone: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(zone) if zone else None
    except (KeyError, OSError, ValueError):
        return None
