"""Asks a provider: one call after the other, no faster than it allows, within the time of a turn.

Nothing is changed by it there. An answer is read whole, in full size and as JSON, or it is none; no
address in an answer is ever followed.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests
from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder

from briefing.providers.base import AskError, Desk, LaterError, NotThereError
from briefing.transports.anymail import backends, verdicts

_MAX_BYTES = 256 * 1024 * 1024
_CHUNK = 1024 * 1024
# A provider that only says “too fast” is left alone for so long.
_PAUSE_SECONDS = 10.0
_TOO_FAST = frozenset({420, 429})
_SLOW_DOWN = frozenset({"TooManyRequestsException", "ThrottlingException"})
_MISSING = "NotFoundException"


@dataclass(frozen=True, slots=True)
class Turn:
    """How long may be asked, and as whom. `ends_at` is on the monotonic clock."""

    ends_at: float
    domains: Sequence[str] = ()
    timeout_seconds: float = 30.0
    wait: Callable[[float], None] = time.sleep


class Asking:
    """An opened way to one provider, for one turn. Satisfies base.Ask."""

    def __init__(self, backend: Any, headers: Mapping[str, str], turn: Turn) -> None:
        self.backend = backend
        self.domains = turn.domains
        self.seconds_between = 0.0
        self._headers = {"Accept": "application/json", **headers}
        self._turn = turn
        self._free_at = 0.0
        self._session = requests.Session()

    def get(self, path: str, **parameters: str | int) -> Any:
        """Return the JSON at a path of the API. Raises: AskError and its kin."""
        return self._in_time(lambda: self._get(path, parameters))

    def call(self, operation: str, **parameters: Any) -> Any:
        """Return what an operation of boto3's client says. Raises: AskError and its kin."""
        return self._in_time(lambda: self._call(operation, parameters))

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()
        with suppress(OSError, AttributeError):
            self.backend.close()

    def _in_time(self, ask: Callable[[], Any]) -> Any:
        """Ask when the provider's pace allows it; once more when it says that it was too fast."""
        self._rest(self._free_at - time.monotonic())
        try:
            return ask()
        except LaterError as error:
            self._rest(error.seconds or _PAUSE_SECONDS)
            return ask()
        finally:
            self._free_at = time.monotonic() + self.seconds_between

    def _rest(self, seconds: float) -> None:
        if time.monotonic() + max(0.0, seconds) >= self._turn.ends_at:
            raise LaterError("the time of this turn is over", seconds=max(0.0, seconds))
        if seconds > 0:
            self._turn.wait(seconds)

    def _get(self, path: str, parameters: Mapping[str, str | int]) -> Any:
        try:
            with self._session.get(
                self.backend.api_url + path,
                params=dict(parameters),
                headers=self._headers,
                timeout=self._turn.timeout_seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _whole(response)
                return _read(response, body)
        except requests.RequestException as error:
            raise AskError(f"no answer ({type(error).__name__})") from error

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        from botocore import exceptions  # noqa: PLC0415  boto3 is an extra

        try:
            answer = getattr(self.backend.client, operation)(**parameters)
        except exceptions.ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == _MISSING:
                raise NotThereError(code) from error
            if code in _SLOW_DOWN:
                raise LaterError(code) from error
            raise AskError(f"refused ({code})") from error
        except exceptions.BotoCoreError as error:
            raise AskError(f"no answer ({type(error).__name__})") from error
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            # What botocore's reading raises of an answer of another form.
            raise AskError("an answer of another form") from error
        # Its times become text: what is kept of an answer is JSON.
        return json.loads(json.dumps(answer, cls=DjangoJSONEncoder))


@contextmanager
def opened(provider: str, desk: Desk, turn: Turn) -> Iterator[Asking]:
    """Open a way to a provider for one turn. Raises: AskError when its account is not configured."""
    try:
        backend = backends.backend(provider, timeout_seconds=turn.timeout_seconds)
    except ImproperlyConfigured as error:
        raise AskError(str(error)[:200]) from error
    if not hasattr(backend, "api_url"):
        backend.open()
    asking = Asking(backend, desk.headers(backend), turn)
    try:
        yield asking
    finally:
        asking.close()


def _whole(response: requests.Response) -> bytes:
    """Return the body. Raises: AskError when it is longer than any list of ours would be."""
    parts, size = [], 0
    for part in response.iter_content(_CHUNK):
        size += len(part)
        if size > _MAX_BYTES:
            raise AskError("an answer without end")
        parts.append(part)
    told = response.headers.get("Content-Length", "")
    if told.isdigit() and "Content-Encoding" not in response.headers and size != int(told):
        raise AskError("half an answer")
    return b"".join(parts)


def _read(response: requests.Response, body: bytes) -> Any:
    """Return an answer's JSON. Raises: AskError and its kin, by the status alone."""
    if response.status_code in _TOO_FAST:
        after = verdicts.retry_after(response.headers)
        raise LaterError(f"too fast ({response.status_code})", seconds=after or 0.0)
    if response.status_code == 404:
        raise NotThereError("not there (404)")
    if response.status_code != 200:
        raise AskError(f"refused ({response.status_code})")
    try:
        return json.loads(body)
    except ValueError as error:
        raise AskError("an answer that is no JSON") from error
