"""From a variant to one reader's part of a call, spliced between bytes that Anymail wrote once.

Anymail builds the provider's form of a message for one marked reader; it is cut at the markers, and
each reader's values go in encoded for the place they stand in. What takes Anymail a third of a
millisecond for every reader is then a few joins.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from briefing.issues.slots import Markers
from briefing.transports.anymail import form
from briefing.transports.anymail.encoding import (
    Encode,
    carriable,
    constant,
    display_name,
    encoder,
)
from briefing.transports.anymail.form import Column, Layout
from briefing.transports.anymail.message import (
    KEY,
    MARKED_DOMAIN,
    NAME,
    RECIPIENT,
    places_of,
    standing_for_all,
)
from briefing.transports.base import Sender, Slots, VariantContent
from briefing.transports.capabilities import Capability

# Without it one bad address would refuse a hundred good ones.
# Source: https://resend.com/changelog/batch-validation-modes
_HEADERS = {"resend": {"x-batch-validation": "permissive"}}
_FORM_ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, eq=False)
class CallForm:
    """What the calls of one variant have in common. `request` are the arguments of the request.

    `statuses` is Anymail's reading of the answer to a single message.
    """

    layout: Layout
    request: dict[str, Any]
    key_marker: bytes
    statuses: Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ApiCopy:
    """One reader's copy for an API: what it adds to each column of a call's body.

    `reference` names it in the call's key.
    """

    form: CallForm
    parts: tuple[bytes, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Template:
    """One column of a reader's part: segments, and which of the reader's forms stand between."""

    segments: tuple[bytes, ...]
    indexes: tuple[int, ...]

    def splice(self, forms: list[bytes]) -> bytes:
        """Return the part with one reader's values."""
        pieces = [b""] * (len(self.segments) + len(self.indexes))
        pieces[0::2] = self.segments
        pieces[1::2] = [forms[index] for index in self.indexes]
        return b"".join(pieces)


class ApiComposer:
    """Builds one variant's copies as parts of calls to a provider."""

    def __init__(
        self,
        variant: VariantContent,
        sender: Sender,
        *,
        provider: str,
        backend: Any,
        capability: Capability,
    ) -> None:
        self._capability = capability
        self._needs: dict[tuple[str, str], int] = {}
        self._encoders: list[tuple[str, Encode]] = []
        self._templates: dict[bool, list[Template]] = {}
        places = places_of(variant, capability)
        for with_name in (True, False):
            message = standing_for_all(variant, sender, places, with_name=with_name)
            payload = backend.build_message_payload(message, backend.send_defaults)
            request, layout, columns = _taken_apart(payload, backend, provider)
            self._templates[with_name] = [self._cut(each, places.markers) for each in columns]
        key_marker = places.markers.marker(KEY).encode()
        self._form = CallForm(
            layout,
            request,
            key_marker,
            lambda response: dict(backend.parse_recipient_status(response, payload, message)),
        )
        _check_shared(layout, places.markers, key_marker)

    def build(self, slots: Slots) -> ApiCopy:
        """Return one reader's copy. Raises ValueError for an address no To line can carry."""
        if not carriable(slots.recipient):
            raise ValueError("the address cannot be carried")
        name = display_name(slots.name, ascii_only=self._capability.ascii_names)
        values = {**slots.values, NAME: name, RECIPIENT: slots.recipient}
        forms = [encode(values[slot]) for slot, encode in self._encoders]
        parts = tuple([each.splice(forms) for each in self._templates[bool(name)]])
        return ApiCopy(self._form, parts, values["reference"])

    def _cut(self, column: Column, markers: Markers) -> Template:
        """Cut a column's text at its markers, and note which forms of which slots it needs."""
        # The marked reader's mailbox stands for a whole address.
        text = column.text.replace(MARKED_DOMAIN, "")
        pieces = markers.split(text)
        segments = tuple(constant(piece, column.writing) for piece in pieces[0::2])
        return Template(segments, tuple(self._index(each, column.writing) for each in pieces[1::2]))

    def _index(self, place: str, writing: str) -> int:
        """Return where a place's value stands among a reader's forms; each is made once."""
        if (place, writing) not in self._needs:
            self._needs[place, writing] = len(self._encoders)
            form_name, _, slot = place.removeprefix("data ").partition(" ")
            if place.startswith("data "):
                form_name = f"data {form_name}"
            self._encoders.append((slot, encoder(form_name, writing, self._capability)))
        return self._needs[place, writing]


def _taken_apart(
    payload: Any, backend: Any, provider: str
) -> tuple[dict[str, Any], Layout, list[Column]]:
    """Have Anymail finish its payload, and part it into request, layout and columns."""
    shape = form.SHAPES.get(provider)
    if provider == "amazon_ses":
        payload.finalize_payload()
        return ({}, *form.of_json(payload.params, shape))
    arguments = payload.get_request_params(backend.api_url)
    request = {name: arguments[name] for name in ("method", "url", "auth")}
    headers = {**(arguments["headers"] or {}), **_HEADERS.get(provider, {})}
    if isinstance(arguments["data"], dict):
        return (
            {**request, "headers": headers | _FORM_ENCODED},
            *form.of_fields(arguments["data"]),
        )
    return (
        {**request, "headers": headers},
        *form.of_json(json.loads(arguments["data"]), shape),
    )


def _check_shared(layout: Layout, markers: Markers, key_marker: bytes) -> None:
    """Make sure that no reader's value goes where all readers of a call would get it."""
    shared = b"".join(layout.constant).replace(key_marker, b"").decode()
    if markers.count(shared) or "slot.invalid" in shared:
        raise AssertionError("a place for one reader's value stands in what all readers share")
