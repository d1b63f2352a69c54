"""Checks: what stands between an issue and its readers, and what can be looked at anew at once.

Sources and the sender's domain are other people's servers: a worker asks them, the screen shows how
far that has come. Without JavaScript it loads itself again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from briefing import tasks
from briefing.admin import audit, trail
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.archive import linkcheck
from briefing.issues import preflight, senders
from briefing.models import Article, Issue, SenderRecords, Source

# Later than this it is not the other servers that keep us waiting.
PATIENCE = timedelta(minutes=3)
_TONES = {
    linkcheck.ANSWERS: "good",
    linkcheck.UNCERTAIN: "wait",
    linkcheck.NOT_CHECKED: "wait",
    linkcheck.GONE: "bad",
    SenderRecords.Verdict.SOUND: "good",
    SenderRecords.Verdict.ELSEWHERE: "good",
    SenderRecords.Verdict.OPEN: "wait",
    SenderRecords.Verdict.OTHERS: "wait",
    SenderRecords.Verdict.UNKNOWN: "wait",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What was found of one source."""

    source: Source
    words: str | Promise
    tone: str
    is_awaited: bool


@dataclass(frozen=True, slots=True)
class Links:
    """The sources of an article or an issue, and how far a check of them has come."""

    lines: Sequence[Line]
    asked: int
    awaited: int
    is_slow: bool

    @property
    def done(self) -> int:
        """How many of those asked for were looked at."""
        return self.asked - self.awaited

    @property
    def is_going(self) -> bool:
        """Whether it is worth looking again in a moment."""
        return bool(self.awaited) and not self.is_slow


@dataclass(frozen=True, slots=True)
class Sender:
    """What DNS says of the sender's domain: each record's name, verdict and tone."""

    records: SenderRecords
    verdicts: Sequence[tuple[str, str | Promise, str]]
    is_going: bool


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.change_issue")
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every finding about an issue; have its sources or its sender looked at again."""
    about = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    now = timezone.now()
    sources = Source.objects.filter(article__issue_items__issue=about)
    if request.method == "POST":
        if "sender" in request.POST:
            senders.ask_for(about.newsletter, now=now)
            tasks.look_up_senders_later()
            audit.record(request, "issue.look-up", about)
        else:
            _ask(request, about, sources, now=now)
        return redirect("desk-checks", pk)
    found = preflight.findings(about, now=now)
    context = {
        "errors": [each for each in found if each.blocks],
        "warnings": [each for each in found if not each.blocks],
        "passed": preflight.passed(found),
        "links": links(sources, now=now),
        "sender": sender(about, now=now) if settings.LOOK_UP_SENDERS else None,
        "issue": about,
        "trail": trail.issue(about),
    }
    return _answer(request, "desk/checks.html", _("Checks"), context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.view_article")
def article(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was found of an article's sources; have them looked at again."""
    about = get_object_or_404(Article, pk=pk)
    now = timezone.now()
    if request.method == "POST":
        _ask(request, about, about.sources.all(), now=now)
        return redirect("desk-links", pk)
    context = {
        "links": links(about.sources.all(), now=now),
        "article": about,
        "trail": trail.article(about),
    }
    return _answer(request, "desk/links.html", _("Sources"), context)


def links(sources: "QuerySet[Source]", *, now: datetime) -> Links:
    """Return what is known of these sources. Those of an article stand together, in its order."""
    waiting = set(linkcheck.asked().values_list("pk", flat=True))
    found = list(
        sources.exclude(url="").select_related("article").order_by("article_id", "position", "pk")
    )
    asks = [each.check_asked_at for each in found if each.check_asked_at]
    # One press asks for all of them at one moment: what was asked for earlier is another story.
    last = max(asks, default=None)
    lines = [
        Line(
            each,
            linkcheck.WORDS.get(each.check_result, _("never checked")),
            _TONES.get(each.check_result, ""),
            each.pk in waiting,
        )
        for each in found
    ]
    return Links(
        lines,
        asked=sum(each == last for each in asks),
        awaited=sum(each.is_awaited and each.source.check_asked_at == last for each in lines),
        is_slow=last is not None and now - last > PATIENCE,
    )


def sender(about: Issue, *, now: datetime) -> Sender:
    """Return what is known of an issue's sender."""
    records = senders.records_of(about.newsletter)
    verdicts = [
        (name, SenderRecords.Verdict(value).label, _TONES.get(value, "bad"))
        for name, value in (
            ("SPF", records.spf),
            ("DKIM", records.dkim),
            ("DMARC", records.dmarc),
        )
    ]
    return Sender(records, verdicts, senders.is_awaited(records, now=now))


def _ask(
    request: HttpRequest, about: Issue | Article, sources: "QuerySet[Source]", *, now: datetime
) -> None:
    number = linkcheck.ask_for(sources, now=now)
    tasks.check_links_later()
    kind = "issue" if isinstance(about, Issue) else "article"
    audit.record(request, f"{kind}.check-links", about, sources=number)


def _answer(
    request: HttpRequest, template: str, title: str | Promise, context: dict[str, Any]
) -> HttpResponse:
    """Return the screen, or to htmx only what moves; once it stands still, the screen is shown anew."""
    of_links, of_sender = context["links"], context.get("sender")
    going = of_links.is_going or bool(of_sender and of_sender.is_going)
    if not request.headers.get("HX-Request"):
        return render(request, template, title, going=going, **context)
    response = render(request, "desk/_checked.html", title, going=going, **context)
    if not going:
        response["HX-Refresh"] = "true"
    return response
