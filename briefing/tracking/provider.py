"""A provider's report in our words: whose delivery, what became of it, and nothing else about them.

Before it: Anymail has checked who sent the report and read its form. After it: record.keep.
Source: https://anymail.dev/en/stable/sending/tracking/#normalized-tracking-event
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from briefing.models import Event
from briefing.tracking import humans
from briefing.tracking.record import Report, code_of, key_of, without_addresses
from briefing.tracking.verdicts import Bounce, of_bounce
from subscribers import address, links
from subscribers.models import Subscriber

Kind = Event.Kind

# Anymail's word -> ours; what is missing here is kept as "other".
_KINDS = {
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "complained": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "opened": Kind.OPENED,
    "clicked": Kind.CLICKED,
    "rejected": Kind.REJECTED,
    "failed": Kind.REJECTED,
}
# Why a provider did not even try, in Anymail's words: its own suppression list tells us of ours.
_REASONS = {
    "invalid": Kind.HARD_BOUNCED,
    "bounced": Kind.HARD_BOUNCED,
    "spam": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "blocked": Kind.BLOCKED,
}
OF_BOUNCE = {
    Bounce.HARD: Kind.HARD_BOUNCED,
    Bounce.FULL: Kind.SOFT_BOUNCED,
    Bounce.SOFT: Kind.SOFT_BOUNCED,
    Bounce.BLOCKED: Kind.BLOCKED,
    Bounce.AUTHENTICATION: Kind.BLOCKED,
}
# Where each provider says how final a bounce is, and which of its words are. Asked only when the
# receiving server's own code does not tell. Sources: each provider's page on its webhooks.
_FINAL: dict[str, tuple[str, frozenset[str]]] = {
    "amazon_ses": ("bounce.bounceType", frozenset({"Permanent"})),
    "brevo": ("event", frozenset({"hard_bounce", "invalid_email"})),
    "mailersend": ("data.type", frozenset({"hard_bounced"})),
    "mailgun": ("event-data.severity", frozenset({"permanent"})),
    "mailjet": ("hard_bounce", frozenset({"True", "1", "true"})),
    "mailtrap": ("event", frozenset({"bounce"})),
    "mandrill": ("event", frozenset({"hard_bounce"})),
    "postmark": ("Type", frozenset({"HardBounce", "BadEmailAddress"})),
    "resend": ("data.bounce.type", frozenset({"Permanent"})),
    "sendgrid": ("type", frozenset({"bounce"})),
    "sparkpost": ("msys.message_event.bounce_class", frozenset({"10", "30"})),
    "unisender_go": (
        "delivery_info.delivery_status",
        frozenset({"err_user_unknown", "err_user_inactive", "err_domain_inactive"}),
    ),
}


# Where a provider says by itself that a machine opened or clicked, and in which words. Sources as above.
_MACHINES: dict[str, tuple[str, frozenset[str]]] = {
    "brevo": ("event", frozenset({"proxy_open", "unique_proxy_open"})),
    "mailgun": ("event-data.client-info.bot", frozenset({"apple", "gmail", "generic"})),
    "sendgrid": ("sg_machine_open", frozenset({"True", "true"})),
    "sparkpost": ("msys.track_event.is_prefetched", frozenset({"True", "true"})),
}
_BY_SOMEBODY = frozenset({Kind.OPENED, Kind.CLICKED})


class _Heard(NamedTuple):
    """One event, and what its reference names: whose copy, or which mail to one person."""

    event: Any
    kind: Kind
    dispatch_id: int | None
    subscriber_id: int | None
    outbox_id: int | None


def reports(provider: str, events: Iterable[Any], *, now: datetime) -> Iterator[Report]:
    """Yield what Anymail's events say. Opens and clicks of readers who granted none are dropped.

    The database is asked twice at most, however many they are.
    """
    # Mandrill posts received mail to the same address.
    told = [_heard(provider, event) for event in events if hasattr(event, "reject_reason")]
    readers = _readers_at({each.event.recipient for each in told if each.subscriber_id is None})
    told = [
        each._replace(subscriber_id=each.subscriber_id or readers.get(each.event.recipient))
        for each in told
    ]
    granting = _granting({each.subscriber_id for each in told if each.kind in _BY_SOMEBODY})
    for each in told:
        if each.kind not in _BY_SOMEBODY or each.subscriber_id in granting:
            yield _report(provider, each, now=now)


def _heard(provider: str, event: Any) -> _Heard:
    mail = _named("mail", event)
    return _Heard(event, kind_of(provider, event), *_whose(event), mail[0] if mail else None)


def _report(provider: str, told: _Heard, *, now: datetime) -> Report:
    event = told.event
    payload = without_addresses(_plain(event.esp_event))
    # Brevo, Mailjet and most of Postmark's reports bring no id: what they say tells them apart.
    own = event.event_id or payload
    return Report(
        provider=provider,
        key=key_of(own, event.event_type, told.dispatch_id, told.subscriber_id),
        kind=told.kind,
        at=event.timestamp or now,
        dispatch_id=told.dispatch_id,
        subscriber_id=told.subscriber_id,
        code=code_of((event.mta_response, event.description)),
        by_person=_by_person(provider, told),
        payload=payload,
        outbox_id=told.outbox_id,
    )


def _by_person(provider: str, told: _Heard) -> bool | None:
    """Return false of an opening or a click that a machine made; nothing where that is not known."""
    if told.kind not in _BY_SOMEBODY:
        return None
    path, words = _MACHINES.get(provider, ("", frozenset()))
    if _at(_plain(told.event.esp_event), path) in words:
        return False
    what = "open" if told.kind == Kind.OPENED else "click"
    return False if humans.is_called_machine(what, told.event.user_agent or "") else None


def kind_of(provider: str, event: Any) -> Kind:
    """Return what a report is of. Decided by types and codes, never by the words around them."""
    if event.event_type == "bounced":
        return OF_BOUNCE[_bounce(provider, event)]
    if event.event_type in {"rejected", "failed"}:
        # Postal calls a refusal of the receiving server a failure.
        refused = OF_BOUNCE[of_bounce("", event.mta_response or "")]
        found = Kind.REJECTED if refused == Kind.SOFT_BOUNCED else refused
        return _REASONS.get(event.reject_reason, found)
    return _KINDS.get(event.event_type, Kind.OTHER)


def _bounce(provider: str, event: Any) -> Bounce:
    """Return whose trouble a bounce is: the receiving server's code first, then the provider's word."""
    told = of_bounce("", event.mta_response or event.description or "")
    if told is not Bounce.SOFT:
        return told
    if event.reject_reason in {"blocked", "spam"}:
        return Bounce.BLOCKED
    path, final = _FINAL.get(provider, ("", frozenset()))
    return Bounce.HARD if _at(_plain(event.esp_event), path) in final else Bounce.SOFT


def _at(payload: Any, path: str) -> str:
    """Return the word at a dotted path, whichever of its first steps the report leaves out."""
    steps = path.split(".")
    for begin in range(len(steps)):
        found = payload
        for step in steps[begin:]:
            found = found.get(step) if isinstance(found, dict) else None
        if found is not None:
            return str(found)
    return ""


def _plain(payload: Any) -> Any:
    """Return a payload as JSON takes it: some providers post forms."""
    lists = getattr(payload, "lists", None)
    return dict(lists()) if lists else payload


def _whose(event: Any) -> tuple[int | None, int | None]:
    """Return dispatch and reader from the reference that every copy carries, if it is one of ours."""
    numbers = _named("reference", event)
    return (numbers[0], numbers[1]) if numbers else (None, None)


def _named(purpose: str, event: Any) -> tuple[int, ...] | None:
    """Return what the reference in a report names, if we signed it for this purpose."""
    for word in ((event.metadata or {}).get("reference"), *(event.tags or ())):
        try:
            return links.read(purpose, str(word))
        except links.BadLinkError:
            continue
    return None


def _readers_at(recipients: Collection[str | None]) -> dict[str, int]:
    """Return the readers that single mails went to, confirmations for one, by address as it was told."""
    keys: dict[str, str] = {}
    for recipient in filter(None, recipients):
        with suppress(address.AddressRefusedError):
            keys[recipient] = address.parse(recipient).key
    rows = Subscriber.objects.filter(address_key__in=set(keys.values())) if keys else ()
    known = {row.address_key: row.pk for row in rows}
    return {recipient: known[key] for recipient, key in keys.items() if key in known}


def _granting(readers: Collection[int | None]) -> set[int]:
    """Return those of these readers whose openings and clicks may be kept."""
    some = {reader for reader in readers if reader is not None}
    rows = Subscriber.objects.filter(pk__in=some, tracking_allowed=True)
    return set(rows.values_list("pk", flat=True)) if some else set()
