"""Whether the machinery runs: each line names a kind of work, and since when it is late."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing import backlog

# Each kind of work is looked after at least every 15 seconds; this is several times as long.
PATIENCE = timedelta(minutes=2)

_NAMES = {
    backlog.SIGNUPS: _("Signups are answered"),
    backlog.MAILS: _("Confirmations and welcomes leave"),
    backlog.ISSUES: _("Issues go out"),
    backlog.SEALS: _("Consent is sealed"),
}
_LEAVES = (backlog.MAILS, backlog.ISSUES)


@dataclass(frozen=True, slots=True)
class Beat:
    """One kind of work. `since` is when the oldest undone piece became due, if it is late.

    `leaves` says whether it is mail, which a hold stops on purpose.
    """

    name: str | Promise
    since: datetime | None
    leaves: bool


def read(*, now: datetime) -> list[Beat]:
    """Return every kind of work, late or in time."""
    due = backlog.oldest()
    return [Beat(name, _late(due[work], now), work in _LEAVES) for work, name in _NAMES.items()]


def _late(due: datetime | None, now: datetime) -> datetime | None:
    return due if due is not None and due < now - PATIENCE else None
