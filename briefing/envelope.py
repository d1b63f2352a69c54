"""Envelope addresses that name a delivery: whoever sends a bounce there says whose copy it was.

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
    address: str = settings.BOUNCE_ADDRESS
    if not address:
        return lambda _subscriber_id: ""
    key_id = next(iter(settings.LINK_KEYS))
    key = links.key_of("bounce", key_id)
    head = bytes((key_id,)) + dispatch_id.to_bytes(_DISPATCH_BYTES, "big")
    local, _at, domain = address.partition("@")

    def make(subscriber_id: int) -> str:
        body = head + subscriber_id.to_bytes(_READER_BYTES, "big")
        return f"{local}+{body.hex()}{_mac(key, body).hex()}@{domain}"

    return make


def read(token: str) -> tuple[int, int] | None:
    """Return the dispatch and the reader that a token names, or None for what we did not make."""
    if len(token) != TOKEN_LENGTH:
        return None
    try:
        raw = bytes.fromhex(token)
    except ValueError:
        return None
    body, mac = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
    if len(raw) * 2 != TOKEN_LENGTH or raw[0] not in settings.LINK_KEYS:
        return None
    if not hmac.compare_digest(_mac(links.key_of("bounce", raw[0]), body), mac):
        return None
    dispatch, reader = body[1 : 1 + _DISPATCH_BYTES], body[1 + _DISPATCH_BYTES :]
    return int.from_bytes(dispatch, "big"), int.from_bytes(reader, "big")


def _mac(key: bytes, body: bytes) -> bytes:
    return blake2b(body, key=key, digest_size=_MAC_BYTES).digest()
