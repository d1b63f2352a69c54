"""JSON Feed 1.1 as a schema: which members there are, of which type, and which have to be there.

Source: https://www.jsonfeed.org/version/1.1/
"""

import re
from datetime import datetime
from typing import Any

Check = Any
VERSION = "https://jsonfeed.org/version/1.1"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def faults(feed: Any) -> list[str]:
    """Return what a feed has that the standard does not allow, and what it lacks."""
    found = list(_faults(feed, _FEED, "feed"))
    if not found and len({item["id"] for item in feed["items"]}) != len(feed["items"]):
        found.append("feed.items: two have the same id")
    return found


def _url(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"https?://\S+", value) is not None


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _moment(value: Any) -> bool:
    """Whether it is a date and time of RFC 3339, with its zone."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _language(value: Any) -> bool:
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


# Member: what it holds. A star behind the name: it has to be there. A list holds any number of its kind.
_AUTHOR: dict[str, Check] = {"name": _text, "url": _url, "avatar": _url}
_ATTACHMENT: dict[str, Check] = {
    "url*": _url,
    "mime_type*": _text,
    "title": _text,
    "size_in_bytes": _number,
    "duration_in_seconds": _number,
}
_ITEM: dict[str, Check] = {
    "id*": _text,
    **dict.fromkeys(("url", "external_url", "image", "banner_image"), _url),
    **dict.fromkeys(("title", "content_html", "content_text"), _text),
    # A dek may be empty, and so may what is said about a feed.
    "summary": lambda value: isinstance(value, str),
    "date_published": _moment,
    "date_modified": _moment,
    "authors": [_AUTHOR],
    "tags": [_text],
    "language": _language,
    "attachments": [_ATTACHMENT],
}
_FEED: dict[str, Check] = {
    "version*": lambda value: value == VERSION,
    "title*": _text,
    **dict.fromkeys(("home_page_url", "feed_url", "next_url", "icon", "favicon"), _url),
    "description": lambda value: isinstance(value, str),
    "user_comment": _text,
    "authors": [_AUTHOR],
    "language": _language,
    "expired": lambda value: isinstance(value, bool),
    "hubs": [{"type*": _text, "url*": _url}],
    "items*": [_ITEM],
}


def _faults(value: Any, check: Check, place: str) -> list[str]:
    if isinstance(check, list):
        if not isinstance(value, list):
            return [f"{place}: is no list"]
        return [
            fault
            for number, each in enumerate(value)
            for fault in _faults(each, check[0], f"{place}[{number}]")
        ]
    if isinstance(check, dict):
        return _of_object(value, check, place)
    return [] if check(value) else [f"{place}: {value!r} is not what belongs there"]


def _of_object(value: Any, members: dict[str, Check], place: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{place}: is no object"]
    known = {name.rstrip("*"): check for name, check in members.items()}
    found = [
        f"{place}.{name[:-1]}: is missing"
        for name in members
        if name.endswith("*") and name[:-1] not in value
    ]
    for name, each in value.items():
        # Whoever needs a member of their own begins it with an underscore.
        if name in known:
            found += _faults(each, known[name], f"{place}.{name}")
        elif not name.startswith("_"):
            found.append(f"{place}.{name}: is unknown")
    if members is _AUTHOR and not value:
        found.append(f"{place}: has neither name nor address")
    if members is _ITEM and not {"content_html", "content_text"} & set(value):
        found.append(f"{place}: has no content")
    return found
