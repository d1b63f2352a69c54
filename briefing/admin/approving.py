"""The second person at the desk: who has approved, who still has to, and the words put forward."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest

from briefing.admin import audit
from briefing.issues import seconding
from briefing.models import Dispatch, Issue

# How long words wait for a second person; later they have to be put forward again.
_WAITS_SECONDS = 86_400


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


def approval_of(
    issue: Issue, *, readers: int, user: Any, kind: str = Dispatch.Kind.MAIN
) -> Approval:
    """Return how it stands with an issue, as it is in memory, for somebody who wants to send it."""
    if not seconding.is_needed(readers):
        return Approval(needed=False)
    entries = seconding.approvals(issue, kind)
    other = entries.exclude(actor=user).first()
    return Approval(
        needed=True,
        by=other.actor.get_username() if other and other.actor else "",
        own=entries.filter(actor=user).exists(),
    )


def approve(
    request: HttpRequest, issue: Issue, *, readers: int, kind: str = Dispatch.Kind.MAIN
) -> None:
    """Write down that this person has looked; sending it is then for somebody else."""
    content = seconding.fingerprint(issue, kind)
    audit.record(request, seconding.ACT, issue, readers=readers, kind=kind, content=content)


def put_forward(issue: Issue, words: Mapping[str, str]) -> None:
    """Keep a correction's words for the second person; the log that outlives everything has none."""
    cache.set(_place(issue), dict(words), _WAITS_SECONDS)


def put_forward_for(issue: Issue) -> dict[str, str]:
    """Return the words that wait for a second person, if there are any."""
    return dict(cache.get(_place(issue)) or {})


def _place(issue: Issue) -> str:
    return f"correction:{issue.pk}"
