"""Compose: articles are chosen and put in order, texts written round them; one screen for both ends.

A new issue begins with the newest articles that none has carried; a draft with what it has.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from briefing.admin import audit, guises, picking, trail
from briefing.admin.gate import needs
from briefing.admin.mailform import BEST_SUBJECT, MailForm, metered
from briefing.admin.picking import Row
from briefing.admin.screen import render
from briefing.issues import arranging, lifecycle
from briefing.issues.arranging import Texts
from briefing.models import Article, Issue
from subscribers.models import Newsletter, Topic

_TEXTS = ("subject", "second_subject", "preheader", "intro")


class ComposeForm(MailForm):
    """The texts of an issue. The articles are rows of their own: picking.py reads them."""

    second_subject = forms.CharField(
        label=_("A second subject to try"),
        max_length=200,
        required=False,
        widget=metered(BEST_SUBJECT),
        help_text=_(
            "Left empty, there is one. With two, a tenth of the readers can get each, and the others "
            "the one that more people click on. Clicks are then counted without asking whose."
        ),
    )
    intro = forms.CharField(
        label=_("Introduction"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("Markdown. {{ name|there }} becomes the reader’s name, or “there”."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse two subjects that are one."""
        values = super().clean()
        if values.get("second_subject") and values["second_subject"] == values.get("subject"):
            self.add_error("second_subject", _("Both subjects are the same."))
        return values

    def texts(self) -> Texts:
        """Return what was written."""
        return Texts(**{name: self.cleaned_data[name] for name in _TEXTS})


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.add_issue")
def compose(request: HttpRequest) -> HttpResponse:
    """Offer the next issue, and make it when asked to."""
    newsletters = list(Newsletter.objects.order_by("pk"))
    newsletter = _chosen(newsletters, request.GET.get("newsletter", ""))
    if newsletter is None:
        messages.error(
            request, _("There is no newsletter yet. Make one, then compose its first issue.")
        )
        return redirect("admin:subscribers_newsletter_changelist")
    if "week" in request.POST:
        return _of_the_week(request, newsletter)
    offered = arranging.offer(newsletter, picking.wanted(request.GET))
    rows = picking.begin(offered)
    form = _form(request, initial=arranging.suggested([row.article for row in rows if row.ticked]))
    if request.method == "POST":
        rows = picking.read(request.POST, newsletter, rows)
        if articles := _accepted(request, form, rows):
            texts = form.texts()
            issue = lifecycle.compose(
                newsletter,
                articles,
                subject=texts.subject,
                preheader=texts.preheader,
                intro=texts.intro,
            )
            lifecycle.give_second_subject(issue, texts.second_subject)
            return _composed(request, issue, articles=len(articles))
    beside = {
        "newsletters": newsletters,
        "week": arranging.of_the_week(newsletter, now=timezone.now()),
    }
    return _screen(request, form, rows, newsletter, title=_("Compose an issue"), beside=beside)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.change_issue")
def arrange(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a draft's articles and texts, and keep what an editor makes of them."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    if issue.status != Issue.Status.DRAFT:
        messages.info(request, _("This issue has gone out: it stays what it was."))
        return redirect("admin:briefing_issue_change", pk)
    carried = list(issue.articles.select_related("topic").order_by("issue_items__position"))
    rows = picking.begin(arranging.offer(issue.newsletter, picking.wanted(request.GET)), carried)
    texts = {name: getattr(issue, name) for name in _TEXTS}
    form = _form(request, initial=texts)
    if request.method == "POST":
        rows = picking.read(request.POST, issue.newsletter, rows)
        articles = _accepted(request, form, rows)
        if articles and not _replaces_unseen(request, issue, form):
            try:
                arranging.arrange(issue, articles, form.texts())
            except arranging.NoDraftError:
                messages.error(request, _("Nothing was changed: the issue has gone out meanwhile."))
            else:
                audit.record(request, "issue.arrange", issue, articles=len(articles))
                messages.success(request, _("Saved. Look at it, then send a test."))
            return redirect("admin:briefing_issue_change", pk)
    beside = {"issue": issue, "based_on": issue.history.latest("history_id").history_id}
    return _screen(request, form, rows, issue.newsletter, title=str(issue), beside=beside)


@require_POST
@needs("briefing.add_issue")
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the next draft with what an issue has."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    made = arranging.duplicate(issue)
    return _composed(request, made, articles=made.articles.count())


def _of_the_week(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Make the next issue of the week's articles, in one press."""
    articles = arranging.of_the_week(newsletter, now=timezone.now())
    if not articles:
        messages.error(request, _("No article of the last seven days is left to send."))
        return redirect("desk-compose")
    issue = lifecycle.compose(newsletter, articles, **arranging.suggested(articles))
    return _composed(request, issue, articles=len(articles))


def _replaces_unseen(request: HttpRequest, issue: Issue, form: ComposeForm) -> bool:
    """Stop once when somebody else has saved meanwhile; who then saves again has decided."""
    seen = request.POST.get("based_on", "")
    last = issue.history.select_related("history_user").latest("history_id")
    if not seen or seen == str(last.history_id):
        return False
    form.add_error(
        None,
        _(
            "%(who)s saved this issue at %(time)s, after you had opened it. Nothing of yours is "
            "saved yet, and it still stands below. Save again to replace theirs, whose texts stay "
            "under “History”."
        )
        % {
            "who": last.history_user or gettext("Somebody else"),
            "time": timezone.localtime(last.history_date).strftime("%H:%M"),
        },
    )
    return True


def _composed(request: HttpRequest, issue: Issue, *, articles: int) -> HttpResponse:
    audit.record(request, "issue.compose", issue, articles=articles)
    messages.success(request, _("Issue %(number)d is composed.") % {"number": issue.number})
    return redirect("admin:briefing_issue_change", issue.pk)


def _form(request: HttpRequest, *, initial: dict[str, str]) -> ComposeForm:
    return ComposeForm(request.POST or None, initial=initial)


def _accepted(request: HttpRequest, form: ComposeForm, rows: list[Row]) -> list[Article]:
    """Return the ticked articles when the form may be kept; nothing shows the page again."""
    if picking.changes_the_list(request.POST):
        return []
    ticked = [row.article for row in rows if row.ticked]
    if not ticked:
        form.add_error(None, _("An issue carries at least one article."))
    return ticked if form.is_valid() else []


def _screen(
    request: HttpRequest,
    form: ComposeForm,
    rows: list[Row],
    newsletter: Newsletter,
    *,
    title: Any,
    beside: dict[str, Any],
) -> HttpResponse:
    return render(
        request,
        "desk/compose.html",
        title,
        form=form,
        rows=rows,
        most=arranging.OFFERED,
        wanted=picking.wanted(request.POST or request.GET),
        topics=Topic.objects.order_by("name"),
        newsletter=newsletter,
        guises=guises.GUISES,
        trail=trail.issues(),
        **beside,
    )


def _chosen(newsletters: list[Newsletter], slug: str) -> Newsletter | None:
    named = [newsletter for newsletter in newsletters if newsletter.slug == slug]
    return next(iter(named or newsletters), None)
