"""The product's queue with a quicker clock: `celery --app tests.faults.hurried beat`."""

from datetime import timedelta

from briefing.celery import app

__all__ = ["app"]

app.conf.beat_schedule["sweep"]["schedule"] = timedelta(seconds=2)
