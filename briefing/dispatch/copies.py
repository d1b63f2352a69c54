"""From a reader's row to a finished copy: values for every slot, spliced by the transport."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from django.conf import settings

from briefing import envelope, links
from briefing.dispatch import counting
from briefing.dispatch.results import copy_key
from briefing.dispatch.sql.rows import ReaderRow
from briefing.issues.slots import filled, join, slots_of
from briefing.models import Dispatch, EditionVariant
from briefing.transports.base import Composer, Copy, Sender, Slots, Transport, VariantContent
from briefing.transports.headers import clean


@dataclass(frozen=True, slots=True)
class BadReaderError(ValueError):
    """One reader's data cannot be made into a message; the others are not concerned."""

    subscriber_id: int
    reason: str


def sender_of(dispatch: Dispatch) -> Sender:
    """Return who a dispatch comes from."""
    newsletter = dispatch.issue.newsletter
    domain = newsletter.from_address.rpartition("@")[2]
    return Sender(
        newsletter_name=newsletter.name,
        newsletter_slug=newsletter.slug,
        from_name=newsletter.from_name,
        from_address=newsletter.from_address,
        reply_to=newsletter.reply_to,
        unsubscribe_address=settings.UNSUBSCRIBE_ADDRESS or f"unsubscribe@{domain}",
    )


class CopyMaker:
    """Makes one variant's copies for one dispatch. What is the same for every reader is done once."""

    def __init__(
        self, transport: Transport, variant: EditionVariant, dispatch: Dispatch, sender: Sender
    ) -> None:
        self._dispatch_id = dispatch.pk
        self._tokens = links.maker(
            dispatch_id=dispatch.pk, newsletter_id=dispatch.issue.newsletter_id
        )
        self._one_click, *_rest = links.form("one_click", "unsubscribe_token")
        self._envelope_from = envelope.maker(dispatch_id=dispatch.pk)
        parts = (variant.subject, variant.html or [], variant.text)
        counted = counting.counted(dispatch.pk, variant.key, parts)
        self._counted = counted.tokens.items()
        self._names = _name_slots(parts)
        self._subject = variant.subject if len(variant.subject) > 1 else None
        self._feedback_id = f"{dispatch.pk}:{sender.newsletter_slug}:issue:briefing"
        self._composer: Composer = transport.composer(_content(variant, counted.forms), sender)

    def make(self, reader: ReaderRow, *, position: int) -> Copy:
        """Splice one reader's copy.

        Raises: BadReaderError when a value cannot be carried by any message.
        """
        # As typed before the @, as DNS wants it behind: a server knows no other form of a domain.
        recipient = f"{reader.address.rpartition('@')[0]}@{reader.domain}"
        try:
            payload = self._composer.build(self._slots(reader, recipient))
        except ValueError as error:
            raise BadReaderError(reader.subscriber_id, str(error)) from error
        return Copy(
            position,
            reader.subscriber_id,
            copy_key(self._dispatch_id, reader.address_hash),
            recipient,
            payload,
            self._envelope_from(reader.subscriber_id),
        )

    def _slots(self, reader: ReaderRow, recipient: str) -> Slots:
        values = self._tokens(reader.subscriber_id)
        values["one_click_url"] = f"{self._one_click}{values['unsubscribe_token']}/"
        values["feedback_id"] = self._feedback_id
        values["address"] = reader.address
        for slot, token in self._counted:
            values[slot] = token(reader.subscriber_id)
        for slot, fallback in self._names:
            values[slot] = reader.name or fallback
        if self._subject:
            values["subject"] = clean(join(self._subject, values))
        return Slots(reader.subscriber_id, recipient, reader.name, values)


class CopyMakers:
    """A dispatch's makers by variant, each made when its first reader comes."""

    def __init__(self, transport: Transport, dispatch: Dispatch) -> None:
        self._transport = transport
        self._dispatch = dispatch
        self._made: dict[int, CopyMaker] = {}

    def __call__(self, variant_id: int) -> CopyMaker:
        """Return the maker of a variant."""
        if variant_id not in self._made:
            self._made[variant_id] = CopyMaker(
                self._transport,
                EditionVariant.objects.get(pk=variant_id),
                self._dispatch,
                sender_of(self._dispatch),
            )
        return self._made[variant_id]


def _content(variant: EditionVariant, counted: dict[str, list[str]]) -> VariantContent:
    """Return a variant with whatever its addresses have in common: only tokens are left to fill in."""
    kinds = ("unsubscribe", "preferences", "view")
    forms = {f"{kind}_url": links.form(kind, f"{kind}_token") for kind in kinds} | counted
    in_html = {
        slot: [piece if index % 2 else escape(piece) for index, piece in enumerate(form)]
        for slot, form in forms.items()
    }
    return VariantContent(
        variant_id=variant.pk,
        subject=variant.subject,
        html=None if variant.html is None else filled(variant.html, in_html),
        text=filled(variant.text, forms),
        locale=variant.locale,
    )


def _name_slots(parts: Iterable[list[str]]) -> list[tuple[str, str]]:
    """Return the `name|fallback` slots that a variant uses, each with its fallback."""
    used = {slot for part in parts for slot in slots_of(part) if slot.startswith("name|")}
    return [(slot, slot.partition("|")[2]) for slot in sorted(used)]
