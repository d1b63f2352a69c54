"""Change of address: asked on the preferences page, confirmed at the new one, told to the old one.

Before it: a reader's wish. After it: the same reader under another address, or, where somebody
already reads under that address, that reader with the subscriptions of both.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max

from subscribers import address, consent, joining, outbox, suppression, throttle, unsubscribe
from subscribers.address import Address
from subscribers.consent import Origin
from subscribers.models import Outbox, Subscriber, Subscription

Purpose = Outbox.Purpose

_MOST_A_DAY = 3
_SLOT_SECONDS = 15 * 60


class MoveGoneError(LookupError):
    """The change is no longer possible: the reader has moved on, took it back, or is erased."""


def ask(subscription: Subscription, new: Address, *, now: datetime) -> int | None:
    """Owe a question to the new address; None when a limit or a suppression forbids it.

    The page answers the same either way: it must not tell who reads under which address.
    """
    with transaction.atomic():
        reader = _locked(subscription.subscriber_id)
        if reader is None or not _may_ask(reader, new, now=now):
            return None
        mailbox = throttle.mailbox_hash(new.key).hex()
        row = outbox.owe(
            Outbox(
                purpose=Purpose.ADDRESS_CONFIRM,
                # Of two readers who name one mailbox at once, neither may see the other's wish: the
                # unique key lets one of them.
                dedupe_key=f"move:{mailbox}:{int(now.timestamp()) // _SLOT_SECONDS}",
                subscriber=reader,
                newsletter=subscription.newsletter,
                context={"old": reader.address, "new": new.text, "mailbox": mailbox},
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


def is_done(wish: Outbox) -> bool:
    """Whether a wish was carried out and still holds."""
    told = Outbox.objects.filter(dedupe_key=_told_key(wish)).select_related("subscriber").first()
    if told is None or not told.context or _is_void(told):
        return False
    return "newsletters" in told.context or _is_at(told, "new")


def is_open(wish: Outbox) -> bool:
    """Whether a wish can still be carried out: once, and from where its reader was."""
    told = Outbox.objects.filter(dedupe_key=_told_key(wish))
    return _is_at(wish, "old") and not told.exists() and not _is_void(wish)


def is_back(change: Outbox) -> bool:
    """Whether a change was taken back and the reader is where they were before it."""
    return "taken_back" in change.context and _is_at(change, "old")


def confirm(row: Outbox, *, origin: Origin, now: datetime) -> int | None:
    """Move the reader; return the id of the mail owed to the old address, None on a second click.

    A wish is carried out once: its link must not undo what the old address took back.
    Raises: MoveGoneError.
    """
    old, new = _addresses(row)
    try:
        with transaction.atomic():
            reader = _of(row)
            if is_done(row):
                return None
            if _is_void(row) or Outbox.objects.filter(dedupe_key=_told_key(row)).exists():
                raise MoveGoneError(row.pk)
            return _move(row, reader, old, new, now=now)
    except IntegrityError:
        # Somebody reads under the new address already, and whoever clicked is that somebody.
        with transaction.atomic():
            return _merge(row, _of(row), new, origin, now=now)


def undo(row: Outbox, *, origin: Origin, now: datetime) -> bool:
    """Take a change back on the old address's word; False when there is nothing to take back.

    What followed the change goes with it, and every wish from before: whoever moved a reader against
    their will may have moved them on at once.
    """
    try:
        with transaction.atomic():
            return _undo(row, origin, now=now)
    except IntegrityError:
        # The old address has signed up anew in the meantime; that reader stays.
        return False


def _may_ask(reader: Subscriber, new: Address, *, now: datetime) -> bool:
    today = Outbox.objects.filter(
        subscriber=reader,
        purpose=Purpose.ADDRESS_CONFIRM,
        created_at__gt=now - timedelta(days=1),
    )
    return (
        reader.address_key != new.key
        and today.count() < _MOST_A_DAY
        and suppression.allows_confirmation(new.key, now=now)
        and throttle.admits_address(new.key, bounced=False, now=now)
    )


def _move(
    row: Outbox, reader: Subscriber, old: Address, new: Address, *, now: datetime
) -> int | None:
    # Only a reader who is still where the wish was made moves.
    if reader.address_key != old.key:
        raise MoveGoneError(row.pk)
    _set_address(reader, new, now=now)
    return _owe_notice(row, {"old": old.text, "new": new.text}, now=now)


def _merge(
    row: Outbox, reader: Subscriber, new: Address, origin: Origin, *, now: datetime
) -> int | None:
    other = Subscriber.objects.filter(address_key=new.key).first()
    if other is None:
        raise MoveGoneError(row.pk)
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


def _undo(row: Outbox, origin: Origin, *, now: datetime) -> bool:
    reader = _locked(row.subscriber_id or 0)
    changes = [change for change in _changes(row.subscriber_id) if change.pk >= row.pk]
    if reader is None or not changes or changes[0].pk != row.pk or _is_void(changes[0]):
        return False
    joined = [pk for change in changes for pk in change.context.get("newsletters", ())]
    back = [unsubscribe.undo(reader.pk, pk, origin=origin, now=now) for pk in joined]
    old = address.parse(row.context["old"])
    if reader.address_key != old.key:
        _set_address(reader, old, now=now)
    elif not any(back):
        return False
    mails = Outbox.objects.filter(subscriber=reader)
    last = mails.aggregate(last=Max("pk"))["last"]
    mails.filter(pk=row.pk).update(context=changes[0].context | {"taken_back": last})
    return True


def _is_void(row: Outbox) -> bool:
    """Whether the reader has since taken back this change, one before it, or any after this wish."""
    return any(
        row.pk <= change.context.get("taken_back", 0)
        for change in _changes(row.subscriber_id)
        if row.purpose == Purpose.ADDRESS_CONFIRM or change.pk <= row.pk
    )


def _changes(reader_id: int | None) -> list[Outbox]:
    """Return a reader's changes of address that can still be taken back, oldest first."""
    rows = Outbox.objects.filter(subscriber=reader_id, purpose=Purpose.ADDRESS_CHANGED)
    return list(rows.exclude(context={}).order_by("pk"))


