"""Mail that comes back, from files whose tokens are filled in for the copy under test."""

import json
from pathlib import Path
from typing import Any

from django.test import override_settings

from briefing import envelope
from subscribers import links

PAYLOADS = Path(__file__).parents[2] / "payloads"
BOUNCES = "bounces@briefing.example"


def expected(folder: str) -> dict[str, Any]:
    """Return what each file of a folder means."""
    read: dict[str, Any] = json.loads((PAYLOADS / folder / "expected.json").read_text("utf-8"))
    return read


def letter(name: str, *, dispatch_id: int = 7, subscriber_id: int = 70_000) -> bytes:
    """Return a file with the tokens of a reader's copy."""
    return filled(
        (PAYLOADS / f"{name}.eml").read_text("utf-8"),
        dispatch_id=dispatch_id,
        subscriber_id=subscriber_id,
    )


def filled(text: str, *, dispatch_id: int = 7, subscriber_id: int = 70_000) -> bytes:
    """Put a copy's tokens into a text."""
    address = envelope_of(dispatch_id, subscriber_id)
    values = {
        "@ENVELOPE@": address,
        "@ENVELOPE_UPPER@": address.upper(),
        "@REFERENCE@": links.make("reference", dispatch_id, subscriber_id),
    }
    for name, value in values.items():
        text = text.replace(name, value)
    return text.encode()


def envelope_of(dispatch_id: int, subscriber_id: int) -> str:
    """Return the envelope address of one copy."""
    with override_settings(BOUNCE_ADDRESS=BOUNCES):
        return envelope.maker(dispatch_id=dispatch_id)(subscriber_id)


def leaving(subscriber_id: int, newsletter_id: int, *, fields: str = "") -> bytes:
    """Return the mail that a program sends when its reader presses "unsubscribe"."""
    token = links.make("unsubscribe", subscriber_id, newsletter_id)
    return (
        f"From: somebody@mail.example\r\nTo: unsubscribe@briefing.example\r\n{fields}"
        f"Subject: {token}\r\nMessage-ID: <{token[:8]}@mail.example>\r\n\r\n"
    ).encode()
