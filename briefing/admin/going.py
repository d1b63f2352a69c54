"""How a dispatch goes, in words: when it will be over, each domain's state, and what is in the way."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import ceil, floor

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from briefing.dispatch import pace, questions
from briefing.dispatch.estimate import Pace, TimeLeft, time_left
from briefing.dispatch.lanes import Lane
from briefing.dispatch.progress import Progress
from briefing.models import Breaker

_MINUTE, _HOUR = 60, 3600


def ending(progress: Progress, lanes: Sequence[Lane], *, now: datetime) -> str:
    """Say when it will be over, as exactly as anybody can know."""
    if progress.last_hour and progress.last_hour > now:
        at = date_format(progress.last_hour, "THIS_YEAR_FORMAT")
        return _("The last readers get it at %(at)s UTC, when it is their hour.") % {"at": at}
    begin = progress.pace_from or progress.started_at
    if begin is None or not progress.planned_completely:
        return _("When it will be over is not known yet.")
    seconds = (now - begin).total_seconds()
    whole = Pace(progress.settled - progress.settled_before, progress.open, seconds)
    each = [Pace(lane.settled, lane.open, seconds) for lane in lanes]
    return in_words(time_left(whole, each))


def in_words(left: TimeLeft | None) -> str:
    """Round a range outwards to what a person would say."""
    if left is None:
        return _("When it will be over is not known yet.")
    if left.most <= _MINUTE:
        return _("Over in less than a minute, probably.")
    unit = _HOUR if left.least >= 2 * _HOUR else _MINUTE
    least, most = floor(left.least / unit), ceil(left.most / unit)
    names = {"least": least, "most": most}
    if unit == _HOUR:
        return _("Over in %(least)d to %(most)d hours, probably.") % names
    if least < 1:
        return (
            ngettext(
                "Over in at most %(most)d minute, probably.",
                "Over in at most %(most)d minutes, probably.",
                most,
            )
            % names
        )
    return _("Over in %(least)d to %(most)d minutes, probably.") % names


def troubles(
    dispatch_id: int, progress: Progress, lanes: Sequence[Lane], *, now: datetime
) -> Iterator[str]:
    """Yield what is in the way, each in a sentence that says what happens next."""
    down = Breaker.objects.filter(account__in=pace.accounts_in_order(), open_until__gt=now)
    for breaker in down:
        at = date_format(breaker.open_until or now, "H:i:s")
        yield _("%(account)s cannot be used: %(reason)s. It is tried again at %(at)s UTC.") % {
            "account": breaker.account,
            "reason": breaker.reason,
            "at": at,
        }
    for lane in lanes:
        if lane.is_slowed and lane.open:
            yield _("%(domain)s asks us to slow down: it gets %(rate).1f a second for now.") % {
                "domain": lane.domain,
                "rate": lane.limit or 0,
            }
    if number := progress.by_outcome["deferred"]:
        yield (
            ngettext(
                "%(number)d copy was put off by its server; it is tried again, for up to a day.",
                "%(number)d copies were put off by their servers; they are tried again, for up to a "
                "day.",
                number,
            )
            % {"number": number}
        )
    if asked := questions.pending(dispatch_id, now=now):
        number, until = asked
        yield (
            ngettext(
                "The provider gave no answer about %(number)d copy. It is asked again, until %(at)s "
                "UTC at the latest; only then the dispatch is over.",
                "The provider gave no answer about %(number)d copies. It is asked again, until "
                "%(at)s UTC at the latest; only then the dispatch is over.",
                number,
            )
            % {"number": number, "at": date_format(until, "THIS_YEAR_FORMAT")}
        )