def _set_address(reader: Subscriber, to: Address, *, now: datetime) -> None:
    """Write a locked reader's new address. Raises: IntegrityError when somebody has it."""
    Subscriber.objects.filter(pk=reader.pk).update(
        address=to.text,
        address_key=to.key,
        address_hash=address.address_hash(to.key),
        hash_key_id=address.hash_key_id(),
        domain=to.domain,
    )
    # The mailbox is proven, as by a signup; this also updates the subscriptions' rows.
    suppression.lift_by_signup(to.key, now=now)


def _owe_notice(row: Outbox, context: dict[str, object], *, now: datetime) -> int | None:
    notice = outbox.owe(
        Outbox(
            purpose=Purpose.ADDRESS_CHANGED,
            dedupe_key=_told_key(row),
            subscriber=row.subscriber,
            newsletter=row.newsletter,
            context=context,
        ),
        now=now,
    )
    return notice.pk if notice else None


def _told_key(wish: Outbox) -> str:
    return f"moved:{wish.pk}"


def _addresses(row: Outbox) -> tuple[Address, Address]:
    return address.parse(row.context["old"]), address.parse(row.context["new"])


def _is_at(row: Outbox, side: str) -> bool:
    reader = row.subscriber
    return reader is not None and reader.address_key == address.parse(row.context[side]).key


def _of(row: Outbox) -> Subscriber:
    reader = _locked(row.subscriber_id or 0)
    if reader is None:
        raise MoveGoneError(row.pk)
    return reader


def _locked(reader_id: int) -> Subscriber | None:
    """Return a reader whom nobody else moves until the transaction ends; None for an erased one."""
    # Subscriptions first, as an erasure takes them: two that take turns never wait for each other.
    rows = Subscription.objects.filter(subscriber_id=reader_id).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))
    reader = Subscriber.objects.select_for_update(no_key=True)
    return reader.filter(pk=reader_id, erased_at=None).first()
