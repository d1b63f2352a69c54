"""Dispatch: who will get the issue and who will not, then one press that cannot be an accident."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from briefing import tasks
from briefing.admin import audit, trail
from briefing.admin.gate import needs, needs_second_factor
from briefing.admin.previewing import REFUSALS
from briefing.admin.screen import render
from briefing.dispatch import control
from briefing.models import Dispatch, Issue
from subscribers import audience

# Why somebody does not get an issue, in words. A reason without words here is shown by its name.
REASONS: dict[str, str | Promise] = {
    "unsubscribed": _("have unsubscribed"),
    "suppressed": _("must not be written to (bounce, complaint or a person’s decision)"),
    "paused": _("have paused their mail"),
    "digest": _("get the weekly digest instead"),
    "erased": _("have been erased"),
    "segment": _("are not in the segment"),
    "has it already": _("have it already, or may have it"),
    "never received it": _("never received it"),
}


@dataclass(frozen=True, slots=True)
class Excluded:
    """One reason, and how many readers it keeps out."""

    reason: str | Promise
    readers: int


class CountForm(forms.Form):
    """Asks for the number of readers: nobody types 48,112 by mistake."""

    count = forms.CharField(
        label=_("Type the number of readers to confirm"),
        max_length=20,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: object, planned: int, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # a form's own arguments
        self.planned = planned

    def clean_count(self) -> int:
        """Take the number in any of the ways in which people write thousands."""
        digits = "".join(c for c in self.cleaned_data["count"] if c not in " ,.'’\u00a0\u202f")
        if digits != str(self.planned):
            raise forms.ValidationError(
                _("That is not the number above. It may have changed since; please read it again.")
            )
        return self.planned


@require_http_methods(["GET", "HEAD", "POST"])
@needs("briefing.dispatch_issue")
@needs_second_factor
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who gets the issue; on the typed number, start its dispatch."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    now = timezone.now()
    before = Dispatch.objects.filter(issue=issue, kind=Dispatch.Kind.MAIN).first()
    if before is not None:
        messages.info(request, _("This issue is dispatched already; here is how it goes."))
        return redirect("admin:briefing_dispatch_change", before.pk)
    count = audience.count(issue.newsletter, now=now)
    form = CountForm(request.POST or None, planned=count.planned)
    if request.method == "POST" and form.is_valid():
        try:
            dispatch = control.start(issue, now=now)
        except (control.DispatchRefusedError, *REFUSALS) as error:
            form.add_error(None, str(error))
        else:
            audit.record(
                request, "issue.dispatch", issue, dispatch=dispatch.pk, readers=count.planned
            )
            tasks.plan_later(dispatch.pk)
            return redirect("admin:briefing_dispatch_change", dispatch.pk)
    return render(
        request,
        "desk/dispatch_confirm.html",
        _("Dispatch"),
        issue=issue,
        articles=issue.articles.count(),
        count=count,
        excluded=excluded_from(count.excluded),
        form=form,
        trail=trail.issue(issue),
    )


def excluded_from(by_reason: dict[str, int]) -> list[Excluded]:
    """Put the reasons for exclusion into words, the most frequent first."""
    return [
        Excluded(reason=REASONS.get(reason, reason), readers=readers)
        for reason, readers in sorted(by_reason.items(), key=lambda item: -item[1])
        if readers
    ]
