"""What a transport is to the sender: groups go in, one answer for each message comes out."""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an issue comes from; the same for every copy of a dispatch."""

    newsletter_name: str
    newsletter_slug: str
    from_name: str
    from_address: str
    reply_to: str
    unsubscribe_address: str


@dataclass(frozen=True, slots=True)
class VariantContent:
    """One edition variant as a transport needs it: lists of [segment, slot, ..., segment]."""

    variant_id: int
    subject: list[str]
    html: list[str] | None
    text: list[str]
    locale: str


@dataclass(frozen=True, slots=True)
class CallName:
    """What a provider knows a call by, under which it takes that call once for so many seconds.

    `way` stands for the account there; `left_at` is on the monotonic clock.
    """

    key: str
    way: str
    lives_seconds: float
    left_at: float


@dataclass(slots=True)
class Copy:
    """One reader's copy on its way: built by `prepare`, answered by the provider.

    `payload` is the transport's own, as its composer built it; `mark` is its place in the journal.
    `envelope_from` is this copy's own, where bounces are to name it; empty means the header From.
    `outcome` stays None until there is an answer; `started` says that the point of no return on the
    wire was passed, `call` in which call, where its provider knows one by a key.
    """

    position: int
    subscriber_id: int
    address_hash: int
    recipient: str
    payload: object
    envelope_from: str = ""
    mark: int = 0
    started: bool = False
    outcome: int | None = None
    code: str | None = None
    reference: str | None = None
    call: CallName | None = None


@dataclass(slots=True)
class Group:
    """Copies whose intent is committed. `deadline` is on the monotonic clock.

    With `asks` they were on the wire before: they leave in the very call of that key, or not at all.
    """

    copies: list[Copy]
    deadline: float
    asks: str = ""
    unanswered: int = field(init=False)

    def __post_init__(self) -> None:
        self.unanswered = len(self.copies)


class Slots(NamedTuple):
    """One reader's values; the names are those of the compiler's slots."""

    subscriber_id: int
    recipient: str
    name: str
    values: dict[str, str]


class TransportDownError(Exception):
    """The provider cannot be used at all: nothing was handed over, nobody's attempt is burned.

    `permanent` tells a refusal that waiting will not heal, such as a wrong password.
    """

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Watcher(Protocol):
    """Told of each copy before its first byte and after its answer; the journal is one."""

    def started(self, copy: Copy) -> None:
        """Note that the copy is about to be put on the wire."""

    def answered(self, copy: Copy) -> None:
        """Note that the copy has a definite outcome."""


class Composer(Protocol):
    """Builds copies of one variant; made once per drain."""

    def build(self, slots: Slots) -> object:
        """Splice one reader's values in. Raises ValueError for values no message can carry."""


class Session(Protocol):
    """An opened transport. Copies are handed over once each; nothing is tried again in here.

    `retry_after_seconds` is what the provider last asked for, 0 when nothing.
    """

    retry_after_seconds: float

    @property
    def down_for_good(self) -> bool:
        """Whether the account was refused in a way that waiting does not heal."""

    def submit(self, group: Group) -> None:
        """Take a group; returns at once."""

    def turn(self) -> None:
        """Go on with what is on its way as far as that is possible without waiting."""

    def collect(self) -> Group:
        """Work until some submitted group has all its answers, and return it.

        A copy whose `outcome` is None and `started` is False was certainly not handed over.
        """

    def close(self) -> None:
        """Let go of connections. Never raises."""


class Transport(Protocol):
    """A way to hand messages over, by account."""

    @property
    def way(self) -> str:
        """What stands for an account that knows calls by their keys; empty for any other."""

    @property
    def group_size(self) -> int | None:
        """How many copies make one call; None where each copy is a call: settings.GROUP_SIZE."""

    def composer(self, variant: VariantContent, sender: Sender) -> Composer:
        """Derive this transport's own form of a variant, once."""

    def open(self, watcher: Watcher, sender: Sender) -> Session:
        """Connect. Raises: TransportDownError."""
