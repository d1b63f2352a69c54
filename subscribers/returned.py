"""What a report on a mail to one person means: for the address, and for the signup that waits on it.

Before it: a bounce or a complaint that carries the mail's own signed reference. After it:
suppression, and a signup that has ended. Each rule may be repeated: a report may come twice.
"""

from datetime import datetime

from django.db import transaction

from subscribers import address, signup, suppression
from subscribers.models import Outbox, SignupRequest

Purpose = Outbox.Purpose
Reason = suppression.Reason


def bounced(outbox_id: int, *, code: str, now: datetime) -> bool:
    """Take it that no such mailbox exists; False when the row is gone or its mailbox was proven.

    A pending signup ends, and still counts: whoever repeats it is under the limits of before.
    """
    with transaction.atomic():
        row = _row(outbox_id)
        if row is None or (row.signup_id and not _end_signup(row.signup_id)):
            return False
        Outbox.objects.filter(pk=row.pk).exclude(state=Outbox.State.DROPPED).update(
            state=Outbox.State.REJECTED, code=code[:120], finished_at=now
        )
        _suppress(row, Reason.HARD_BOUNCE, "hard bounce", now=now)
    return True


def complained(outbox_id: int, *, now: datetime) -> bool:
    """Take “this is spam” for “this was not me”; False when the row is gone."""
    with transaction.atomic():
        row = _row(outbox_id)
        if row is None:
            return False
        # First, because disowning empties the signup that tells the address.
        _suppress(row, Reason.COMPLAINT, "complained", now=now)
        if row.signup_id:
            signup.disown(row.signup_id, now=now)
    return True


def _row(outbox_id: int) -> Outbox | None:
    return Outbox.objects.select_related("signup", "subscriber").filter(pk=outbox_id).first()


def _end_signup(signup_id: int) -> bool:
    mailed = SignupRequest.objects.filter(pk=signup_id, state=SignupRequest.State.MAILED)
    return bool(mailed.update(state=SignupRequest.State.BOUNCED, reason="bounced"))


def _suppress(row: Outbox, reason: Reason, note: str, *, now: datetime) -> None:
    key = _written_to(row)
    if key:
        suppression.suppress(key, reason, now=now, note=note)


def _written_to(row: Outbox) -> str:
    """Return the address that a mail went to; empty once that was erased, forgotten or left."""
    purpose = Purpose(row.purpose)
    if purpose is Purpose.CONFIRM:
        return row.signup.address_key if row.signup else ""
    if purpose in (Purpose.ADDRESS_CONFIRM, Purpose.ADDRESS_CHANGED):
        side = "new" if purpose is Purpose.ADDRESS_CONFIRM else "old"
        return address.parse(row.context[side]).key if row.context else ""
    changes = Outbox.objects.filter(subscriber=row.subscriber, purpose=Purpose.ADDRESS_CHANGED)
    if row.subscriber is None or changes.filter(pk__gt=row.pk).exists():
        # The reader has moved since, and what comes back says nothing of the new mailbox.
        return ""
    return row.subscriber.address_key or ""
