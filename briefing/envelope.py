"""Envelope addresses that name a copy or a mail to one person: whoever sends a bounce there says which.

Pure but for the settings. Before it: a dispatch, for each copy. After it: `mailbox`, which reads
what comes to these addresses. Sources: RFC 5321 section 4.5.3.1.1 (64 octets before the @), RFC
5233 (what stands behind the plus).
"""

import hmac
from collections.abc import Callable
from hashlib import blake2b

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from subscribers import links

# In hexadecimal, because servers on the way may change the case of letters. A whole link's 256 bits
# would not fit; 128 are plenty for a token that can do nothing but report a bounce.
_MAC_BYTES = 16
_DISPATCH_BYTES = 4
_READER_BYTES = 6
_BODY_BYTES = 1 + _DISPATCH_BYTES + _READER_BYTES
TOKEN_LENGTH = 2 * (_BODY_BYTES + _MAC_BYTES)
# Each has a key of its own: a token for one can never pass for the other.
_COPY, _MAIL = "bounce", "bounce-mail"
_LONGEST_LOCAL_PART = 64 - 1 - TOKEN_LENGTH


def check(address: str) -> str:
    """Return a setting's address. Raises: ImproperlyConfigured where tokens do not fit into it."""
    local, at, domain = address.partition("@")
    fits = 0 < len(local) <= _LONGEST_LOCAL_PART and local.isalnum() and at and domain
    if address and not fits:
        raise ImproperlyConfigured(
            f"BOUNCE_ADDRESS must look like bounces@mail.example, with at most "
            f"{_LONGEST_LOCAL_PART} letters and digits before the @."
        )
    return address


def maker(*, dispatch_id: int) -> Callable[[int], str]:
    """Return a function from a reader's id to that copy's envelope address; empty without setting."""
    if not settings.BOUNCE_ADDRESS:
        return lambda _subscriber_id: ""
    head = dispatch_id.to_bytes(_DISPATCH_BYTES, "big")
    make = _maker(_COPY)
    return lambda subscriber_id: make(head + subscriber_id.to_bytes(_READER_BYTES, "big"))


def of_mail(outbox_id: int) -> str:
    """Return the envelope address of a mail to one person; empty without the setting."""
    if not settings.BOUNCE_ADDRESS:
        return ""
    return _maker(_MAIL)(outbox_id.to_bytes(_DISPATCH_BYTES + _READER_BYTES, "big"))


def read(token: str) -> tuple[int, int] | None:
    """Return the dispatch and the reader that a token names, or None for what we did not make."""
    carried = _carried(_COPY, token)
    if carried is None:
        return None
    dispatch, reader = carried[:_DISPATCH_BYTES], carried[_DISPATCH_BYTES:]
    return int.from_bytes(dispatch, "big"), int.from_bytes(reader, "big")


def read_mail(token: str) -> int | None:
    """Return the row of the outbox that a token names, or None for what we did not make."""
    carried = _carried(_MAIL, token)
    return None if carried is None else int.from_bytes(carried, "big")


def _maker(purpose: str) -> Callable[[bytes], str]:
    key_id = next(iter(settings.LINK_KEYS))
    key, head = links.key_of(purpose, key_id), bytes((key_id,))
    local, _at, domain = settings.BOUNCE_ADDRESS.partition("@")

    def make(carried: bytes) -> str:
        body = head + carried
        return f"{local}+{body.hex()}{_mac(key, body).hex()}@{domain}"

    return make


def _carried(purpose: str, token: str) -> bytes | None:
    if len(token) != TOKEN_LENGTH:
        return None
    try:
        raw = bytes.fromhex(token)
    except ValueError:
        return None
    body, mac = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
    if len(raw) * 2 != TOKEN_LENGTH or raw[0] not in settings.LINK_KEYS:
        return None
    if not hmac.compare_digest(_mac(links.key_of(purpose, raw[0]), body), mac):
        return None
    return body[1:]


def _mac(key: bytes, body: bytes) -> bytes:
    return blake2b(body, key=key, digest_size=_MAC_BYTES).digest()
