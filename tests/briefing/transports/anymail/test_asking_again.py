"""A provider that knows a call by its key is asked what became of one it did not answer for."""

import pytest

from briefing.dispatch.outcome import ACCEPTED, UNKNOWN
from briefing.dispatch.sender import drain
from tests.briefing.dispatch.making import dispatching, outcomes
from tests.briefing.transports.anymail.conftest import Route, RouteTo, all_are
from tests.briefing.transports.anymail.keyed import KEYED, key_of, remembering
from tests.briefing.transports.anymail.server import Hang, Request, Response

SOON = (0.01, 0.01)


@pytest.fixture(params=KEYED)
def keyed(request: pytest.FixtureRequest, route_to: RouteTo) -> Route:
    """Every route whose calls have a key, to a fake that takes each key once."""
    return remembering(route_to(request.param, ask_again_after=SOON, timeout_seconds=0.5))


@pytest.mark.parametrize("status", [500, 503, 409])
def test_a_call_that_was_not_taken_is_taken_by_the_second(keyed: Route, status: int) -> None:
    keyed.api.script.append(Response(status, b"<html>oh</html>"))
    assert all_are(keyed.hand_over(keyed.copies(3)), ACCEPTED)
    first, second = keyed.api.requests
    assert (first.body, key_of(first)) == (second.body, key_of(second))


def test_a_call_that_was_taken_is_not_taken_twice(keyed: Route) -> None:
    usual = keyed.api.answer
    answered: list[Response] = []

    def lose_the_first(request: Request) -> Response:
        answered.append(usual(request))
        return answered[-1] if len(answered) > 1 else Response(502, b"")

    keyed.api.answer = lose_the_first
    assert all_are(keyed.hand_over(keyed.copies(3)), ACCEPTED)
    assert len(keyed.taken) == 1
    assert len(keyed.api.requests) == 2


def test_a_refusal_of_the_question_is_no_answer_to_it(keyed: Route) -> None:
    keyed.api.script.extend([Response(500), Response(429, {"message": "slow"}), Response(403)])
    assert all_are(keyed.hand_over(keyed.copies(3)), UNKNOWN)
    assert len(keyed.api.requests) == 3


def test_without_a_key_nothing_is_asked_again(route_to: RouteTo) -> None:
    route = route_to("postmark", ask_again_after=SOON)
    route.api.script.append(Response(500))
    assert all_are(route.hand_over(route.copies(3)), UNKNOWN)
    assert len(route.api.requests) == 1


def test_nothing_is_asked_behind_the_deadline(keyed: Route) -> None:
    keyed.api.script.append(Hang(1.0))
    group = keyed.hand_over(keyed.copies(3), seconds=0.3)
    assert all_are(group, UNKNOWN)
    assert len(keyed.api.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_a_dispatch_leaves_nobody_unknown_when_the_key_tells(route_to: RouteTo) -> None:
    dispatch = dispatching(5)
    route = remembering(route_to("resend", ask_again_after=SOON))
    route.api.script.append(Response(500))
    drain(dispatch.pk, route.transport)
    assert set(outcomes(dispatch).values()) == {ACCEPTED}
