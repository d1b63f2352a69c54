"""Rings a worker without ever keeping a page waiting for the broker.

A ring is only a hint: the rows are the truth, and a sweep looks for them every few seconds. So a
broker that is away, or takes the connection and never answers, costs one visitor a fraction of a
second and everybody after that nothing, until it is tried again.
"""

import logging
import threading
import time
from typing import Any

from celery import Task, current_app
from django.db import transaction
from kombu import pools
from kombu.connection import Connection

log = logging.getLogger(__name__)

_WAIT_SECONDS = 0.2
_SILENT_SECONDS = 15.0
_connection: Connection | None = None
_lock = threading.Lock()
_silent_until = 0.0
# By task and what it is about: until when a ring that was put on the queue is still to be answered.
_soon: dict[tuple[Any, ...], float] = {}


def ring_later(task: "Task[Any, Any]", *args: Any) -> None:
    """Ring for a task once the current transaction has committed."""
    transaction.on_commit(lambda: ring(task, args))


def ring_soon(task: "Task[Any, Any]", *args: Any, seconds: float = 1.0) -> None:
    """Ring for a task to begin in so many seconds, once however often it is asked for until then.

    For what looks for whatever is due: a burst of a hundred thousand reports is one ring a second,
    not a hundred thousand before the next confirmation. Call it behind the commit: what is committed
    before the ring is answered is found by it.
    """
    about, now = (task.name, *args), time.monotonic()
    with _lock:
        # One that begins later does not do: somebody has to look sooner.
        if now < _soon.get(about, 0.0) <= now + seconds:
            return
        _soon[about] = now + seconds
    ring(task, args, seconds=seconds)


def forget() -> None:
    """Forget what was rung for and whether the broker was away, as a new process would."""
    global _silent_until  # noqa: PLW0603  as in `ring`
    with _lock:
        _soon.clear()
        _silent_until = 0.0


def ring(task: "Task[Any, Any]", args: tuple[Any, ...], *, seconds: float = 0.0) -> None:
    """Ring for a task, to begin no sooner than in so many seconds; never raises, hardly waits."""
    global _silent_until  # noqa: PLW0603  whether the broker was away is a fact of this process
    if time.monotonic() < _silent_until:
        return
    try:
        with pools.producers[_broker()].acquire(block=True, timeout=_WAIT_SECONDS) as producer:
            task.apply_async(args, producer=producer, retry=False, countdown=seconds or None)
    except Exception as error:  # noqa: BLE001  a page must never fail for a ring
        # Whatever the broker's client raises: the row is written and the sweep will find it.
        _silent_until = time.monotonic() + _SILENT_SECONDS
        log.warning("doorbell.broker_away error=%s", type(error).__name__)


def _broker() -> Connection:
    """Return a connection of our own: the workers' one waits longer than a page may."""
    global _connection  # noqa: PLW0603  one per process
    with _lock:
        if _connection is None:
            _connection = current_app.connection_for_write(
                connect_timeout=_WAIT_SECONDS,
                transport_options={
                    "socket_timeout": _WAIT_SECONDS,
                    "socket_connect_timeout": _WAIT_SECONDS,
                    "max_retries": 1,
                    "interval_start": 0,
                    "interval_step": 0,
                    "interval_max": 0,
                },
            )
        return _connection
