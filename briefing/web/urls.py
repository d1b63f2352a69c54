"""Addresses of the public site."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from briefing.web import archive, cards, feeds, health, issues, media, pages, robots, search, view

urlpatterns: list[URLPattern | URLResolver] = [
    path("", archive.home, name="home"),
    path("articles/<slug:slug>/", archive.article, name="article"),
    path("articles/<slug:slug>/card.jpg", cards.article, name="article-share-image"),
    path("topics/<slug:slug>/", archive.topic, name="topic"),
    # Names are written in every script, and so are their addresses.
    path("authors/<str:slug>/", archive.author, name="author"),
    path("archive/", archive.months, name="months"),
    path("archive/<int:year>/<int:month>/", archive.month, name="month"),
    path("issues/", issues.issues, name="issues"),
    path("issues/<slug:newsletter>/<int:number>/", issues.issue, name="issue"),
    path("view/<str:token>/", view.view, name="view"),
    path("search/", search.search, name="search"),
    path("feed/", feeds.atom, name="feed"),
    path("feed/rss/", feeds.rss, name="feed-rss"),
    path("feed.json", feeds.json_feed, name="feed-json"),
    path("card.jpg", cards.site, name="share-image"),
    path("sitemap.xml", robots.sitemap, name="sitemap"),
    path("robots.txt", robots.robots, name="robots"),
    path("humans.txt", robots.humans, name="humans"),
    path(".well-known/security.txt", robots.security, name="security"),
    path("about/", pages.about, name="about"),
    path("privacy/", pages.privacy, name="privacy"),
    path("privacy/<int:version>/", pages.privacy, name="privacy-version"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]
if not settings.PRODUCTION:
    urlpatterns.append(path("media/<path:name>", media.media, name="media"))
