"""What a report is of: the issue with those it missed, or one of its dispatches by itself."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing.admin import trail
from briefing.models import Dispatch, Issue
from briefing.tracking import reports

TABS = {
    "desk-report": _("Figures"),
    "desk-course": _("Over time"),
    "desk-heat": _("Clicks on the mail"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """An issue, what of it was asked for, and every dispatch there was."""

    issue: Issue
    dispatches: list[Dispatch]
    chosen: Dispatch | None

    @property
    def told(self) -> list[Dispatch]:
        """The dispatches that are told of."""
        if self.chosen is not None:
            return [self.chosen]
        return [each for each in self.dispatches if each.kind != Dispatch.Kind.CORRECTION]

    @property
    def report(self) -> reports.Report:
        """The report of what was asked for."""
        if self.chosen is not None:
            return reports.of_dispatch(self.chosen)
        return reports.of_issue(self.issue)

    @property
    def name(self) -> str:
        """The name of a file about it."""
        of = f"-dispatch-{self.chosen.pk}" if self.chosen else ""
        return f"{self.issue.newsletter.slug}-{self.issue.number}{of}"

    @property
    def query(self) -> str:
        """What keeps an address on this subject."""
        return f"dispatch={self.chosen.pk}" if self.chosen else ""


def subject(request: HttpRequest, pk: int) -> Subject:
    """Return what the address asks for. Raises: Http404."""
    issue = get_object_or_404(Issue.objects.select_related("newsletter"), pk=pk)
    dispatches = list(Dispatch.objects.filter(issue=issue).order_by("pk"))
    asked = request.GET.get("dispatch", "")
    chosen = next((each for each in dispatches if str(each.pk) == asked), None)
    if asked and chosen is None:
        raise Http404
    return Subject(issue, dispatches, chosen)


def shared(of: Subject, tab: str) -> dict[str, Any]:
    """Return what all screens about an issue show: the tabs, and the choice among its dispatches."""
    here = reverse(tab, args=[of.issue.pk])
    choices: list[tuple[str | Promise, str, bool]] = [(_("The issue"), here, of.chosen is None)]
    if len(of.dispatches) > 1:
        choices += [
            (
                f"{each.get_kind_display()} · {each.created_at:%Y-%m-%d}",
                f"{here}?dispatch={each.pk}",
                each == of.chosen,
            )
            for each in of.dispatches
        ]
    return {
        "issue": of.issue,
        "subject": of,
        "tabs": [
            (label, f"{reverse(name, args=[of.issue.pk])}?{of.query}".rstrip("?"), name == tab)
            for name, label in TABS.items()
        ],
        "choices": choices,
        "trail": trail.issue(of.issue),
    }
