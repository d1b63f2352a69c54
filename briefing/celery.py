"""The Celery application: doorbells for work whose truth is in the database."""

import os

from celery import Celery
from celery.signals import beat_init, worker_init

from briefing import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "briefing.settings")

app = Celery("briefing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def refuse_when_unfit(**_: object) -> None:
    """End a worker or the beat of a copy that must not start."""
    if problems := checks.unfit():
        # Celery writes down any other exception of a receiver and goes on.
        raise SystemExit(problems)


worker_init.connect(refuse_when_unfit)
beat_init.connect(refuse_when_unfit)
