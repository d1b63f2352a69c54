"""Mail owed to one person: owed once, claimed by one worker, settled with the provider's answer.

Before it: signup, unsubscribe, preferences owe a mail in the transaction that made it due. After
it: `sending` hands it over.

A mail here leaves at least once, not at most once as an issue does: when a worker dies between
handing over and writing the answer, it leaves again after the lease. A second confirmation harms
nobody; one that never comes loses a reader who waits for it. Only a step of a welcome series, which
nobody waits for, leaves once or is listed as unknown.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from subscribers.models import Outbox

State = Outbox.State

# Longer than any hand-over may take (EMAIL_TIMEOUT); afterwards its worker counts as dead.
LEASE = timedelta(minutes=2)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
# A change of address can be taken back for a week.
NAMED_FOR = timedelta(days=8)
KEPT_FOR = timedelta(days=90)
GIVE_UP_AFTER = timedelta(hours=24)


def owe(row: Outbox, *, now: datetime, delay: timedelta = timedelta(0)) -> Outbox | None:
    """Write down a mail that is owed; None when its dedupe key says it already is."""
    row.created_at = now
    row.next_at = now + delay
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return None
    return row


def due(*, now: datetime, limit: int) -> list[int]:
    """Return the ids of mails to hand over now, the longest waiting first."""
    rows = Outbox.objects.filter(_claimable(), next_at__lte=now).order_by("next_at")
    return list(rows.values_list("pk", flat=True)[:limit])


def claim(outbox_id: int, *, now: datetime) -> Outbox | None:
    """Take a mail for handing over; None when it is not due or another worker has it.

    One conditional UPDATE: of two workers that saw the same row, one changes it.
    """
    row = Outbox.objects.filter(_claimable(), pk=outbox_id, next_at__lte=now).first()
    if row is None:
        return None
    lease_until = now + LEASE
    claimed = Outbox.objects.filter(pk=row.pk, state=row.state, next_at=row.next_at).update(
        state=State.LEAVING, next_at=lease_until, attempts=row.attempts + 1
    )
    if not claimed:
        return None
    row.state, row.next_at, row.attempts = State.LEAVING, lease_until, row.attempts + 1
    return row


def lost(*, now: datetime, limit: int = 200) -> list[Outbox]:
    """Return what leaves at most once and was being handed over by a worker that has died."""
    rows = Outbox.objects.filter(_at_most_once(), state=State.LEAVING, next_at__lte=now)
    return list(rows.order_by("next_at")[:limit])


def unsettled_once() -> QuerySet[Outbox]:
    """Return what leaves at most once and has no end yet."""
    return Outbox.objects.filter(_at_most_once(), state__in=[State.OWED, State.LEAVING])


def doubt(row: Outbox, *, now: datetime) -> bool:
    """List a mail as unknown, whoever has it; False when it has an end by now."""
    rows = unsettled_once().filter(pk=row.pk)
    return bool(rows.update(state=State.UNKNOWN, code="backup", finished_at=now))


def is_held_by(row: Outbox) -> bool:
    """Whether a claimed mail is still this claim's to hand over."""
    return _claimed(row).exists()


def leaves_once(row: Outbox) -> bool:
    """Whether a mail is rather not handed over than twice."""
    return row.purpose == Outbox.Purpose.STEP


def settle(row: Outbox, state: State, *, code: str = "", now: datetime) -> bool:
    """Write down how a claimed mail ended; False when a later claim has taken it over."""
    return bool(_claimed(row).update(state=state, code=code[:120], finished_at=now))


def is_hopeless(row: Outbox, *, now: datetime) -> bool:
    """Whether a mail has been owed for a day and still does not leave.

    One that could not even be tried for a day, because no worker ran, still gets its attempts.
    """
    return now - row.created_at >= GIVE_UP_AFTER and row.attempts > len(BACK_OFF)


def postpone(row: Outbox, *, code: str, now: datetime) -> None:
    """Try a claimed mail again later."""
    wait = BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1]
    _claimed(row).update(state=State.OWED, code=code[:120], next_at=now + wait)


def drop(rows: QuerySet[Outbox], *, now: datetime) -> int:
    """Owe these mails no longer; what is being handed over at this moment still goes."""
    return rows.filter(state=State.OWED).update(state=State.DROPPED, finished_at=now)


def forget_addresses(*, now: datetime) -> int:
    """Empty the rows that still name an address once their links have run out."""
    named = Outbox.objects.filter(created_at__lte=now - NAMED_FOR).exclude(context={})
    return named.update(context={})


def forget_address(address_key: str) -> int:
    """Empty the rows that name an address, whoever's they are; return how many.

    Whoever asked to be written to there has to ask again.
    """
    # An address's key is its text in small letters.
    named = Q(context__old__iexact=address_key) | Q(context__new__iexact=address_key)
    return Outbox.objects.filter(named).update(context={}, code="")


def delete_old(*, now: datetime) -> int:
    """Delete what was settled long ago; return how many."""
    old = Outbox.objects.filter(finished_at__lte=now - KEPT_FOR)
    return old.delete()[0]


def _claimable() -> Q:
    # The index of what is due is by these two states.
    unsettled = Q(state__in=[State.OWED, State.LEAVING])
    return unsettled & ~(Q(state=State.LEAVING) & _at_most_once())


def _at_most_once() -> Q:
    return Q(purpose=Outbox.Purpose.STEP)


def _claimed(row: Outbox) -> QuerySet[Outbox]:
    """Return the row, as long as no later claim has taken it over."""
    return Outbox.objects.filter(pk=row.pk, state=State.LEAVING, attempts=row.attempts)
