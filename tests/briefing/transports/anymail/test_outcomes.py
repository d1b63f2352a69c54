"""The table of what an answer means, row by row, for every provider; one call for every attempt."""

import pytest
from pytest_django import Settings

from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.transports.anymail.transport import AnymailTransport
from briefing.transports.base import TransportDownError
from briefing.transports.capabilities import CAPABILITIES
from tests.briefing.transports.anymail.conftest import (
    Noted,
    Route,
    RouteTo,
    all_are,
    given_back,
)
from tests.briefing.transports.anymail.server import Hang, Late, Reset, Response
from tests.briefing.transports.messages import SENDER


# ---------------------------------------------------------------------------- ours to mend
def test_a_wrong_key_gives_the_group_back_and_stops_for_good(route: Route) -> None:
    route.api.script.append(route.provider.unauthorized)
    group = route.hand_over(route.copies(1))
    assert all(given_back(copy) for copy in group.copies)
    assert route.session.down_for_good
    assert len(route.api.requests) == 1


def test_an_unverified_sender_gives_the_group_back_and_stops_for_good(route: Route) -> None:
    route.api.script.append(route.provider.sender_fault)
    group = route.hand_over(route.copies(1))
    assert all(given_back(copy) for copy in group.copies)
    assert route.session.down_for_good


def test_after_a_wrong_key_nothing_more_is_called(batch_route: Route) -> None:
    batch_route.api.script.append(batch_route.provider.unauthorized)
    batch_route.hand_over(batch_route.copies(2))
    group = batch_route.hand_over(batch_route.copies(2, first=2))
    assert all(given_back(copy) for copy in group.copies)
    assert len(batch_route.api.requests) == 1


def test_a_refused_connection_gives_the_group_back_for_now(route: Route) -> None:
    route.api.close()
    group = route.hand_over(route.copies(2))
    assert all(given_back(copy) for copy in group.copies)
    assert not route.session.down_for_good


def test_a_redirect_is_not_followed(route: Route) -> None:
    elsewhere = {"Location": f"{route.api.url}/elsewhere"}
    route.api.script.append(Response(307, b"", elsewhere))
    group = route.hand_over(route.copies(1))
    if route.provider.name != "amazon_ses":
        # boto3 does not say that it met one; its answer is no answer then.
        assert given_back(group.copies[0])
    assert len(route.api.requests) == 1


def test_a_key_that_is_not_set_keeps_the_transport_shut(settings: Settings) -> None:
    settings.ANYMAIL = {}
    with pytest.raises(TransportDownError) as caught:
        AnymailTransport("postmark", timeout_seconds=5).open(Noted(), SENDER)
    assert caught.value.permanent


# ---------------------------------------------------------------------------- too fast
@pytest.mark.parametrize(("header", "seconds"), [("17", 17.0), ("", 0.0)])
def test_too_fast_gives_the_call_back_and_names_the_time(
    route: Route, header: str, seconds: float
) -> None:
    headers = {"Retry-After": header} if header else {}
    route.api.script.append(Response(429, {"message": "Too many requests"}, headers))
    group = route.hand_over(route.copies(1))
    assert given_back(group.copies[0])
    assert route.session.retry_after_seconds == seconds
    assert not route.session.down_for_good
    assert len(route.api.requests) == 1


# ---------------------------------------------------------------------------- definite, never
def test_one_readers_bad_request_rejects_that_reader(route: Route) -> None:
    route.api.script.append(route.provider.bad_request)
    group = route.hand_over(route.copies(1))
    assert all_are(group, REJECTED)
    assert group.copies[0].code
    assert not route.session.down_for_good


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_call_refused_for_one_reader_is_divided_until_that_one_is_found(
    batch_route: Route, status: int
) -> None:
    taken = batch_route.refuse_calls_with("r17@mail.example", Response(status, {"message": "hm"}))
    group = batch_route.hand_over(batch_route.copies(30))
    outcomes = [copy.outcome for copy in group.copies]
    assert outcomes == [REJECTED if number == 17 else ACCEPTED for number in range(30)]
    assert sorted(taken) == sorted(
        f"r{number}@mail.example" for number in range(30) if number != 17
    )
    assert not batch_route.session.down_for_good
    # All of them, tenths, and the tenth with the bad one reader by reader.
    assert len(batch_route.api.requests) == 1 + 10 + 3


