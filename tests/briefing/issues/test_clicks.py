"""Only readers who granted it get links that name them; an issue may count the others' clicks."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from briefing.dispatch import control, planner
from briefing.dispatch.sender import drain
from briefing.issues.clicks import LinkTable, from_html, from_text, place_of, with_picture
from briefing.models import Dispatch
from briefing.transports.base import Copy
from subscribers import links
from subscribers.models import Subscriber
from tests import factories
from tests.briefing.dispatch.making import Provider, readers
from tests.briefing.transports.messages import received

_PERSON = {"User-Agent": "Mozilla/5.0 (rv:140.0) Firefox/140.0", "Accept-Language": "en"}


def test_links_are_cut_out_whole_and_each_has_one_place() -> None:
    table = LinkTable(["https://a.example/"])
    html = ['<a style="x" href="https://b.example/?a=1&amp;b=2">b</a>', "address", '<a href="']
    cut = from_html([*html, "view_url", '">v</a> <a href="https://a.example/">a</a>'], table)
    assert cut == [
        '<a style="x" href="',
        "click1_url",
        '">b</a>',
        "address",
        '<a href="',
        "view_url",
        '">v</a> <a href="',
        "click0_url",
        '">a</a>',
    ]
    text = from_text(["See https://a.example/, or\nhttps://b.example/?a=1&b=2."], table)
    assert text == ["See ", "click0_url", ", or\n", "click1_url", "."]
    assert table.urls == ["https://a.example/", "https://b.example/?a=1&b=2"]


def test_what_cannot_be_stored_and_what_is_no_link_stays() -> None:
    table = LinkTable()
    long = f'<a href="https://a.example/{"a" * 1000}">a</a><img src="https://a.example/a.png">'
    assert from_html([long], table) == [long]
    assert table.urls == []
    assert place_of("click12_url") == 12
    assert place_of("view_url") is None
    assert with_picture(["<body>a</body></html>"])[1:] == [
        "open_url",
        '" width="1" height="1" alt="" style="display:block;border:0"></body></html>',
    ]


def dispatched(*, counts_clicks: bool) -> tuple[Dispatch, dict[str, str]]:
    """Dispatch an issue to two readers, the first of whom granted tracking; return their mails."""
    first, _second = readers(2)
    Subscriber.objects.filter(address=first).update(tracking_allowed=True)
    issue = factories.issue(intro="See [the plant](https://plant.example/a?b=1&c=2).")
    issue.counts_clicks = counts_clicks
    issue.save()
    dispatch = control.start(issue, now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    mails: dict[str, str] = {}

    def keep(copy: Copy) -> None:
        assert isinstance(copy.payload, bytes)
        whole = received(copy.payload).replace(b"=\r\n", b"").replace(b"=3D", b"=")
        mails[copy.recipient] = whole.decode()

    drain(dispatch.pk, Provider(before=keep))
    return dispatch, mails


def counted(mail: str) -> set[str]:
    return set(re.findall(r"http://testserver/c/([\w-]+)", mail))


@pytest.mark.django_db
def test_only_who_granted_it_is_tracked(client: Client) -> None:
    dispatch, mails = dispatched(counts_clicks=False)
    tracked, plain = (mails[f"reader{index}@mail.example"] for index in range(2))
    assert counted(plain) == set()
    assert "/o/" not in plain
    assert "https://plant.example/a?b=1" in plain
    reader = Subscriber.objects.get(address="reader0@mail.example")
    for token in counted(tracked):
        assert links.read("click", token)[:2] == (dispatch.pk, reader.pk)
    (opened,) = re.findall(r"http://testserver/o/([\w-]+)\.gif", tracked)
    assert links.read("open", opened) == (dispatch.pk, reader.pk)
    led = {client.get(f"/c/{token}", headers=_PERSON)["Location"] for token in counted(tracked)}
    assert led == set(dispatch.edition.links.values_list("url", flat=True))
    assert "https://plant.example/a?b=1&c=2" in led


@pytest.mark.django_db
def test_an_issue_that_counts_clicks_gives_the_others_links_that_are_everybodys() -> None:
    dispatch, mails = dispatched(counts_clicks=True)
    plain = mails["reader1@mail.example"]
    assert "/o/" not in plain
    assert "plant.example" not in plain
    assert {links.read("count", token)[0] for token in counted(plain)} == {dispatch.pk}
    assert len(counted(plain)) == dispatch.edition.links.count()


@pytest.mark.django_db
def test_the_web_view_of_a_counted_issue_leads_straight_to_its_links(client: Client) -> None:
    dispatch, _mails = dispatched(counts_clicks=True)
    for reader in Subscriber.objects.filter(address__startswith="reader"):
        page = client.get(f"/view/{links.make('view', dispatch.pk, reader.pk)}/").content.decode()
        assert "https://plant.example/a?b=1&amp;c=2" in page
        assert "/c/" not in page
        assert "/o/" not in page


@pytest.mark.django_db
def test_a_grant_given_after_the_issue_was_compiled_waits_for_the_next() -> None:
    dispatch, _mails = dispatched(counts_clicks=False)
    chosen = planner.variants_of(dispatch)
    assert chosen.choose("fr", "text", tracked=True) == chosen.by_key[chosen.whole]
