"""Tells whether anything public has changed: one small question to the database, at most once a second."""

import threading
import time
from contextlib import suppress

from django.db import DatabaseError
from django.db.models import Count, Max

from briefing.models import Article, Correction, Issue
from subscribers.models import ConsentNotice

_SECONDS_BETWEEN_QUESTIONS = 1.0

Version = tuple[object, ...]

_lock = threading.Lock()
_asked_at = float("-inf")
_version: Version = ()


def version() -> Version:
    """Return something that differs whenever articles, issues or notices do.

    What it does not see (a renamed topic, an embargo that ends) is seen when the cached page's
    time is over, within a minute.
    """
    global _asked_at, _version  # noqa: PLW0603  one memory for each process is what this module is for
    now = time.monotonic()
    if now - _asked_at >= _SECONDS_BETWEEN_QUESTIONS:
        with _lock:
            _asked_at = now
            # With the database away, what is in memory is better than an error.
            with suppress(DatabaseError):
                _version = _ask()
    return _version


def _ask() -> Version:
    articles = Article.objects.aggregate(rows=Count("pk"), latest=Max("updated_at"))
    issues = Issue.objects.exclude(status=Issue.Status.DRAFT).aggregate(
        rows=Count("pk"), latest=Max("published_at")
    )
    corrections = Correction.objects.aggregate(rows=Count("pk"), latest=Max("pk"))
    notices = ConsentNotice.objects.aggregate(latest=Max("pk"))
    return tuple(
        value for row in (articles, issues, corrections, notices) for value in row.values()
    )
