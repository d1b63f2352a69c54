"""Tells whether anything public has changed, and remembers what was read until it has.

One small question to the database, once a second in each process, stands in for all the others.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Max

from briefing.models import Article, Correction, Issue
from subscribers.models import ConsentNotice

Version = tuple[object, ...]
Answer = TypeVar("Answer")
P = ParamSpec("P")

_SECONDS_BETWEEN_QUESTIONS = 1.0
_MAX_REMEMBERED = 1000

_lock = threading.Lock()
_asked_at = float("-inf")
_version: Version = ()
# Each is a module's own, and stays as long as the process.
_memories: "list[Memory]" = []


def version() -> Version:
    """Return something that differs whenever articles, issues or notices do.

    What it does not see (a renamed topic, an embargo that ends) is seen when the time of what was
    kept is over, within PAGE_CACHE_SECONDS.
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


class Memory:
    """Keeps what was made under the present version, for as long as a page is kept; nothing in tests."""

    def __init__(self) -> None:
        _memories.append(self)
        self._kept: OrderedDict[Hashable, tuple[Version, float, Any]] = OrderedDict()

    def recall(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """Return what is kept under a key, or make and keep it."""
        if not settings.PAGE_CACHE_SECONDS:
            return make()
        now, known = version(), self._kept.get(key)
        if known and known[0] == now and known[1] > time.monotonic():
            answer: Answer = known[2]
            return answer
        answer = make()
        self._kept[key] = (now, time.monotonic() + settings.PAGE_CACHE_SECONDS, answer)
        if len(self._kept) > _MAX_REMEMBERED:
            self._kept.popitem(last=False)
        return answer

    def forget(self) -> None:
        """Forget what is kept."""
        self._kept.clear()


def forget() -> None:
    """Forget what was read and made, as a new process would."""
    global _asked_at  # noqa: PLW0603  as in `version`
    _asked_at = float("-inf")
    for memory in _memories:
        memory.forget()


def remembered(read: Callable[P, Answer]) -> Callable[P, Answer]:
    """Remember what a reading function returned, for what many pages show alike.

    Its arguments must be hashable, and nobody may change what it returns.
    """
    memory = Memory()

    @wraps(read)
    def remembering(*args: P.args, **kwargs: P.kwargs) -> Answer:
        return memory.recall((args, *kwargs.items()), lambda: read(*args, **kwargs))

    return remembering
