"""Proof of work for a signup under pressure: who lets the computer work a moment need not wait.

Before it: the form's script, which asks for a challenge. After it: `signup.request`, which notes the
proof; who brings none waits a little longer and is never turned away.
Source: https://altcha.org/docs/v2/, whose library makes and checks the challenges.
"""

import base64
import binascii
import json
import time
from datetime import timedelta
from typing import Any

import altcha
from django.conf import settings

from subscribers import links, throttle

# Long enough to type an address, short enough that nobody stores proofs up.
LIVES_FOR = timedelta(minutes=20)
_ALGORITHM = "PBKDF2/SHA-256"
# One try in 256 is right: a million rounds on average, under a second for a desk, a few for a phone.
_ROUNDS = 4000
_PREFIX = "00"
# A proof is about 500 characters long.
_MAX_CHARACTERS = 2000


def challenge() -> dict[str, Any] | None:
    """Return a challenge while confirmations wait; None when there is nothing to prove."""
    return make() if throttle.is_under_pressure() else None


def make(*, lives_for: timedelta = LIVES_FOR) -> dict[str, Any]:
    """Return a signed challenge of its own for whoever asks; nothing is written down."""
    return altcha.create_challenge(
        _ALGORITHM,
        _ROUNDS,
        key_prefix=_PREFIX,
        expires_at=int(time.time() + lives_for.total_seconds()),
        hmac_secret=_secret(),
    ).to_dict()


def spend(proof: str) -> bool:
    """Whether this is the solution of a challenge of ours, in time and for the first time."""
    payload = _read(proof)
    if payload is None or not altcha.verify_solution(payload, _secret()).verified:
        return False
    # The signature has one spelling only, so it names the challenge.
    return throttle.is_first(str(payload.challenge.signature), within=2 * LIVES_FOR)


def _read(proof: str) -> altcha.Payload | None:
    if not proof or len(proof) > _MAX_CHARACTERS:
        return None
    try:
        return altcha.Payload.from_dict(json.loads(base64.b64decode(proof, validate=True)))
    except (binascii.Error, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _secret() -> bytes:
    """Return today's key for challenges; one made under yesterday's counts as none."""
    return links.key_of("proof", next(iter(settings.LINK_KEYS)))
