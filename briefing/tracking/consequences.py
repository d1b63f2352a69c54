"""What a report means for its reader: suppression by rule, never by a single soft sign.

Before it: reports not folded yet. After it: subscribers.suppression, and through it every later
mail. Everything here may be repeated: a report counts as drawn only once it is folded.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Sum

from briefing.dispatch import alerts, fate
from briefing.dispatch.outcome import ACCEPTED
from briefing.dispatch.progress import measure
from briefing.models import Alert, Burst, Delivery, Dispatch, Event, EventCount
from briefing.tracking.rows import Told
from subscribers import suppression, unsubscribe
from subscribers.consent import Origin
from subscribers.models import Suppression

Kind = Event.Kind

# The reports that mean anything for a reader; nearly all others say that a copy arrived.
KINDS = (
    Kind.COMPLAINED,
    Kind.HARD_BOUNCED,
    Kind.SOFT_BOUNCED,
    Kind.UNSUBSCRIBED,
    Kind.BLOCKED,
)
# So many soft bounces in a row, each of another issue, count as a hard one.
SOFT_BOUNCES = 3
# Above this share of an issue the addresses are not what is wrong.
BURST_SHARE = 0.05
# Of fewer than this a share says nothing.
BURST_AT_LEAST = 20
_ISSUES_LOOKED_AT = 20


def draw(events: Iterable[Told], *, now: datetime) -> None:
    """Do what reports mean for their readers. Safe to run twice: each rule may be repeated."""
    events = [event for event in events if event.subscriber_id is not None]
    _complaints(events, now=now)
    _hard_bounces(events, now=now)
    _soft_bounces(events, now=now)
    _unsubscribes(events, now=now)
    _blocked(events, now=now)


def decide(burst: Burst, decision: str, *, by: str, now: datetime) -> int:
    """Take a person's word for a burst; return how many readers were suppressed. Said once."""
    decided = Burst.objects.filter(pk=burst.pk, decision=Burst.Decision.OPEN).update(
        decision=decision, decided_at=now, decided_by=by[:150]
    )
    if not decided or decision != Burst.Decision.SUPPRESS:
        return 0
    readers = Event.objects.filter(dispatch_id=burst.pk, kind=Kind.HARD_BOUNCED)
    ids = readers.values_list("subscriber_id", flat=True).distinct()
    for subscriber_id in ids:
        if subscriber_id is not None:
            _suppress(subscriber_id, Suppression.Reason.HARD_BOUNCE, "hard bounce", now=now)
    return len(ids)


def _complaints(events: Iterable[Told], *, now: datetime) -> None:
    for reader in {event.subscriber_id for event in events if event.kind == Kind.COMPLAINED}:
        _suppress(reader, Suppression.Reason.COMPLAINT, "complained", now=now)


def _hard_bounces(events: Iterable[Told], *, now: datetime) -> None:
    hard = [event for event in events if event.kind == Kind.HARD_BOUNCED]
    may = {
        dispatch_id: dispatch_id is None or _may_suppress(dispatch_id, hard, now=now)
        for dispatch_id in {event.dispatch_id for event in hard}
    }
    for reader in {event.subscriber_id for event in hard if may[event.dispatch_id]}:
        _suppress(reader, Suppression.Reason.HARD_BOUNCE, "hard bounce", now=now)


def _may_suppress(dispatch_id: int, events: Iterable[Told], *, now: datetime) -> bool:
    """Whether a dispatch's hard bounces are few enough to be believed, or a person said so."""
    burst = Burst.objects.filter(pk=dispatch_id).first()
    if burst:
        return burst.decision == Burst.Decision.SUPPRESS
    if not Dispatch.objects.filter(pk=dispatch_id).exists():
        return True
    new = {event.subscriber_id for event in events if event.dispatch_id == dispatch_id}
    counted = EventCount.objects.filter(dispatch_id=dispatch_id, kind=fate.HARD_BOUNCED, link=-1)
    bounced = (counted.aggregate(all=Sum("number"))["all"] or 0) + len(new)
    accepted = measure(dispatch_id).by_outcome["accepted"]
    if bounced < BURST_AT_LEAST or bounced <= accepted * BURST_SHARE:
        return True
    Burst.objects.get_or_create(pk=dispatch_id, defaults={"at": now})
    text = (
        f"{bounced} of {accepted} copies of dispatch {dispatch_id} bounced for good: nobody is "
        "suppressed for it until somebody says at the desk whose fault it is."
    )
    alerts.raise_alert(Alert.Kind.BOUNCES, str(dispatch_id), text, now=now)
    return False


