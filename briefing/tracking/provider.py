"""A provider's report in our words: whose delivery, what became of it, and nothing else about them.

Before it: Anymail has checked who sent the report and read its form. After it: record.keep.
Source: https://anymail.dev/en/stable/sending/tracking/#normalized-tracking-event
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from briefing.models import Event
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


def reports(provider: str, events: Iterable[Any], *, now: datetime) -> Iterator[Report]:
    """Yield what Anymail's events say. Opens and clicks of readers who granted none are dropped."""
    for event in events:
        if not hasattr(event, "reject_reason"):
            # Mandrill posts received mail to the same address.
            continue
        kind = kind_of(provider, event)
        dispatch_id, subscriber_id = _whose(event)
        mail = _named("mail", event)
        if subscriber_id is None and event.recipient:
            subscriber_id = _reader_at(event.recipient)
        if kind in {Kind.OPENED, Kind.CLICKED} and not _may_be_tracked(subscriber_id):
            continue
        payload = without_addresses(_plain(event.esp_event))
        # Brevo, Mailjet and most of Postmark's reports bring no id: what they say tells them apart.
        own = event.event_id or payload
        yield Report(
            provider=provider,
            key=key_of(own, event.event_type, dispatch_id, subscriber_id),
            kind=kind,
            at=event.timestamp or now,
            dispatch_id=dispatch_id,
            subscriber_id=subscriber_id,
            code=code_of((event.mta_response, event.description)),
            payload=payload,
            outbox_id=mail[0] if mail else None,
        )


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


def _reader_at(recipient: str) -> int | None:
    """Return the reader a single mail went to, a confirmation for one."""
    try:
        key = address.parse(recipient).key
    except address.AddressRefusedError:
        return None
    return Subscriber.objects.filter(address_key=key).values_list("pk", flat=True).first()


def _may_be_tracked(subscriber_id: int | None) -> bool:
    if subscriber_id is None:
        return False
    return Subscriber.objects.filter(pk=subscriber_id, tracking_allowed=True).exists()