def test_a_divided_call_ends_with_its_group(batch_route: Route) -> None:
    batch_route.api.script.append(Late(0.3, Response(400, {"message": "somebody"})))
    group = batch_route.hand_over(batch_route.copies(30), seconds=0.2)
    assert all(copy.outcome is None and not copy.started for copy in group.copies)
    # None at all where this machine was too slow to make the call in time.
    assert len(batch_route.api.requests) <= 1


def test_after_a_bad_request_the_others_go_on(batch_route: Route) -> None:
    batch_route.api.script.append(batch_route.provider.bad_request)
    batch_route.hand_over(batch_route.copies(1))
    assert all_are(batch_route.hand_over(batch_route.copies(3, first=1)), ACCEPTED)


def test_a_refused_reader_is_rejected_and_the_rest_of_the_call_accepted(
    line_route: Route,
) -> None:
    line_route.refuse({0: line_route.provider.refusal})
    first = line_route.hand_over(line_route.copies(1))
    assert all_are(first, REJECTED)
    if not line_route.provider.single:
        line_route.refuse({1: line_route.provider.refusal})
        group = line_route.hand_over(line_route.copies(3))
        outcomes = [copy.outcome for copy in group.copies]
        assert outcomes == [ACCEPTED, REJECTED, ACCEPTED]
        assert [copy.reference for copy in group.copies][::2] == [
            "id-r0@mail.example",
            "id-r2@mail.example",
        ]


def test_no_code_holds_an_address(line_route: Route) -> None:
    line_route.refuse({0: line_route.provider.refusal})
    group = line_route.hand_over(line_route.copies(1))
    assert "@" not in (group.copies[0].code or "")


# ---------------------------------------------------------------------------- unknown
@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_server_error_leaves_the_call_unknown(route: Route, status: int) -> None:
    route.api.script.append(Response(status, b"<html>oh</html>"))
    assert all_are(route.hand_over(route.copies(1)), UNKNOWN)
    assert len(route.api.requests) == 1


def test_an_answer_that_never_comes_leaves_the_call_unknown(route_to: RouteTo) -> None:
    for name in CAPABILITIES:
        route = route_to(name, timeout_seconds=0.4)
        route.api.script.append(Hang(1.5))
        assert all_are(route.hand_over(route.copies(1)), UNKNOWN), name
        assert len(route.api.requests) == 1, name


@pytest.mark.parametrize("after_body", [True, False])
def test_a_broken_connection_leaves_the_call_unknown(route: Route, *, after_body: bool) -> None:
    route.api.script.append(Reset(after_body))
    assert all_are(route.hand_over(route.copies(1)), UNKNOWN)
    assert len(route.api.requests) == (1 if after_body else 0)


@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"{}", b"[]", b"null", b'{"id'])
def test_an_answer_that_cannot_be_read_leaves_the_call_unknown(route: Route, body: bytes) -> None:
    if route.provider.name in {"sendgrid", "mailersend"}:
        pytest.skip("a body is not what this provider answers with")
    kind = {"Content-Type": "application/json"}
    route.api.script.append(Response(200, body, kind))
    assert all_are(route.hand_over(route.copies(1)), UNKNOWN)


def test_a_list_that_is_too_short_leaves_the_rest_unknown(line_route: Route) -> None:
    if line_route.provider.single:
        pytest.skip("a call holds one message")
    mails = line_route.provider.taking
    line_route.api.answer = lambda request: mails(line_route.provider.read(request)[:2], {})
    group = line_route.hand_over(line_route.copies(3))
    outcomes = [copy.outcome for copy in group.copies]
    assert outcomes == [ACCEPTED, ACCEPTED, UNKNOWN]


def test_an_unknown_copy_is_not_noted_as_answered(route: Route) -> None:
    route.api.script.append(Response(500))
    route.hand_over(route.copies(1))
    assert route.watcher.notes == [("started", 0)]
