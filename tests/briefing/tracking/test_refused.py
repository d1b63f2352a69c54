"""What a mail server refuses at once means for its reader what a bounce would mean."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from briefing import tasks
from briefing.dispatch.outcome import ACCEPTED, REJECTED
from briefing.dispatch.sender import drain
from briefing.models import Alert, Burst, Delivery, Dispatch, Event
from briefing.tracking import refused
from subscribers import suppression
from tests.briefing.dispatch.making import Provider, Said, dispatching
from tests.briefing.tracking.making import hear, readers_of, report
from tests.briefing.tracking.test_consequences import another, standing

pytestmark = pytest.mark.django_db

GONE = "550 5.1.1 <address> no such user"
FULL = "552 5.2.2 mailbox full"


def refusing(said: dict[str, str], number: int = 4) -> Dispatch:
    """Dispatch to readers of whom some are refused, with these words."""
    dispatch = dispatching(number)

    def answer(recipient: str) -> Said:
        code = said.get(recipient.partition("@")[0])
        return (REJECTED, code) if code else ACCEPTED

    drain(dispatch.pk, Provider(answer=lambda copy: answer(copy.recipient)))
    return dispatch


def draw(dispatch: Dispatch) -> int:
    return refused.draw(dispatch.pk, now=timezone.now())


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        (GONE, {"hard_bounce"}),
        (FULL, set()),
        ("550 5.7.515 not authenticated", set()),
        ("550 no", set()),
        ("400 to", set()),
        ("decided by 5.1.1", {"hard_bounce"}),
    ],
)
def test_a_refusal_suppresses_where_its_code_is_final_about_the_mailbox(
    code: str, reasons: set[str]
) -> None:
    dispatch = refusing({"reader1": code})
    before = standing().keys()
    draw(dispatch)
    assert suppression.reasons("reader1@mail.example") == reasons
    assert standing().keys() - before == ({readers_of(dispatch)[1]} if reasons else set())
    assert not Event.objects.exists()
    assert Alert.objects.exists() == ("5.7.515" in code)


def test_the_worker_that_finishes_a_dispatch_draws_its_refusals() -> None:
    dispatch = refusing({"reader1": GONE})
    tasks.drain(dispatch.pk)
    assert Dispatch.objects.get().state == Dispatch.State.FINISHED
    assert suppression.reasons("reader1@mail.example") == {"hard_bounce"}


@pytest.mark.parametrize("sweep", [tasks.sweep, lambda: call_command("drain")])
def test_the_sweep_that_finishes_a_dispatch_draws_its_refusals(sweep: Callable[[], None]) -> None:
    refusing({"reader1": GONE})
    sweep()
    assert Dispatch.objects.get().state == Dispatch.State.FINISHED
    assert suppression.reasons("reader1@mail.example") == {"hard_bounce"}


def test_a_night_draws_what_a_worker_that_died_left_but_not_what_was_let_go_since() -> None:
    refusing({"reader1": GONE, "reader2": GONE})
    now = timezone.now() + timedelta(seconds=2)
    suppression.suppress("reader2@mail.example", suppression.Reason.HARD_BOUNCE, now=now)
    suppression.lift("reader2@mail.example", suppression.Reason.HARD_BOUNCE, now=now)
    for _night in range(2):
        refused.draw_lately(now=now + timedelta(hours=5))
    assert suppression.reasons("reader1@mail.example") == {"hard_bounce"}
    assert not suppression.reasons("reader2@mail.example")


def test_many_refused_at_once_wait_for_a_person() -> None:
    dispatch = refusing({f"reader{number}": GONE for number in range(20)}, 24)
    before = standing()
    draw(dispatch)
    assert standing() == before
    assert Burst.objects.get().decision == Burst.Decision.OPEN


def test_full_at_three_issues_suppresses_however_it_was_said() -> None:
    dispatch = refusing({"reader0": FULL})
    reader = readers_of(dispatch)[0]
    draw(dispatch)
    for _issue in range(2):
        assert reader not in standing()
        Delivery.objects.update(at=F("at") - timedelta(days=7))
        dispatch = another(dispatch)
        hear(report(dispatch, reader, Event.Kind.SOFT_BOUNCED))
    assert reader in standing()
