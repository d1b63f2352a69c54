"""What a provider's answer about one delivery changes: a report that was lost is kept like any other.

Before it: providers. After it: record.keep and the fold, so that fates, counters and suppressions
follow by the same rules as if the provider had reported by itself.
"""

from datetime import datetime

from briefing.dispatch import resolving
from briefing.dispatch.outcome import ACCEPTED, REJECTED
from briefing.models import Event, Repair
from briefing.providers.base import Answer, Inquiry, Seen, What
from briefing.tracking import record
from briefing.tracking.provider import OF_BOUNCE
from briefing.tracking.record import Report, code_of, key_of
from briefing.tracking.verdicts import Bounce, of_bounce

Kind = Event.Kind
_KINDS = {
    What.DELIVERED: Kind.DELIVERED,
    What.DEFERRED: Kind.DEFERRED,
    What.BLOCKED: Kind.BLOCKED,
    What.REJECTED: Kind.REJECTED,
    What.COMPLAINED: Kind.COMPLAINED,
    What.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
}


def take_unknown(provider: str, inquiry: Inquiry, answer: Answer, *, now: datetime) -> Repair:
    """Settle a delivery of unknown fate, or say beside it that the provider has no such message.

    Never sent again because of an answer: that stays a person's decision, or the site's policy.
    """
    if not answer.taken:
        resolving.note_not_found(inquiry.dispatch_id, inquiry.subscriber_id, provider=provider)
        return _repair(provider, inquiry, Repair.Kind.UNSEEN, now=now)
    _keep(provider, inquiry, answer, now=now)
    refused = {each.what for each in answer.seen} == {What.REJECTED}
    outcome = REJECTED if refused else ACCEPTED
    resolving.settle(inquiry.dispatch_id, [inquiry.subscriber_id], outcome)
    return _repair(provider, inquiry, Repair.Kind.RESOLVED, _words(answer), now=now)


def take_silent(provider: str, inquiry: Inquiry, answer: Answer | None, *, now: datetime) -> Repair:
    """Keep what was seen of an accepted delivery that nobody reported on, else list it."""
    if answer is None or (answer.taken and not answer.seen):
        return _repair(provider, inquiry, Repair.Kind.SILENT, now=now)
    if not answer.taken:
        return _repair(provider, inquiry, Repair.Kind.UNSEEN, now=now)
    _keep(provider, inquiry, answer, now=now)
    return _repair(provider, inquiry, Repair.Kind.STATE, _words(answer), now=now)


def _keep(provider: str, inquiry: Inquiry, answer: Answer, *, now: datetime) -> None:
    record.keep([_report(provider, inquiry, seen) for seen in answer.seen], now=now)


def _report(provider: str, inquiry: Inquiry, seen: Seen) -> Report:
    of = (inquiry.dispatch_id, inquiry.subscriber_id)
    return Report(
        provider=provider,
        key=key_of("asked", *of, seen.what, seen.at),
        kind=_kind(seen),
        at=seen.at,
        dispatch_id=inquiry.dispatch_id,
        subscriber_id=inquiry.subscriber_id,
        code=code_of([seen.said]),
        payload={"asked": True, "what": seen.what},
    )


def _kind(seen: Seen) -> Kind:
    """Return the kind of report: of a bounce by the receiving server's code, then by the provider."""
    if seen.what is not What.BOUNCED:
        return _KINDS[seen.what]
    told = of_bounce("", seen.said)
    return Kind.HARD_BOUNCED if told is Bounce.SOFT and seen.final else OF_BOUNCE[told]


def _words(answer: Answer) -> str:
    latest = max(answer.seen, key=lambda seen: seen.at, default=None)
    return code_of([f"{latest.what} {latest.said}" if latest else ""])


def _repair(
    provider: str, inquiry: Inquiry, kind: Repair.Kind, words: str = "", *, now: datetime
) -> Repair:
    return Repair(
        provider=provider,
        at=now,
        kind=kind,
        subscriber_id=inquiry.subscriber_id,
        dispatch_id=inquiry.dispatch_id,
        words=words,
    )
