"""Looks whether the sources of articles still answer, and notes honestly when one does not.

Runs over what somebody at the desk asked for and what is due; `manage.py check_links` and a task are
its doors. What it notes, the article's page shows to readers and the desk to editors.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing import fetching
from briefing.archive import reading
from briefing.models import Source

ANSWERS = "answers"
# Not yet proof of anything: servers restart. The next look decides.
UNCERTAIN = "no answer yet"
GONE = "gone"
NOT_CHECKED = "not checked"
WORDS: dict[str, str | Promise] = {
    ANSWERS: _("answers"),
    UNCERTAIN: _("no answer yet"),
    GONE: _("gone"),
    NOT_CHECKED: _("not checked"),
}

_EVERY = timedelta(days=7)
_SOON = timedelta(days=1)
# A server that restarts is back by then; whoever presses the button twice has waited for nothing.
_LONG_ENOUGH = timedelta(hours=1)
# A slice is over within seconds: an issue may wait behind it for the same worker.
_SLICE = 16
_AT_ONCE = 8
_QUICKLY = fetching.Rules(seconds=5.0)
# Servers that answer HEAD otherwise than GET are many; only GET's answer counts against them.
_HEAD_SUFFICES = range(200, 300)
# "You may not" is an answer: the page is there, only not for machines.
_THERE = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS, 451}


def due(*, now: datetime) -> QuerySet[Source]:
    """Return the sources of public articles that should be looked at, longest unchecked first."""
    uncertain = Q(check_result=UNCERTAIN, checked_at__lt=now - _SOON)
    return (
        Source.objects.exclude(url="")
        .filter(article__in=reading.public())
        .filter(Q(checked_at=None) | Q(checked_at__lt=now - _EVERY) | uncertain)
        .order_by(F("checked_at").asc(nulls_first=True), "pk")
    )


def ask_for(sources: QuerySet[Source], *, now: datetime) -> int:
    """Note that somebody wants these looked at now; returns how many have an address."""
    return sources.exclude(url="").update(check_asked_at=now)


def asked() -> QuerySet[Source]:
    """Return what somebody asked for and nobody has looked at since, the longest waiting first."""
    unseen = Q(checked_at=None) | Q(checked_at__lt=F("check_asked_at"))
    return Source.objects.filter(unseen, check_asked_at__isnull=False).order_by(
        "check_asked_at", "pk"
    )


def look(*, now: datetime) -> bool:
    """Look at the next few sources, several at a time; returns whether there are more.

    Of its own accord only a copy in production asks other people's servers.
    """
    waiting = [*asked()[: _SLICE + 1]]
    if settings.PRODUCTION and not waiting:
        waiting = [*due(now=now)[: _SLICE + 1]]
    sources = waiting[:_SLICE]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = list(pool.map(partial(_look, rules=_QUICKLY), [each.url for each in sources]))
    for source, result in zip(sources, results, strict=True):
        _note(source, result, now=now)
    return len(waiting) > len(sources)


def check(source: Source, *, now: datetime, rules: fetching.Rules | None = None) -> str:
    """Ask for one source and note what came of it."""
    return _note(source, _look(source.url, rules), now=now)


def _note(source: Source, result: str, *, now: datetime) -> str:
    """Keep what came of a look; a silence is proof when a later look, not the next one, ends in it."""
    silent_since = (source.silent_since or now) if result == GONE else None
    if silent_since and source.check_result != GONE and now - silent_since < _LONG_ENOUGH:
        result = UNCERTAIN
    # Whoever edits the article meanwhile keeps their change: a new address has a check of its own.
    Source.objects.filter(pk=source.pk, url=source.url).update(
        check_result=result, checked_at=now, silent_since=silent_since
    )
    return result


def _look(url: str, rules: fetching.Rules | None) -> str:
    agent = f"RoboticsBriefing-LinkCheck (+{settings.PUBLIC_BASE_URL}/about/)"
    if not url.lower().startswith("https://"):
        return NOT_CHECKED
    try:
        answer = fetching.fetch(url, method="HEAD", agent=agent, rules=rules)
        if answer.status not in _HEAD_SUFFICES:
            answer = fetching.fetch(url, agent=agent, rules=rules)
    except fetching.FetchError as error:
        return NOT_CHECKED if error.reason == "address" else GONE
    return ANSWERS if answer.status in _HEAD_SUFFICES or answer.status in _THERE else GONE
