"""What a dead worker left in flight: settled from its journal where there is one, else unknown.

Nothing found here is ever sent again by itself. Only copies that the journal shows as never started
return to the queue, as deferred.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from briefing.dispatch import journal, notes, questions, results
from briefing.dispatch.clock import database_now
from briefing.dispatch.outcome import (
    ACCEPTED,
    COUNTERS,
    DEFERRED,
    QUARANTINED,
    REJECTED,
    UNKNOWN,
)
from briefing.dispatch.sql.rows import ResultRow
from briefing.models import Batch, Delivery
from subscribers.models import Subscriber

# A position that killed this many workers while its copy was being built is set aside.
POISON_DEATHS = 3


def recover(batch: Batch, *, fence: int, now: datetime) -> None:
    """Settle a batch that was claimed when its lease ran out. Runs inside the claim's transaction.

    `batch` is the row as the dead worker left it, `batch.fence` that worker's fence. A batch whose
    last position was in flight is done then: nobody else would ever end it.
    """
    groups = notes.groups_of(batch_id=batch.pk, fence=batch.fence)
    noted = None if groups is None else notes.states(groups)
    rows = _left_in_flight(batch, noted, now=now)
    batch.intent_upto = max(batch.intent_upto, batch.done_upto)
    batch.deaths += 1
    poison = _poison(batch, noted, in_flight=bool(rows))
    if poison is not None and poison == batch.intent_upto < batch.size:
        rows.append(_row(batch, poison, QUARANTINED, "killed its workers", now=now))
        batch.intent_upto += 1
    inserted = Counter(row.outcome for row in rows if results.write_one(row) == "inserted")
    _note_calls(batch, groups or [], now=now)
    over = batch.intent_upto >= batch.size
    Batch.objects.filter(pk=batch.pk, fence=fence).update(
        done_upto=batch.intent_upto,
        intent_upto=batch.intent_upto,
        deaths=batch.deaths,
        suspect=batch.suspect,
        suspect_deaths=batch.suspect_deaths,
        counted_at=now,
        **{COUNTERS[outcome]: F(COUNTERS[outcome]) + n for outcome, n in inserted.items()},
        **({"state": Batch.State.DONE, "lease_until": None} if over else {}),
    )


def _note_calls(batch: Batch, groups: Sequence[notes.GroupNote], *, now: datetime) -> None:
    """Keep the calls in mind that the dead worker had on the wire and a provider knows by a key."""
    readers = results.readers_of(batch)
    for group in groups:
        on_the_wire = [readers[position] for position in group.on_the_wire]
        if group.call and on_the_wire:
            questions.note(batch.dispatch_id, batch.variant_id, group.call, on_the_wire, now=now)


def recover_abandoned() -> int:
    """Settle what dead workers of this host left unknown of deferred readers; return how many rows.

    What their journals show as never started becomes deferred again, an answer that was noted is
    written, and the rest stays unknown. A journal none of whose batches is still held by its dead
    worker is deleted. Safe to run twice because each fence stands for one attempt.
    """
    settled = 0
    for noted in notes.abandoned():
        settled += sum(_recover(each) for each in noted.groups if each.readers)
        if not _is_awaited(noted):
            noted.path.unlink(missing_ok=True)
    return settled


def _is_awaited(noted: notes.Noted) -> bool:
    """Whether a batch will be recovered from this journal once its lease is over."""
    held = Batch.objects.filter(pk__in=[batch for batch, _ in noted.claims], state="claimed")
    return bool(noted.claims & set(held.values_list("pk", "fence")))


@transaction.atomic
def _recover(note: notes.GroupNote) -> int:
    counts: Counter[int] = Counter()
    accepted: list[int] = []
    for reader, state in zip(note.readers, note.states, strict=True):
        outcome = DEFERRED if state == journal.WAITING else state - journal.ANSWERED
        if outcome not in {ACCEPTED, REJECTED, DEFERRED}:
            continue
        moved = Delivery.objects.filter(
            dispatch_id=note.dispatch_id, subscriber_id=reader, fence=note.fence, outcome=UNKNOWN
        ).update(
            outcome=outcome,
            code=None if outcome == ACCEPTED else "worker lost, told by its journal",
            next_at=database_now() if outcome == DEFERRED else None,
        )
        counts[outcome] += moved
        accepted += [reader] * (moved and outcome == ACCEPTED)
    results.adjust(note.dispatch_id, +counts, taken={UNKNOWN: counts.total()}, accepted=accepted)
    return counts.total()


def _poison(batch: Batch, noted: dict[int, int] | None, *, in_flight: bool) -> int | None:
    """Return the position to set aside, once the same one has killed its workers often enough.

    The journal names the position that was being built. Where no journal is left (another host), the
    batch is tried one by one after two deaths, and a third in the open points at the next position.
    """
    if noted is None:
        careful = batch.deaths >= POISON_DEATHS and not in_flight
        return batch.intent_upto if careful else None
    building = next((at for at, note in noted.items() if note == journal.SPLICING), None)
    if building is None:
        return None
    batch.suspect_deaths = batch.suspect_deaths + 1 if batch.suspect == building else 1
    batch.suspect = building
    return building if batch.suspect_deaths >= POISON_DEATHS else None


def _left_in_flight(
    batch: Batch, noted: dict[int, int] | None, *, now: datetime
) -> list[ResultRow]:
    """Return a row for every position whose intent was committed and whose result was not."""
    positions = range(batch.done_upto, batch.intent_upto)
    if not positions:
        return []
    readers = results.readers_of(batch)
    written = set(
        Delivery.objects.filter(
            dispatch_id=batch.dispatch_id,
            subscriber_id__in=[readers[position] for position in positions],
        ).values_list("subscriber_id", flat=True)
    )
    return [
        _row(batch, position, *_verdict(noted, position), now=now)
        for position in positions
        if readers[position] not in written
    ]


def _verdict(noted: dict[int, int] | None, position: int) -> tuple[int, str]:
    """Return the outcome that can be vouched for, and why."""
    note = journal.STARTED if noted is None else noted.get(position, journal.STARTED)
    if note == journal.WAITING:
        return DEFERRED, "worker lost before the message was started"
    if note - journal.ANSWERED in {ACCEPTED, REJECTED, DEFERRED}:
        return note - journal.ANSWERED, "worker lost after the answer"
    return UNKNOWN, "worker lost while the message was on the wire"


def _row(batch: Batch, position: int, outcome: int, code: str = "", *, now: datetime) -> ResultRow:
    reader = results.readers_of(batch)[position]
    address_hash = (
        Subscriber.objects.filter(pk=reader).values_list("address_hash", flat=True).first()
    )
    verdict = results.Verdict(
        outcome=outcome,
        code=code,
        attempts=0 if outcome in {DEFERRED, QUARANTINED} else 1,
        address=results.copy_key(batch.dispatch_id, bytes(address_hash)) if address_hash else None,
    )
    return results.row(batch.dispatch_id, reader, verdict, now=now)
