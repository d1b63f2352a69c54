"""Every kind of public page in every state that a visitor can meet, with something on it.

`pages` asks for all of them in one language; what a whole site must hold is then held against each.
"""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast

import time_machine
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.views.defaults import permission_denied, server_error

from briefing.archive import drafts
from briefing.models import Article, Correction, Issue
from subscribers import links, moving, sealing
from subscribers.models import Newsletter, Outbox, Topic
from tests.briefing.tracking.making import readers_of, sent
from tests.briefing.web.test_hard_cases import crowded
from tests.factories import NOW, article, issue, newsletter, notice
from tests.subscribers import making
from tests.subscribers.test_signup_journey import fill_in

# The mail's web view is the mail: in its reader's language, without the site's frame.
MAIL = "the mail on the web"
_EXPIRED = 4 * 24 * 3600


def pages(client: Client, language: str) -> Iterator[tuple[str, HttpResponse]]:
    """Make an archive and its readers; yield each page's name and answer."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    yield from _get(client, "empty: ", "/", "/archive/", "/issues/", "/privacy/", "/signup/")
    house = newsletter()
    yield from _get(client, "without a wording: ", "/", "/signup/")
    for kind in ("signup", "privacy", "tracking"):
        notice(kind)
        notice(kind, locale="de", text="Ein **Wortlaut**. Siehe [Datenschutz](/privacy/).\n")
    yield from _get(client, "", *_of_the_archive(house))
    yield from _errors(client, language)
    yield from _signing_up(client)
    yield from _of_a_reader(client)
    yield from _mail(client)


def _get(client: Client, name: str, *paths: str) -> Iterator[tuple[str, HttpResponse]]:
    for path in paths:
        yield f"{name}{path}", cast(HttpResponse, client.get(path))


def _of_the_archive(house: Newsletter) -> list[str]:
    notice("privacy", version=2, text="# Privacy policy\n\n## What we keep\n\n- Little.\n")
    piece = crowded()
    plain = article("Words and <b>signs</b> & “quotes”", body="", dek="")
    plain.sources.all().delete()
    plain.watch_items.all().delete()
    told = article(
        "Pictures are told",
        image="articles/a-1f2e3d4c-1600x900.png",
        image_alt="A crane.",
        image_credit="Jo Bell",
        image_licence="CC BY 4.0",
        body="> Said.\n\n1. One\n2. Two\n\n## Then\n\n```\ncode\n```\n\n[A link](https://example.org/?a=1&b=2)",
    )
    told.sources.create(
        title="Gone", url="https://example.org/", check_result="gone", checked_at=NOW
    )
    told.watch_items.create(text="A vote", outcome="happened", outcome_note="41 to 9.")
    told.watch_items.create(text="A strike", due_on=NOW.date(), followed_up_in=plain)
    Correction.objects.create(article=told, text="It was Osaka.", at=NOW)
    Article.objects.bulk_create(
        Article(
            slug=f"one-of-many-{n}",
            headline=f"One of {n}",
            dek="",
            body="",
            topic=piece.topic,
            status="published",
            published_at=NOW - timedelta(hours=n),
        )
        for n in range(25)
    )
    Topic.objects.create(slug="nothing", name="Nothing yet")
    issue(house, [piece, told], intro="Hello {{ name|there }}.")
    Issue.objects.update(status=Issue.Status.PUBLISHED, published_at=NOW)
    draft = article("Not out yet", status="draft", published_at=None)
    names = ("home", "months", "issues", "search", "about", "privacy", "embed-instructions")
    return [
        *(reverse(name) for name in names),
        *(each.get_absolute_url() for each in (piece, plain, told)),
        *("/search/?q=words", "/search/?q=nosuchthing", "/search/?q=%22%3C%26"),
        *("/privacy/1/", "/privacy/1/de/"),
        *("/topics/automation/", "/topics/automation/?before=one-of-many-3", "/topics/nothing/"),
        *("/authors/ada-noor/", f"/archive/{NOW.year}/{NOW.month}/", "/embed/"),
        *(f"/issues/{house.slug}/1/", f"/drafts/{drafts.token_for(draft)}/", _over(draft)),
    ]


def _over(draft: Article) -> str:
    with time_machine.travel(timezone.now() - drafts.LASTS - timedelta(hours=1)):
        return f"/drafts/{drafts.token_for(draft)}/"


def _errors(client: Client, language: str) -> Iterator[tuple[str, HttpResponse]]:
    yield from _get(client, "", "/nothing/", "/articles/nothing/", "/view/nothing/")
    asked = RequestFactory(headers={"accept-language": language}).get("/")
    yield "403", permission_denied(asked, PermissionDenied())
    yield "500", server_error(asked)


def _signing_up(client: Client) -> Iterator[tuple[str, HttpResponse]]:
    now = links.now()
    states: dict[str, dict[str, Any]] = {
        "nothing typed": {"email": ""},
        "no address": {"email": "<no one>&"},
        "a slip": {"email": "anna@gmial.com"},
        "too fast": {"stamp": links.make("stamp", now)},
    }
    for name, typed in states.items():
        yield f"signup, {name}", cast(HttpResponse, client.post("/signup/", fill_in(**typed)))
    yield "signup, too many", _too_many(client)
    making.newsletter("weekly", name="Another Weekly")
    asked, gone = making.pending("anna@example.com"), making.pending("gone@example.com")
    disown = f"/disown/{links.make('disown', gone.pk)}/"
    confirm = f"/confirm/{links.make('confirm', asked.pk, now)}/"
    expired = f"/confirm/{links.make('confirm', asked.pk, now - _EXPIRED)}/"
    yield from _get(client, "", "/signup/", "/signup/done/", confirm, expired, disown)
    yield "disowned", _press(client, disown, "disown")
    yield from _get(client, "gone: ", f"/confirm/{links.make('confirm', gone.pk, now)}/")
    yield "confirmed", _press(client, confirm, "confirm")
    yield from _get(client, "again: ", confirm, "/confirm/made-up/")


def _too_many(client: Client) -> HttpResponse:
    # On a slow machine a minute may be over in between; the limit of an hour is reached all the same.
    for number in range(21):
        answer = client.post("/signup/", fill_in(email=f"reader{number}@example.com"))
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            break
    return cast(HttpResponse, answer)


def _of_a_reader(client: Client) -> Iterator[tuple[str, HttpResponse]]:
    row = making.confirmed("bert@example.com")
    numbers = (row.subscriber_id, row.newsletter_id)
    sealing.seal(now=NOW)
    preferences = f"/preferences/{links.make('preferences', *numbers)}/"
    leave = f"/unsubscribe/{links.make('unsubscribe', *numbers)}/"
    undo = f"/undo/{links.make('undo', *numbers, links.now())}/"
    receipt = f"/receipt/{links.make('receipt', numbers[0])}/"
    yield from _get(client, "", preferences, f"{preferences}erase/", receipt, leave)
    yield (
        "saved",
        _press(client, preferences, "save", frequency="every", format="html", locale="en"),
    )
    yield "not saved", _press(client, preferences, "save", paused_until="soon", frequency="<&")
    yield "moving", _press(client, preferences, "move", email="new@example.org")
    yield "not moving", _press(client, preferences, "move", email="<no one>&")
    yield from _moving(client)
    yield "left", _press(client, leave, "leave")
    yield "told why", _press(client, leave, "reason", reason="too_often")
    yield from _get(client, "left: ", leave, undo, preferences)
    yield "undone", _press(client, undo, "undo")
    yield "left everything", _press(client, leave, "leave_all")
    yield "erased", _press(client, f"{preferences}erase/", "erase")


def _moving(client: Client) -> Iterator[tuple[str, HttpResponse]]:
    asked = Outbox.objects.get(purpose="addr_confirm")
    confirm = f"/address/{links.make('address', asked.pk, links.now())}/"
    yield from _get(client, "", confirm)
    yield "moved", _press(client, confirm, "confirm")
    told = Outbox.objects.get(purpose=Outbox.Purpose.ADDRESS_CHANGED)
    assert moving.asked(told.pk)
    undo = f"/address/{links.make('address', told.pk, links.now())}/"
    yield from _get(client, "", undo)
    yield "taken back", _press(client, undo, "undo")


def _mail(client: Client) -> Iterator[tuple[str, HttpResponse]]:
    dispatch = sent(1)
    token = links.make("view", dispatch.pk, readers_of(dispatch)[0])
    yield MAIL, cast(HttpResponse, client.get(f"/view/{token}/"))


def _press(client: Client, path: str, action: str, **typed: str) -> HttpResponse:
    return cast(HttpResponse, client.post(path, {"action": action, **typed}))
