"""The addresses of the site and one more, `/hello/`: the least that the same server can answer."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def hello(_request: HttpRequest) -> HttpResponse:
    """Answer with one word."""
    return HttpResponse("hello")


urlpatterns = [path("hello/", hello), path("", include("briefing.urls"))]
