"""The search page: a form that a GET answers, so that a search has an address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from briefing.archive import searching


@csrf_exempt  # It takes nothing, and whoever sends something is to be told that (405).
@require_safe
@cache_control(private=True, max_age=60)  # What somebody looks for is kept by nobody on the way.
@gzip_page
def search(request: HttpRequest) -> HttpResponse:
    """Show the form and, when something is asked for, what was found."""
    query = request.GET.get("q", "").strip()[: searching.MAX_QUERY]
    # No metadata: no search engine lists this page, and its title is not one for each address.
    context = {
        "findings": searching.search(query) if query else None,
        "query": query,
    }
    return render(request, "briefing/search.html", context)