def _soft_bounces(events: Iterable[Told], *, now: datetime) -> None:
    soft: defaultdict[int, set[int]] = defaultdict(set)
    for event in events:
        if event.kind == Kind.SOFT_BOUNCED and event.dispatch_id and event.subscriber_id:
            soft[event.subscriber_id].add(event.dispatch_id)
    for reader, issues in _in_a_row(soft).items():
        if issues >= SOFT_BOUNCES:
            note = f"{SOFT_BOUNCES} soft bounces in a row"
            _suppress(reader, Suppression.Reason.HARD_BOUNCE, note, now=now)


def _in_a_row(soft: Mapping[int, set[int]]) -> dict[int, int]:
    """Return how many of each reader's latest issues bounced softly; a delivery ends the row.

    `soft` has the dispatches whose soft bounces are not folded yet.
    """
    latest = Dispatch.objects.order_by("-pk").values_list("pk", "issue_id")[:_ISSUES_LOOKED_AT]
    issues = dict(latest) if soft else {}
    rows = Delivery.objects.filter(
        dispatch_id__in=list(issues), subscriber_id__in=list(soft), outcome=ACCEPTED
    ).order_by("-dispatch_id")
    bounced: dict[int, set[int]] = {reader: set() for reader in soft}
    over: set[int] = set()
    for dispatch, reader, heard in rows.values_list("dispatch_id", "subscriber_id", "fate"):
        if heard & fate.DELIVERED:
            over.add(reader)
        elif reader not in over and (heard & fate.SOFT_BOUNCED or dispatch in soft[reader]):
            # A correction or a second dispatch of an issue is the same issue.
            bounced[reader].add(issues[dispatch])
    return {reader: len(those) for reader, those in bounced.items()}


def _unsubscribes(events: Iterable[Told], *, now: datetime) -> None:
    for event in events:
        if event.kind == Kind.UNSUBSCRIBED and event.subscriber_id is not None:
            origin = Origin(form=f"provider {event.provider}"[:40])
            rows = Dispatch.objects.select_related("issue")
            dispatch = rows.filter(pk=event.dispatch_id or 0).first()
            if dispatch:
                unsubscribe.one_click(
                    event.subscriber_id, dispatch.issue.newsletter_id, origin=origin, now=now
                )
            else:
                unsubscribe.from_everything(event.subscriber_id, origin=origin, now=now)


def _blocked(events: Iterable[Told], *, now: datetime) -> None:
    """Tell a person: mail refused because of us is ours to mend, and never the reader's fault."""
    for dispatch_id in {event.dispatch_id for event in events if event.kind == Kind.BLOCKED}:
        words = next(
            event.code
            for event in events
            if event.kind == Kind.BLOCKED and event.dispatch_id == dispatch_id
        )
        text = (
            f"Receiving servers refuse dispatch {dispatch_id} because of us: {words or 'no words'}. "
            "Check SPF, DKIM, DMARC and the sending network's reputation: manage.py doctor"
        )
        alerts.raise_alert(Alert.Kind.BOUNCES, f"blocked {dispatch_id}", text, now=now)


def _suppress(
    subscriber_id: int | None, reason: Suppression.Reason, note: str, *, now: datetime
) -> None:
    if subscriber_id is not None:
        suppression.suppress_reader(subscriber_id, reason, now=now, note=note)
