"""Named places where a worker can be killed: installed by wrapping, the product knows none of them.

Each place is passed many times; the worker dies at a chosen passage, by a signal that nothing can
catch, with whatever it had in its hands.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db import connections

from briefing.dispatch import claims, groups, intents
from briefing.dispatch.copies import CopyMaker
from briefing.dispatch.journal import Journal
from briefing.transports.smtp.lane import Lane


def _always(_args: tuple[Any, ...], _result: object) -> bool:
    return True


def _with_result(_args: tuple[Any, ...], result: object) -> bool:
    return result is not None


def _body_is_out(args: tuple[Any, ...], _result: object) -> bool:
    """Whether a lane has a body under way whose dot the kernel has taken."""
    lane = vars(args[0])
    return lane["_body"] is not None and lane["_stream"].taken >= lane["_dot_at"]


@dataclass(frozen=True, slots=True)
class Place:
    """A function's entry or, `behind` it, its exit; `counts` says which passages are meant.

    `often` is how many times a worker comes by in its first seconds, at least.
    """

    holder: Any
    function: str
    behind: bool
    often: int
    counts: Callable[[tuple[Any, ...], object], bool] = _always


POINTS = {
    "before claim": Place(claims, "claim", behind=False, often=2),
    "after claim": Place(claims, "claim", behind=True, often=2, counts=_with_result),
    "before intent": Place(intents, "intend", behind=False, often=2),
    "in intent": Place(intents, "_commit", behind=True, often=2),
    "after intent": Place(intents, "intend", behind=True, often=2),
    "first byte": Place(Journal, "started", behind=True, often=20),
    "last byte": Place(Lane, "_flush", behind=True, often=20, counts=_body_is_out),
    "reply": Place(Journal, "answered", behind=False, often=20),
    "after reply": Place(Journal, "answered", behind=True, often=20),
    "before result": Place(groups, "record", behind=False, often=1),
    "in result": Place(groups, "record_in", behind=True, often=1),
    "after result": Place(groups, "record", behind=True, often=1),
}


def building(reader: int) -> Place:
    """Return the place where one reader's copy is built: a reader's data can kill a worker there."""

    def is_theirs(args: tuple[Any, ...], _result: object) -> bool:
        return bool(args[1].subscriber_id == reader)

    return Place(CopyMaker, "make", behind=False, often=1, counts=is_theirs)


def arm(place: Place, *, passage: int, number: int = signal.SIGKILL) -> None:
    """Make this process send itself a signal at its `passage`-th passage of a place."""
    left = passage

    def pass_by(args: tuple[Any, ...], result: object) -> None:
        nonlocal left
        if place.counts(args, result):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), number)

    whole = getattr(place.holder, place.function)

    @wraps(whole)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if not place.behind:
            pass_by(args, None)
        result = whole(*args, **kwargs)
        if place.behind:
            pass_by(args, result)
        return result

    setattr(place.holder, place.function, watched)


def arm_commit(*, passage: int, within_seconds: float) -> None:
    """Make this process die in the midst of its `passage`-th commit, or right behind it."""
    database = connections["default"]
    commit, left = database.commit, passage

    def torn() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            threading.Thread(target=_die_in, args=[within_seconds], daemon=True).start()
        commit()

    vars(database)["commit"] = torn


def _die_in(seconds: float) -> None:
    time.sleep(seconds)  # it dies at a moment nobody chose
    os.kill(os.getpid(), signal.SIGKILL)
