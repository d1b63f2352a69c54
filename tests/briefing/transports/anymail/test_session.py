"""An opened provider: deadlines, calls that drip, groups side by side, and when to stop."""

import threading
import time
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.transports.anymail.transport import AnymailTransport
from briefing.transports.base import Copy, Group
from tests.briefing.transports.anymail.conftest import Noted, Route, RouteTo, all_are
from tests.briefing.transports.anymail.fakes import PROVIDERS
from tests.briefing.transports.anymail.server import Hang, Request, Response, api
from tests.briefing.transports.messages import SENDER, variant


def outcomes(group: Group) -> list[int | None]:
    """Return the outcomes of a group, in order."""
    return [copy.outcome for copy in group.copies]


# ---------------------------------------------------------------------------- time
def test_after_the_deadline_nothing_leaves(route: Route) -> None:
    group = route.hand_over(route.copies(3), seconds=-0.001)
    assert outcomes(group) == [None, None, None]
    assert not any(copy.started for copy in group.copies)
    assert route.watcher.notes == []
    assert route.api.requests == []


def test_a_missed_deadline_is_no_outage_and_the_next_group_leaves(route: Route) -> None:
    route.hand_over(route.copies(2), seconds=-0.001)
    assert outcomes(route.hand_over(route.copies(2, first=2))) == [ACCEPTED, ACCEPTED]


def test_single_messages_still_waiting_at_the_deadline_are_given_back(route_to: RouteTo) -> None:
    route = route_to("mailtrap", connections=1)

    def slowly(request: Request) -> Response:
        time.sleep(0.1)  # a slow provider
        return route.provider.taking(route.provider.read(request), {})

    route.api.answer = slowly
    group = route.hand_over(route.copies(20), seconds=0.55)
    left = [copy for copy in group.copies if copy.outcome == ACCEPTED]
    assert 1 <= len(left) < 20
    assert all(copy.outcome is None and not copy.started for copy in group.copies[len(left) :])
    assert len(route.api.requests) == len(left)


@pytest.mark.parametrize("name", ["postmark", "mailgun", "mailtrap"])
def test_an_answer_that_drips_is_cut_off_after_the_timeout(route_to: RouteTo, name: str) -> None:
    route = route_to(name, timeout_seconds=0.6)
    endless = b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 3000
    route.api.script.append(Hang(30, drip=endless))
    began = time.monotonic()
    group = route.hand_over(route.copies(1))
    assert outcomes(group) == [UNKNOWN]
    assert time.monotonic() - began < 3


# ---------------------------------------------------------------------------- side by side
def test_two_groups_are_on_the_wire_at_the_same_time(route_to: RouteTo) -> None:
    route = route_to("postmark")
    both = threading.Barrier(2, timeout=10)

    def together(request: Request) -> Response:
        both.wait()
        return route.provider.taking(route.provider.read(request), {})

    route.api.answer = together
    groups = [Group(route.copies(3, first=first), time.monotonic() + 30) for first in (0, 3)]
    for group in groups:
        route.session.submit(group)
    collected = [route.session.collect(), route.session.collect()]
    assert {id(group) for group in collected} == {id(group) for group in groups}
    assert all(outcomes(group) == [ACCEPTED] * 3 for group in groups)
    assert route.api.connections == 2


def test_a_group_that_is_answered_first_comes_back_first(route_to: RouteTo) -> None:
    route = route_to("postmark")

    def first_slowly(request: Request) -> Response:
        mails = route.provider.read(request)
        time.sleep(0.5 if mails[0].name == "Reader 0" else 0.0)  # the first answer comes last
        return route.provider.taking(mails, {})

    route.api.answer = first_slowly
    slow, quick = (Group(route.copies(1, first=each), time.monotonic() + 30) for each in (0, 1))
    route.session.submit(slow)
    route.session.submit(quick)
    assert route.session.collect() is quick
    assert route.session.collect() is slow


def test_an_account_can_be_held_to_one_connection(route_to: RouteTo) -> None:
    route = route_to("mailtrap", connections=1)
    route.hand_over(route.copies(10))
    assert route.api.connections == 1


def test_a_group_of_several_variants_leaves_in_a_call_for_each(batch_route: Route) -> None:
    other = variant(subject=["Anders"], html=["<b>", "name|there", "</b>"], text=["Hallo"])
    copies = batch_route.copies(2) + batch_route.copies(2, first=2, content=other)
    group = batch_route.hand_over([copies[0], copies[2], copies[1], copies[3]])
    assert outcomes(group) == [ACCEPTED] * 4
    assert len(batch_route.api.requests) == 2
    texts = {mail.address: mail.subject for mail in batch_route.mails()}
    assert texts == {
        "r0@mail.example": "For Reader 0",
        "r1@mail.example": "For Reader 1",
        "r2@mail.example": "Anders",
        "r3@mail.example": "Anders",
    }


def test_a_call_holds_no_more_readers_than_the_provider_takes(route_to: RouteTo) -> None:
    route = route_to("mailjet")
    assert outcomes(route.hand_over(route.copies(120))) == [ACCEPTED] * 120
    assert sorted(len(route.provider.read(each)) for each in route.api.requests) == [20, 50, 50]


