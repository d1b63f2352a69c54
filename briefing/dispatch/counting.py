"""The links of a copy that are counted: a reader's own where that was granted, else everybody's.

Before it: a variant cut by issues.clicks. After it: a copy, and web.tracking when a link is followed.
"""

from collections.abc import Callable, Iterable

from briefing import links
from briefing.issues.clicks import OPEN_SLOT, place_of
from briefing.issues.compiling import TRACKED
from briefing.issues.slots import slots_of

Values = dict[str, str]


def maker(
    dispatch_id: int, variant_key: str, parts: Iterable[list[str]]
) -> Callable[[int], Values]:
    """Return a function from a reader's id to the values of a variant's counted slots.

    Only the key of a variant for readers who granted tracking lets a copy name its reader.
    """
    used = {slot for part in parts for slot in slots_of(part)}
    places = {slot: place for slot in sorted(used) if (place := place_of(slot)) is not None}
    if TRACKED not in variant_key.split(";"):
        same = {
            slot: links.count_url(dispatch_id=dispatch_id, position=place)
            for slot, place in places.items()
        }
        return lambda _reader: same

    def make(reader: int) -> Values:
        values = {
            slot: links.click_url(dispatch_id=dispatch_id, subscriber_id=reader, position=place)
            for slot, place in places.items()
        }
        if OPEN_SLOT in used:
            values[OPEN_SLOT] = links.open_url(dispatch_id=dispatch_id, subscriber_id=reader)
        return values

    return make
