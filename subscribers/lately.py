"""Remembers for a second what hardly ever changes and every form asks for: open newsletters, wordings.

A web process answers hundreds of people in that second. What is decided by it is decided again from
the database: a worker looks whether the newsletter is open, and a wording never changes once it is
published.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from django.conf import settings

Answer = TypeVar("Answer")

_SECONDS = 1.0
# The keys hold what a visitor sent.
_MAX_KEPT = 100
_kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()


def recall(key: Hashable, ask: Callable[[], Answer]) -> Answer:
    """Return what was found a moment ago, or ask; where no page is kept nothing is remembered either.

    What raises is not remembered.
    """
    if not settings.PAGE_CACHE_SECONDS:
        return ask()
    known = _kept.get(key)
    if known and known[0] > time.monotonic():
        answer: Answer = known[1]
        return answer
    answer = ask()
    _kept[key] = (time.monotonic() + _SECONDS, answer)
    if len(_kept) > _MAX_KEPT:
        _kept.popitem(last=False)
    return answer


def forget() -> None:
    """Forget what was found, as a new process would."""
    _kept.clear()