def test_a_call_holds_no_more_bytes_than_the_provider_takes(route_to: RouteTo) -> None:
    route = route_to("resend")
    heavy = variant(text=["x" * 3_000_000])
    assert outcomes(route.hand_over(route.copies(7, content=heavy))) == [ACCEPTED] * 7
    assert max(len(each.body) for each in route.api.requests) <= 10_000_000
    assert len(route.api.requests) == 3


def test_a_group_is_as_large_as_a_call() -> None:
    sizes = {
        name: AnymailTransport(name, timeout_seconds=5).group_size
        for name in ("postmark", "mailgun", "resend", "mailjet", "amazon_ses", "mailtrap")
    }
    assert sizes == {
        "postmark": 500,
        "mailgun": 1000,
        "resend": 100,
        "mailjet": 50,
        "amazon_ses": 50,
        "mailtrap": None,
    }


# ---------------------------------------------------------------------------- when to stop
def test_three_calls_without_a_clear_answer_stop_the_rest(route_to: RouteTo) -> None:
    route = route_to("mailtrap", connections=1)
    route.api.script.extend([Response(500)] * 10)
    group = route.hand_over(route.copies(10))
    assert outcomes(group) == [UNKNOWN] * 3 + [None] * 7
    assert all(copy.code and not copy.started for copy in group.copies[3:])
    assert not route.session.down_for_good
    assert len(route.api.requests) == 3


def test_a_clear_answer_in_between_keeps_it_going(route_to: RouteTo) -> None:
    route = route_to("mailtrap", connections=1)
    taking = Response(200, {"success": True, "message_ids": ["id"]})
    route.api.script.extend([Response(500), Response(500), taking] * 3)
    group = route.hand_over(route.copies(9))
    assert outcomes(group) == [UNKNOWN, UNKNOWN, ACCEPTED] * 3


def test_a_refusal_that_meets_everybody_is_taken_for_ours(route_to: RouteTo) -> None:
    route = route_to("mailtrap", connections=1)
    route.api.answer = lambda request: route.provider.bad_request
    group = route.hand_over(route.copies(30))
    assert outcomes(group) == [REJECTED] * 20 + [None] * 10
    assert route.session.down_for_good


def test_too_fast_stops_what_has_not_left_yet(route_to: RouteTo) -> None:
    route = route_to("mailtrap", connections=1)
    taking = Response(200, {"success": True, "message_ids": ["id"]})
    route.api.script.extend([taking, Response(429, b"", {"Retry-After": "3"})])
    group = route.hand_over(route.copies(10))
    assert outcomes(group) == [ACCEPTED] + [None] * 9
    assert route.session.retry_after_seconds == 3.0
    assert len(route.api.requests) == 2


def test_a_closed_session_sends_nothing_that_still_waits(route_to: RouteTo) -> None:
    route = route_to("mailtrap", connections=1)
    route.api.script.append(Hang(0.3, drip=b""))
    copies = route.copies(5)
    route.session.submit(Group(copies, time.monotonic() + 30))
    route.session.close()
    assert len(route.api.requests) <= 1
    assert sum(copy.started for copy in copies) <= 1


# ---------------------------------------------------------------------------- on the way
def test_through_a_proxy_a_call_is_noted_before_it_leaves(
    route_to: RouteTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = PROVIDERS["postmark"]

    def forward(request: Request) -> Response:
        # A proxy is told the whole address.
        own = replace(request, path=urlsplit(request.path).path)
        return provider.taking(provider.read(own), {})

    with api(forward) as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.url)
        route = route_to("postmark")
        group = route.hand_over(route.copies(1))
    assert all_are(group, ACCEPTED)
    assert route.watcher.notes == [("started", 0), ("answered", 0)]
    assert route.api.requests == []
    assert [request.path for request in proxy.requests] == [f"{route.api.url}/email/batch"]


def test_an_empty_group_comes_back_at_once(route_to: RouteTo) -> None:
    route = route_to("postmark")
    nobody: list[Copy] = []
    assert route.hand_over(nobody).copies == []
    assert route.transport.open(route.watcher, SENDER).retry_after_seconds == 0.0


def test_a_journal_that_fails_keeps_nobody_waiting(route_to: RouteTo) -> None:
    route = route_to("mailtrap", connections=1)

    class Broken(Noted):
        def answered(self, copy: Copy) -> None:
            raise ValueError("the map is closed")

    session = route.transport.open(Broken(), SENDER)
    group = Group(route.copies(3), time.monotonic() + 30)
    session.submit(group)
    assert session.collect() is group
    # Both are true: it left, and we could not note the answer.
    assert all(copy.started for copy in group.copies)
    session.close()


def test_an_answer_that_breaks_its_reading_is_unknown(
    route_to: RouteTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("no such thing was expected")

    monkeypatch.setattr("briefing.transports.anymail.answers.read", broken)
    route = route_to("postmark")
    assert outcomes(route.hand_over(route.copies(2))) == [UNKNOWN, UNKNOWN]
