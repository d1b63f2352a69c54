"""Links in mail lead where the issue pointed and nowhere else, and count without telling who."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.test import Client, RequestFactory
from django.utils import timezone

from briefing import links as mail_links
from briefing.models import Delivery, Dispatch, Event, EventCount, Link
from briefing.tracking import apply
from briefing.web import tracking
from subscribers import links
from subscribers.models import Subscriber
from tests.briefing.tracking.making import click_path, open_path, readers_of, sent

pytestmark = pytest.mark.django_db

PERSON = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept-Language": "en",
}


@pytest.fixture
def dispatch(db: None) -> Dispatch:
    """Dispatch an issue an hour ago to three readers who all granted tracking."""
    made = sent(3)
    Delivery.objects.filter(dispatch=made).update(at=timezone.now() - timedelta(hours=1))
    Subscriber.objects.update(tracking_allowed=True)
    return made


def path(url: str) -> str:
    return url.removeprefix("http://testserver")


def click(client: Client, dispatch: Dispatch, reader: int, position: int = 0, **more: Any) -> Any:
    return client.get(click_path(dispatch, reader, position), headers=PERSON, **more)


def fold() -> None:
    apply.fold(now=timezone.now() + timedelta(minutes=1))


def clicks(dispatch: Dispatch) -> dict[int, int]:
    rows = EventCount.objects.filter(dispatch=dispatch, link__gte=0)
    return dict(rows.values_list("link", "number"))


def test_a_click_leads_to_the_editions_own_link_and_sets_no_cookie(
    client: Client, dispatch: Dispatch
) -> None:
    reader, *_others = readers_of(dispatch)
    answer = click(client, dispatch, reader, 1)
    assert answer.status_code == 302
    assert answer["Location"] == Link.objects.get(edition=dispatch.edition, position=1).url
    assert not answer.cookies
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    event = Event.objects.get()
    assert (event.subscriber_id, event.link, event.by_person, event.payload) == (
        reader,
        1,
        True,
        {},
    )
    fold()
    assert clicks(dispatch) == {1: 1}


def test_a_place_that_the_table_does_not_have_leads_nowhere(
    client: Client, dispatch: Dispatch
) -> None:
    assert click(client, dispatch, readers_of(dispatch)[0], 500).status_code == 404
    assert not Event.objects.exists()


def tokens(dispatch: Dispatch, reader: int) -> Iterator[str]:
    """Yield 1,000 tokens that were never made for a click, many of them nearly so."""
    chance = random.Random(5)
    real = links.make("click", dispatch.pk, reader, 0)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for purpose in ("open", "view", "reference"):
        yield links.make(purpose, dispatch.pk, reader)
    yield from ("https:%2F%2Fevil.example", "%2F%2Fevil.example", "javascript:alert(1)", "0")
    for number in range(993):
        place = chance.randrange(len(real))
        letter = chance.choice(alphabet.replace(real[place], ""))
        altered = real[:place] + letter + real[place + 1 :]
        yield (altered, real[: place + 1][:-1] or "A", real + letter, real[::-1])[number % 4]


def test_of_a_thousand_invented_tokens_none_redirects(client: Client, dispatch: Dispatch) -> None:
    tried = list(tokens(dispatch, readers_of(dispatch)[0]))
    assert len(tried) == 1000
    # The page that says so is written for each; a few are enough to see it.
    assert {client.get(f"/c/{token}", headers=PERSON).status_code for token in tried[:9]} == {404}
    for token in tried:
        with pytest.raises(Http404):
            tracking.click(RequestFactory().get("/c/"), token)
    for token in tried[3:]:
        with pytest.raises(Http404):
            tracking.picture(RequestFactory().get("/o/"), token)
    assert not Event.objects.exists()


def test_only_getting_and_asking_ahead_is_allowed(client: Client, dispatch: Dispatch) -> None:
    url = path(mail_links.count_url(dispatch_id=dispatch.pk, position=0))
    assert client.post(url).status_code == 405
    assert client.head(url, headers=PERSON).status_code == 302
    fold()
    assert clicks(dispatch) == {}


def test_whoever_took_the_grant_back_is_counted_as_nobody(
    client: Client, dispatch: Dispatch
) -> None:
    reader, *_others = readers_of(dispatch)
    Subscriber.objects.filter(pk=reader).update(tracking_allowed=False)
    assert click(client, dispatch, reader).status_code == 302
    assert client.get(open_path(dispatch, reader), headers=PERSON)["Content-Type"] == "image/gif"
    event = Event.objects.get()
    assert (event.kind, event.subscriber_id) == (Event.Kind.CLICKED, None)
    fold()
    assert clicks(dispatch) == {0: 1}
    assert set(Delivery.objects.values_list("fate", flat=True)) == {0}


def test_a_copy_is_opened_once_however_often_its_picture_is_fetched(
    client: Client, dispatch: Dispatch
) -> None:
    url = open_path(dispatch, readers_of(dispatch)[0])
    for _again in range(3):
        answer = client.get(url, headers=PERSON)
    assert answer.content.startswith(b"GIF89a")
    assert not answer.cookies
    client.get(url, headers={"User-Agent": "Mozilla/5.0"})
    told = Event.objects.order_by("pk").values_list("kind", "by_person")
    assert list(told) == [(Event.Kind.OPENED, True), (Event.Kind.OPENED, False)]


def test_who_walks_through_every_link_at_once_was_a_machine_from_the_first(
    client: Client, dispatch: Dispatch
) -> None:
    Link.objects.bulk_create(
        Link(edition=dispatch.edition, position=place, url=f"https://a.example/{place}")
        for place in range(10, 14)
    )
    reader, other, _third = readers_of(dispatch)
    for place in range(10, 14):
        click(client, dispatch, reader, place)
    click(client, dispatch, other, 10)
    fold()
    assert clicks(dispatch) == {10: 1}


def test_what_was_asked_with_is_not_kept(client: Client, dispatch: Dispatch) -> None:
    click(client, dispatch, readers_of(dispatch)[0], REMOTE_ADDR="192.0.2.77")
    row = str(Event.objects.values().get())
    assert "192.0.2" not in row
    assert "Firefox" not in row


def test_a_redirect_works_when_nothing_can_be_written(client: Client, dispatch: Dispatch) -> None:
    reader = readers_of(dispatch)[0]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE briefing_event RENAME TO briefing_event_away")
    try:
        assert click(client, dispatch, reader).status_code == 302
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE briefing_event_away RENAME TO briefing_event")
