"""What publishing tells the people's side of one reader, and how it forgets one."""

import pytest

from briefing.answers import Answers
from briefing.models import Delivery, Event
from tests.briefing.dispatch.making import dispatching
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def _deliver(dispatch_id: int, subscriber_id: int) -> None:
    Delivery.objects.create(
        dispatch_id=dispatch_id,
        subscriber_id=subscriber_id,
        address=subscriber_id,
        at=NOW,
        outcome=Delivery.Outcome.REJECTED,
        code="550 <anna@example.com> unknown",
        reference="a-reference",
    )
    Event.objects.create(
        provider="smtp",
        digest=subscriber_id,
        kind="bounced",
        dispatch_id=dispatch_id,
        subscriber_id=subscriber_id,
        at=NOW,
        received_at=NOW,
        payload={"said": "550"},
    )


def test_one_reader_is_told_and_forgotten_and_no_other() -> None:
    dispatch = dispatching(2)
    for subscriber_id in (71, 72):
        _deliver(dispatch.pk, subscriber_id)

    (told,) = Answers().deliveries(71)
    assert (told["issue"], told["outcome"], told["at"]) == (dispatch.issue.number, "rejected", NOW)

    Answers().forget(71)

    assert Answers().deliveries(71)[0]["answer"] is None
    assert Event.objects.get(subscriber_id=71).payload == {}
    assert Answers().deliveries(72)[0]["answer"] == "550 <anna@example.com> unknown"
    assert Event.objects.get(subscriber_id=72).payload == {"said": "550"}
