"""The composer's pane: the mail of what stands in the form now, saved or not.

The form itself is sent into a frame, so it works without JavaScript, at the press of a button.
"""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from briefing.admin import guises, picking
from briefing.admin.composing import ComposeForm
from briefing.admin.gate import needs
from briefing.admin.previewing import REFUSALS
from briefing.issues import arranging, copies, lifecycle
from briefing.issues.arranging import Texts
from briefing.issues.copies import IssueCopy
from briefing.models import Article, Issue
from subscribers.models import Newsletter


@require_POST
@xframe_options_sameorigin
@needs("briefing.add_issue")
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the mail of an issue that is being composed."""
    newsletter = get_object_or_404(Newsletter, slug=slug)
    return _shown(request, newsletter, None)


@require_POST
@xframe_options_sameorigin
@needs("briefing.change_issue")
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the mail of a draft as it would be saved."""
    issue = get_object_or_404(
        Issue.objects.select_related("newsletter"), pk=pk, status=Issue.Status.DRAFT
    )
    return _shown(request, issue.newsletter, issue)


def _shown(request: HttpRequest, newsletter: Newsletter, issue: Issue | None) -> HttpResponse:
    guise = guises.known(request.POST.get("as", ""))
    rows = picking.read(request.POST, newsletter, ())
    articles = [row.article for row in rows if row.ticked]
    form = ComposeForm(request.POST)
    if not articles:
        return _told(str(_("An issue carries at least one article.")))
    if not form.is_valid():
        return _told("\n".join(str(each[0]) for each in form.errors.values()))
    try:
        copy = _compiled(request, newsletter, issue, articles, form.texts())
    except REFUSALS as error:
        return _told(str(error))
    except arranging.NoDraftError:
        return _told(str(_("Nothing was changed: the issue has gone out meanwhile.")))
    if guise == "text":
        return _told(copy.text)
    return guises.held_to(HttpResponse(guises.dress(copy.html, guise)), guise)


@transaction.atomic
def _compiled(
    request: HttpRequest,
    newsletter: Newsletter,
    issue: Issue | None,
    articles: list[Article],
    texts: Texts,
) -> IssueCopy:
    """Save it, look at it, and take it back: what is shown is what saving would make.

    Raises: one of REFUSALS, with a sentence that says what to mend.
    """
    if issue is None:
        issue = lifecycle.compose(
            newsletter,
            articles,
            subject=texts.subject,
            preheader=texts.preheader,
            intro=texts.intro,
        )
    else:
        arranging.arrange(issue, articles, texts)
        issue.refresh_from_db()
    try:
        return copies.preview(
            issue,
            name=getattr(request.user, "first_name", ""),
            address=getattr(request.user, "email", ""),
            now=timezone.now(),
        )
    finally:
        transaction.set_rollback(True)


def _told(text: str) -> HttpResponse:
    """Show words in the frame: the mail's plain text, or what is in the way."""
    return guises.held_to(HttpResponse(text, content_type="text/plain; charset=utf-8"), "text")
