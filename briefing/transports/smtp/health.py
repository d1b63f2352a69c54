"""Whether a server can be used: learned from its answers, and from the connections it loses. Pure."""

from briefing.dispatch.outcome import ACCEPTED, REJECTED
from briefing.transports.base import Copy
from briefing.transports.smtp.reply import blames_reader

# So many copies refused in a row, and none for its reader's address, are refused for our sake: a relay
# that does not know us, a network that is on somebody's list.
_MAX_REFUSED = 20


class Health:
    """`trouble` is why no further copy can leave, once that is so; `for_good` says that waiting is vain.

    `ever_answered` tells that it took or refused some copy.
    """

    def __init__(self) -> None:
        self.trouble = ""
        self.for_good = False
        self.ever_answered = False
        # Connections lost in a row without an answer: a server that always hangs up is down.
        self._barren = 0
        # Refusals in a row that blamed no reader.
        self._refused = 0

    def answered(self, copy: Copy) -> None:
        """Learn from an answer: where a server refuses everybody, a person has to look."""
        if copy.outcome in {ACCEPTED, REJECTED}:
            self._barren = 0
            self.ever_answered = True
        if copy.outcome != REJECTED or blames_reader(copy.code or ""):
            self._refused = 0
            return
        self._refused += 1
        if self._refused >= _MAX_REFUSED and not self.trouble:
            self.trouble, self.for_good = f"refused again and again: {copy.code}", True

    def lost(self, reason: str, *, refused: str, sockets: int) -> None:
        """Learn from a connection that was lost; `refused` is how it refused all of our mail, if so."""
        self._barren += 1
        if refused:
            self.trouble, self.for_good = refused, True
        elif self._barren > sockets:
            self.trouble = self.trouble or reason

    def unreachable(self, reason: str, *, permanent: bool) -> None:
        """Learn that no connection is left and none can be opened."""
        if permanent or not self.trouble:
            self.trouble, self.for_good = reason, permanent
