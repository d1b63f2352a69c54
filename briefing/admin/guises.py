"""The guises in which a preview shows a mail: as wide as a desk or a phone, dark, bare, or as text."""

import re

from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

GUISES = {
    "wide": _("Desktop"),
    "narrow": _("Phone"),
    "dark": _("Dark"),
    "bare": _("Images off"),
    "text": _("Plain text"),
}
# Without a word of one's own, the frame would follow whatever the editor's own machine is set to.
_DARK_RULE = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
# The paper that a browser lays under a mail follows its word, too: a light one would be black on black.
_BOTH_SCHEMES = re.compile(r"(color-schemes?(?:\"\s+content=\"|\s*:\s*))light dark")


def known(asked: str) -> str:
    """Return the guise that was asked for, or the first one for anything else."""
    return asked if asked in GUISES else "wide"


def dress(html: str, guise: str) -> str:
    """Return a mail as a program in dark mode, or in light, would draw it."""
    rule, scheme = ("@media all", "dark") if guise == "dark" else ("@media not all", "light")
    return _BOTH_SCHEMES.sub(rf"\g<1>{scheme}", _DARK_RULE.sub(rule, html))


def held_to(response: HttpResponse, guise: str) -> HttpResponse:
    """Return the answer that shows a mail, which may do what its guise may, and nothing else."""
    response._csp_replace = _policy(guise)  # type: ignore[attr-defined]  # django-csp's own hook
    return response


def _policy(guise: str) -> dict[str, list[str]]:
    """Let a mail show itself and pictures, and nothing else, even when it is opened by itself.

    With images off the browser itself refuses them, so that what stands in their place is seen.
    """
    nothing = (
        "default-src",
        "script-src",
        "connect-src",
        "font-src",
        "manifest-src",
        "form-action",
    )
    pictures = [NONE] if guise == "bare" else [SELF, settings.PUBLIC_BASE_URL, "data:"]
    return {
        **{directive: [NONE] for directive in nothing},
        "style-src": [UNSAFE_INLINE],
        "img-src": pictures,
        "frame-ancestors": [SELF],
        "sandbox": [""],
    }
