"""Who of an audience a following dispatch is for: those the issue missed, or those who received it."""

from collections.abc import Sequence
from dataclasses import replace

from briefing.dispatch.outcome import ACCEPTED, UNKNOWN
from briefing.models import Delivery, Dispatch
from subscribers.audience import Candidate

# Whoever may have the issue counts as having it: a second copy is worse than a question.
_HAS_IT = (ACCEPTED, UNKNOWN)


def narrow(dispatch: Dispatch, page: Sequence[Candidate]) -> list[Candidate]:
    """Exclude, with the reason, whom this kind of dispatch is not for. A main one is for all."""
    if dispatch.kind == Dispatch.Kind.MAIN:
        return list(page)
    reached = _reached(dispatch, [each.subscriber_id for each in page if not each.excluded])
    wanted = dispatch.kind == Dispatch.Kind.CORRECTION
    reason = "never received it" if wanted else "has it already"
    return [
        each
        if each.excluded or (each.subscriber_id in reached) == wanted
        else replace(each, excluded=reason)
        for each in page
    ]


def planned_before(dispatch: Dispatch, readers: Sequence[int]) -> int:
    """Return how many of these readers an earlier dispatch of the issue itself had planned."""
    if dispatch.kind != Dispatch.Kind.MISSED:
        return 0
    rows = Delivery.objects.filter(dispatch_id__in=_earlier(dispatch), subscriber_id__in=readers)
    return rows.values("subscriber_id").distinct().count()


def _reached(dispatch: Dispatch, readers: Sequence[int]) -> set[int]:
    """Return who of these readers got the issue by any of its dispatches but corrections."""
    rows = Delivery.objects.filter(
        dispatch_id__in=_earlier(dispatch), subscriber_id__in=readers, outcome__in=_HAS_IT
    )
    return set(rows.values_list("subscriber_id", flat=True))


def _earlier(dispatch: Dispatch) -> list[int]:
    """Return the dispatches that carried the issue itself before this one."""
    rows = Dispatch.objects.filter(issue_id=dispatch.issue_id, pk__lt=dispatch.pk)
    return list(rows.exclude(kind=Dispatch.Kind.CORRECTION).values_list("pk", flat=True))
