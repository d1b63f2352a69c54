"""A transport that accepts everything and sends nothing: what the engine costs by itself."""

from collections import deque

from briefing.dispatch.outcome import ACCEPTED
from briefing.transports.base import Group, Sender, VariantContent, Watcher
from briefing.transports.wire import WireComposer


class NullTransport:
    """For benchmarks and tests: the same splicing as SMTP, no network."""

    group_size: int | None = None
    way = ""

    def composer(self, variant: VariantContent, sender: Sender) -> WireComposer:
        """Derive the wire form of a variant."""
        return WireComposer(variant, sender)

    def open(self, watcher: Watcher, sender: Sender) -> "NullSession":
        """There is nothing to connect to."""
        return NullSession(watcher)


class NullSession:
    """Answers each group as soon as it is asked for."""

    retry_after_seconds = 0.0
    down_for_good = False

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._groups: deque[Group] = deque()

    def submit(self, group: Group) -> None:
        """Take a group."""
        self._groups.append(group)

    def turn(self) -> None:
        """There is nothing on its way."""

    def collect(self) -> Group:
        """Accept every copy of the oldest group."""
        group = self._groups.popleft()
        for copy in group.copies:
            copy.started = True
            self._watcher.started(copy)
            copy.outcome = ACCEPTED
            self._watcher.answered(copy)
        group.unanswered = 0
        return group

    def close(self) -> None:
        """There is nothing to close."""
