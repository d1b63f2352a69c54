"""What the receiving side reported of a delivery: one bit for each kind of report. Pure.

Bits only ever come on, so that reports fold to the same whatever their order and however often they
come. The heaviest one tells a delivery's fate in a word.
"""

DELIVERED = 1
DEFERRED = 2
SOFT_BOUNCED = 4
HARD_BOUNCED = 8
COMPLAINED = 16
# Refused for our reputation, our words or our authentication: nothing about the reader.
BLOCKED = 32
UNSUBSCRIBED = 64
OPENED = 128
CLICKED = 256

# Either of them: a copy that bounced softly and then for good bounced once.
BOUNCED = SOFT_BOUNCED | HARD_BOUNCED

# Heaviest first.
WEIGHTS = (
    COMPLAINED,
    HARD_BOUNCED,
    UNSUBSCRIBED,
    DELIVERED,
    SOFT_BOUNCED,
    BLOCKED,
    DEFERRED,
)


def heaviest(heard: int) -> int:
    """Return the bit that tells what became of a delivery; 0 when nothing was heard."""
    return next((bit for bit in WEIGHTS if heard & bit), 0)


def bits(heard: int) -> list[int]:
    """Return the bits that are on, lowest first."""
    return [1 << place for place in range(heard.bit_length()) if heard >> place & 1]
