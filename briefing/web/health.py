"""Whether this server is alive, and whether it could serve: for supervisors and load balancers."""

import logging
import os
from collections.abc import Mapping

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from briefing import heartbeat

logger = logging.getLogger(__name__)


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
    """Say what answers: 503 when database or broker does not.

    Beat and the workers are shown and decide nothing: without them mail waits, but pages are served
    and signups kept, so that taking this host out of the balancer would only make it worse.
    """
    alive = _heard()
    parts = {"database": _database_answers(), "broker": alive is not None}
    others = alive or dict.fromkeys((heartbeat.BEAT, *heartbeat.QUEUES), False)
    return JsonResponse(parts | dict(others), status=200 if all(parts.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("ready.database")
        return False
    return True


def _heard() -> Mapping[str, bool] | None:
    """Return who gave a sign of life to the broker, or None when the broker does not answer."""
    try:
        return heartbeat.heard()
    except RedisError as error:
        logger.warning("ready.broker error=%s", type(error).__name__)
        return None
