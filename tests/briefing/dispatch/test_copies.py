"""From a reader's row to the values of one copy, whatever the transport makes of them."""

from dataclasses import dataclass, field

import pytest
from pytest_django import Settings

from briefing import links
from briefing.dispatch.copies import BadReaderError, CopyMaker, sender_of
from briefing.dispatch.results import copy_key
from briefing.dispatch.sql.rows import ReaderRow
from briefing.issues.slots import join
from briefing.models import Dispatch, EditionVariant, Issue
from briefing.transports.base import Copy, Sender, Session, Slots, VariantContent, Watcher
from subscribers.links import signer
from subscribers.models import Newsletter

DISPATCH = Dispatch(
    pk=7,
    issue=Issue(
        newsletter=Newsletter(
            pk=2,
            name="Robots",
            slug="robots",
            from_name="The Robots",
            from_address="news@robots.example",
            reply_to="answer@robots.example",
        )
    ),
)


@dataclass
class Values:
    """A transport whose payload are a copy's values. Refuses readers who are called `refused`."""

    group_size: int | None = None
    way: str = ""
    content: list[VariantContent] = field(default_factory=list)

    def composer(self, variant: VariantContent, _sender: Sender) -> "Values":
        self.content.append(variant)
        return self

    def build(self, slots: Slots) -> Slots:
        if slots.name == "refused":
            raise ValueError("no such name")
        return slots

    def open(self, watcher: Watcher, sender: Sender) -> Session:
        raise NotImplementedError  # nothing is sent here


def made(
    name: str = "Ada",
    *,
    key: str = "locale=en;format=html",
    subject: tuple[str, ...] = ("Robots, ", "name|there", ""),
    html: list[str] | None = None,
) -> tuple[Copy, Slots, VariantContent]:
    """Return a copy, its values, and what the transport was given of its variant."""
    text = ["Hello ", "name|you", " ", "view_url", " ", "click1_url", ""]
    variant = EditionVariant(
        pk=3, key=key, subject=list(subject), html=html, text=text, locale="en"
    )
    transport = Values()
    maker = CopyMaker(transport, variant, DISPATCH, sender_of(DISPATCH))
    row = ReaderRow(
        11, "", "Ada@Bücher.example", "xn--bcher-kva.example", name, bytes(32), "en", "html"
    )
    copy = maker.make(row, position=4)
    assert isinstance(copy.payload, Slots)
    return copy, copy.payload, transport.content[0]


def test_a_copy_is_for_one_reader_at_the_domain_that_servers_know() -> None:
    copy, slots, content = made()

    recipient = "Ada@xn--bcher-kva.example"
    assert (copy.position, copy.subscriber_id, copy.recipient) == (4, 11, recipient)
    assert copy.address_hash == copy_key(7, bytes(32))
    assert (slots.subscriber_id, slots.recipient, slots.name) == (11, recipient, "Ada")
    assert slots.values["address"] == "Ada@Bücher.example"
    assert slots.values["feedback_id"] == "7:robots:issue:briefing"
    assert (content.variant_id, content.locale, content.html) == (3, "en", None)


def test_each_of_a_readers_links_names_the_dispatch_and_the_reader() -> None:
    _copy, slots, content = made(html=["<a href='", "view_url", "'>", "click1_url", "</a>"])

    own = links.maker(dispatch_id=7, newsletter_id=2)(11)
    assert slots.values.items() >= own.items()
    one_click = links.form("one_click", "unsubscribe_token")[0]
    assert slots.values["one_click_url"] == f"{one_click}{own['unsubscribe_token']}/"
    view = "".join([links.form("view", "")[0], own["view_token"], links.form("view", "")[2]])
    # The same for everybody, as this reader has not granted tracking.
    clicked = links.count_url(dispatch_id=7, position=1)
    assert join(content.text, slots.values) == f"Hello Ada {view} {clicked}"
    assert content.html is not None
    assert join(content.html, slots.values) == f"<a href='{view}'>{clicked}</a>"


def test_whoever_granted_tracking_is_named_by_a_counted_link() -> None:
    _copy, slots, content = made(key="locale=en;format=html;tracked=1")

    clicked = signer("click")(7, 11, 1)
    assert slots.values["click1_token"] == clicked
    assert clicked in join(content.text, slots.values)


def test_whoever_has_no_name_is_called_as_the_editor_wrote() -> None:
    assert made("")[1].values["name|you"] == "you"
    assert made("")[1].values["subject"] == "Robots, there"
    assert made()[1].values["name|you"] == "Ada"
    assert made("A\r\nda")[1].values["subject"] == "Robots, Ada"
    assert "subject" not in made(subject=("Robots",))[1].values


def test_what_no_message_can_carry_is_said_of_its_reader() -> None:
    with pytest.raises(BadReaderError) as caught:
        made("refused")

    assert (caught.value.subscriber_id, caught.value.reason) == (11, "no such name")


def test_a_dispatch_comes_from_its_newsletter(settings: Settings) -> None:
    settings.UNSUBSCRIBE_ADDRESS = "leave@robots.example"
    assert sender_of(DISPATCH).unsubscribe_address == "leave@robots.example"
    settings.UNSUBSCRIBE_ADDRESS = ""
    assert sender_of(DISPATCH) == Sender(
        newsletter_name="Robots",
        newsletter_slug="robots",
        from_name="The Robots",
        from_address="news@robots.example",
        reply_to="answer@robots.example",
        unsubscribe_address="unsubscribe@robots.example",
    )
