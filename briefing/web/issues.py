"""Issues on the web: the list of them, and each with its introduction and its articles."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from briefing.archive import reading
from briefing.models import Issue


def issues(request: HttpRequest) -> HttpResponse:
    """List every issue that went out."""
    context = {"issues": reading.issues(), "newsletter": reading.house_newsletter()}
    return render(request, "briefing/issues.html", context)


def issue(request: HttpRequest, newsletter: str, number: int) -> HttpResponse:
    """Show one issue as everybody may read it, with nobody's name in it."""
    try:
        found, articles = reading.issue(newsletter, number)
    except Issue.DoesNotExist as error:
        raise Http404 from error
    context = {"issue": found, "articles": articles, "newsletter": found.newsletter}
    return render(request, "briefing/issue.html", context)
