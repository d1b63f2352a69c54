"""Waits until the processes of a copy answer, and makes sure that it is they who answer."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.request import ProxyHandler, build_opener

from redis import Redis
from redis.exceptions import RedisError

from briefing.celery import app
from briefing.demo.instance import Instance
from briefing.demo.services import WORKERS

_PATIENCE_SECONDS = 90.0
_CALL_SECONDS = 1.0


class NotReadyError(Exception):
    """A process runs and does not answer. `name` is the service's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} does not answer")
        self.name = name


def wait(name: str, answers: Callable[[], bool], *, check: Callable[[], None]) -> None:
    """Ask until the answer is yes; `check` raises when a process has died meanwhile.

    Raises: NotReadyError.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not answers():
        check()
        if time.monotonic() > deadline:
            raise NotReadyError(name)
        time.sleep(0.1)  # another process is asked


def broker(instance: Instance) -> bool:
    """Whether Valkey takes this run's password."""
    address = instance.environment()["REDIS_URL"]
    with suppress(RedisError), Redis.from_url(address, socket_timeout=_CALL_SECONDS) as client:
        return bool(client.ping())
    return False


def sink(instance: Instance) -> bool:
    """Whether the mail sink of this run greets; another's would tell another id."""
    address = ("127.0.0.1", instance.sink_port)
    with (
        suppress(OSError),
        socket.create_connection(address, timeout=_CALL_SECONDS) as connection,
        connection.makefile("rb") as answers,
    ):
        return instance.mark.encode() in answers.readline()
    return False


def web(instance: Instance) -> bool:
    """Whether the web server of this run answers; another's would tell another id."""
    # No proxy: a setting of the shell must not send this question anywhere else.
    opener = build_opener(ProxyHandler({}))
    address = f"http://127.0.0.1:{instance.web_port}/healthz"
    with (
        suppress(OSError, ValueError),
        opener.open(address, timeout=_CALL_SECONDS * 5) as answer,
    ):
        return bool(json.load(answer)["instance"] == instance.mark)
    return False


def workers() -> bool:
    """Whether both Celery workers answer; no earlier run's can, the broker is new."""
    with suppress(OSError, app.connection_for_write().connection_errors[0]):
        answers = app.control.ping(timeout=_CALL_SECONDS)
        return {name.partition("@")[0] for answer in answers for name in answer} >= set(WORKERS)
    return False
