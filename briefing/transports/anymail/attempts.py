"""One call on its way: the last look at the clock, the first byte, and an answer whatever happens.

Before it: session, which has the threads. After it: calling, which knows the provider's form, and the
verdicts on what came back.
"""

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from briefing.dispatch.outcome import ACCEPTED
from briefing.transports.anymail import answers, verdicts
from briefing.transports.anymail.answers import Asked
from briefing.transports.anymail.calling import Caller
from briefing.transports.anymail.calls import Call
from briefing.transports.anymail.ses import NotConnectedError
from briefing.transports.anymail.verdicts import Answer
from briefing.transports.base import CallName, Watcher
from briefing.transports.capabilities import Capability

logger = logging.getLogger(__name__)


class TooLateError(Exception):
    """The group's deadline had passed before the call's first byte: nothing left."""


@dataclass(frozen=True, slots=True)
class Account:
    """One way to a provider. `timeout_seconds` bounds a call from its first byte to its end.

    `ask_again_after` are seconds between a call nobody can tell the fate of and the same call again:
    only where the provider knows a call by its key and takes it once. `way` then stands for the
    account in what is noted of a call.
    """

    provider: str
    capability: Capability
    connections: int
    timeout_seconds: float
    ask_again_after: tuple[float, ...] = ()
    way: str = ""


class Attempts:
    """Makes calls, each of them once, on whichever thread asks for it.

    `why_not` says why nothing more is to leave; what is on the wire stands in `on_the_wire` meanwhile.
    """

    def __init__(
        self,
        caller: Caller,
        account: Account,
        watcher: Watcher,
        *,
        on_the_wire: set[Call],
        why_not: Callable[[], str | None],
    ) -> None:
        self._caller = caller
        self._account = account
        self._watcher = watcher
        self._on_the_wire = on_the_wire
        self._why_not = why_not

    def answer(self, call: Call) -> Answer:
        """Make a call; when nobody can tell its fate, ask by the same key, which takes it once.

        Only an answer that some of its copies were taken counts then: a refusal may be of the
        question alone.
        """
        answer = self._make(call)
        if call.group.asks:
            return verdicts.of_question(answer)
        if answer.clear or not self._account.capability.idempotency:
            return answer
        for seconds in self._account.ask_again_after:
            if time.monotonic() + seconds >= call.group.deadline:
                break
            time.sleep(seconds)  # before the same key is asked again
            again = call.again()
            self._on_the_wire.add(again)
            told = self._make(again)
            self._on_the_wire.discard(again)
            if any(verdict.outcome == ACCEPTED for verdict in told.verdicts):
                return told
        for copy in call.copies:
            copy.started = True
        return answer

    def _make(self, call: Call) -> Answer:
        """Make a call, unless there is a reason not to, and say what became of it."""
        number = len(call.copies)
        if (stop := self._why_not()) is not None:
            return verdicts.given_back(stop, number)
        try:
            reply = self._caller.call(
                call.form, call.parts, call.key, lambda sock: self._depart(call, sock)
            )
            asked = Asked(self._account.provider, self._account.capability, call.form, number)
            return answers.read(reply, asked)
        except TooLateError:
            return Answer(verdicts.of_all(verdicts.TOO_LATE, number))
        except NotConnectedError as error:
            return verdicts.given_back(str(error), number)
        except Exception as error:  # noqa: BLE001  whatever it was, each copy needs its answer
            reason = _reason(error)
            logger.warning("call_failed provider=%s reason=%s", self._account.provider, reason)
            if call.started:
                return verdicts.unknown(reason, number)
            return verdicts.given_back(reason, number)

    def _depart(self, call: Call, sock: socket.socket | None) -> None:
        """Note the point of no return, just before the first byte. Raises: TooLateError.

        The time counts behind the note: a worker stopped between the two may wake up with its lease
        over, and whoever took over must have read that the copies may be on the wire.
        """
        if call.started:
            raise AssertionError("a call leaves once")
        if time.monotonic() >= call.group.deadline:
            raise TooLateError
        name = self._name(call)
        for copy in call.copies:
            copy.started = True
            copy.call = name
            self._watcher.started(copy)
        now = time.monotonic()
        if now >= call.group.deadline:
            for copy in call.copies:
                copy.started = False
            raise TooLateError
        call.started, call.ends_at, call.sock = True, now + self._account.timeout_seconds, sock

    def _name(self, call: Call) -> CallName | None:
        """Return what is noted of a call that can be asked about; the first time it leaves counts."""
        known_by, noted = self._account.capability.idempotency, call.copies[0].call
        if not known_by:
            return None
        if noted and noted.key == call.key:
            return noted
        lives = known_by.lives.total_seconds()
        return CallName(call.key, self._account.way, lives, time.monotonic())


def _reason(error: BaseException) -> str:
    """Return the innermost reason, which names no address: not the request that failed of it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    text = error.strerror if isinstance(error, OSError) and error.strerror else ""
    return f"{type(error).__name__} {text}".strip()[:120]
