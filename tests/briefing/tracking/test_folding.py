"""Reports fold to the same fates and numbers, whatever their order and however often they come."""

import random
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from briefing.dispatch import fate, invariants, sender
from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.models import Delivery, Dispatch, Event, EventCount
from briefing.tracking import apply, record, turn
from tests.briefing.dispatch.making import Provider, dispatching
from tests.briefing.tracking.making import hear, readers_of, report, sent, waiting

pytestmark = pytest.mark.django_db

Kind = Event.Kind
# How long another connection may take when nothing stops it.
_AT_ONCE = 0.5
KINDS = [kind for kind in Kind if kind in turn.BITS]


def fates(dispatch: Dispatch) -> dict[int, int]:
    rows = Delivery.objects.filter(dispatch=dispatch)
    return dict(rows.values_list("subscriber_id", "fate"))


def counted(dispatch: Dispatch) -> dict[int, int]:
    """Return kind -> number, from the counters that reports read."""
    rows = EventCount.objects.filter(dispatch=dispatch, link=-1).values("kind")
    return dict(rows.annotate(all=Sum("number")).values_list("kind", "all"))


def recounted(dispatch: Dispatch) -> dict[int, int]:
    """Return the same from the raw rows."""
    every = fates(dispatch).values()
    counts = Counter(bit for heard in every for bit in fate.bits(heard))
    # Once, whether it was soft, hard or both.
    counts[fate.BOUNCED] = sum(heard & fate.BOUNCED > 0 for heard in every)
    return dict(+counts)


@pytest.fixture
def dispatch(db: None) -> Dispatch:
    """Dispatch an issue to three readers."""
    return sent(3)


@given(
    heard=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(KINDS)), max_size=12),
    chance=st.randoms(use_true_random=False),
    data=st.data(),
)
def test_any_order_and_repetition_gives_the_same(
    dispatch: Dispatch, heard: list[tuple[int, Kind]], chance: random.Random, data: st.DataObject
) -> None:
    readers = readers_of(dispatch)
    reports = [report(dispatch, readers[index], kind) for index, kind in heard]
    again = reports + reports[: len(reports) // 2]
    chance.shuffle(again)
    cut = data.draw(st.integers(0, len(again)))
    wanted = dict.fromkeys(readers, 0)
    for index, kind in heard:
        wanted[readers[index]] |= turn.BITS[kind]
    with transaction.atomic():
        hear(*again[:cut])
        hear(*again[cut:])
        assert fates(dispatch) == wanted
        assert counted(dispatch) == recounted(dispatch)
        assert invariants.violations() == []
        assert waiting() == 0
        # Each example begins with the dispatch as it was.
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("kinds", "label"),
    [
        ([Kind.DELIVERED, Kind.DEFERRED], "delivered"),
        ([Kind.DELIVERED, Kind.COMPLAINED], "complained"),
        ([Kind.HARD_BOUNCED, Kind.DELIVERED], "bounced, hard"),
        ([Kind.UNSUBSCRIBED, Kind.DELIVERED], "unsubscribed at the provider"),
        ([Kind.SOFT_BOUNCED, Kind.DEFERRED], "bounced, soft"),
        ([Kind.OPENED], "nothing heard"),
    ],
)
def test_the_heaviest_report_tells_the_fate(kinds: Sequence[Kind], label: str) -> None:
    dispatch = sent(1)
    (reader,) = readers_of(dispatch)
    hear(*(report(dispatch, reader, kind) for kind in kinds))
    assert Delivery.objects.get(dispatch=dispatch).fate_label == label


def test_a_report_that_overtakes_its_row_waits_for_it() -> None:
    dispatch = dispatching(1)
    reader = int.from_bytes(bytes(dispatch.batches.get().readers)[:8], "little")
    hear(report(dispatch, reader, Kind.DELIVERED))
    assert waiting() == 1
    sender.drain(dispatch.pk, Provider())
    apply.fold(now=timezone.now() + timedelta(minutes=2))
    assert fates(dispatch) == {reader: fate.DELIVERED}
    assert waiting() == 0


