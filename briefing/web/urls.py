"""Addresses of the public site."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from briefing.web import archive, health, issues, media, pages, view

urlpatterns: list[URLPattern | URLResolver] = [
    path("", archive.home, name="home"),
    path("articles/<slug:slug>/", archive.article, name="article"),
    path("topics/<slug:slug>/", archive.topic, name="topic"),
    # Names are written in every script, and so are their addresses.
    path("authors/<str:slug>/", archive.author, name="author"),
    path("archive/", archive.months, name="months"),
    path("archive/<int:year>/<int:month>/", archive.month, name="month"),
    path("issues/", issues.issues, name="issues"),
    path("issues/<slug:newsletter>/<int:number>/", issues.issue, name="issue"),
    path("view/<str:token>/", view.view, name="view"),
    path("about/", pages.about, name="about"),
    path("privacy/", pages.privacy, name="privacy"),
    path("privacy/<int:version>/", pages.privacy, name="privacy-version"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]
if not settings.PRODUCTION:
    urlpatterns.append(path("media/<path:name>", media.media, name="media"))
