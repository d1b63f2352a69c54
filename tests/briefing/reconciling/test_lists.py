"""A provider's suppression list and ours: what differs is mended or listed, and never by half."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from briefing.models import Alert, ListedReader, Reconciliation, Repair
from briefing.providers.table import DESKS
from briefing.reconciling import comparing, nightly
from briefing.reconciling.nightly import Pace
from briefing.tracking.consequences import BURST_AT_LEAST
from subscribers import suppression
from subscribers.models import Subscription, Suppression
from subscribers.suppression import Reason
from tests.briefing.providers.fakes import words
from tests.briefing.reconciling.conftest import PACE, Providers
from tests.briefing.tracking.making import hear, readers_of, report, sent
from tests.briefing.transports.anymail.server import Request, Reset, Response
from tests.subscribers import making

pytestmark = pytest.mark.django_db

# The documented examples' time.
LISTED_AT = datetime(2026, 11, 24, 18, 28, 10, tzinfo=UTC)
BEFORE = LISTED_AT - timedelta(days=200)
AFTER = LISTED_AT + timedelta(days=1)
LISTING = [name for name in DESKS if words(name)["listed"]]
ANNA, BERT, CARA, DORA = (f"{name}@list.example" for name in ("anna", "bert", "cara", "dora"))


@pytest.fixture(autouse=True)
def _readers() -> None:
    for each in (ANNA, BERT, CARA, DORA):
        making.subscription(each, confirmed_at=BEFORE)


def compare(provider: str = "postmark", *, pace: Pace = PACE) -> Reconciliation:
    """Compare to the end, in as many turns as it takes."""
    nightly.begin(now=timezone.now())
    while nightly.go_on(now=timezone.now(), pace=pace) is not None:
        pass
    return Reconciliation.objects.filter(provider=provider).latest("pk")


def found() -> set[tuple[str, str]]:
    """Return what was found, by reader."""
    readers = dict(Subscription.objects.values_list("subscriber_id", "subscriber__address_key"))
    return {(str(readers[each.subscriber_id]), each.kind) for each in Repair.objects.all()}


def everything() -> list[Any]:
    """Return whatever a comparison may change."""
    return [
        *Suppression.objects.order_by("pk").values_list(),
        *Subscription.objects.order_by("pk").values_list("pk", "state", "withheld"),
        *Repair.objects.order_by("pk").values_list(),
    ]


@pytest.mark.parametrize("name", LISTING)
def test_who_is_suppressed_there_is_suppressed_here_for_the_same_reason(
    name: str, provider: Providers
) -> None:
    making.noise()
    listed = [(ANNA, "bounced"), (BERT, "complained"), ("stranger@mail.example", "bounced")]
    provider(name, listed=listed)
    one = compare(name)
    assert (one.state, one.trouble) == ("done", "")
    assert (one.listed, one.strangers) == (3, 1)
    assert suppression.reasons(ANNA) == {Reason.HARD_BOUNCE}
    assert suppression.reasons(BERT) == {Reason.COMPLAINT}
    assert not suppression.reasons(CARA)
    assert found() == {(ANNA, "suppressed"), (BERT, "suppressed")}
    assert not ListedReader.objects.exists()
    # Mailgun's cursors are addresses.
    assert one.cursor == ""
    # Of a stranger nothing is kept, not even a hash.
    assert not suppression.history("stranger@mail.example").exists()


def test_who_left_there_leaves_everything_here(provider: Providers) -> None:
    provider(listed=[(ANNA, "unsubscribed"), (BERT, "manual")])
    compare()
    assert Subscription.objects.get(subscriber__address_key=ANNA).state == "unsubscribed"
    assert suppression.reasons(BERT) == {Reason.MANUAL}
    assert found() == {(ANNA, "unsubscribed"), (BERT, "suppressed")}


def test_of_several_words_against_one_address_the_heaviest_counts(provider: Providers) -> None:
    provider("mailgun", listed=[(ANNA, "bounced"), (ANNA, "unsubscribed"), (ANNA, "complained")])
    compare("mailgun")
    assert suppression.reasons(ANNA) == {Reason.COMPLAINT}


def test_a_second_night_changes_nothing_more(provider: Providers) -> None:
    provider(listed=[(ANNA, "bounced")])
    compare()
    before = everything()
    compare()
    assert everything() == before


def test_who_proved_the_mailbox_since_or_was_let_go_is_listed_and_not_suppressed(
    provider: Providers,
) -> None:
    Subscription.objects.filter(subscriber__address_key=ANNA).update(confirmed_at=AFTER)
    suppression.suppress(BERT, Reason.HARD_BOUNCE, now=BEFORE)
    suppression.lift(BERT, Reason.HARD_BOUNCE, now=AFTER)
    provider(listed=[(ANNA, "bounced"), (BERT, "bounced")])
    compare()
    assert not suppression.reasons(ANNA) | suppression.reasons(BERT)
    assert found() == {(ANNA, "let_go"), (BERT, "let_go")}


def test_who_is_listed_there_because_of_us_is_not_suppressed(
    provider: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = words("sendgrid")["listed"]["bounced"]
    reason = "550 5.7.515 Access denied, sending domain does not meet the required level"
    monkeypatch.setitem(entry, "reason", reason)
    monkeypatch.setitem(entry, "status", "5.7.515")
    provider("sendgrid", listed=[(ANNA, "bounced")])
    compare("sendgrid")
    assert not suppression.reasons(ANNA)
    assert found() == {(ANNA, "ours")}


def test_who_is_suppressed_here_by_its_report_and_not_there_any_more_is_listed(
    provider: Providers,
) -> None:
    dispatch = sent(3)
    first, second, *_others = readers_of(dispatch)
    hear(*(report(dispatch, each, "hard", provider="postmark") for each in (first, second)))
    fake = provider()
    still = Subscription.objects.get(subscriber=second).subscriber.address
    fake.listed = [(still, "bounced")]
    compare()
    assert [(each.subscriber_id, each.kind) for each in Repair.objects.all()] == [
        (first, "not_there")
    ]
    fake.listed.append((Subscription.objects.get(subscriber=first).subscriber.address, "bounced"))
    compare()
    assert not Repair.objects.exists()


@pytest.mark.parametrize("name", sorted(set(DESKS) - set(LISTING)))
def test_from_a_list_that_a_provider_does_not_show_nobody_is_missing(
    name: str, provider: Providers
) -> None:
    dispatch = sent(1)
    hear(report(dispatch, readers_of(dispatch)[0], "hard", provider=name))
    provider(name)
    assert compare(name).state == "done"
    assert not Repair.objects.exists()


FAILING = [
    Response(200, b"<html>Sign in to the network</html>"),
    Response(200, {}),
    Response(200, {"items": [{"address": "anna@list.example"}]}),
    Response(401, {}),
    Response(500, {}),
    Reset(after_body=True),
]


@pytest.mark.parametrize("behaviour", FAILING, ids=range(len(FAILING)))
def test_a_list_that_ends_in_the_midst_changes_nothing(behaviour: Any, provider: Providers) -> None:
    """The first part names Anna; the second never comes as it should."""
    fake = provider("mailgun", listed=[(ANNA, "bounced"), (BERT, "bounced"), (CARA, "bounced")])
    assert fake.api is not None
    before = everything()
    fake.api.script.extend([_Once(fake.answer), behaviour])
    one = compare("mailgun")
    assert one.state == "failed"
    assert one.trouble
    assert "@" not in one.trouble + one.cursor
    assert everything() == before
    assert not ListedReader.objects.exists()
    assert Alert.objects.filter(key="provider:given up mailgun").exists()


class _Once:
    """Answer as usual; stands in a script before what does not."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def act(self, connection: Any, read_body: Any) -> None:
        read_body()
        path = "/robotics-briefing.example/bounces?limit=1000"
        connection.sendall(self._answer(Request(path, {}, b"", 1)).raw())


