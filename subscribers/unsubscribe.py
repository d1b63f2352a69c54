"""Leaving: by the link in a mail, by the mail client's own button, everything at once, and undo.

Before it: a reader's click. After it: the audience without them; dispatch sees it even mid-send,
because each of these updates the subscription row that dispatch locks.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from subscribers import consent, outbox, series, tally
from subscribers.consent import Entry, Origin
from subscribers.models import ConsentRecord, Outbox, Subscriber, Subscription

State = Subscription.State

_DAY = timedelta(days=1)
_GOODBYES_A_DAY = 3
# The form under which the ledger has an unsubscribe that was taken back.
_UNDO = "undo"


class LeavingReason(models.TextChoices):
    """What a reader may tell us afterwards. Nobody has to."""

    TOO_OFTEN = "too_often", _("It comes too often")
    NOT_FOR_ME = "not_for_me", _("It is not what I expected")
    NO_TIME = "no_time", _("I do not find the time to read it")
    NEVER_SIGNED_UP = "never_signed_up", _("I did not sign up")
    OTHER = "other", _("Something else")


@dataclass(frozen=True, slots=True)
class Left:
    """What a click did. `newly` is false when there was nothing to leave; `goodbye_id` is owed mail."""

    newly: bool
    goodbye_id: int | None = None


def by_link(subscriber_id: int, newsletter_id: int, *, origin: Origin, now: datetime) -> Left:
    """Leave one newsletter.

    A goodbye follows because the link may have been clicked by somebody the mail was forwarded to. It
    follows a few times a day at most: that somebody can leave and come back without end.
    """
    with transaction.atomic():
        if not _leave(_one(subscriber_id, newsletter_id), origin, now=now):
            return Left(newly=False)
        today = _goodbyes(subscriber_id, newsletter_id).filter(created_at__gt=now - _DAY)
        if today.count() >= _GOODBYES_A_DAY:
            return Left(newly=True)
        row = outbox.owe(
            Outbox(
                purpose=Outbox.Purpose.GOODBYE,
                dedupe_key=f"goodbye:{subscriber_id}:{newsletter_id}:{now.timestamp():.6f}",
                subscriber_id=subscriber_id,
                newsletter_id=newsletter_id,
            ),
            now=now,
        )
        return Left(newly=True, goodbye_id=row.pk if row else None)


def one_click(subscriber_id: int, newsletter_id: int, *, origin: Origin, now: datetime) -> None:
    """Leave one newsletter by the mail client's button (RFC 8058); twice is the same as once.

    No goodbye: the mail program has told the reader, and the wish was to hear nothing more.
    """
    with transaction.atomic():
        _leave(_one(subscriber_id, newsletter_id), origin, now=now)


def from_everything(subscriber_id: int, *, origin: Origin, now: datetime) -> list[int]:
    """Leave every newsletter; return which were left just now."""
    with transaction.atomic():
        return _leave(Subscription.objects.filter(subscriber_id=subscriber_id), origin, now=now)


def undo(subscriber_id: int, newsletter_id: int, *, origin: Origin, now: datetime) -> bool:
    """Take one unsubscribe back; False when there is nothing to take back."""
    with transaction.atomic():
        rows = _one(subscriber_id, newsletter_id).filter(state=State.UNSUBSCRIBED)
        row = rows.select_related("subscriber").first()
        # The UPDATE decides, not what was read before it.
        if row is None or not rows.exclude(withheld=Subscription.Withheld.ERASED).update(
            state=State.ACTIVE, unsubscribed_at=None, unsubscribe_reason=""
        ):
            return False
        person = row.subscriber.person
        wording = consent.latest_origin(person, newsletter_id=newsletter_id).notice
        act = ConsentRecord.Act.CONFIRMED
        shown = Origin(wording, origin.page, _UNDO, origin.locale, origin.ip, origin.user_agent)
        consent.record(Entry(person, act, now, newsletter_id, shown))
        tally.returned([row.pk], now=now)
        outbox.drop(_goodbyes(subscriber_id, newsletter_id), now=now)
    return True


def can_undo(subscriber_id: int, newsletter_id: int, *, link_made_at: int) -> bool:
    """Whether a link made at that second (since 1970) is about the unsubscribe that stands.

    One of an earlier unsubscribe takes no later one back: the reader has decided again since.
    """
    # A link is made after its unsubscribe, and knows only the second.
    before = datetime.fromtimestamp(link_made_at + 1, UTC)
    rows = _one(subscriber_id, newsletter_id).filter(
        state=State.UNSUBSCRIBED, unsubscribed_at__lt=before
    )
    return rows.exclude(withheld=Subscription.Withheld.ERASED).exists()


def undo_by_link(
    subscriber_id: int, newsletter_id: int, *, link_made_at: int, origin: Origin, now: datetime
) -> bool:
    """Take the unsubscribe back that a link is about; False for another one, and for a program's."""
    if not can_undo(subscriber_id, newsletter_id, link_made_at=link_made_at):
        return False
    reader = Subscriber.objects.filter(pk=subscriber_id).first()
    if reader is None or consent.is_often(reader.person, form=_UNDO, now=now):
        return False
    return undo(subscriber_id, newsletter_id, origin=origin, now=now)


def give_reason(subscriber_id: int, newsletter_id: int, reason: str) -> None:
    """Note why somebody left, where they have left and the reason is one we offer."""
    if reason in LeavingReason.values:
        _one(subscriber_id, newsletter_id).filter(state=State.UNSUBSCRIBED).update(
            unsubscribe_reason=reason
        )


def _leave(rows: QuerySet[Subscription], origin: Origin, *, now: datetime) -> list[int]:
    """End what is active among `rows`, with a ledger entry for each that this call has ended."""
    left = []
    active = rows.filter(state=State.ACTIVE).select_related("subscriber").order_by("pk")
    for row in active:
        ended = Subscription.objects.filter(pk=row.pk, state=State.ACTIVE).update(
            state=State.UNSUBSCRIBED, unsubscribed_at=now, unsubscribe_reason=""
        )
        if ended:
            act = ConsentRecord.Act.WITHDRAWN
            consent.record(Entry(row.subscriber.person, act, now, row.newsletter_id, origin))
            tally.left([row.pk], now=now)
            series.left([row.pk], now=now)
            left.append(row.newsletter_id)
    return left


def _one(subscriber_id: int, newsletter_id: int) -> QuerySet[Subscription]:
    return Subscription.objects.filter(subscriber_id=subscriber_id, newsletter_id=newsletter_id)


def _goodbyes(subscriber_id: int, newsletter_id: int) -> QuerySet[Outbox]:
    return Outbox.objects.filter(
        purpose=Outbox.Purpose.GOODBYE, subscriber_id=subscriber_id, newsletter_id=newsletter_id
    )
