"""The addresses that stand in one reader's copy of an issue, all signed.

An address is the same in every copy but for its token: `form` says once what is the same.
"""

from collections.abc import Callable

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


def maker(*, dispatch_id: int, newsletter_id: int) -> Callable[[int], dict[str, str]]:
    """Return a function from a reader's id to the tokens of that reader's copy, by their slots.

    `reference` is the Message-ID's local part; it names the delivery in whatever comes back.
    """
    unsubscribe, preferences = links.signer("unsubscribe"), links.signer("preferences")
    view, reference = links.signer("view"), links.signer("reference")

    def make(subscriber_id: int) -> dict[str, str]:
        return {
            "reference": reference(dispatch_id, subscriber_id),
            "unsubscribe_token": unsubscribe(subscriber_id, newsletter_id),
            "preferences_token": preferences(subscriber_id, newsletter_id),
            "view_token": view(dispatch_id, subscriber_id),
        }

    return make


def form(kind: str, token_slot: str) -> list[str]:
    """Return an address as [segment, slot, segment], the slot being that of its token."""
    before, behind = _PATHS[kind]
    return [links.absolute(before), token_slot, behind]


def count_url(*, dispatch_id: int, position: int) -> str:
    """Return the redirect that counts a click without saying whose: the same in every copy."""
    return links.absolute(f"/c/{links.make('count', dispatch_id, position)}")
