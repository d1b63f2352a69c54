"""Looks whether the sources of articles still answer, and notes honestly when one does not.

Runs over what is due; `manage.py check_links` and a task are its doors. What it notes, the article's
page shows to readers and the desk to editors.
"""

from datetime import datetime, timedelta
from http import HTTPStatus

from django.conf import settings
from django.db.models import F, Q, QuerySet

from briefing import fetching
from briefing.archive import reading
from briefing.models import Source

ANSWERS = "answers"
# Not yet proof of anything: servers restart. The next look decides.
UNCERTAIN = "no answer yet"
GONE = "gone"
NOT_CHECKED = "not checked"

_EVERY = timedelta(days=7)
_SOON = timedelta(days=1)
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


def check(source: Source, *, now: datetime, rules: fetching.Rules | None = None) -> str:
    """Ask for one source and note what came of it."""
    result = _look(source.url, rules)
    if result == GONE and source.check_result not in {UNCERTAIN, GONE}:
        result = UNCERTAIN
    # Whoever edits the article meanwhile keeps their change: a new address has a check of its own.
    Source.objects.filter(pk=source.pk, url=source.url).update(check_result=result, checked_at=now)
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
