"""Preview of an article: the page as visitors will see it, whether they may see it yet or not."""

from typing import Any

from csp.constants import SELF
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.shortcuts import render as render_page
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from briefing.admin import trail
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.archive import drafts, reading
from briefing.models import Article
from subscribers.links import absolute

WIDTHS = {"wide": _("Desktop"), "narrow": _("Phone")}


@require_safe
@needs("briefing.view_article")
def proof(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the article's page in a frame of the chosen width."""
    article = get_object_or_404(Article, pk=pk)
    width = request.GET.get("as", "wide")
    return render(
        request,
        "desk/proof.html",
        _("Preview"),
        article=article,
        draft_url=absolute(reverse("draft", args=[drafts.token_for(article)])),
        ends_at=timezone.now() + drafts.LASTS,
        width=width if width in WIDTHS else "wide",
        widths=WIDTHS,
        trail=trail.article(article),
    )


@require_safe
@xframe_options_sameorigin
@needs("briefing.view_article")
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the page itself, with the public pages' policy, for the proof's sandboxed frame."""
    article = get_object_or_404(reading.with_everything(Article.objects.all()), pk=pk)
    context: dict[str, Any] = {
        "article": article,
        "newsletter": reading.house_newsletter(),
        # The frame that shows it lets no script run, so none is asked for.
        "scriptless": True,
    }
    response = render_page(request, "desk/proof_page.html", context)
    response._csp_replace = {"frame-ancestors": [SELF], "sandbox": [""]}  # type: ignore[attr-defined]  # django-csp's own hook
    return response
