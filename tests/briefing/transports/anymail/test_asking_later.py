"""A call that nobody answered for is asked about by the drains that follow, never by another key."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import asking, control, journal, questions, resolving
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.dispatch.sender import drain
from briefing.models import Batch, Breaker, Delivery, Dispatch, Question
from briefing.transports.anymail.session import AnymailSession
from briefing.transports.anymail.transport import AnymailTransport
from subscribers import unsubscribe
from subscribers.models import Subscription
from tests.briefing.dispatch.making import dispatching
from tests.briefing.transports.anymail.conftest import Route, RouteTo
from tests.briefing.transports.anymail.keyed import KEYED, key_of, remembering
from tests.briefing.transports.anymail.server import Reset, Response
from tests.subscribers.making import origin

pytestmark = pytest.mark.django_db
_READERS = 5


@pytest.fixture(params=KEYED)
def keyed(request: pytest.FixtureRequest, route_to: RouteTo) -> Route:
    """Every route whose calls have a key, and a dispatch that can be sent through it."""
    return remembering(route_to(request.param, timeout_seconds=0.5))


@pytest.fixture
def resend(route_to: RouteTo) -> Route:
    """One of them, where the provider makes no difference."""
    return remembering(route_to("resend", timeout_seconds=0.5))


@pytest.fixture
def _no_journals_of_others() -> Iterator[None]:
    """Leave no journal behind: batches have the same numbers in the tests that follow."""
    yield
    for path in journal.folder().glob("*.journal"):
        path.unlink()


def lost_answer(route: Route, first: Response | Reset) -> Dispatch:
    """Send an issue whose only call meets trouble: then everybody in it is unknown."""
    dispatch = dispatching(_READERS)
    route.api.script.append(first)
    drain(dispatch.pk, route.transport)
    assert outcomes(dispatch) == {UNKNOWN}
    assert not control.finish_if_done(dispatch.pk, now=timezone.now())
    return dispatch


def a_minute_later(dispatch: Dispatch, transport: AnymailTransport) -> None:
    Question.objects.update(next_at=timezone.now())
    Breaker.objects.all().delete()
    drain(dispatch.pk, transport)


def outcomes(dispatch: Dispatch) -> set[int]:
    return set(dispatch.deliveries.values_list("outcome", flat=True))


def test_a_call_that_was_not_taken_is_taken_when_it_is_asked_about(keyed: Route) -> None:
    dispatch = lost_answer(keyed, Response(503, b""))
    a_minute_later(dispatch, keyed.transport)
    first, second = keyed.api.requests
    assert (first.body, key_of(first)) == (second.body, key_of(second))
    assert outcomes(dispatch) == {ACCEPTED}
    assert len(keyed.taken) == 1
    assert not Question.objects.exists()
    assert control.finish_if_done(dispatch.pk, now=timezone.now())


def test_a_call_that_was_taken_is_not_taken_again(keyed: Route) -> None:
    usual = keyed.api.answer

    def lose(request: Any) -> Response:
        usual(request)
        keyed.api.answer = usual
        return Response(502, b"")

    dispatch = dispatching(_READERS)
    keyed.api.answer = lose
    drain(dispatch.pk, keyed.transport)
    a_minute_later(dispatch, keyed.transport)
    assert len(keyed.api.requests) == 2
    assert len(keyed.taken) == 1
    assert outcomes(dispatch) == {ACCEPTED}


@pytest.mark.usefixtures("_no_journals_of_others")
def test_the_call_of_a_worker_that_died_is_found_in_its_journal(
    keyed: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch = dispatching(_READERS)
    collect = AnymailSession.collect

    def die(session: AnymailSession) -> None:
        collect(session)
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(AnymailSession, "collect", die)
        patch.setattr("briefing.dispatch.journal.Journal.answered", lambda _self, _copy: None)
        with pytest.raises(SystemExit):
            drain(dispatch.pk, keyed.transport)
    Batch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    drain(dispatch.pk, keyed.transport)
    assert outcomes(dispatch) == {UNKNOWN}
    a_minute_later(dispatch, keyed.transport)
    assert outcomes(dispatch) == {ACCEPTED}
    assert len(keyed.api.requests) == 2
    assert len(keyed.taken) == 1


def test_nobody_is_asked_about_who_withdrew_meanwhile(resend: Route) -> None:
    dispatch = lost_answer(resend, Response(500))
    row = Subscription.objects.get(subscriber_id=dispatch.deliveries.all()[2].subscriber_id)
    unsubscribe.one_click(row.subscriber_id, row.newsletter_id, origin=origin(), now=timezone.now())
    a_minute_later(dispatch, resend.transport)
    assert len(resend.api.requests) == 1
    assert outcomes(dispatch) == {UNKNOWN}
    assert not Question.objects.exists()


def test_without_the_look_at_its_readers_that_test_fails(
    resend: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "reason_to_skip", lambda _reader, _taken: "")
    with pytest.raises(AssertionError):
        test_nobody_is_asked_about_who_withdrew_meanwhile(resend)


def test_nobody_is_asked_about_of_whom_a_person_has_decided(resend: Route) -> None:
    dispatch = lost_answer(resend, Response(500))
    resolving.accept(dispatch.pk, [dispatch.deliveries.all()[0].subscriber_id], by="ada")
    a_minute_later(dispatch, resend.transport)
    assert len(resend.api.requests) == 1
    assert not Question.objects.exists()


def test_another_account_of_the_provider_is_not_asked(resend: Route, settings: Settings) -> None:
    dispatch = lost_answer(resend, Response(500))
    settings.ANYMAIL = settings.ANYMAIL | {"RESEND_API_KEY": "of-another-account"}
    a_minute_later(dispatch, AnymailTransport("resend", timeout_seconds=0.5))
    assert len(resend.api.requests) == 1
    assert outcomes(dispatch) == {UNKNOWN}
    assert Question.objects.exists()


def test_a_call_that_would_have_another_key_by_now_does_not_leave(resend: Route) -> None:
    dispatch = lost_answer(resend, Response(500))
    Question.objects.update(key="00000000-0000-4000-8000-000000000000")
    a_minute_later(dispatch, resend.transport)
    assert len(resend.api.requests) == 1
    assert outcomes(dispatch) == {UNKNOWN}


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_a_refusal_of_the_question_is_no_answer_and_five_are_enough(
    resend: Route, status: int
) -> None:
    dispatch = lost_answer(resend, Response(500))
    resend.api.script += [Response(status, {"message": "no"})] * 9
    for asked in range(1, 7):
        Dispatch.objects.update(state=Dispatch.State.RUNNING)
        a_minute_later(dispatch, resend.transport)
        assert len(resend.api.requests) == 1 + min(asked, 5)
    assert outcomes(dispatch) == {UNKNOWN}
    assert len({key_of(request) for request in resend.api.requests}) == 1
    assert control.finish_if_done(dispatch.pk, now=timezone.now())


def test_whoever_is_refused_in_a_call_that_was_taken_is_told_so(resend: Route) -> None:
    dispatch = lost_answer(resend, Response(500))
    resend.refuse({1: "no such mailbox"})
    a_minute_later(dispatch, resend.transport)
    rows = dispatch.deliveries.order_by("subscriber_id").values_list("outcome", flat=True)
    assert list(rows) == [ACCEPTED, REJECTED, ACCEPTED, ACCEPTED, ACCEPTED]


def test_the_operator_is_told_that_the_provider_is_still_asked(
    resend: Route, capsys: pytest.CaptureFixture[str]
) -> None:
    dispatch = lost_answer(resend, Response(500))
    call_command("unknown", dispatch.pk)
    assert "still asked about calls (1)" in capsys.readouterr().out
    a_minute_later(dispatch, resend.transport)
    call_command("unknown", dispatch.pk)
    assert capsys.readouterr().out == "Nothing is unknown.\n"


def test_a_call_that_was_certainly_not_taken_is_no_question(resend: Route) -> None:
    dispatch = dispatching(_READERS)
    # So often that its first reader is set back, and not only given back with the others.
    Batch.objects.update(claims=100)
    resend.api.script.append(Response(401, {"name": "invalid_api_key"}))
    drain(dispatch.pk, resend.transport)
    assert len(resend.api.requests) == 1
    assert outcomes(dispatch) == {DEFERRED}
    assert not Question.objects.exists()


def test_whoever_asks_takes_one_call_and_leaves_the_others_to_its_neighbours(resend: Route) -> None:
    dispatch = lost_answer(resend, Response(500))
    Question.objects.update(next_at=timezone.now())
    with CaptureQueriesContext(connection) as seen:
        drain(dispatch.pk, resend.transport)
    # Of what only the driver can put together there is no text.
    texts = [each["sql"] or "" for each in seen]
    taken = [sql for sql in texts if 'SELECT "briefing_question"."id"' in sql]
    assert taken
    assert all("LIMIT 1" in sql for sql in taken)


def test_behind_the_life_of_the_key_nothing_is_asked(resend: Route) -> None:
    dispatch = lost_answer(resend, Response(500))
    Question.objects.update(until=timezone.now())
    a_minute_later(dispatch, resend.transport)
    assert len(resend.api.requests) == 1
    assert control.finish_if_done(dispatch.pk, now=timezone.now())
    questions.forget(now=timezone.now())
    assert not Question.objects.exists()


def test_a_key_is_used_for_nine_tenths_of_its_life(route_to: RouteTo) -> None:
    lost_answer(remembering(route_to("brevo")), Response(500))
    left = Question.objects.get().until - timezone.now()
    assert timedelta(minutes=26) < left <= timedelta(minutes=27)


def test_the_sites_policy_waits_until_the_provider_was_asked(
    resend: Route, settings: Settings
) -> None:
    settings.UNKNOWN_POLICY = "resend"
    dispatch = lost_answer(resend, Response(500))
    later = timezone.now() + resolving.POLICY_WAIT * 2
    assert resolving.apply_policy(now=later) == 0
    Question.objects.all().delete()
    assert resolving.apply_policy(now=later) == _READERS
    assert set(Delivery.objects.filter(dispatch=dispatch).values_list("fence")) == {(None,)}


def test_a_provider_without_keys_is_asked_nothing(route_to: RouteTo) -> None:
    route = route_to("postmark")
    dispatch = dispatching(_READERS)
    route.api.script.append(Reset(after_body=True))
    drain(dispatch.pk, route.transport)
    assert outcomes(dispatch) == {UNKNOWN}
    assert not Question.objects.exists()
