"""How django-unfold is dressed for this desk; read by settings.py."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _static(path: str) -> Any:
    """Name a static file when a page asks for it: settings are read before static files are known."""

    def address(request: HttpRequest) -> str:
        return static(path)

    return address


# unfold speaks English alone. What of it is seen here stands in our own catalogues, which come first.
# Lazy, because to translate anything asks for the settings, which are being read.
WORDS_OF_UNFOLD = (
    _("Apply Filters"),
    _("Choose file to upload"),
    _("Click to download"),
    _("Filters"),
    _("General"),
    _("Go back"),
    _("Image preview"),
    _("More actions"),
    _("Record picture"),
    _("Reset filters"),
    _("Toggle password visibility"),
    _("Type to search"),
)

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("The Robotics Briefing"),
    "SITE_HEADER": _("The Robotics Briefing"),
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _static("briefing/img/favicon.svg")}
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "SHOW_BACK_BUTTON": True,
    "STYLES": [
        _static(f"briefing/desk/{name}.css")
        for name in ("desk", "frame", "lists", "screen", "work", "numbers", "front")
    ],
    "DASHBOARD_CALLBACK": "briefing.admin.dashboard.fill",
    "SIDEBAR": {"navigation": "briefing.admin.navigation.side_bar"},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Second factor"), "link": reverse_lazy("mfa_index")},
            {"title": _("Password"), "link": reverse_lazy("account_change_password")},
            {"title": _("Sessions"), "link": reverse_lazy("usersessions_list")},
        ]
    },
}
