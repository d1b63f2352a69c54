"""Rows are written once, whoever was quicker; a late answer replaces unknown and nothing else."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from briefing.dispatch import results
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.dispatch.results import Verdict
from briefing.models import Delivery, Dispatch, DispatchCount, LateCount
from subscribers.models import Subscriber
from tests.briefing.dispatch.making import dispatching

NOW = timezone.now()


def test_a_dispatch_and_an_address_have_a_number_of_their_own() -> None:
    hashes = [bytes([first]) * 32 for first in range(1, 200, 7)]

    keys = {results.copy_key(dispatch, each) for dispatch in (1, 2, 3) for each in hashes}

    assert len(keys) == 3 * len(hashes)
    assert all(-(2**63) <= key < 2**63 for key in keys)


def test_what_was_tried_waits_and_what_never_left_is_due_at_once() -> None:
    tried = results.row(1, 2, Verdict(DEFERRED, "451 later", attempts=1), now=NOW)
    assert tried.next_at
    assert timedelta(minutes=1) <= tried.next_at - NOW < timedelta(minutes=2)
    assert (tried.code, tried.attempts, tried.at) == ("451 later", 1, NOW)

    assert results.row(1, 2, Verdict(DEFERRED), now=NOW).next_at == NOW
    assert results.row(1, 2, Verdict(UNKNOWN, attempts=1), now=NOW).next_at is None


def test_an_accepted_row_needs_no_words_and_the_others_have_theirs_cut() -> None:
    assert results.row(1, 2, Verdict(ACCEPTED, "250 ok"), now=NOW).code is None
    assert results.row(1, 2, Verdict(REJECTED), now=NOW).code == ""
    assert results.row(1, 2, Verdict(REJECTED, "!" * 200), now=NOW).code == "!" * 120


@pytest.mark.django_db
def test_of_rows_that_stand_already_only_unknown_ones_are_replaced_and_each_is_counted_once() -> (
    None
):
    dispatch = dispatching(1)

    def write(**outcomes: int) -> Counter[int]:
        verdicts = {int(reader[1:]): Verdict(each, attempts=1) for reader, each in outcomes.items()}
        rows = [
            results.row(dispatch.pk, reader, told, now=NOW) for reader, told in verdicts.items()
        ]
        return +results.write(rows)

    assert write(r1=UNKNOWN, r2=UNKNOWN, r3=ACCEPTED) == {UNKNOWN: 2, ACCEPTED: 1}

    # The worker that was taken for dead comes back with its answers.
    late = write(r1=ACCEPTED, r2=UNKNOWN, r3=REJECTED, r4=REJECTED, r5=REJECTED)

    assert late == {REJECTED: 2}
    rows = Delivery.objects.filter(dispatch=dispatch).order_by("subscriber_id")
    assert [row.outcome for row in rows] == [ACCEPTED, UNKNOWN, ACCEPTED, REJECTED, REJECTED]
    count = DispatchCount.objects.get(dispatch=dispatch)
    assert count.adjusted == {"accepted": 1, "unknown": -1}
    assert results.write([]) == Counter()


@pytest.mark.django_db
def test_a_copy_that_is_accepted_late_counts_for_its_lane_and_its_hour() -> None:
    dispatch = dispatching(1)
    DispatchCount.objects.update(lanes=["mail.example"])
    reader = Subscriber.objects.get(address="reader0@mail.example").pk
    Dispatch.objects.update(started_at=timezone.now() - timedelta(hours=2, minutes=30))

    # One has no row any more: erased meanwhile.
    for readers in ([reader, 7001], [7002], []):
        results.adjust(dispatch.pk, Counter({ACCEPTED: 2}), taken={UNKNOWN: 2}, accepted=readers)

    rows = LateCount.objects.order_by("lane").values_list("lane", "hour", "number")
    assert list(rows) == [("", 2, 2), ("mail.example", 2, 1)]
