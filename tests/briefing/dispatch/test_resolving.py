"""What a person, the evidence or the policy decides of unknown deliveries, and what stays as it is."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import invariants, progress, resolving, sender
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, QUARANTINED, REJECTED, UNKNOWN
from briefing.models import Delivery, Dispatch, LateCount
from briefing.transports.base import Copy
from tests.briefing.dispatch.making import Provider, Said, dispatching

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatch() -> Dispatch:
    """Readers 0 to 2 are unknown, 3 is accepted, 4 waits for another attempt."""
    made = dispatching(5)

    def answer(copy: Copy) -> Said:
        said: dict[str, Said] = {"3": ACCEPTED, "4": (DEFERRED, "451 later")}
        return said.get(copy.recipient[6])

    sender.drain(made.pk, Provider(answer=answer))
    return made


def numbers() -> list[int]:
    return list(Delivery.objects.order_by("subscriber_id").values_list("subscriber_id", flat=True))


def row(reader: int) -> Delivery:
    return Delivery.objects.get(subscriber_id=reader)


def test_what_waits_for_a_decision_is_unknown_or_set_aside(dispatch: Dispatch) -> None:
    readers = numbers()
    Delivery.objects.filter(subscriber_id=readers[1]).update(outcome=QUARANTINED)

    for open_questions in (resolving.open_questions(dispatch.pk), resolving.open_questions()):
        assert [each.subscriber_id for each in open_questions] == readers[:3]
    assert not resolving.open_questions(dispatch.pk + 1).exists()


def test_a_decision_moves_what_is_open_and_the_counters_with_it(dispatch: Dispatch) -> None:
    readers = numbers()
    Delivery.objects.filter(subscriber_id=readers[0]).update(fence=7, next_at=timezone.now())

    assert resolving.accept(dispatch.pk, [readers[0], *readers[3:]], by="ada") == 1
    assert resolving.reject(dispatch.pk, [readers[1]], by="x" * 200) == 1

    found = [(each.outcome, each.code, each.next_at) for each in map(row, readers[:2])]
    rejected = f"decided by {'x' * 200}"[:120]
    assert found == [(ACCEPTED, "decided by ada", None), (REJECTED, rejected, None)]
    assert row(readers[0]).fence is None
    assert [row(each).outcome for each in readers[2:]] == [UNKNOWN, ACCEPTED, DEFERRED]
    now = progress.measure(dispatch.pk).by_outcome
    assert (now["accepted"], now["rejected"], now["unknown"], now["deferred"]) == (2, 1, 1, 1)
    assert [late.number for late in LateCount.objects.all()] == [1]
    assert invariants.violations() == []
    assert resolving.accept(dispatch.pk + 1, readers, by="ada") == 0


def test_evidence_answers_for_the_unknown_alone(dispatch: Dispatch) -> None:
    readers = numbers()
    Delivery.objects.filter(subscriber_id=readers[2]).update(outcome=QUARANTINED)

    assert resolving.settle(dispatch.pk, [readers[0], *readers[2:]], ACCEPTED) == 1
    assert resolving.settle(dispatch.pk, [readers[1]], REJECTED) == 1

    assert [(row(each).outcome, row(each).code) for each in readers[:2]] == [
        (ACCEPTED, None),
        (REJECTED, "rejected by the provider"),
    ]
    assert [row(each).outcome for each in readers[2:]] == [QUARANTINED, ACCEPTED, DEFERRED]


def test_that_a_provider_has_no_such_message_is_written_beside_the_unknown_alone(
    dispatch: Dispatch,
) -> None:
    readers = numbers()
    for each in (readers[0], readers[3]):
        resolving.note_not_found(dispatch.pk, each, provider="postmark" + "k" * 200)

    assert row(readers[0]).code == f"not found at postmark{'k' * 200}"[:120]
    assert row(readers[1]).code != row(readers[0]).code
    assert row(readers[3]).code is None


def test_the_policy_sends_once_more_what_stayed_unknown_for_a_quarter_of_an_hour(
    dispatch: Dispatch, settings: Settings
) -> None:
    readers, now = numbers(), timezone.now()
    old = now - timedelta(minutes=15, seconds=1)
    Delivery.objects.filter(outcome=UNKNOWN).update(at=old)
    Delivery.objects.filter(subscriber_id=readers[1]).update(at=now - timedelta(minutes=14))
    Delivery.objects.filter(subscriber_id=readers[2]).update(attempts=2)
    assert resolving.apply_policy(now=now) == 0

    settings.UNKNOWN_POLICY = "resend"
    assert resolving.apply_policy(now=now) == 1

    sent = row(readers[0])
    assert (sent.outcome, sent.code, sent.next_at) == (DEFERRED, "resent by policy", now)
    assert [row(each).outcome for each in readers[1:3]] == [UNKNOWN, UNKNOWN]
    assert progress.measure(dispatch.pk).by_outcome["deferred"] == 2
