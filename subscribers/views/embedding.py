"""The signup form on other people's pages: in a frame, or as plain HTML that posts to ours."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from subscribers import links
from subscribers.forms import newsletters
from subscribers.models import Newsletter, Topic

# The one page that others may frame. It knows no visitor and its button opens a page of its own,
# so there is nothing that a frame laid over it could make anybody do.
_FRAMED_ANYWHERE = {"frame-ancestors": ["*"]}


@require_safe
@cache_control(public=True, max_age=60)
@xframe_options_exempt
def frame(request: HttpRequest) -> HttpResponse:
    """Show the form for a frame. `?newsletter=SLUG&topics=SLUG&topics=SLUG` says what it is for."""
    context = {"newsletter": _newsletter(request), "carried_topics": _topics(request)}
    response = render(request, "subscribers/embed.html", context)
    response._csp_replace = _FRAMED_ANYWHERE  # type: ignore[attr-defined]  # django-csp's own hook
    return response


@require_safe
def instructions(request: HttpRequest) -> HttpResponse:
    """Tell other sites what to copy, for the newsletter and topics they choose."""
    newsletter, topics = _newsletter(request), _topics(request)
    chosen = [("newsletter", newsletter.slug), *(("topics", topic.slug) for topic in topics)]
    about = {
        "newsletter": newsletter,
        "topics": topics,
        "frame_url": links.absolute(f"{reverse('embed')}?{urlencode(chosen)}"),
        "signup_url": links.absolute(reverse("signup")),
    }
    context = {
        "newsletter": newsletter,
        "newsletters": newsletters(),
        "topics": Topic.objects.all(),
        "wanted_topics": [topic.slug for topic in topics],
        "frame": render_to_string("subscribers/_embed_frame.html", about).strip(),
        "plain": render_to_string("subscribers/_embed_plain.html", about).strip(),
    }
    return render(request, "subscribers/embed_instructions.html", context)


def _newsletter(request: HttpRequest) -> Newsletter:
    """Return the newsletter that is asked for, or the first one when none is."""
    slug = request.GET.get("newsletter", "")
    found = newsletters().filter(slug=slug).first() if slug else newsletters().first()
    if found is None:
        raise Http404
    return found


def _topics(request: HttpRequest) -> list[Topic]:
    return list(Topic.objects.filter(slug__in=request.GET.getlist("topics")))
