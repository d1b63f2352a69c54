"""Addresses of the public site."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from briefing.web import (
    archive,
    cards,
    drafts,
    feeds,
    health,
    issues,
    media,
    metrics,
    pages,
    robots,
    search,
    tracking,
    view,
    webhooks,
)
from briefing.web.caching import public_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("", public_page(archive.home), name="home"),
    path("articles/<slug:slug>/", public_page(archive.article), name="article"),
    path("articles/<slug:slug>/card.jpg", cards.article, name="article-share-image"),
    path("drafts/<str:token>/", drafts.draft, name="draft"),
    path("topics/<slug:slug>/", public_page(archive.topic), name="topic"),
    # Names are written in every script, and so are their addresses.
    path("authors/<str:slug>/", public_page(archive.author), name="author"),
    path("archive/", public_page(archive.months), name="months"),
    path("archive/<int:year>/<int:month>/", public_page(archive.month), name="month"),
    path("issues/", public_page(issues.issues), name="issues"),
    path("issues/<slug:newsletter>/<int:number>/", public_page(issues.issue), name="issue"),
    path("view/<str:token>/", view.view, name="view"),
    path("c/<str:token>", tracking.click, name="click"),
    path("o/<str:token>.gif", tracking.picture, name="open"),
    path("search/", search.search, name="search"),
    path("feed/", public_page(feeds.atom), name="feed"),
    path("feed/rss/", public_page(feeds.rss), name="feed-rss"),
    path("feed.json", public_page(feeds.json_feed), name="feed-json"),
    path("card.jpg", cards.site, name="share-image"),
    path("sitemap.xml", public_page(robots.sitemap), name="sitemap"),
    path("robots.txt", public_page(robots.robots), name="robots"),
    path("humans.txt", public_page(robots.humans), name="humans"),
    path("favicon.ico", robots.icon, name="icon"),
    path(".well-known/security.txt", public_page(robots.security), name="security"),
    path("about/", public_page(pages.about), name="about"),
    path("privacy/", public_page(pages.privacy), name="privacy"),
    path("privacy/<int:version>/", public_page(pages.privacy), name="privacy-version"),
    path(
        "privacy/<int:version>/<slug:locale>/", public_page(pages.privacy), name="privacy-wording"
    ),
    path("hooks/<slug:esp>/", webhooks.take, name="hook"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
if not settings.PRODUCTION:
    urlpatterns.append(path("media/<path:name>", media.media, name="media"))
