"""How the sink treats a recipient: the first label of the domain asks for it. Pure.

`reader7@rcpt-450.example` is answered 450 at RCPT, `reader7@drop.example` loses the connection when
its message was taken. Every other domain is served as a good server would.
"""

from dataclasses import dataclass

VERBS = ("mail", "rcpt", "data", "dot")
# What else can go wrong, and whether the message is taken before it does.
TAKEN = {
    "drop": True,  # taken, then hangs up without an answer
    "lose": False,  # hangs up behind the dot, not taken
    "reset": False,  # resets the connection in the midst of the body
    "hang": False,  # never answers the dot
    "stall": False,  # never answers RCPT
    "drip": True,  # answers for ever, a few bytes at a time
    "garbage": True,  # answers in no language
}


@dataclass(frozen=True, slots=True)
class Mood:
    """What happens to one message: a `code` at a `verb`, or one of TAKEN by its name."""

    verb: str = ""
    code: int = 250
    trouble: str = ""


GOOD = Mood()


def mood_of(recipient: str) -> Mood:
    """Return how the message to an address fares."""
    label = recipient.rpartition("@")[2].partition(".")[0]
    if label in TAKEN:
        return Mood(trouble=label)
    verb, _, code = label.partition("-")
    if verb in VERBS and code.isdigit():
        return Mood(verb=verb, code=int(code))
    return GOOD