@pytest.mark.django_db(transaction=True)
def test_two_folds_at_once_count_a_delivery_once(monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch = sent(1)
    (reader,) = readers_of(dispatch)
    now = timezone.now()
    later = now + timedelta(minutes=1)
    # Due only to the first fold: the other one is not to wait for this row.
    record.keep([report(dispatch, reader, Kind.DELIVERED)], now=later)
    switch_on, ended = turn.switch_on, threading.Event()

    def fold_too() -> None:
        try:
            record.keep([report(dispatch, reader, Kind.DELIVERED, key="again")], now=now)
            apply.fold(now=now)
            ended.set()
        finally:
            connection.close()

    other = threading.Thread(target=fold_too)
    ended_before_the_commit: list[bool] = []

    def counted_already() -> None:
        if not ended_before_the_commit:
            other.start()
            ended_before_the_commit.append(ended.wait(_AT_ONCE))
        switch_on()

    monkeypatch.setattr(turn, "switch_on", counted_already)
    apply.fold(now=later)
    other.join()

    assert ended_before_the_commit == [False]
    assert counted(dispatch) == recounted(dispatch) == {fate.DELIVERED: 1}
    assert waiting() == 0


def test_a_report_on_nothing_we_know_is_kept_and_not_asked_about_for_ever() -> None:
    hear(report(None, None, Kind.OTHER))
    assert waiting() == 0
    dispatch = sent(1)
    hear(report(dispatch, 10**9, Kind.DELIVERED))
    assert waiting() == 1
    assert apply.fold(now=timezone.now() + timedelta(days=2)) == 1
    assert waiting() == 0
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (Kind.DELIVERED, ACCEPTED),
        (Kind.HARD_BOUNCED, ACCEPTED),
        (Kind.REJECTED, REJECTED),
        (Kind.OTHER, UNKNOWN),
    ],
)
def test_a_report_settles_what_was_unknown(kind: Kind, outcome: int) -> None:
    dispatch = dispatching(2)
    sender.drain(dispatch.pk, Provider(answer=lambda _copy: None))
    reader, other = readers_of(dispatch)
    hear(report(dispatch, reader, kind))
    rows = dict(Delivery.objects.values_list("subscriber_id", "outcome"))
    assert rows == {reader: outcome, other: UNKNOWN}
    assert invariants.violations() == []


def test_machines_clicks_are_kept_and_not_counted() -> None:
    dispatch = sent(1)
    (reader,) = readers_of(dispatch)
    for number, by_person in enumerate([True, True, False]):
        click = {"key": f"click {number}", "link": 2, "by_person": by_person}
        hear(report(dispatch, reader, Kind.CLICKED, **click))
    on_links = EventCount.objects.get(dispatch=dispatch, link=2)
    assert (on_links.kind, on_links.number) == (fate.CLICKED, 2)
    assert counted(dispatch) == {fate.CLICKED: 1}
    assert Event.objects.count() == 3


def test_a_payload_that_no_database_takes_is_kept_without_what_it_does_not_take() -> None:
    told = record.without_addresses({"said": "half \ud800 a character, and \0 none"})
    hear(report(None, None, Kind.OTHER, payload=told))
    assert Event.objects.get().payload == {"said": "half  a character, and  none"}


@pytest.mark.parametrize("shortened", ["2001:db8::1", "fe80::1", "2a00:1450::4013:c04"])
def test_a_network_address_goes_however_short_it_is_written(shortened: str) -> None:
    assert record.code_of([f"550 [{shortened}] refused"]) == "550 [[network address]] refused"
    assert record.code_of(["550 at 10:20:30 std::error"]) == "550 at 10:20:30 std::error"


def test_what_is_kept_tells_neither_who_nor_where() -> None:
    kept = record.without_addresses(
        {
            "email": "Ada <ada@mail.example>",
            "ip": "192.0.2.1",
            "user_agent": "Browser",
            "diagnostic": "550 <ada@mail.example> at 2001:db8:1:2:3::4 and 192.0.2.7 says no",
            "at": "2026-11-24T12:30:00Z",
            "lines": [{"geo": {"city": "Nagoya"}, "to": "ada@mail.example"}],
            "ada@mail.example": True,
        }
    )
    assert "ada@" not in str(kept)
    assert "192.0.2" not in str(kept)
    assert "2001:db8" not in str(kept)
    assert "Browser" not in str(kept)
    assert "Nagoya" not in str(kept)
    assert kept["at"] == "2026-11-24T12:30:00Z"
