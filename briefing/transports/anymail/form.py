"""The form of a provider's calls: what Anymail wrote for one reader, taken apart at that reader.

Before it: Anymail's payload for the marked reader. After it: bodies for any number of readers, made
by joining their parts between bytes that never change.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

_HOLE = "hole for the parts"
_PIECE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a provider's JSON keeps its readers. Empty `items`: the document is their list.

    `own` are the keys that every reader's item must have to itself, which Anymail puts into what all
    share, under `common`; `default` stays there for form's sake.
    """

    items: str
    common: str = ""
    own: tuple[str, ...] = ()
    default: dict[str, str] = field(default_factory=dict)


SHAPES = {
    "amazon_ses": Shape("BulkEmailEntries"),
    "brevo": Shape(
        "messageVersions",
        own=("subject", "htmlContent", "textContent"),
        default={"subject": "-", "htmlContent": "<html><body></body></html>"},
    ),
    "mailjet": Shape("Messages", common="Globals", own=("Subject", "HTMLPart", "TextPart")),
    "postmark": Shape(""),
    "resend": Shape(""),
    "sendgrid": Shape("personalizations"),
    "sparkpost": Shape("recipients"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """The marked reader's part in one column, as text, and how a value is written in it.

    `writing` is json, form (percent-encoded), or json inside a form.
    """

    text: str
    writing: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A call's body around its parts: `constant` before, between and after the columns.

    A column is one run of parts, one of each reader, held together by `glue`.
    """

    constant: tuple[bytes, ...]
    glue: tuple[bytes, ...]

    def body(self, parts: Sequence[tuple[bytes, ...]]) -> list[bytes]:
        """Return a call's whole body in pieces.

        As one string, five hundred messages cost more in fresh memory than in splicing.
        """
        pieces = [self.constant[0]]
        for column, glue in enumerate(self.glue):
            texts = [part[column] for part in parts]
            together = max(1, _PIECE_BYTES // len(texts[0]))
            pieces.append(glue.join(texts[:together]))
            pieces += [
                glue.join([b"", *texts[at : at + together]])
                for at in range(together, len(texts), together)
            ]
            pieces.append(self.constant[column + 1])
        return [piece for piece in pieces if piece]

    def with_key(self, marker: bytes, key: bytes) -> "Layout":
        """Return the layout of a call whose key stands in its body."""
        return Layout(tuple(each.replace(marker, key) for each in self.constant), self.glue)


def of_json(document: Any, shape: Shape | None) -> tuple[Layout, list[Column]]:
    """Take a JSON document apart.

    Without a shape the document is one reader's message, and a call holds no other.
    """
    if shape is None:
        return Layout((b"", b""), (b"",)), [Column(_text(document), "json")]
    if not shape.items:
        return Layout((b"[", b"]"), (b",",)), [Column(_text(document[0]), "json")]
    item = document[shape.items][0]
    common = document[shape.common] if shape.common else document
    item |= {key: common.pop(key) for key in shape.own if key in common}
    common |= shape.default
    document[shape.items] = [_HOLE]
    before, after = _text(document).encode().split(json.dumps(_HOLE).encode())
    return Layout((before, after), (b",",)), [Column(_text(item), "json")]


def _text(document: Any) -> str:
    # Sorted, so that a call is the same bytes at every attempt: its key stands for one body.
    return json.dumps(document, sort_keys=True)


def of_fields(fields: dict[str, Any]) -> tuple[Layout, list[Column]]:
    """Take Mailgun's form fields apart: readers stand in `to`, their values in a field of JSON.

    Source: https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending
    """
    others = {name: value for name, value in fields.items() if name not in _MAILGUN_COLUMNS}
    recipient = fields["to"][0]
    address, values = next(iter(json.loads(fields["recipient-variables"]).items()))
    start = urlencode(others, doseq=True).encode() + b"&to="
    layout = Layout((start, b"&recipient-variables=%7B", b"%7D"), (b"&to=", b"%2C"))
    entry = f"{json.dumps(address)}: {json.dumps(values)}"
    return layout, [Column(recipient, "form"), Column(entry, "json in form")]


_MAILGUN_COLUMNS = frozenset({"to", "recipient-variables"})
