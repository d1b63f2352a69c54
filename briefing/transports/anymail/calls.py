"""Which copies of a group leave together, and by what name a call is known to the provider."""

import socket
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from briefing.transports.anymail.composer import ApiCopy, CallForm
from briefing.transports.base import Copy, Group
from briefing.transports.capabilities import Capability

# Into how many parts a call is divided that was refused for one unnamed reader's sake.
_PARTS = 10


@dataclass(slots=True, eq=False)
class Call:
    """Copies of one group and one form, in one request.

    `ends_at` and `sock` are set when its first byte leaves: a call that takes too long is cut off.
    """

    form: CallForm
    copies: list[Copy]
    group: Group
    started: bool = False
    ends_at: float = float("inf")
    sock: socket.socket | None = None

    def again(self) -> "Call":
        """Return the same call, to the byte, to be made once more."""
        return Call(self.form, self.copies, self.group)

    @property
    def parts(self) -> list[tuple[bytes, ...]]:
        """What each copy adds to the body."""
        return [_own(copy).parts for copy in self.copies]

    @property
    def key(self) -> str:
        """The same for the same copies in the same order, at any attempt, and for no others.

        The references hold the dispatch and each reader.
        """
        references = "\n".join(_own(copy).reference for copy in self.copies)
        return str(uuid.UUID(bytes=sha256(references.encode()).digest()[:16], version=4))


def calls_of(group: Group, copies: Sequence[Copy], capability: Capability) -> Iterator[Call]:
    """Put copies together by form, as many as one call may hold."""
    by_form: dict[CallForm, list[Copy]] = {}
    for copy in copies:
        by_form.setdefault(_own(copy).form, []).append(copy)
    for form, alike in by_form.items():
        for together in _fitting(alike, form, capability):
            yield Call(form, together, group)


def divided(call: Call, capability: Capability) -> list[Call]:
    """Return the calls that find out for whose sake one was refused: none of its copies was taken.

    Tenths, so that one bad reader of a thousand costs thirty calls and not a thousand.
    """
    size = max(1, len(call.copies) // _PARTS)
    parts = [call.copies[begin : begin + size] for begin in range(0, len(call.copies), size)]
    return [each for part in parts for each in calls_of(call.group, part, capability)]


def _fitting(
    copies: Sequence[Copy], form: CallForm, capability: Capability
) -> Iterator[list[Copy]]:
    """Yield the copies in turn, as many at a time as the provider takes readers and bytes."""
    room = capability.bytes_per_call - sum(map(len, form.layout.constant))
    together: list[Copy] = []
    used = 0
    for copy in copies:
        size = sum(len(part) + 1 for part in _own(copy).parts)
        if together and (len(together) == capability.readers_per_call or used + size > room):
            yield together
            together, used = [], 0
        together.append(copy)
        used += size
    yield together


def _own(copy: Copy) -> ApiCopy:
    assert isinstance(copy.payload, ApiCopy)  # noqa: S101  built by ApiComposer
    return copy.payload
