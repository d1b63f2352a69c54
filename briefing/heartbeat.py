"""Signs of life of workers and beat, for whoever watches from outside; read by web/health.py.

They lie in the broker and end by themselves: a worker that cannot reach the broker hears no
doorbell, so it is none, and an emptied broker hears the next sign within seconds. What guards a
dispatch is not this but the sign of life in the database: dispatch/holding.py.
"""

import logging
import time
from collections.abc import Iterable, Mapping

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

BEAT = "beat"
QUEUES = ("transactional", "dispatch")

# The sweep comes every 15 seconds, and may wait a while behind confirmations.
KEPT_SECONDS = 60
_EVERY_SECONDS = 15.0
# Neither a page nor a worker waits longer for a broker that hangs.
_BROKER_SECONDS = 0.5


def give(names: Iterable[str]) -> None:
    """Say that these are alive. A broker that is away is not told, and `heard` will say so."""
    try:
        with broker() as client:
            for name in names:
                client.set(_key(name), "alive", ex=KEPT_SECONDS)
    except RedisError as error:
        logger.info("heartbeat_untold error=%s", type(error).__name__)


class Heart:
    """A worker's: says which queues it listens to, at most every 15 seconds.

    Celery's own heart, which asks it to, beats every two.
    """

    def __init__(self) -> None:
        self._next_at = 0.0

    def beat(self, queues: Iterable[str]) -> None:
        """Say that somebody listens to these queues, if it was not just said."""
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + _EVERY_SECONDS
            give(queues)


def heard() -> Mapping[str, bool]:
    """Return beat and each queue, with whether a sign was given within a minute.

    Raises: RedisError when the broker does not answer.
    """
    names = (BEAT, *QUEUES)
    with broker() as client:
        return {name: client.exists(_key(name)) == 1 for name in names}


def broker() -> Redis:
    """Return a client that gives up soon."""
    return Redis.from_url(
        settings.REDIS_URL,
        retry=None,
        socket_timeout=_BROKER_SECONDS,
        socket_connect_timeout=_BROKER_SECONDS,
    )


def _key(name: str) -> str:
    return f"briefing:alive:{name}"
