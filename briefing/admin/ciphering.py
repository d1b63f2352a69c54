"""Second factors' secrets, kept encrypted: whoever steals a backup cannot show anybody's code.

The keys are derived from LINK_KEYS, which a copy never loses: without them no link in any mail that
ever left would lead anywhere. The newest one encrypts, and each secret names the key it needs.
"""

import base64
import logging
import secrets
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

logger = logging.getLogger(__name__)

# Neither Base32 nor hexadecimal has it: what was kept as it is, before there was this, has none.
_MARK = ":"
# Of an app, of recovery codes, and of codes that came from another system.
_SECRET = {"secret", "seed", "migrated_codes"}


class StaffFactorsAdapter(DefaultMFAAdapter):
    """Encrypts what allauth keeps of an authenticator app and of recovery codes."""

    def encrypt(self, text: str) -> str:
        """Return the secret under the newest key."""
        number = next(iter(settings.LINK_KEYS))
        return f"{number}{_MARK}{_fernet(number).encrypt(text.encode()).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret; one whose key is lost becomes another one, which no code fits."""
        number, mark, sealed = encrypted_text.partition(_MARK)
        if not mark:
            return encrypted_text
        try:
            return _fernet(int(number)).decrypt(sealed).decode()
        except (KeyError, ValueError, InvalidToken):
            logger.warning("second_factor.unreadable key=%s", number)
            return base64.b32encode(secrets.token_bytes(20)).decode()


def encrypted(data: dict[str, Any]) -> dict[str, Any]:
    """Return what allauth keeps of one factor with its secrets encrypted; those that are, stay so."""
    return {name: _encrypted(value) if name in _SECRET else value for name, value in data.items()}


def _encrypted(value: Any) -> Any:
    if isinstance(value, list):
        return [_encrypted(each) for each in value]
    return value if _MARK in value else StaffFactorsAdapter().encrypt(value)


def _fernet(number: int) -> Fernet:
    """Return what encrypts under one key. Source: RFC 5869, and the Fernet specification."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"second factor")
    return Fernet(base64.urlsafe_b64encode(derive.derive(settings.LINK_KEYS[number])))
