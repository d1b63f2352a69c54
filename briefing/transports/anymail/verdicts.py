"""What a provider's answer means: for a call as a whole by its status, for one reader by a code.

Pure. The table is dispatch.md's: accepted; definite and later; definite and never; ours to mend,
given back; unknown. Decided by status and code, never by the words of a message.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.transports.anymail.calling import Reply
from briefing.transports.capabilities import Capability
from briefing.transports.headers import clean

_ADDRESS = re.compile(r"<?[^\s<>@'\"]+@[^\s<>'\"]+>?")
# A request that was not understood: by one reader's fault when it held one reader.
_REFUSED = frozenset({400, 413, 422})
# Too fast; SparkPost has a status of its own for it.
_TOO_FAST = frozenset({420, 429})
# The provider gave up waiting, or saw this call before: it may or may not have taken it.
_UNCLEAR = frozenset({408, 409})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one copy. Without an outcome it was certainly not taken, and is given back."""

    outcome: int | None
    code: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a call: a verdict for each copy, in their order.

    `stop` says why nothing more should be handed over now, `for_good` that waiting will not mend it.
    `divide` says that the call was refused for the sake of some of its copies, none was taken, and
    it was not said whose fault it is: smaller calls will tell. `clear` is false when nobody knows
    what became of the call.
    """

    verdicts: Sequence[Verdict]
    stop: str = ""
    for_good: bool = False
    retry_after_seconds: float | None = None
    divide: bool = False
    clear: bool = True


TOO_LATE = Verdict(None)


def of_all(verdict: Verdict, copies: int) -> list[Verdict]:
    """Return the same verdict for every copy of a call."""
    return [verdict] * copies


def given_back(
    code: str,
    copies: int,
    *,
    for_good: bool = False,
    retry_after_seconds: float | None = None,
) -> Answer:
    """No copy was taken and nobody's attempt is burned; the provider cannot be used now."""
    return Answer(
        of_all(Verdict(None, code), copies),
        stop=code,
        for_good=for_good,
        retry_after_seconds=retry_after_seconds,
    )


def unknown(code: str, copies: int) -> Answer:
    """Nobody can say whether the call was taken."""
    return Answer(of_all(Verdict(UNKNOWN, code), copies), clear=False)


def of_question(answer: Answer) -> Answer:
    """Return what the answer to a call asked again says of the call itself.

    Only that some of its copies were taken: a refusal may be of the question alone.
    """
    if any(verdict.outcome == ACCEPTED for verdict in answer.verdicts):
        return answer
    words = next((verdict.code for verdict in answer.verdicts if verdict.code), "no answer")
    nobody = of_all(Verdict(UNKNOWN, words), len(answer.verdicts))
    return replace(answer, verdicts=nobody, divide=False, clear=False)


def of_status(reply: Reply, capability: Capability, copies: int) -> Answer:
    """Return what an answer other than 2xx means."""
    status, code = reply.status, error_code(reply.data)
    text = tidy(f"{status} {code} {_message(reply.data)}")
    definite = (status, code) in capability.definite
    if status in _UNCLEAR or (status >= 500 and not definite):
        return unknown(text, copies)
    if status in _TOO_FAST or code in capability.later:
        return given_back(text, copies, retry_after_seconds=retry_after(reply.headers))
    if code in capability.ours or not (definite or status in _REFUSED):
        # 401 and 403 above all; also a redirect, an address that is not there: wrongly set up.
        return given_back(text, copies, for_good=True)
    return _refused(code, text, capability, copies)


def _refused(code: str, text: str, capability: Capability, copies: int) -> Answer:
    """Return what it means that a call was refused for what stands in it."""
    key = capability.idempotency
    if key and code and code == key.replayed:
        # This very call was taken before.
        return Answer(of_all(Verdict(ACCEPTED, text), copies))
    if copies == 1:
        return Answer([Verdict(REJECTED, text)])
    return Answer(of_all(Verdict(None, text), copies), divide=True)


def of_code(code: str, words: str, capability: Capability) -> Verdict:
    """Return what an error code about one reader of a call means."""
    text = tidy(f"{code} {words}")
    if code in capability.ours:
        return Verdict(None, text)
    return Verdict(DEFERRED if code in capability.later else REJECTED, text)


def error_code(data: Any) -> str:
    """Return the code in a provider's error, wherever it keeps it; empty when there is none."""
    return _first(data, ("ErrorCode", "name", "code"))


def _message(data: Any) -> str:
    return _first(data, ("Message", "message", "ErrorMessage"))


def _first(data: Any, names: Sequence[str]) -> str:
    """Return the first of these fields of an error, or of the first error in a list of them."""
    errors = data.get("errors") if isinstance(data, dict) else None
    found = errors[0] if isinstance(errors, list) and errors else data
    if not isinstance(found, dict):
        return ""
    values = (found.get(name) for name in names)
    return next((str(value) for value in values if isinstance(value, str | int)), "")


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Return the seconds that Retry-After asks for. Source: RFC 9110 section 10.2.3."""
    value = (headers.get("Retry-After") or headers.get("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError):
        return None
    return max(0.0, at - (now if now is not None else time.time()))


def tidy(words: str) -> str:
    """Return a provider's words as a row holds them: no addresses, which it likes to quote."""
    return clean(" ".join(_ADDRESS.sub("<...>", words).split()))[:120]
