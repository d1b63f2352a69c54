"""Addresses of the demo's inbox, under /inbox/."""

from django.urls import URLPattern, URLResolver, path

from briefing.demo import inbox

urlpatterns: list[URLPattern | URLResolver] = [
    path("", inbox.inbox, name="inbox"),
    path("<int:mail_id>/", inbox.mail, {"part": "designed"}, name="inbox-mail"),
    path("<int:mail_id>/text/", inbox.mail, {"part": "text"}, name="inbox-text"),
    path("<int:mail_id>/headers/", inbox.mail, {"part": "headers"}, name="inbox-headers"),
    path("<int:mail_id>/html/", inbox.framed_html, name="inbox-html"),
    path("<int:mail_id>/source/", inbox.source, name="inbox-source"),
]
