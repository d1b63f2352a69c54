"""What a copy was told about the publisher's own identity provider (OpenID Connect). Values only.

The settings read it, checks.py judges it in production, and admin/oidc/ signs staff in by it.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from environs import Env

_NEEDED = ("OIDC_SERVER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """Where it is, what this copy is called there, and what counts of it at the desk."""

    server: str = ""
    client_id: str = ""
    client_secret: str = ""
    name: str = ""
    # The provider lets nobody in without a second factor, so that its word stands for one here.
    demands_second_factor: bool = False

    @property
    def missing(self) -> list[str]:
        """The settings that are not there; all three of them mean that nobody wants it."""
        given = (self.server, self.client_id, self.client_secret)
        return [name for name, value in zip(_NEEDED, given, strict=True) if not value]

    @property
    def is_on(self) -> bool:
        """Whether staff may sign in by it."""
        return not self.missing

    @property
    def is_half_set(self) -> bool:
        """Whether somebody wanted it and was not done."""
        return 0 < len(self.missing) < len(_NEEDED)

    @property
    def is_safe(self) -> bool:
        """Whether nobody on the way could pose as it."""
        parts = urlsplit(self.server)
        return parts.scheme == "https" and bool(parts.hostname)


def read(env: Env) -> IdentityProvider:
    """Read the OIDC_ settings of an environment."""
    server = env.str("OIDC_SERVER", "").strip()
    return IdentityProvider(
        server=server.removesuffix("/.well-known/openid-configuration"),
        client_id=env.str("OIDC_CLIENT_ID", "").strip(),
        client_secret=env.str("OIDC_CLIENT_SECRET", "").strip(),
        name=env.str("OIDC_NAME", "").strip() or (urlsplit(server).hostname or ""),
        demands_second_factor=env.bool("OIDC_DEMANDS_SECOND_FACTOR", False),
    )
