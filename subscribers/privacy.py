"""A person's rights: everything held on them as one file, and everything personal gone.

Before it: the reader's own click, or staff answering a request. After it: a tombstone, the keyed
hash in suppression, and ledger entries that name nobody.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from subscribers import consent, outbox, ports, sealing, series, suppression, tally, throttle
from subscribers.consent import Entry
from subscribers.models import (
    ConsentContext,
    ConsentRecord,
    Outbox,
    SeriesMail,
    SignupRequest,
    Subscriber,
    Subscription,
)

CONTEXT_KEPT_FOR = timedelta(days=365)


def export(address_key: str) -> dict[str, Any]:
    """Return everything held on an address, in words and values that JSON can carry."""
    reader = Subscriber.objects.filter(address_key=address_key).first()
    signups = _signups(address_key)
    if reader:
        # Those under an address the reader has moved away from since.
        signups |= SignupRequest.objects.filter(person=reader.person)
    people = {*signups.values_list("person", flat=True)} | ({reader.person} if reader else set())
    mails = Q(signup__in=signups) | (Q(subscriber=reader) if reader else Q())
    told: dict[str, Any] = {
        "address": address_key,
        "signup_requests": [_plain(row) for row in signups],
        "suppressions": [_plain(row) for row in suppression.history(address_key)],
        "consent": [_act(row) for person in sorted(people) for row in consent.history(person)],
        "mails_to_you_alone": [_plain(row) for row in Outbox.objects.filter(mails)],
    }
    if reader is None:
        return told
    return told | {
        "reader": _plain(reader),
        "subscriptions": [_subscription(row) for row in _subscriptions(reader)],
        "welcome_series": [_step(row) for row in series.history(reader.pk)],
        "issues_handed_over": ports.publishing().deliveries(reader.pk),
    }


def erase(address_key: str, *, now: datetime) -> bool:
    """Erase an address and its reader; True when there was a reader. Safe to run twice.

    What stays names nobody: the keyed hash that refuses a later import, the ledger's bare ids,
    and an empty row that deliveries of the past point at.
    """
    with transaction.atomic():
        # First of all, because it updates the rows that a running dispatch locks.
        suppression.suppress(address_key, suppression.Reason.ERASED, now=now)
        suppression.forget_notes(address_key)
        outbox.forget_address(address_key)
        reader = Subscriber.objects.filter(address_key=address_key).first()
        _forget_signups(_signups(address_key))
        if reader is None:
            return False
        # Those under an address the reader has moved away from since.
        _forget_signups(SignupRequest.objects.filter(person=reader.person))
        _empty(reader, now=now)
        consent.record(Entry(person=reader.person, act=ConsentRecord.Act.ERASED, at=now))
        consent.forget_contexts([reader.person])
        ports.publishing().forget(reader.pk)
    return True


def retain(*, now: datetime) -> dict[str, int]:
    """Delete what has been kept long enough; return how many rows of what."""
    contexts = ConsentContext.objects.filter(created_at__lte=now - CONTEXT_KEPT_FOR)
    return {
        "consent_contexts": contexts.delete()[0],
        "outbox_addresses": outbox.forget_addresses(now=now),
        "outbox_rows": outbox.delete_old(now=now),
    }


def _empty(reader: Subscriber, *, now: datetime) -> None:
    for row in Subscription.objects.filter(subscriber=reader):
        row.topics.clear()
    # Before the update, which takes away what they are counted by.
    tally.left(_locked_active(reader), now=now)
    Subscription.objects.filter(subscriber=reader).update(
        state=Subscription.State.UNSUBSCRIBED,
        withheld=Subscription.Withheld.ERASED,
        frequency=Subscription.Frequency.EVERY_ISSUE,
        paused_until=None,
        unsubscribed_at=now,
        unsubscribe_reason="",
        source={},
    )
    Outbox.objects.filter(subscriber=reader).delete()
    series.forget(reader.pk)
    Subscriber.objects.filter(pk=reader.pk).update(
        address="",
        address_key=None,
        address_hash=None,
        domain="",
        name="",
        locale="en",
        time_zone="",
        format=Subscriber.Format.HTML,
        tracking_allowed=False,
        attributes={},
        erased_at=now,
    )


def _locked_active(reader: Subscriber) -> list[int]:
    rows = Subscription.objects.filter(subscriber=reader, state=Subscription.State.ACTIVE)
    return list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))


def _forget_signups(requests: QuerySet[SignupRequest]) -> None:
    """Delete the requests, and the context that the ledger keeps of each."""
    consent.forget_contexts(requests.values_list("person", flat=True))
    requests.delete()


def _signups(address_key: str) -> QuerySet[SignupRequest]:
    # A disowned request keeps only the hash of its mailbox: it is found by that, and goes as well.
    hashes = throttle.mailbox_hashes(address_key)
    disowned = Q(address_key="", address_hash__in=hashes)
    return SignupRequest.objects.filter(Q(address_key=address_key) | disowned)


def _subscriptions(reader: Subscriber) -> Any:
    return reader.subscriptions.select_related("newsletter").prefetch_related("topics")


def _subscription(row: Subscription) -> dict[str, Any]:
    topics = [topic.slug for topic in row.topics.all()]
    return _plain(row) | {"newsletter": row.newsletter.slug, "topics": topics}


def _step(row: SeriesMail) -> dict[str, Any]:
    return {
        "newsletter": row.step.newsletter.slug,
        "subject": row.step.subject,
        "at": row.at,
        "outcome": row.get_outcome_display(),
    }


def _act(row: ConsentRecord) -> dict[str, Any]:
    context = getattr(row, "context", None)
    seen = {"ip": context.ip, "user_agent": context.user_agent} if context else None
    wording = row.notice.text if row.notice else None
    return sealing.receipt(row) | {"wording": wording, "context": seen}


def _plain(row: Any) -> dict[str, Any]:
    """Return a row's own columns, without the keys that only the database uses."""
    names = [field.name for field in row._meta.concrete_fields]
    values = {name: getattr(row, row._meta.get_field(name).attname) for name in names}
    return {name: _value(value) for name, value in values.items()}


def _value(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value
