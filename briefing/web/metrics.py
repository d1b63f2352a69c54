"""Figures for Prometheus at /metrics, told from the database: whichever process is asked says the same.

Nothing is counted by rows of readers, deliveries or reports. docs/deploy/watching.md explains each.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from briefing import backlog, heartbeat
from briefing.dispatch import holding
from briefing.dispatch.progress import measure
from briefing.dispatch.states import ENDED
from briefing.models import Alert, Breaker, Delivery, Dispatch
from briefing.tracking import reports
from subscribers import growth
from subscribers.models import Newsletter

# A dispatch is told of until reports on it have become rare.
_TOLD = timedelta(days=2)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell the figures to whoever has the token; without METRICS_TOKEN there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not compare_digest(_token(request).encode(), settings.METRICS_TOKEN.encode()):
        headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers=headers)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    try:
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError:
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)


def _token(request: HttpRequest) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


class _Figures(Collector):
    """Asks for each figure when it is told, and keeps none."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield _alive()
        yield GaugeMetricFamily(
            "briefing_mail_held", "1 while all outgoing mail is held.", int(bool(holding.held()))
        )
        yield _waiting(now)
        yield GaugeMetricFamily(
            "briefing_reports_waiting", "Reports of providers not folded yet.", backlog.reports()
        )
        yield _by("briefing_alerts", "Alerts that nobody has seen yet.", "kind", _alerts())
        yield _by(
            "briefing_breaker_open", "1 while an account is shut off.", "account", _breakers()
        )
        yield _by("briefing_dispatches", "Dispatches by state.", "state", _states())
        yield from _dispatches(now)
        yield from _readers()


def _alive() -> Metric:
    heard: dict[str, bool] = dict.fromkeys((heartbeat.BEAT, *heartbeat.QUEUES), False)
    try:
        heard = {**heartbeat.heard(), "broker": True}
    except RedisError:
        heard["broker"] = False
    return _by(
        "briefing_alive",
        "1 while the broker answers, and beat or a queue's worker gave a sign of life.",
        "part",
        {part: int(is_alive) for part, is_alive in heard.items()},
    )


def _waiting(now: datetime) -> Metric:
    seconds = {
        work: max(0.0, (now - due).total_seconds()) if due else 0.0
        for work, due in backlog.oldest().items()
    }
    return _by(
        "briefing_waiting_seconds",
        "For how long the oldest undone piece of work has been due; 0 when none is.",
        "work",
        seconds,
    )


def _alerts() -> dict[str, int]:
    rows = Alert.objects.filter(seen_at=None).order_by().values("kind").annotate(all=Count("pk"))
    return dict.fromkeys(Alert.Kind.values, 0) | dict(rows.values_list("kind", "all"))


def _breakers() -> dict[str, int]:
    rows = Breaker.objects.order_by("account").values_list("account", "open_until")
    return {account: int(until is not None) for account, until in rows}


def _states() -> dict[str, int]:
    rows = Dispatch.objects.order_by().values("state").annotate(all=Count("pk"))
    return dict.fromkeys(Dispatch.State.values, 0) | dict(rows.values_list("state", "all"))


def _dispatches(now: datetime) -> Iterator[Metric]:
    """Tell of the dispatches that are under way or ended lately."""
    told = GaugeMetricFamily(
        "briefing_dispatch_readers",
        "Planned readers of a dispatch by outcome; open are those without one yet.",
        labels=["dispatch", "outcome"],
    )
    reported = GaugeMetricFamily(
        "briefing_dispatch_reports",
        "Deliveries of a dispatch by what was reported of them.",
        labels=["dispatch", "kind"],
    )
    lately = ~Q(state__in=ENDED) | Q(finished_at__gt=now - _TOLD)
    for dispatch in Dispatch.objects.filter(lately).order_by("pk"):
        progress = measure(dispatch.pk)
        for outcome, number in {**progress.by_outcome, "open": progress.open}.items():
            told.add_metric([str(dispatch.pk), outcome], number)
        heard = reports.heard([dispatch])
        for fate in Delivery.Fate:
            if fate in heard:
                reported.add_metric([str(dispatch.pk), fate.name.lower()], heard[fate])
    yield told
    yield reported


def _readers() -> Iterator[Metric]:
    there = GaugeMetricFamily(
        "briefing_readers", "Readers who are there, withheld ones left out.", labels=["newsletter"]
    )
    acts = CounterMetricFamily(
        "briefing_reader_acts",
        "What readers and rules did, since the beginning.",
        labels=["newsletter", "act"],
    )
    for pk, slug in Newsletter.objects.order_by("pk").values_list("pk", "slug"):
        kinds = growth.acts(pk)
        there.add_metric([slug], growth.remaining(kinds))
        for act, number in sorted(kinds.items()):
            acts.add_metric([slug, act], number)
    yield there
    yield acts


def _by(name: str, about: str, label: str, values: dict[str, int] | dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
