"""The mail as it went out, with people's clicks on each link, and the links in a table beside it."""

import re
from html import unescape
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from briefing.admin import guises, reported
from briefing.admin.gate import needs
from briefing.admin.reporting import link_lines
from briefing.admin.screen import render
from briefing.admin.spreadsheet import as_csv
from briefing.issues import copies
from briefing.models import EditionVariant
from briefing.tracking import humans
from briefing.tracking.reports import LinkClicks

_LINK = re.compile(
    r"(<a\b[^<>]*?\shref=\"(https?://[^\"]+)\"[^<>]*>)(.*?)(</a>)", re.DOTALL | re.IGNORECASE
)
# Behind what is linked; a mail knows no stylesheet of ours.
_MARK = (
    '<span style="display:inline-block;margin:0 0 0 6px;padding:0 7px;border-radius:10px;'
    "background:{paper};color:{ink};font:bold 12px/20px sans-serif;text-decoration:none;"
    'white-space:nowrap">{words}</span>'
)
_COLD, _WARM, _HOT = ("#e6e8e8", "#14171a"), ("#f7c5b3", "#14171a"), ("#b8300a", "#ffffff")


@require_safe
@needs("briefing.view_dispatch")
def clicks(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the mail and its links, or give the links as CSV."""
    of = reported.subject(request, pk)
    links = of.report.links
    if request.GET.get("format") == "csv":
        head: list[Any] = [_("link"), _("clicks")]
        return as_csv(f"{of.name}-clicks.csv", [head, *([each.url, each.clicks] for each in links)])
    return render(
        request,
        "desk/heat.html",
        _("Clicks on the mail"),
        clicks=link_lines(links),
        total=sum(each.clicks for each in links),
        has_mail=_variant(of) is not None,
        rules=humans.RULES,
        **reported.shared(of, "desk-heat"),
    )


@require_safe
@xframe_options_sameorigin
@needs("briefing.view_dispatch")
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the mail as it went out, each link marked, for the screen's sandboxed frame."""
    of = reported.subject(request, pk)
    variant = _variant(of)
    html = copies.public(variant, of.issue).html if variant else ""
    response = HttpResponse(guises.dress(marked(html, of.report.links), "wide"))
    return guises.held_to(response, "wide")


def marked(html: str, links: list[LinkClicks]) -> str:
    """Return a mail whose links say how often people clicked them; the same link the same each time."""
    by_url = {each.url: each.clicks for each in links}
    most = max(by_url.values(), default=0)

    def mark(found: re.Match[str]) -> str:
        number = by_url.get(unescape(found[2]))
        return (
            found[0] if number is None else f"{found[1]}{found[3]}{_mark(number, most)}{found[4]}"
        )

    return _LINK.sub(mark, html)


def _mark(number: int, most: int) -> str:
    paper, ink = _COLD if not number else _HOT if 2 * number >= most else _WARM
    words = ngettext("%(number)s click", "%(number)s clicks", number) % {"number": f"{number:,}"}
    return _MARK.format(paper=paper, ink=ink, words=words)


def _variant(of: reported.Subject) -> EditionVariant | None:
    """Return the variant that everybody's links stand in: of the whole issue, of no one tracked."""
    if not of.told:
        return None
    rows = EditionVariant.objects.filter(edition=of.told[0].edition_id, html__isnull=False)
    rows = rows.select_related("edition").order_by("pk")
    whole = f"locale={of.issue.newsletter.locale};format=html"
    return rows.filter(key=whole).first() or rows.first()
