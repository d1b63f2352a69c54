"""The addresses that stand in one reader's copy of an issue, all signed.

An address is the same in every copy but for its token: `form` says once what is the same.
"""

from collections.abc import Callable
from typing import NamedTuple

from subscribers import links

# What stands before and behind the token of each address.
_PATHS = {
    "unsubscribe": ("/unsubscribe/", "/"),
    "preferences": ("/preferences/", "/"),
    "view": ("/view/", "/"),
    # Where a mail client unsubscribes by itself. Source: RFC 8058.
    "one_click": ("/one-click/", "/"),
    "click": ("/c/", ""),
    "open": ("/o/", ".gif"),
}


class Tokens(NamedTuple):
    """What is a reader's own in the addresses of a copy.

    `reference` is the Message-ID's local part; it names the delivery in whatever comes back.
    """

    reference: str
    unsubscribe: str
    preferences: str
    view: str


def maker(*, dispatch_id: int, newsletter_id: int) -> Callable[[int], Tokens]:
    """Return a function from a reader's id to the tokens of that reader's copy."""
    unsubscribe, preferences = links.signer("unsubscribe"), links.signer("preferences")
    view, reference = links.signer("view"), links.signer("reference")

    def make(subscriber_id: int) -> Tokens:
        return Tokens(
            reference(dispatch_id, subscriber_id),
            unsubscribe(subscriber_id, newsletter_id),
            preferences(subscriber_id, newsletter_id),
            view(dispatch_id, subscriber_id),
        )

    return make


def form(kind: str, token_slot: str) -> list[str]:
    """Return an address as [segment, slot, segment], the slot being that of its token."""
    before, behind = _PATHS[kind]
    return [links.absolute(before), token_slot, behind]


def count_url(*, dispatch_id: int, position: int) -> str:
    """Return the redirect that counts a click without saying whose: the same in every copy."""
    return links.absolute(f"/c/{links.make('count', dispatch_id, position)}")
