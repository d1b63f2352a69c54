"""The search page: a form that a GET answers, so that a search has an address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from briefing.archive import searching
from briefing.web import metadata


def search(request: HttpRequest) -> HttpResponse:
    """Show the form and, when something is asked for, what was found."""
    query = request.GET.get("q", "").strip()[: searching.MAX_QUERY]
    context = {
        "findings": searching.search(query) if query else None,
        "metadata": metadata.of_page(request.path, title=_("Search")),
        "query": query,
    }
    return render(request, "briefing/search.html", context)
