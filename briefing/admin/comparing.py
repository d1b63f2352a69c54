"""How an issue's audience differs from that of the last issue: who is new, who fell out, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefing.models import Dispatch, DispatchCount, Issue
from subscribers.audience import AudienceCount

Words = Mapping[str, str | Promise]


@dataclass(frozen=True, slots=True)
class Line:
    """One reason why the number changed, and by how many readers: more or fewer."""

    reason: str | Promise
    readers: int


@dataclass(frozen=True, slots=True)
class Change:
    """From the last issue's readers to this one's: before + the sum of the lines = now."""

    last: Issue
    before: int
    lines: list[Line]
    now: int

    @property
    def difference(self) -> int:
        """How many more readers get this one; fewer, when it is negative."""
        return self.now - self.before


def last_planned(issue: Issue) -> Dispatch | None:
    """Return the dispatch to compare with: the newest of an issue of the same kind."""
    return (
        Dispatch.objects.filter(
            kind=Dispatch.Kind.MAIN,
            planned_at__isnull=False,
            issue__newsletter_id=issue.newsletter_id,
            issue__kind=issue.kind,
        )
        .exclude(issue=issue)
        .select_related("issue", "count")
        .order_by("-pk")
        .first()
    )


def moment_of(dispatch: Dispatch | None) -> datetime | None:
    """Return when a dispatch's audience was closed to new readers."""
    return dispatch.created_at if dispatch else None


def change(dispatch: Dispatch, counted: AudienceCount, *, words: Words) -> Change:
    """Say what is different since that dispatch. `counted` is since its moment."""
    then: DispatchCount = dispatch.count
    fewer = {
        reason: counted.excluded_before.get(reason, 0) - then.excluded.get(reason, 0)
        for reason in {**then.excluded, **counted.excluded_before}
    }
    # Whoever left before and came back since is new now, and is no more among those who had left.
    came_back = then.planned + counted.joined - sum(fewer.values()) - counted.planned
    fewer["unsubscribed"] = fewer.get("unsubscribed", 0) + came_back
    lines = [Line(_("have joined since"), counted.joined)]
    lines += [_line(words.get(reason, reason), -number) for reason, number in fewer.items()]
    return Change(
        last=dispatch.issue,
        before=then.planned,
        lines=sorted((each for each in lines if each.readers), key=lambda each: -each.readers),
        now=counted.planned,
    )


def _line(reason: str | Promise, readers: int) -> Line:
    return Line(_("no longer: %s") % reason if readers > 0 else reason, readers)
