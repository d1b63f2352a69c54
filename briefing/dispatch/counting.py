"""The links of a copy that are counted: a reader's own where that was granted, else everybody's.

Before it: a variant cut by issues.clicks. After it: a copy, and web.tracking when a link is followed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from briefing import links
from briefing.issues.clicks import OPEN_SLOT, place_of
from briefing.issues.compiling import TRACKED
from briefing.issues.slots import slots_of
from subscribers.links import signer


@dataclass(frozen=True, slots=True)
class Counted:
    """What stands in the place of counted links: addresses, whole or open for a reader's token.

    `tokens` has a function for each token's slot, from a reader's id to the token.
    """

    forms: dict[str, list[str]]
    tokens: dict[str, Callable[[int], str]]


def counted(dispatch_id: int, variant_key: str, parts: Iterable[list[str]]) -> Counted:
    """Return what stands in the place of a variant's counted slots.

    Only the key of a variant for readers who granted tracking lets a copy name its reader.
    """
    used = {slot for part in parts for slot in slots_of(part)}
    places = {slot: place for slot in sorted(used) if (place := place_of(slot)) is not None}
    if TRACKED not in variant_key.split(";"):
        same = {
            slot: [links.count_url(dispatch_id=dispatch_id, position=place)]
            for slot, place in places.items()
        }
        return Counted(same, {})
    forms = {slot: links.form("click", f"click{place}_token") for slot, place in places.items()}
    tokens = {f"click{place}_token": _click(dispatch_id, place) for place in places.values()}
    if OPEN_SLOT in used:
        forms[OPEN_SLOT] = links.form("open", "open_token")
        opened = signer("open")
        tokens["open_token"] = lambda reader: opened(dispatch_id, reader)
    return Counted(forms, tokens)


def _click(dispatch_id: int, place: int) -> Callable[[int], str]:
    click = signer("click")
    return lambda reader: click(dispatch_id, reader, place)
