"""Shows one of the desk's own screens inside the frame that all of them share."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise


def show(
    site: AdminSite,
    request: HttpRequest,
    template: str,
    *,
    title: str | Promise,
    context: dict[str, Any],
) -> HttpResponse:
    """Return the screen with the side bar, the person and the messages around it."""
    request.current_app = site.name
    return TemplateResponse(
        request, template, {**site.each_context(request), "title": title, **context}
    )
