"""What a report means for its reader: suppression by rule, never by a single soft sign.

Before it: reports not folded yet. After it: subscribers.suppression, and through it every later
mail. Everything here may be repeated: a report counts as drawn only once it is folded.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Sum

from briefing.dispatch import alerts, fate
from briefing.dispatch.progress import measure
from briefing.models import Alert, Burst, Dispatch, Event, EventCount
from briefing.tracking import mailboxes, softly
from briefing.tracking.mailboxes import Place
from briefing.tracking.rows import Told
from subscribers import joining, suppression, unsubscribe
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
    ids = readers.exclude(subscriber_id=None).values_list("subscriber_id", flat=True).distinct()
    return _bounced({(burst.pk, reader or 0) for reader in ids}, now=now)


def _complaints(events: Iterable[Told], *, now: datetime) -> None:
    """Suppress whoever complained, in the mailbox that they complained from."""
    places = {_place(event) for event in events if event.kind == Kind.COMPLAINED}
    for mailbox in mailboxes.of(places).values():
        _suppress(mailbox.key, Suppression.Reason.COMPLAINT, "complained", now=now)


def _hard_bounces(events: Iterable[Told], *, now: datetime) -> None:
    hard = [event for event in events if event.kind == Kind.HARD_BOUNCED]
    may = {
        dispatch_id: dispatch_id is None or _may_suppress(dispatch_id, hard, now=now)
        for dispatch_id in {event.dispatch_id for event in hard}
    }
    _bounced({_place(event) for event in hard if may[event.dispatch_id]}, now=now)


def _bounced(places: Collection[Place], *, now: datetime) -> int:
    """Suppress the mailboxes that copies came back from; return how many.

    The later word counts: a mailbox that its owner has proven since takes mail.
    """
    number = 0
    for (_dispatch, reader), mailbox in mailboxes.of(places).items():
        if mailbox.key and not _proven_since(reader, mailbox.handed_over_at):
            _suppress(mailbox.key, Suppression.Reason.HARD_BOUNCE, "hard bounce", now=now)
            number += 1
    return number


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


def _proven_since(reader: int, handed_over_at: datetime | None) -> bool:
    proven_at = joining.proven_at(reader) if handed_over_at else None
    return bool(handed_over_at and proven_at and proven_at > handed_over_at)


def _soft_bounces(events: Iterable[Told], *, now: datetime) -> None:
    soft: defaultdict[int, set[int]] = defaultdict(set)
    for event in events:
        if event.kind == Kind.SOFT_BOUNCED and event.dispatch_id and event.subscriber_id:
            soft[event.subscriber_id].add(event.dispatch_id)
    keys = mailboxes.present(soft)
    for reader, issues in softly.in_a_row(soft, keys, now=now).items():
        if issues >= SOFT_BOUNCES:
            note = f"{SOFT_BOUNCES} soft bounces in a row"
            _suppress(keys[reader], Suppression.Reason.HARD_BOUNCE, note, now=now)


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


def _place(event: Told) -> Place:
    return event.dispatch_id, event.subscriber_id or 0


def _suppress(key: str, reason: Suppression.Reason, note: str, *, now: datetime) -> None:
    if key:
        suppression.suppress(key, reason, now=now, note=note)
