"""Two worker processes, as on two hosts, empty one dispatch between them on one database."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import control, invariants, sender
from briefing.dispatch.outcome import ACCEPTED, DEFERRED
from briefing.models import Batch, Delivery
from briefing.transports.base import Copy
from tests.briefing.dispatch.making import Provider, dispatching, outcomes

pytestmark = pytest.mark.django_db(transaction=True)

# What a provider takes to answer: long enough that neither worker is done before the other began.
_ANSWER_SECONDS = 0.005


@pytest.fixture(autouse=True)
def _small_batches(settings: Settings) -> None:
    settings.GROUP_SIZE, settings.BATCH_SIZE = 2, 4


def beside_each_other(work: Callable[[], object], *, number: int = 2) -> None:
    """Run the same work in so many processes at once; all of them must end well."""
    # No process may inherit another's connection.
    connections.close_all()
    children = []
    for _ in range(number):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                work()
                code = 0
            finally:
                # Past the test run that this process was copied from.
                os._exit(code)
        children.append(child)
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert ended == [0] * number


def sent_by(log: Path) -> list[tuple[str, str]]:
    """Return (process, address) of every copy that left."""
    return [(line.split()[0], line.split()[1]) for line in log.read_text().splitlines()]


def noting(log: Path) -> Provider:
    """Make a provider that defers every eighth reader once, and notes who came to it with whom."""

    def answer(copy: Copy) -> int:
        time.sleep(_ANSWER_SECONDS)  # long enough for both workers to have a part
        with log.open("a") as file:
            file.write(f"{os.getpid()} {copy.recipient}\n")
        return ACCEPTED if copy.subscriber_id % 8 else DEFERRED

    return Provider(answer=answer)


def test_each_reader_gets_one_copy_from_one_of_them(tmp_path: Path) -> None:
    dispatch = dispatching(40)
    log = tmp_path / "sent"
    log.touch()

    beside_each_other(lambda: sender.drain(dispatch.pk, noting(log)))

    sent = sent_by(log)
    assert len({process for process, _address in sent}) == 2
    assert sorted(address for _process, address in sent) == sorted(outcomes(dispatch))
    assert len(sent) == 40
    assert set(Batch.objects.values_list("state", flat=True)) == {Batch.State.DONE}
    assert invariants.violations() == []


def test_second_attempts_are_shared_between_them_too(tmp_path: Path) -> None:
    dispatch = dispatching(16)
    sender.drain(dispatch.pk, Provider(answer=lambda _copy: DEFERRED))
    Delivery.objects.update(next_at=timezone.now())
    log = tmp_path / "sent"
    log.touch()

    beside_each_other(lambda: sender.drain(dispatch.pk, noting(log)))

    sent = [address for _process, address in sent_by(log)]
    assert len(sent) == len(set(sent)) == 16
    assert invariants.violations() == []
    Delivery.objects.filter(outcome=DEFERRED).update(next_at=timezone.now())
    sender.drain(dispatch.pk, Provider())
    assert control.finish_if_done(dispatch.pk, now=timezone.now())
