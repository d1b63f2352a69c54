"""From a reader's row to a finished copy: values for every slot, spliced by the transport."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from briefing import envelope, links
from briefing.dispatch import counting
from briefing.dispatch.results import copy_key
from briefing.dispatch.sql.rows import ReaderRow
from briefing.issues.slots import join, slots_of
from briefing.models import Dispatch, EditionVariant
from briefing.transports.base import Composer, Copy, Sender, Slots, Transport, VariantContent
from briefing.transports.headers import clean, date_header, mailbox


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
        content = VariantContent(
            variant_id=variant.pk,
            subject=variant.subject,
            html=variant.html,
            text=variant.text,
            locale=variant.locale,
        )
        self._composer: Composer = transport.composer(content, sender)
        self._subject = content.subject
        self._dispatch_id = dispatch.pk
        self._links = links.maker(
            dispatch_id=dispatch.pk, newsletter_id=dispatch.issue.newsletter_id
        )
        self._envelope_from = envelope.maker(dispatch_id=dispatch.pk)
        parts = (content.subject, content.html or [], content.text)
        self._names = _name_slots(parts)
        self._counted = counting.maker(dispatch.pk, variant.key, parts)
        self._feedback_id = f"{dispatch.pk}:{sender.newsletter_slug}:issue:briefing"

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
            position=position,
            subscriber_id=reader.subscriber_id,
            address_hash=copy_key(self._dispatch_id, reader.address_hash),
            recipient=recipient,
            payload=payload,
            envelope_from=self._envelope_from(reader.subscriber_id),
        )

    def _slots(self, reader: ReaderRow, recipient: str) -> Slots:
        own = self._links(reader.subscriber_id)
        values = {
            "to": mailbox(reader.name, recipient).decode(),
            "date": date_header(),
            "reference": own.reference,
            "one_click_url": own.one_click_url,
            "unsubscribe_token": own.unsubscribe_token,
            "feedback_id": self._feedback_id,
            "address": reader.address,
            "unsubscribe_url": own.unsubscribe_url,
            "preferences_url": own.preferences_url,
            "view_url": own.view_url,
            **self._counted(reader.subscriber_id),
        }
        for slot, fallback in self._names:
            values[slot] = reader.name or fallback
        if len(self._subject) > 1:
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


def _name_slots(parts: Iterable[list[str]]) -> list[tuple[str, str]]:
    """Return the `name|fallback` slots that a variant uses, each with its fallback."""
    used = {slot for part in parts for slot in slots_of(part) if slot.startswith("name|")}
    return [(slot, slot.partition("|")[2]) for slot in sorted(used)]
