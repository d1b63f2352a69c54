"""What is published and dispatched; also the Django project."""

from briefing.celery import app as celery_app

__all__ = ["celery_app"]
