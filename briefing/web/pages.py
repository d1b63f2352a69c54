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


def privacy(
    request: HttpRequest, version: int | None = None, locale: str | None = None
) -> HttpResponse:
    """Show the privacy policy: the newest, or the version that somebody was shown.

    Without a `locale` in the address it is in the visitor's language where it can be.
    """
    versions = reading.notices(ConsentNotice.Kind.PRIVACY)
    notice = _best([each for each in versions if version in {None, each.version}], locale)
    if notice is None and version is not None:
        raise Http404
    title, text = _titled(notice.text) if notice else (_("Privacy policy"), "")
    of_its_language = [each for each in versions if notice and each.locale == notice.locale]
    context = {
        "in_force": of_its_language[0] if of_its_language else None,
        "many_languages": len({each.locale for each in versions}) > 1,
        "metadata": metadata.of_page(request.path, title=title),
        "notice": notice,
        "text": text,
        "title": title,
        "versions": versions,
    }
    return render(request, "briefing/privacy.html", context)


def _best(notices: list[ConsentNotice], locale: str | None) -> ConsentNotice | None:
    """Return the first in a language; where none was asked for, in the visitor's, in English, in any."""
    for wanted in [locale] if locale else [get_language(), "en"]:
        for notice in notices:
            if notice.locale == wanted:
                return notice
    return notices[0] if notices and not locale else None


def _titled(text: str) -> tuple[str, str]:
    """Part the first heading of a text, which becomes the page's own, from the rest."""
    first, _rest, rest = text.lstrip().partition("\n")
    if first.startswith("# "):
        return first.removeprefix("# ").strip(), rest
    return _("Privacy policy"), text
