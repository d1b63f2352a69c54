"""The Celery application: doorbells for work whose truth is in the database."""

import mmap
import os

from celery import Celery
from celery.signals import beat_init, heartbeat_sent, worker_init, worker_shutting_down

from briefing import checks, heartbeat, schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "briefing.settings")

app = Celery("briefing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(beat_schedule=schedule.BEAT, task_routes=schedule.ROUTES)
app.autodiscover_tasks()

# One byte that a worker shares with the processes it has forked to do its tasks.
_ending = mmap.mmap(-1, 1)
_heart = heartbeat.Heart()


def refuse_when_unfit(**_: object) -> None:
    """End a worker or the beat of a copy that must not send."""
    if problems := checks.unfit_to_send():
        # Celery writes down any other exception of a receiver and goes on.
        raise SystemExit(problems)


def note_ending(**_: object) -> None:
    """Let the task under way know that its worker was told to end (SIGTERM)."""
    _ending[0] = 1


def is_ending() -> bool:
    """Whether this worker was told to end: a long task then stops where that loses nothing."""
    return bool(_ending[0])


def show_life(**_: object) -> None:
    """Let whoever watches know which queues this worker listens to."""
    _heart.beat(app.amqp.queues.consume_from)


heartbeat_sent.connect(show_life)
worker_shutting_down.connect(note_ending)
worker_init.connect(refuse_when_unfit)
beat_init.connect(refuse_when_unfit)
