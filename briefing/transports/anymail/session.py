"""An opened provider: groups in, calls on a few threads, an answer for each copy.

A copy is in exactly one call that may have been taken. Whatever goes wrong, it comes back with an
outcome or, where it was certainly not taken, without one.
"""

import logging
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue

from briefing.dispatch.outcome import REJECTED, UNKNOWN
from briefing.transports.anymail.attempts import Account, Attempts
from briefing.transports.anymail.calling import Caller
from briefing.transports.anymail.calls import Call, calls_of, divided
from briefing.transports.anymail.verdicts import Answer
from briefing.transports.base import Copy, Group, Watcher

logger = logging.getLogger(__name__)

# So many calls in a row that brought no clear answer, and the provider is taken to be down.
_MOST_FRUITLESS = 3
# So many messages refused in a row cannot all be their readers' fault.
_MOST_REFUSED = 20
# How often a waiting drain looks for calls that take too long.
_LOOK_SECONDS = 0.5


class AnymailSession:
    """Makes calls on as many threads as the account has connections."""

    def __init__(self, caller: Caller, account: Account, watcher: Watcher) -> None:
        self.retry_after_seconds = 0.0
        self.down_for_good = False
        self._caller = caller
        self._account = account
        self._capability = account.capability
        self._watcher = watcher
        self._groups: deque[Group] = deque()
        self._due: SimpleQueue[Call | None] = SimpleQueue()
        self._over: SimpleQueue[Call] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._on_the_wire: set[Call] = set()
        self._attempts = Attempts(
            caller, account, watcher, on_the_wire=self._on_the_wire, why_not=lambda: self._stop
        )
        # What the threads share besides: why nothing more is handed over, and what led to it.
        self._lock = threading.Lock()
        self._stop: str | None = None
        self._fruitless = 0
        self._refused = 0

    def submit(self, group: Group) -> None:
        """Put a group's calls in line; threads start as there is work for them."""
        self._groups.append(group)
        calls = list(calls_of(group, self._carriable(group), self._capability))
        if group.asks and [call.key for call in calls] != [group.asks]:
            # Readers or links are others by now: this would be another call, which nobody took yet.
            group.unanswered = 0
            return
        for call in calls:
            self._due.put(call)
            if len(self._threads) < self._account.connections:
                self._start_thread()

    def turn(self) -> None:
        """Leave the calls to their threads."""

    def collect(self) -> Group:
        """Wait until some group has all its answers, and return it."""
        while True:
            for group in self._groups:
                if group.unanswered == 0:
                    self._groups.remove(group)
                    return group
            try:
                call = self._over.get(timeout=_LOOK_SECONDS)
            except Empty:
                self._cut_off()
                continue
            call.group.unanswered -= len(call.copies)

    def close(self) -> None:
        """Start nothing more and let go of the connections."""
        self._stop = self._stop or "closed"
        for _ in self._threads:
            self._due.put(None)
        for thread in self._threads:
            # A call still on the wire ends by its own time, and its thread with it.
            thread.join(timeout=_LOOK_SECONDS)
        self._caller.close()

    def _carriable(self, group: Group) -> list[Copy]:
        """Refuse at once what the provider would refuse, and a whole call with it."""
        carriable = []
        for copy in group.copies:
            if self._capability.ascii_mailboxes and not copy.recipient.isascii():
                copy.outcome = REJECTED
                copy.code = f"{self._capability.name} takes ASCII addresses only"
                self._watcher.answered(copy)
                group.unanswered -= 1
            else:
                carriable.append(copy)
        return carriable

    def _start_thread(self) -> None:
        # A daemon: a provider that drips must not keep a worker from ending.
        thread = threading.Thread(
            target=self._work, name=f"to {self._account.provider}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while call := self._due.get():
            self._on_the_wire.add(call)
            parts: list[Call] = []
            try:
                answer = self._attempts.answer(call)
                self._settle(call, answer)
                if answer.divide:
                    parts = divided(call, self._capability)
            except Exception:
                # Whoever waits must not wait for ever: what is not settled counts as unanswered.
                logger.exception("call_not_settled provider=%s", self._account.provider)
            self._on_the_wire.discard(call)
            for part in parts:
                self._due.put(part)
            if not parts:
                self._over.put(call)

    def _settle(self, call: Call, answer: Answer) -> None:
        """Write the verdicts into the copies, and what they mean for the calls to come."""
        for copy, verdict in zip(call.copies, answer.verdicts, strict=True):
            copy.outcome, copy.code = verdict.outcome, verdict.code
            copy.reference = verdict.reference
            if verdict.outcome is None:
                copy.started = False
            elif verdict.outcome != UNKNOWN:
                self._watcher.answered(copy)
        with self._lock:
            self._learn(call, answer)

    def _learn(self, call: Call, answer: Answer) -> None:
        outcomes = {verdict.outcome for verdict in answer.verdicts}
        self.retry_after_seconds = max(self.retry_after_seconds, answer.retry_after_seconds or 0.0)
        self.down_for_good = self.down_for_good or answer.for_good
        self._fruitless = 0 if answer.clear else self._fruitless + 1
        self._refused = self._refused + len(call.copies) if outcomes == {REJECTED} else 0
        if answer.stop:
            self._stop = self._stop or answer.stop
        elif self._fruitless >= _MOST_FRUITLESS:
            self._stop = self._stop or f"no clear answer: {answer.verdicts[0].code}"
        elif self._refused >= _MOST_REFUSED:
            self._stop = self._stop or f"refused again and again: {answer.verdicts[0].code}"
            self.down_for_good = True

    def _cut_off(self) -> None:
        """Break the connection of calls whose answer drips in: timeouts count from byte to byte."""
        now = time.monotonic()
        for call in tuple(self._on_the_wire):
            if call.sock is not None and now >= call.ends_at:
                with suppress(OSError):
                    # Not SSLSocket's own, which would take the session from under the reader.
                    socket.socket.shutdown(call.sock, socket.SHUT_RDWR)
