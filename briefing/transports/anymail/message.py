"""A variant as one Anymail message to one reader who stands for all: markers instead of values.

Before it: an edition variant. After it: the composer, which has Anymail write the provider's form of
this message and cuts that at the markers.
"""

import re
from dataclasses import dataclass, field
from email.headerregistry import Address
from html import escape
from urllib.parse import quote

from anymail.message import AnymailMessage
from django.utils.crypto import salted_hmac

from briefing.issues.slots import Markers
from briefing.transports.anymail.encoding import inert
from briefing.transports.base import Sender, VariantContent
from briefing.transports.capabilities import Bodies, Capability
from briefing.transports.headers import ascii_address, clean, named

# The domain of the reader who stands for all; it is cut off with the marker before it.
MARKED_DOMAIN = "@slot.invalid"
# Stands beside the marked reader in a batch and is dropped with all that belongs to it: of a reader
# alone Anymail's Mailjet backend forgets the headers when it comes to the metadata.
_BESIDE = "beside@slot.invalid"
# Slots besides the variant's own: how the reader is called and where the copy goes.
NAME, RECIPIENT = "display name", "recipient"
# Marks the call's key where a provider wants it among the message's headers.
KEY = "plain call key"


@dataclass(slots=True)
class Places:
    """Where readers' values go in a message. A place's name is the value's form and its slot.

    Forms: `plain` as it is, `html` escaped; `data` before it where the value travels as merge data.
    """

    capability: Capability
    markers: Markers
    # Begins the variables' names: nobody can guess it and no article hold it, and it is the same at
    # every attempt, because a call's key may stand for one body only.
    prefix: str
    data: dict[str, str] = field(default_factory=dict)
    _variables: dict[str, str] = field(default_factory=dict)

    def plain(self, slot: str) -> str:
        """Return the marker of a value outside the bodies."""
        return self.markers.marker(f"plain {slot}")

    def body(self, segments: list[str], form: str) -> str:
        """Return a subject or body with its places: markers, or variables where readers share it."""
        parts = list(segments)
        parts[0::2] = [self._inert(part) for part in segments[0::2]]
        if form == "html from text":
            parts[0::2] = [escape(part) for part in parts[0::2]]
        place = self._variable if self.capability.bodies is Bodies.MERGED else self._marker
        parts[1::2] = [place(slot, form.partition(" ")[0]) for slot in segments[1::2]]
        return "".join(parts)

    def _inert(self, text: str) -> str:
        opening = self.capability.templating
        return inert(text, re.compile(opening)) if opening else text

    def _marker(self, slot: str, form: str) -> str:
        return self.markers.marker(f"{form} {slot}")

    def _variable(self, slot: str, form: str) -> str:
        place = f"data {form} {slot}"
        if place not in self._variables:
            self._variables[place] = f"{self.prefix}{len(self._variables)}"
            self.data[self._variables[place]] = self.markers.marker(place)
        return self.capability.variable % self._variables[place]


def places_of(variant: VariantContent, capability: Capability) -> Places:
    """Return the places of a variant; the names of its variables are made of its content."""
    content = repr((variant.subject, variant.html, variant.text))
    prefix = salted_hmac("briefing.transports.anymail", content).hexdigest()[:10]
    return Places(capability, Markers(), f"v{prefix}n")


def standing_for_all(
    variant: VariantContent, sender: Sender, places: Places, *, with_name: bool
) -> AnymailMessage:
    """Return the message to the marked reader, with or without a display name."""
    capability = places.capability
    recipient = places.plain(RECIPIENT) + MARKED_DOMAIN
    name = places.plain(NAME) if with_name else ""
    message = AnymailMessage(
        subject=places.body(_on_one_line(variant.subject), "plain"),
        body=places.body(variant.text, "plain"),
        from_email=_address(sender.from_name, ascii_address(sender.from_address)),
        to=[_address(name, recipient)],
        reply_to=[ascii_address(sender.reply_to or sender.from_address)],
    )
    if variant.html is not None:
        message.attach_alternative(places.body(variant.html, "html"), "text/html")
    elif capability.needs_html:
        html = places.body(variant.text, "html from text")
        message.attach_alternative(f'<pre style="white-space: pre-wrap">{html}</pre>', "text/html")
    _add_own(message, recipient, sender, places)
    if capability.inline_template:
        _as_inline_template(message)
    return message


def _add_own(message: AnymailMessage, recipient: str, sender: Sender, places: Places) -> None:
    """Add the headers and the reference that are each reader's own, as the provider takes them."""
    capability = places.capability
    headers = _headers(sender, places)
    reference = places.plain("reference")
    if capability.bodies is Bodies.SINGLE:
        message.extra_headers = headers
        if capability.reference_as == "metadata":
            message.metadata = {"reference": reference}
        else:
            message.tags = [reference]
        return
    message.to.append(_BESIDE)
    # All of them, though most are alike: some providers drop a batch's common headers where a
    # reader has any.
    message.merge_headers = {recipient: headers}
    message.merge_metadata = {recipient: {"reference": reference}}
    if capability.bodies is Bodies.MERGED:
        message.merge_data = {recipient: dict(places.data)}
    if (key := capability.idempotency) and key.in_message:
        message.extra_headers = {key.field: places.markers.marker(KEY)}


def _on_one_line(subject: list[str]) -> list[str]:
    """Take line ends and controls out of a subject's own words."""
    words = list(subject)
    words[0::2] = [clean(part.replace("\n", " ")) for part in subject[0::2]]
    return words


def _headers(sender: Sender, places: Places) -> dict[str, str]:
    """Return the headers of a list; List-Unsubscribe has one https address and one mailto.

    Source: RFC 2919 section 3; RFC 2369 section 3.2; RFC 8058 section 3.1.
    """
    domain = ascii_address(sender.from_address).rpartition("@")[2]
    identifier = f"{sender.newsletter_slug}.{domain}".encode("ascii")
    list_id = named(sender.newsletter_name, identifier, header="List-Id")
    mailbox = quote(ascii_address(sender.unsubscribe_address), safe="@+")
    link, token = places.plain("one_click_url"), places.plain("unsubscribe_token")
    return {
        # On one line: a provider folds it itself.
        "List-Id": list_id.decode("ascii").replace("\r\n", ""),
        "List-Unsubscribe": f"<{link}>, <mailto:{mailbox}?subject={token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": places.plain("feedback_id"),
    }


def _as_inline_template(message: AnymailMessage) -> None:
    """Move subject and bodies into a template of this call's own, the only way SES merges.

    Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_EmailTemplateContent.html
    """
    content = {"Subject": message.subject, "Text": message.body}
    if message.alternatives:
        content["Html"] = message.alternatives[0][0]
    message.subject, message.body, message.alternatives = "", "", []
    # Anymail asks for a name to choose the bulk call; what follows takes its place.
    message.template_id = "inline"
    message.esp_extra = {"DefaultContent": {"Template": {"TemplateContent": content}}}


def _address(name: str, address: str) -> str:
    return str(Address(display_name=clean(name).strip(), addr_spec=address))
