"""Pages about the site itself: privacy in every version, how the newsroom works."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from briefing.archive import reading
from briefing.web import metadata
from subscribers.models import ConsentNotice


def about(request: HttpRequest) -> HttpResponse:
    """Say who publishes this, and by which rules."""
    newsletter = reading.house_newsletter()
    about_it = metadata.of_page(request.path, title=_("About"))
    context = {"metadata": about_it, "newsletter": newsletter}
    return render(request, "briefing/about.html", context)


def privacy(request: HttpRequest, version: int | None = None) -> HttpResponse:
    """Show the privacy policy: the newest, or the version that somebody was shown."""
    versions = reading.notices(ConsentNotice.Kind.PRIVACY, locale=get_language() or "en")
    if version is None:
        notice = versions[0] if versions else None
    else:
        notice = next((each for each in versions if each.version == version), None)
        if notice is None:
            raise Http404
    title, text = _titled(notice.text) if notice else (_("Privacy policy"), "")
    context = {
        "metadata": metadata.of_page(request.path, title=title),
        "notice": notice,
        "text": text,
        "title": title,
        "versions": versions,
    }
    return render(request, "briefing/privacy.html", context)


def _titled(text: str) -> tuple[str, str]:
    """Part the first heading of a text, which becomes the page's own, from the rest."""
    first, _rest, rest = text.lstrip().partition("\n")
    if first.startswith("# "):
        return first.removeprefix("# ").strip(), rest
    return _("Privacy policy"), text
