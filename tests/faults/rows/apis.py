"""What a provider's API can answer, or fail to; the fakes are those of the transport's own tests."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from briefing.dispatch import control, invariants, planner, sender
from briefing.dispatch.outcome import ACCEPTED, COUNTERS, REJECTED, UNKNOWN
from briefing.models import Batch, Breaker, Bucket, Delivery, Dispatch
from briefing.transports.anymail.transport import AnymailTransport
from tests.briefing.transports.anymail.fakes import PROVIDERS, Provider
from tests.briefing.transports.anymail.server import Api, Behaviour, Hang, Reset, Response, api
from tests.faults import readers
from tests.faults.registry import fault
from tests.faults.table import Measured
from tests.faults.world import World

_PROVIDERS = ("postmark", "mailgun", "sparkpost", "mailtrap")
_READERS = 6
_TIMEOUT_SECONDS = 0.6
# A refusal is retried at once here; so many drains settle whatever can be settled.
_DRAINS = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to the first call, and what then must be true of the readers in it."""

    behaviour: Callable[[Provider], Behaviour]
    # unknown: nobody is tried again. later: everybody gets it in the end. paused: a person mends it.
    # refused: so is a reader who had the call alone; a call of many is taken apart.
    becomes: str


_TROUBLES = {
    "401": Trouble(lambda provider: provider.unauthorized, "paused"),
    "400": Trouble(lambda provider: provider.bad_request, "refused"),
    "413": Trouble(lambda _: Response(413, {"message": "too large"}), "refused"),
    "429": Trouble(lambda _: Response(429, {"message": "slow"}, {"Retry-After": "1"}), "later"),
    "500": Trouble(lambda _: Response(500, {"message": "oops"}), "unknown"),
    "hang": Trouble(lambda _: Hang(1.5), "unknown"),
    "drip": Trouble(lambda _: Hang(1.5, drip=b"HTTP/1.1 200 OK\r\n" * 20), "unknown"),
    "reset in the body": Trouble(lambda _: Reset(after_body=False), "unknown"),
    "reset behind it": Trouble(lambda _: Reset(after_body=True), "unknown"),
    "garbage 200": Trouble(lambda _: Response(200, b"<p>Welcome</p>"), "unknown"),
}


@fault(
    "an API answers 401, 400, 413, 429 + Retry-After, 500, hangs, drips, resets, talks nonsense",
    must="each row as the table of answers says; one call per attempt",
    database="sqlite",
)
def api_troubles(world: World) -> Measured:
    """Let the first call of a dispatch meet one trouble, through providers of each kind."""
    readers.subscribe(_READERS)
    measured = Measured(lost=0, extra=0, unknown=0)
    for name in _PROVIDERS:
        for what, trouble in _TROUBLES.items():
            try:
                _meet(world, PROVIDERS[name], trouble, measured)
            except AssertionError as error:
                measured.broken.append(f"{name}, {what}: {error}")
        _refuse_one(world, PROVIDERS[name], measured)
    measured.note = f"{len(_TROUBLES) + 1} troubles, {len(_PROVIDERS)} providers"
    measured.broken += [f"{each.invariant} {each.detail}" for each in invariants.violations()]
    return measured


def _meet(world: World, provider: Provider, trouble: Trouble, measured: Measured) -> None:
    with ExitStack() as stack:
        server, dispatch = _open(world, provider, stack)
        server.script.append(trouble.behaviour(provider))
        _drain(dispatch, provider)
        calls = len(server.requests)
        dispatch.refresh_from_db()
        if trouble.becomes == "paused":
            assert dispatch.state == Dispatch.State.PAUSED, f"it is {dispatch.state}"
            assert calls == 1, f"{calls} calls with a wrong key"
            control.resume(dispatch)
        for _ in range(_DRAINS):
            _make_due()
            _drain(dispatch, provider)
        fates = _fates(dispatch)
        measured.unknown = (measured.unknown or 0) + fates[UNKNOWN]
        in_call = 1 if provider.single else _READERS
        wanted = Counter({ACCEPTED: _READERS})
        if trouble.becomes == "unknown":
            wanted = Counter({ACCEPTED: _READERS - in_call, UNKNOWN: in_call})
        elif trouble.becomes == "refused" and provider.single:
            wanted = Counter({ACCEPTED: _READERS - 1, REJECTED: 1})
        assert fates == wanted, _words(fates)
        _count_copies(provider, server, dispatch, measured)


def _refuse_one(world: World, provider: Provider, measured: Measured) -> None:
    """Have one reader of the call refused, and only that one."""
    if not provider.by_line:
        return
    with ExitStack() as stack:
        server, dispatch = _open(world, provider, stack)
        server.answer = lambda request: provider.taking(
            provider.read(request), {1: provider.refusal}
        )
        _drain(dispatch, provider)
        fates = _fates(dispatch)
        wanted = {ACCEPTED: _READERS - 1, REJECTED: 1}
        measured.demand(fates == wanted, f"{provider.name}, one of a call: {_words(fates)}")


def _open(world: World, provider: Provider, stack: ExitStack) -> tuple[Api, Dispatch]:
    server = stack.enter_context(api(lambda request: provider.taking(provider.read(request), {})))
    settings.ANYMAIL = provider.settings(server.url)
    Breaker.objects.all().delete()
    dispatch = control.start(world.issue(), now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    return server, dispatch


def _drain(dispatch: Dispatch, provider: Provider) -> None:
    # As if no provider knew a call by its key: what is unknown stays so.
    transport = AnymailTransport(
        provider.name, timeout_seconds=_TIMEOUT_SECONDS, connections=1, ask_again_after=()
    )
    sender.drain(dispatch.pk, transport)


def _make_due() -> None:
    """Let a minute pass."""
    now = timezone.now()
    Batch.objects.exclude(state="done").update(not_before=now)
    Delivery.objects.filter(outcome=2).update(next_at=now)
    Bucket.objects.update(free_at=now)


def _fates(dispatch: Dispatch) -> Counter[int]:
    return Counter(dispatch.deliveries.values_list("outcome", flat=True))


def _words(fates: Counter[int]) -> str:
    return ", ".join(f"{number} {COUNTERS[outcome]}" for outcome, number in fates.items())


def _count_copies(provider: Provider, server: Api, dispatch: Dispatch, measured: Measured) -> None:
    """Hold the calls against the rows: who is accepted was in one call that may have been taken."""
    calls = server.requests
    # The first one met the trouble: it was refused, or nobody can say.
    settled = [mail.address for request in calls[1:] for mail in provider.read(request)]
    copies = Counter(settled)
    extra = sum(number - 1 for number in copies.values())
    measured.extra = (measured.extra or 0) + extra
    assert not extra, f"{extra} readers were in more than one call that was taken"
    unknown = set(
        dispatch.deliveries.filter(outcome=UNKNOWN).values_list("subscriber_id", flat=True)
    )
    again = {int(address.partition("@")[0].removeprefix("reader")) for address in copies} & unknown
    assert not again, f"{len(again)} unknown readers were written to again"
