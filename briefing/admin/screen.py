"""Shows one of the desk's own screens on this desk."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise

from briefing.admin.site import desk
from subscribers.admin.screen import show


def render(
    request: HttpRequest, template: str, title: str | Promise, **context: Any
) -> HttpResponse:
    """Return the screen with the side bar, the person and the messages around it."""
    return show(desk, request, template, title=title, context=context)
