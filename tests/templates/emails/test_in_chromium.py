"""Every mail as it is seen: on a narrow phone and a wide window, in light and in dark."""

import re

from playwright.sync_api import Route

from subscribers.rendering import render
from tests.accessibility import assert_accessible, assert_contrast
from tests.chromium import Visit
from tests.templates.emails.samples import MAILS

_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="675"/>'
# A mail is shown inside a client's page, which brings the landmarks.
_THE_CLIENTS = ("region", "landmark-one-main")


def _picture(route: Route) -> None:
    route.fulfill(content_type="image/svg+xml", body=_PICTURE)


def test_every_mail_fits_and_can_be_read(visit: Visit) -> None:
    # One page for all of them: what each costs by itself is the browser's start.
    page = visit(viewport=(320, 700))
    page.route(re.compile("^https:"), _picture)
    for kind, (name, context) in MAILS.items():
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 320, "height": 700})
        page.set_content(render(name, context, locale="en").html)
        assert_accessible(page, besides=_THE_CLIENTS)
        page.emulate_media(color_scheme="dark")
        assert_contrast(page)
        for width in (320, 600, 1000):
            page.set_viewport_size({"width": width, "height": 700})
            assert page.evaluate("document.documentElement.scrollWidth") == width, kind
