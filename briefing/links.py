"""The addresses that stand in one reader's copy of an issue, all signed."""

from collections.abc import Callable
from dataclasses import dataclass

from subscribers import links


@dataclass(frozen=True, slots=True)
class ReaderLinks:
    """Everything in a copy that is this reader's own.

    `reference` is the Message-ID's local part; it names the delivery in whatever comes back.
    """

    reference: str
    unsubscribe_url: str
    one_click_url: str
    unsubscribe_token: str
    preferences_url: str
    view_url: str


def maker(*, dispatch_id: int, newsletter_id: int) -> Callable[[int], ReaderLinks]:
    """Return a function from a reader's id to the links of that reader's copy."""
    unsubscribe, preferences = links.signer("unsubscribe"), links.signer("preferences")
    view, reference = links.signer("view"), links.signer("reference")
    base = links.absolute("")

    def make(subscriber_id: int) -> ReaderLinks:
        leave = unsubscribe(subscriber_id, newsletter_id)
        return ReaderLinks(
            reference(dispatch_id, subscriber_id),
            f"{base}/unsubscribe/{leave}/",
            f"{base}/one-click/{leave}/",
            leave,
            f"{base}/preferences/{preferences(subscriber_id, newsletter_id)}/",
            f"{base}/view/{view(dispatch_id, subscriber_id)}/",
        )

    return make


def click_url(*, dispatch_id: int, subscriber_id: int, position: int) -> str:
    """Return the redirect that counts a click of a reader who granted tracking."""
    return links.absolute(f"/c/{links.make('click', dispatch_id, subscriber_id, position)}")


def count_url(*, dispatch_id: int, position: int) -> str:
    """Return the redirect that counts a click without saying whose: the same in every copy."""
    return links.absolute(f"/c/{links.make('count', dispatch_id, position)}")


def open_url(*, dispatch_id: int, subscriber_id: int) -> str:
    """Return the picture that counts an opening of a reader who granted tracking."""
    return links.absolute(f"/o/{links.make('open', dispatch_id, subscriber_id)}.gif")
