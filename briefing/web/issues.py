"""Issues on the web: the list of them, and each with its introduction and its articles."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from briefing.archive import reading
from briefing.issues import slots
from briefing.models import Issue
from briefing.web import metadata


def issues(request: HttpRequest) -> HttpResponse:
    """List every issue that went out."""
    newsletter = reading.house_newsletter()
    about = metadata.of_page(request.path, title=_("All issues"))
    context = {"issues": reading.issues(), "metadata": about, "newsletter": newsletter}
    return render(request, "briefing/issues.html", context)


def issue(request: HttpRequest, newsletter: str, number: int) -> HttpResponse:
    """Show one issue as everybody may read it, with nobody's name in it."""
    try:
        found, articles = reading.issue(newsletter, number)
    except Issue.DoesNotExist as error:
        raise Http404 from error
    context = {
        "articles": articles,
        "issue": found,
        "metadata": metadata.of_page(
            request.path,
            title=slots.for_everybody(reading.subject_of(found)),
            description=slots.for_everybody(found.preheader),
        ),
        "newsletter": found.newsletter,
    }
    return render(request, "briefing/issue.html", context)
