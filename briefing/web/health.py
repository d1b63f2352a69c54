"""Whether this server is alive, and whether it could serve: for supervisors and load balancers."""

import logging
import os

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

_BROKER_SECONDS = 0.5


@require_safe
@never_cache
def alive(request: HttpRequest) -> JsonResponse:
    """Answer without touching anything: a process that can say this needs no restart.

    `instance` tells whose server this is; a demo's supervisor must not take another's for its own.
    """
    return JsonResponse({"status": "alive", "instance": os.environ.get("INSTANCE_ID", "")})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Say which of the things a page needs answer; 503 when one does not."""
    parts = {"database": _database_answers(), "broker": _broker_answers()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("ready.database")
        return False
    return True


def _broker_answers() -> bool:
    waits = {"socket_timeout": _BROKER_SECONDS, "socket_connect_timeout": _BROKER_SECONDS}
    try:
        with Redis.from_url(settings.REDIS_URL, retry=None, **waits) as client:
            return bool(client.ping())
    except RedisError as error:
        logger.warning("ready.broker error=%s", type(error).__name__)
        return False
