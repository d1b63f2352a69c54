"""How django-unfold is dressed for this desk; read by settings.py."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


def _static(path: str) -> Any:
    """Name a static file when a page asks for it: settings are read before static files are known."""

    def address(request: HttpRequest) -> str:
        return static(path)

    return address


# unfold speaks English alone. What of it is seen here stands in our own catalogues, which come first.
WORDS_OF_UNFOLD = (
    gettext_noop("Apply Filters"),
    gettext_noop("Choose file to upload"),
    gettext_noop("Click to download"),
    gettext_noop("Filters"),
    gettext_noop("General"),
    gettext_noop("Go back"),
    gettext_noop("Image preview"),
    gettext_noop("More actions"),
    gettext_noop("Record picture"),
    gettext_noop("Reset filters"),
    gettext_noop("Toggle password visibility"),
    gettext_noop("Type to search"),
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
