"""Compose: the newest articles that no issue has carried become the next issue, in one press."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from briefing.admin import audit, trail
from briefing.admin.gate import needs
from briefing.admin.screen import render
from briefing.issues import lifecycle, slots
from briefing.models import Article
from subscribers.models import Newsletter

# What an issue usually carries; the rest of the list waits unticked.
USUAL_ARTICLES = 6
ARTICLES_OFFERED = 60


class ComposeForm(forms.Form):
    """Everything is filled in already: the headline leads, the newest articles follow."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    preheader = forms.CharField(
        label=_("Preheader"),
        max_length=200,
        required=False,
        help_text=_("What most mailboxes show after the subject."),
    )
    intro = forms.CharField(
        label=_("Introduction"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("Markdown. {{ name|there }} becomes the reader’s name, or “there”."),
    )
    articles = forms.ModelMultipleChoiceField(
        label=_("Articles"),
        queryset=Article.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("An issue carries at least one article.")},
    )

    def __init__(self, *args: Any, articles: list[Article], **kwargs: Any) -> None:
        usual = articles[:USUAL_ARTICLES]
        initial = {
            "articles": [article.pk for article in usual],
            "subject": usual[0].headline if usual else "",
            "preheader": usual[1].headline if len(usual) > 1 else "",
        }
        super().__init__(*args, **{"initial": initial, **kwargs})
        self.offered = articles
        field: Any = self.fields["articles"]
        field.queryset = Article.objects.filter(pk__in=[article.pk for article in articles])
        field.choices = [(article.pk, article.headline) for article in articles]

    def clean(self) -> dict[str, Any]:
        """Refuse an expression that no reader has a value for, at the field it stands in."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("subject", "preheader", "intro"):
            try:
                slots.check(values.get(name, ""))
            except slots.UnknownVariableError as error:
                self.add_error(name, str(error))
        return values

    def chosen(self) -> list[Article]:
        """Return the ticked articles in the order in which they were offered."""
        ticked = {article.pk for article in self.cleaned_data["articles"]}
        return [article for article in self.offered if article.pk in ticked]


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
    articles = lifecycle.unused_articles(newsletter)[:ARTICLES_OFFERED]
    form = ComposeForm(request.POST or None, articles=articles)
    if request.method == "POST" and form.is_valid():
        issue = lifecycle.compose(
            newsletter,
            form.chosen(),
            subject=form.cleaned_data["subject"],
            preheader=form.cleaned_data["preheader"],
            intro=form.cleaned_data["intro"],
        )
        audit.record(request, "issue.compose", issue, articles=len(form.chosen()))
        messages.success(request, _("Issue %(number)d is composed.") % {"number": issue.number})
        return redirect("admin:briefing_issue_change", issue.pk)
    return render(
        request,
        "desk/compose.html",
        _("Compose an issue"),
        form=form,
        newsletter=newsletter,
        newsletters=newsletters,
        trail=trail.issues(),
    )


def _chosen(newsletters: list[Newsletter], slug: str) -> Newsletter | None:
    named = [newsletter for newsletter in newsletters if newsletter.slug == slug]
    return next(iter(named or newsletters), None)
