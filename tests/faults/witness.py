"""Notes when each intent began and whom it was for, so that a test can say what came too late."""

import os
import time
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

from django.conf import settings

from briefing.dispatch import intents, retries


def watch() -> None:
    """Have this worker note its intents: on one line the time each began, and its readers."""
    log = os.open(_path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for module in (intents, retries):
        _watch(module, log)


def intended() -> Iterator[tuple[float, list[int]]]:
    """Yield when an intent began, on the monotonic clock, and the readers it committed to."""
    for line in _path().read_text("ascii").splitlines():
        at, *ids = line.split()
        yield float(at), [int(each) for each in ids]


def _watch(module: Any, log: int) -> None:
    intend = module.intend

    @wraps(intend)
    def noted(*args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        group = intend(*args, **kwargs)
        ids = [str(copy.subscriber_id) for copy in getattr(group, "copies", [])]
        if ids:
            os.write(log, f"{began:.6f} {' '.join(ids)}\n".encode())
        return group

    module.intend = noted


def _path() -> Path:
    return Path(settings.LOCAL_DIR) / "intents.log"
