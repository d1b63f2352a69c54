"""Change of address: asked on the preferences page, confirmed at the new one, told to the old one.

Before it: a reader's wish. After it: the same reader under another address, or, where somebody
already reads under that address, that reader with the subscriptions of both.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q

from subscribers import address, consent, joining, outbox, suppression, throttle, unsubscribe
from subscribers.address import Address
from subscribers.consent import Origin
from subscribers.models import Outbox, Subscriber, Subscription

Purpose = Outbox.Purpose

_MOST_A_DAY = 3


class MoveGoneError(LookupError):
    """The change is no longer possible: the reader has moved on, or is erased."""


def ask(subscription: Subscription, new: Address, *, now: datetime) -> int | None:
    """Owe a question to the new address; None when a limit or a suppression forbids it.

    The page answers the same either way: it must not tell who reads under which address.
    """
    reader = subscription.subscriber
    today = Q(created_at__gt=now - timedelta(days=1))
    asked = Outbox.objects.filter(subscriber=reader, purpose=Purpose.ADDRESS_CONFIRM).aggregate(
        last=Max("pk"), today=Count("pk", filter=today)
    )
    hashes = address.hashes_under_all_keys(new.key)
    if (
        asked["today"] >= _MOST_A_DAY
        or reader.address_key == new.key
        or not suppression.allows_confirmation(new.key, now=now)
        or not throttle.admits_address(hashes, bounced=False, now=now)
    ):
        return None
    row = outbox.owe(
        Outbox(
            purpose=Purpose.ADDRESS_CONFIRM,
            # Two clicks at once follow the same last one, and the unique key lets one of them.
            dedupe_key=f"move:{reader.pk}:{asked['last'] or 0}:{asked['today']}",
            subscriber=reader,
            newsletter=subscription.newsletter,
            context={"old": reader.address, "new": new.text},
        ),
        now=now,
    )
    return row.pk if row else None


def asked(outbox_id: int) -> Outbox | None:
    """Return the row of the outbox that a link in one of these mails names, if it still counts."""
    return (
        Outbox.objects.select_related("subscriber", "newsletter")
        .filter(
            pk=outbox_id,
            purpose__in=(Purpose.ADDRESS_CONFIRM, Purpose.ADDRESS_CHANGED),
            subscriber__erased_at=None,
        )
        .exclude(context={})
        .first()
    )


def addresses_of(subscriber_id: int) -> set[str]:
    """Return the keys of the addresses between which a reader moved lately, as long as they are kept."""
    rows = Outbox.objects.filter(subscriber=subscriber_id, purpose=Purpose.ADDRESS_CHANGED)
    told = rows.exclude(context={}).values_list("context", flat=True)
    return {address.parse(context[side]).key for context in told for side in ("old", "new")}


def confirm(row: Outbox, *, origin: Origin, now: datetime) -> int | None:
    """Move the reader; return the id of the mail owed to the old address, None on a second click.

    Raises: MoveGoneError.
    """
    old, new = _addresses(row)
    try:
        with transaction.atomic():
            return _move(row, old, new, now=now)
    except IntegrityError:
        # Somebody reads under the new address already, and whoever clicked is that somebody.
        with transaction.atomic():
            return _merge(row, new, origin, now=now)


def undo(row: Outbox, *, origin: Origin, now: datetime) -> bool:
    """Take a change back on the old address's word; False when there is nothing to take back."""
    old, new = _addresses(row)
    merged = row.context.get("newsletters")
    if merged is not None:
        pk = _reader(row).pk
        back = [unsubscribe.undo(pk, number, origin=origin, now=now) for number in merged]
        return any(back)
    try:
        with transaction.atomic():
            return _set_address(_reader(row), old, instead_of=new, now=now)
    except IntegrityError:
        # The old address has signed up anew in the meantime; that reader stays.
        return False


def _move(row: Outbox, old: Address, new: Address, *, now: datetime) -> int | None:
    reader = _reader(row)
    if reader.address_key == new.key:
        return None
    if not _set_address(reader, new, instead_of=old, now=now):
        raise MoveGoneError(row.pk)
    return _owe_notice(row, {"old": old.text, "new": new.text}, now=now)


def _merge(row: Outbox, new: Address, origin: Origin, *, now: datetime) -> int | None:
    reader, other = _reader(row), Subscriber.objects.get(address_key=new.key)
    active = list(
        reader.subscriptions.filter(state=Subscription.State.ACTIVE).order_by("newsletter_id")
    )
    if not active:
        return None
    for subscription in active:
        shown = consent.latest_origin(reader.person, newsletter_id=subscription.newsletter_id)
        joining.take_over(subscription, other, shown, now=now)
    unsubscribe.from_everything(reader.pk, origin=origin, now=now)
    suppression.lift_by_signup(new.key, now=now)
    told = {
        "old": row.context["old"],
        "new": row.context["new"],
        "newsletters": [subscription.newsletter_id for subscription in active],
    }
    return _owe_notice(row, told, now=now)


def _set_address(reader: Subscriber, to: Address, *, instead_of: Address, now: datetime) -> bool:
    # One conditional UPDATE: only a reader who is still where the wish was made moves.
    moved = Subscriber.objects.filter(pk=reader.pk, address_key=instead_of.key).update(
        address=to.text,
        address_key=to.key,
        address_hash=address.address_hash(to.key),
        hash_key_id=address.hash_key_id(),
        domain=to.domain,
    )
    if moved:
        # The mailbox is proven, as by a signup; this also updates the subscriptions' rows.
        suppression.lift_by_signup(to.key, now=now)
    return bool(moved)


def _owe_notice(row: Outbox, context: dict[str, object], *, now: datetime) -> int | None:
    notice = outbox.owe(
        Outbox(
            purpose=Purpose.ADDRESS_CHANGED,
            dedupe_key=f"moved:{row.pk}",
            subscriber=_reader(row),
            newsletter=row.newsletter,
            context=context,
        ),
        now=now,
    )
    return notice.pk if notice else None


def _addresses(row: Outbox) -> tuple[Address, Address]:
    return address.parse(row.context["old"]), address.parse(row.context["new"])


def _reader(row: Outbox) -> Subscriber:
    if row.subscriber is None:
        raise MoveGoneError(row.pk)
    return row.subscriber