def test_a_comparison_goes_on_where_a_turn_ended(provider: Providers) -> None:
    listed = [(f"{each}@mail.example", "bounced") for each in range(7)] + [(ANNA, "bounced")]
    fake = provider("sparkpost", listed=listed)
    assert fake.api is not None
    nightly.begin(now=timezone.now())
    # Two parts of a turn's time, then the provider asks for more patience than a turn has.
    later = Response(429, {}, {"Retry-After": "3600"})
    fake.api.script.extend([_Part(fake, 0), _Part(fake, 2), later])
    assert nightly.go_on(now=timezone.now(), pace=PACE) == 3600
    one = Reconciliation.objects.get()
    assert (one.state, one.listed) == ("gathering", 4)
    assert not Repair.objects.exists()
    fake.api.requests.clear()
    assert nightly.go_on(now=timezone.now(), pace=PACE) is None
    one.refresh_from_db()
    assert (one.state, one.listed, one.strangers) == ("done", 8, 7)
    assert "cursor=4" in fake.api.requests[0].path
    assert found() == {(ANNA, "suppressed")}


class _Part:
    def __init__(self, fake: Any, cursor: int) -> None:
        self._fake, self._cursor = fake, cursor

    def act(self, connection: Any, read_body: Any) -> None:
        read_body()
        path = f"/suppression-list?cursor={self._cursor}&per_page=1000"
        connection.sendall(self._fake.answer(Request(path, {}, b"", 1)).raw())


