"""Keeps what an editor types until it is saved, so that a closed window loses nothing."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.dateparse import parse_datetime

from briefing.models import Article, KeptText, User

FIELDS = ("headline", "dek", "body")
_MAX_HEADLINE = 200


def keep(person: User, article: Article | None, texts: Mapping[str, str], *, now: datetime) -> None:
    """Keep the newest of what somebody typed. Safe to run twice: the newer replaces the older."""
    values = {name: texts.get(name, "") for name in FIELDS}
    values["headline"] = values["headline"][:_MAX_HEADLINE]
    KeptText.objects.update_or_create(
        person=person,
        article=article,
        defaults={**values, "based_on": moment(texts.get("based_on", "")), "at": now},
    )


def kept(person: User, article: Article | None) -> KeptText | None:
    """Return what somebody typed and never saved, unless it says what the article says anyway."""
    found = KeptText.objects.filter(person=person, article=article).first()
    if found is None or all(
        _plain(getattr(found, name)) == _plain(getattr(article, name, "")) for name in FIELDS
    ):
        return None
    return found


def forget(person: User, article: Article | None) -> None:
    """Drop it: it is saved, or not wanted."""
    KeptText.objects.filter(person=person, article=article).delete()


def moment(text: str) -> datetime | None:
    """Read a moment that a form carried; nothing when it is none."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _plain(text: str) -> str:
    """Return a text without what a browser changes in it: line ends."""
    return text.replace("\r\n", "\n").strip()
