"""Tells the hub of a changed feed, so that whoever follows it there hears of an article at once.

Comes after publishing and before the hub, which fetches the feed and passes it on. What the hub was told
last lies in the cache: when that is emptied the hub is told once more, which does no harm.
Sources: https://www.w3.org/TR/websub/, which leaves open how a hub is told, and PubSubHubbub 0.4, 7,
whose form every public hub takes.
"""

import hashlib
import logging

from django.conf import settings
from django.core.cache import cache
from django.db.models import Max
from django.urls import reverse

from briefing import fetching
from briefing.archive import reading
from subscribers.links import absolute

logger = logging.getLogger(__name__)

_FEEDS = ("feed", "feed-rss", "feed-json")
_TOLD = "websub.told"


def tell() -> bool:
    """Tell the hub if the feeds are others than those it heard of last; returns whether it took that."""
    if not settings.WEBSUB_HUB or cache.get(_TOLD) == (state := _state()):
        return False
    for feed in _FEEDS:
        form = {"hub.mode": "publish", "hub.url": absolute(reverse(feed))}
        try:
            answer = fetching.fetch(settings.WEBSUB_HUB, form=form, agent=_agent())
        except fetching.FetchError as error:
            logger.warning("websub_untold reason=%s", error.reason)
            return False
        if not 200 <= answer.status < 300:
            logger.warning("websub_untold status=%s", answer.status)
            return False
    cache.set(_TOLD, state, None)
    return True


def _state() -> str:
    """Return what differs whenever the feeds do: an embargo that ends changes it as well."""
    articles = reading.public().annotate(corrected_at=Max("corrections__at"))
    newest = articles.values_list("slug", "updated_at", "corrected_at")[: reading.FEED_LENGTH]
    return hashlib.sha256(repr([*newest]).encode()).hexdigest()


def _agent() -> str:
    return f"RoboticsBriefing (+{settings.PUBLIC_BASE_URL}/about/)"
