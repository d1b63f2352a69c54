"""Which queue each task waits in, and what beat rings for; read by celery.py.

Beat only rings: each of these looks in the database for what is due, and is safe to run twice.
"""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

# Dispatch has a worker process of its own, so that a confirmation never waits behind an issue.
# What is not named here goes to the `transactional` queue.
ROUTES = {
    "briefing.tasks.plan": {"queue": "dispatch"},
    "briefing.tasks.drain": {"queue": "dispatch"},
    "briefing.tasks.begin": {"queue": "dispatch"},
    # Other people's servers may keep them waiting, and a compilation takes its time.
    "briefing.tasks.check_links": {"queue": "dispatch"},
    "briefing.tasks.look_up_senders": {"queue": "dispatch"},
    "briefing.tasks.tell_hub": {"queue": "dispatch"},
    "briefing.tasks.read_mailbox": {"queue": "dispatch"},
    "briefing.tasks.compose_digests": {"queue": "dispatch"},
    # Providers limit how often they may be asked.
    "briefing.tasks.reconcile": {"queue": "dispatch"},
    "briefing.tasks.ask_providers": {"queue": "dispatch"},
}

BEAT: dict[str, dict[str, Any]] = {
    "sweep": {"task": "briefing.tasks.sweep", "schedule": timedelta(seconds=15)},
    "read-mailbox": {"task": "briefing.tasks.read_mailbox", "schedule": timedelta(minutes=1)},
    "fold": {"task": "briefing.tasks.fold", "schedule": timedelta(seconds=15)},
    "compose-digests": {
        "task": "briefing.tasks.compose_digests",
        "schedule": timedelta(minutes=10),
    },
    "compose-drafts": {"task": "briefing.tasks.compose_drafts", "schedule": timedelta(minutes=5)},
    "check-links": {"task": "briefing.tasks.check_links", "schedule": timedelta(minutes=5)},
    "tell-hub": {"task": "briefing.tasks.tell_hub", "schedule": timedelta(minutes=1)},
    "look-up-senders": {
        "task": "briefing.tasks.look_up_senders",
        "schedule": timedelta(minutes=10),
    },
    "reconcile": {"task": "briefing.tasks.reconcile", "schedule": crontab(hour=3, minute=10)},
    "ask-providers": {"task": "briefing.tasks.ask_providers", "schedule": timedelta(minutes=5)},
    "seal": {"task": "subscribers.tasks.seal", "schedule": timedelta(seconds=5)},
    "work-owed": {"task": "subscribers.tasks.work_owed", "schedule": timedelta(seconds=15)},
    "go-on-with-series": {
        "task": "subscribers.tasks.go_on_with_series",
        "schedule": timedelta(minutes=1),
    },
    "forget": {"task": "briefing.tasks.forget", "schedule": timedelta(hours=1)},
    "expire": {"task": "subscribers.tasks.expire", "schedule": timedelta(hours=1)},
}


def every(task: str) -> timedelta:
    """Return how often beat rings for a task that it rings for."""
    found: timedelta = next(each["schedule"] for each in BEAT.values() if each["task"] == task)
    return found
