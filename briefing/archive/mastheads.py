"""Who publishes, writes and what it is about: newsletter, authors and topics, found or made by name."""

import re
from collections.abc import Mapping

from django.conf import settings
from django.utils.text import slugify

from briefing.archive.facts import Facts
from briefing.archive.seedfile import NewsletterBox
from briefing.models import Author
from subscribers.models import Newsletter, Topic


def apply(known: Facts) -> None:
    """Bring newsletter, topics and authors' lines to what archive.toml says. Safe to run twice."""
    if known.newsletter:
        _apply_newsletter(known.newsletter)
    for position, topic in enumerate(known.topics, start=1):
        Topic.objects.update_or_create(
            slug=topic.slug,
            defaults={
                "name": topic.name,
                "description": topic.description,
                "position": position,
            },
        )
    for name, bio in known.bios.items():
        author = author_named(name)
        if author.bio != bio:
            author.bio = bio
            author.save(update_fields=["bio"])


def _apply_newsletter(values: Mapping[str, str]) -> None:
    """Create or update the newsletter; one that a box had made by its name is adopted."""
    newsletter = (
        Newsletter.objects.filter(slug=values["slug"]).first()
        or Newsletter.objects.filter(name=values["name"], postal_address="").first()
        or Newsletter()
    )
    for field, value in values.items():
        setattr(newsletter, field, value)
    newsletter.save()


def author_named(name: str) -> Author:
    """Return the author of that name. Straight and curly apostrophes are the same name."""
    name = name.replace("'", "’")
    found = Author.objects.filter(name=name).first()
    return found or Author.objects.create(name=name, slug=_free_slug(name))


def _free_slug(name: str) -> str:
    """Return an address for an author; two names may be written with the same letters."""
    base = slugify(re.sub("['’]", "", name), allow_unicode=True)[:110] or "author"
    slug, number = base, 1
    while Author.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def topic_of(heading: str, *, explicit: str = "") -> Topic | None:
    """Return the topic that an article names, made when it is new."""
    word = explicit or heading
    slug = slugify(word)[:60]
    if not slug:
        return None
    name = word[:80] if word != word.lower() else word[:80].capitalize()
    topic, _ = Topic.objects.get_or_create(slug=slug, defaults={"name": name})
    return topic


def ensure_newsletter(box: NewsletterBox | None) -> None:
    """Make the newsletter that a box names, where none of that name is there.

    It has no postal address yet: the check before a dispatch asks the editor for it.
    """
    if box is None or Newsletter.objects.filter(name=box.name).exists():
        return
    slug = slugify(box.name)[:60] or "newsletter"
    Newsletter.objects.get_or_create(
        slug=slug,
        defaults={
            "name": box.name,
            "tagline": box.tagline,
            "promise": box.promise,
            "from_name": box.name,
            "from_address": settings.DEFAULT_FROM_EMAIL,
        },
    )
