"""A provider's fake on loopback, a transport to it, and copies to send."""

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_django import Settings

from briefing.transports.anymail.session import AnymailSession
from briefing.transports.anymail.transport import AnymailTransport
from briefing.transports.base import Copy, Group, VariantContent
from tests.briefing.transports.anymail.fakes import PROVIDERS, Provider
from tests.briefing.transports.anymail.reading import Mail
from tests.briefing.transports.anymail.server import Api, Request, Response, api
from tests.briefing.transports.messages import SENDER, reader, variant

WORDS = [
    "Hello ",
    "name|there",
    ", leave by ",
    "unsubscribe_url",
    " or read on: ",
    "view_url",
    "\n",
]
HTML = [
    "<p>Hello ",
    "name|there",
    "</p><a href='",
    "unsubscribe_url",
    "'>leave</a> ",
    "address",
    "",
]


@dataclass(slots=True)
class Noted:
    """Stands for the journal: what was noted, in order."""

    notes: list[tuple[str, int]] = field(default_factory=list)

    def started(self, copy: Copy) -> None:
        """Note a departure."""
        self.notes.append(("started", copy.position))

    def answered(self, copy: Copy) -> None:
        """Note an answer."""
        self.notes.append(("answered", copy.position))


@dataclass(slots=True)
class Route:
    """A way to one provider's fake."""

    provider: Provider
    api: Api
    transport: AnymailTransport
    watcher: Noted
    session: AnymailSession
    # What a fake that knows calls by their keys has taken: test_asking_again.py.
    taken: dict[str, Response] = field(default_factory=dict)

    def copies(
        self, number: int = 3, *, first: int = 0, content: VariantContent | None = None
    ) -> list[Copy]:
        """Make copies for readers of their own names, addresses and links."""
        made = variant(subject=["For ", "name|there", ""], html=HTML, text=WORDS)
        composer = self.transport.composer(content or made, SENDER)
        copies = []
        for each in range(first, first + number):
            slots = reader(
                name=f"Reader {each}", address=f"r{each}@mail.example", token=f"TOKEN-{each}-"
            )
            copies.append(Copy(each, each, each, slots.recipient, composer.build(slots)))
        return copies

    def hand_over(self, copies: list[Copy], *, seconds: float = 30.0) -> Group:
        """Submit copies as one group and wait for their answers."""
        self.session.submit(Group(copies, time.monotonic() + seconds))
        return self.session.collect()

    def mails(self) -> list[Mail]:
        """Return what the provider would have sent so far."""
        return [mail for request in self.api.requests for mail in self.provider.read(request)]

    def refuse(self, refused: dict[int, str]) -> None:
        """Have the fake refuse the readers at these indexes of each call from now on."""

        def answer(request: Request) -> Response:
            return self.provider.taking(self.provider.read(request), refused)

        self.api.answer = answer

    def refuse_calls_with(self, address: str, refusal: Response) -> list[str]:
        """Have the fake refuse every call that holds a reader; returns whom it takes meanwhile."""
        taken: list[str] = []

        def answer(request: Request) -> Response:
            mails = self.provider.read(request)
            if any(mail.address == address for mail in mails):
                return refusal
            taken.extend(mail.address for mail in mails)
            return self.provider.taking(mails, {})

        self.api.answer = answer
        return taken


def given_back(copy: Copy) -> bool:
    """Whether a copy may be handed over again without a second thought."""
    return copy.outcome is None and not copy.started and bool(copy.code)


def all_are(group: Group, outcome: int) -> bool:
    """Whether every copy of a group has an outcome, having been on the wire."""
    return all(copy.outcome == outcome and copy.started for copy in group.copies)


RouteTo = Callable[..., Route]
# One of each way in which providers differ; all of them run with --full.
_SAMPLE = {"amazon_ses", "brevo", "mailgun", "mailtrap", "postmark", "resend", "sparkpost"}


def _sampled(names: Iterable[str]) -> list[Any]:
    """Return providers as parameters, those outside the sample for a full run only."""
    return [
        name if name in _SAMPLE else pytest.param(name, marks=pytest.mark.full) for name in names
    ]


@pytest.fixture
def route_to(settings: Settings) -> Iterator[RouteTo]:
    """Open routes by the names of their providers."""
    with ExitStack() as stack:

        def open_route(
            name: str,
            *,
            timeout_seconds: float = 5.0,
            connections: int | None = None,
            ask_again_after: tuple[float, ...] = (),
            tls: ssl.SSLContext | None = None,
        ) -> Route:
            provider = PROVIDERS[name]
            server = stack.enter_context(
                api(lambda request: provider.taking(provider.read(request), {}), tls=tls)
            )
            settings.ANYMAIL = provider.settings(server.url)
            transport = AnymailTransport(
                name,
                timeout_seconds=timeout_seconds,
                connections=connections,
                ask_again_after=ask_again_after,
            )
            watcher = Noted()
            session = transport.open(watcher, SENDER)
            stack.callback(session.close)
            return Route(provider, server, transport, watcher, session)

        yield open_route


@pytest.fixture(params=_sampled(PROVIDERS))
def route(request: pytest.FixtureRequest, route_to: RouteTo) -> Route:
    """Every provider's route in turn."""
    return route_to(request.param)


@pytest.fixture
def routes(route_to: RouteTo, settings: Settings, pytestconfig: pytest.Config) -> list[Route]:
    """Every provider's route, all at once."""
    names = PROVIDERS if pytestconfig.getoption("full") else sorted(_SAMPLE)
    opened: list[Route] = []
    known: dict[str, Any] = {}
    for name in names:
        opened.append(route_to(name))
        known |= settings.ANYMAIL
    settings.ANYMAIL = known
    return opened


@pytest.fixture(params=_sampled(name for name, each in PROVIDERS.items() if not each.single))
def batch_route(request: pytest.FixtureRequest, route_to: RouteTo) -> Route:
    """The routes whose calls hold many readers."""
    return route_to(request.param)


@pytest.fixture(params=_sampled(name for name, each in PROVIDERS.items() if each.by_line))
def line_route(request: pytest.FixtureRequest, route_to: RouteTo) -> Route:
    """The routes whose provider says of each reader what became of them."""
    return route_to(request.param)
