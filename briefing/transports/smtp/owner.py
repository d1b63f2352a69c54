"""What a lane is given and gives back: copies, each of them once, to the session that owns it."""

from dataclasses import dataclass
from typing import Protocol

from briefing.transports.base import Copy, Group


@dataclass(slots=True)
class Held:
    """A copy between its group and a connection. `losses` counts connections lost over it."""

    copy: Copy
    group: Group
    losses: int = 0


class Owner(Protocol):
    """Who gave a lane its copies and gets each of them back once."""

    def answered(self, held: Held) -> None:
        """Count the copy's outcome, which stands in it."""

    def returned(self, held: Held) -> None:
        """Take back a copy that was certainly not handed over."""
