"""The second person: above a number of readers, somebody else has to have looked as well.

Off unless SECOND_PERSON_ABOVE says from how many readers on. What was approved is the issue as it
stood: a change makes the approval void. Source: OWASP ASVS 5.0.0, 2.3.5.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from briefing.admin import audit
from briefing.models import AuditEntry, Issue

ACT = "issue.approve"


@dataclass(frozen=True, slots=True)
class Approval:
    """Whether an issue needs a second person, and who that was."""

    needed: bool
    by: str = ""
    own: bool = False

    @property
    def missing(self) -> bool:
        """Whether somebody still has to approve."""
        return self.needed and not self.by


def approval_of(issue: Issue, *, readers: int, user: Any) -> Approval:
    """Return how it stands with an issue for somebody who wants to send it."""
    limit = settings.SECOND_PERSON_ABOVE
    if not limit or readers <= limit:
        return Approval(needed=False)
    entries = AuditEntry.objects.filter(
        act=ACT, subject=Issue._meta.label_lower, subject_id=str(issue.pk)
    ).select_related("actor")
    changed = issue.history.order_by("-history_date").values_list("history_date", flat=True).first()
    if changed:
        entries = entries.filter(at__gte=changed)
    others = entries.exclude(actor=user).order_by("-pk").first()
    return Approval(
        needed=True,
        by=others.actor.get_username() if others and others.actor else "",
        own=entries.filter(actor=user).exists(),
    )


def approve(request: HttpRequest, issue: Issue, *, readers: int) -> None:
    """Write down that this person has looked; sending it is then for somebody else."""
    audit.record(request, ACT, issue, readers=readers)
