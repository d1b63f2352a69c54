"""One worker of the sequences in any order: its hands, and the connection it has open."""

import time

from briefing.dispatch import intents, sender
from briefing.dispatch.clock import Clock
from briefing.dispatch.load import Load
from briefing.models import Dispatch
from tests.briefing.dispatch.making import Provider, ProviderSession


class Worker:
    """What the drain does between two decisions, by the product's own hands."""

    def __init__(self, dispatch: Dispatch, provider: Provider) -> None:
        self.load = Load(dispatch.pk, Clock.read())
        self.session = ProviderSession(provider, self.load.journal)

    @property
    def has_time(self) -> bool:
        """Whether it may commit another intent: two groups may be on their way."""
        return len(self.load.in_flight) < sender.GROUPS_IN_FLIGHT

    def step(self, dispatch: Dispatch) -> intents.Step:
        """Take along what came back."""
        load = self.load
        answered, load.answered = load.answered, []
        return intents.Step(dispatch, load.journal, answered, load.clock.now(), time.monotonic())

    def collect(self) -> None:
        """Wait for the next answer and write it down."""
        self.load.take_back(self.session)
        self.load.settle()

    def go_home(self) -> None:
        """Collect what is out, give the batch back, and close the journal."""
        while self.load.in_flight:
            self.collect()
        self.load.settle()
        self.load.let_go()
        self.load.journal.close()