def test_unusually_many_wait_for_a_person(provider: Providers) -> None:
    many = [f"reader{each}@mail.example" for each in range(BURST_AT_LEAST)]
    for each in many:
        making.subscription(each, confirmed_at=BEFORE)
    provider(listed=[(each, "bounced") for each in many])
    one = compare()
    assert one.held_back == BURST_AT_LEAST
    assert not any(suppression.reasons(each) for each in many)
    assert Alert.objects.filter(key="provider:held back postmark").exists()
    assert comparing.decide(one, believed=True, now=timezone.now()) == BURST_AT_LEAST
    assert all(suppression.reasons(each) for each in many)
    assert comparing.decide(one, believed=True, now=timezone.now()) == 0


def test_a_list_that_is_not_ours_is_forgotten(provider: Providers) -> None:
    many = [f"reader{each}@mail.example" for each in range(BURST_AT_LEAST)]
    for each in many:
        making.subscription(each, confirmed_at=BEFORE)
    provider(listed=[(each, "bounced") for each in many])
    one = compare()
    comparing.decide(one, believed=False, now=timezone.now())
    assert not any(suppression.reasons(each) for each in many)
    assert not ListedReader.objects.exists()


def test_one_comparison_at_a_time_and_one_worker_in_it(provider: Providers) -> None:
    provider(listed=[])
    assert len(nightly.begin(now=timezone.now())) == 1
    assert nightly.begin(now=timezone.now()) == []
    busy_until = timezone.now() + timedelta(minutes=1)
    Reconciliation.objects.update(lease_until=busy_until)
    assert nightly.go_on(now=timezone.now(), pace=PACE) is None
    assert Reconciliation.objects.get().state == "gathering"
    assert nightly.go_on(now=busy_until + timedelta(minutes=9), pace=PACE) is None
    assert Reconciliation.objects.get().state == "done"


def test_what_did_not_end_within_a_day_is_given_up_and_begun_anew(provider: Providers) -> None:
    provider(listed=[])
    nightly.begin(now=timezone.now() - timedelta(days=1))
    assert len(nightly.begin(now=timezone.now())) == 1
    states = Reconciliation.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["failed", "gathering"]


def test_a_copy_that_sends_by_its_own_server_compares_with_nobody() -> None:
    assert nightly.begin(now=timezone.now()) == []
    assert nightly.go_on(now=timezone.now(), pace=PACE) is None


def test_whoever_was_mended_by_a_turn_that_died_is_listed_too(
    provider: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider("postmark", listed=[(ANNA, "bounced"), (BERT, "bounced")])
    usual = suppression.suppress_reader

    def die_behind(*reader: Any, **why: Any) -> None:
        usual(*reader, **why)
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(suppression, "suppress_reader", die_behind)
        with pytest.raises(SystemExit):
            compare()
    assert suppression.reasons(ANNA)
    assert not suppression.reasons(BERT)
    compare()
    assert found() == {(ANNA, "suppressed"), (BERT, "suppressed")}
