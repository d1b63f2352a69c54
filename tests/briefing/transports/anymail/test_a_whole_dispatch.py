"""A dispatch through a provider, from the planned batch to the rows that say what became of it."""

import pytest
from django.utils import timezone

from briefing.dispatch import breaker
from briefing.dispatch.outcome import ACCEPTED, DEFERRED, REJECTED, UNKNOWN
from briefing.dispatch.sender import drain
from briefing.models import Dispatch
from tests.briefing.dispatch.making import dispatching, outcomes
from tests.briefing.transports.anymail.conftest import RouteTo
from tests.briefing.transports.anymail.server import Response

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", ["postmark", "mailgun", "brevo", "mailtrap"])
def test_every_reader_is_written_to_once_and_has_a_row(route_to: RouteTo, name: str) -> None:
    dispatch = dispatching(9)
    route = route_to(name)
    drain(dispatch.pk, route.transport)
    assert set(outcomes(dispatch).values()) == {ACCEPTED}
    mails = route.mails()
    assert sorted(mail.address for mail in mails) == sorted(outcomes(dispatch))
    assert len({mail.reference for mail in mails}) == 9
    assert all(row.reference for row in dispatch.deliveries.all())


def test_the_mail_is_the_issue_with_this_readers_links(route_to: RouteTo) -> None:
    dispatch = dispatching(2)
    route = route_to("postmark")
    drain(dispatch.pk, route.transport)
    for mail in route.mails():
        (link,) = [part for part in mail.headers["list-unsubscribe"].split(", ") if "http" in part]
        token = link.strip("<>").rstrip("/").rpartition("/")[2]
        assert f"/unsubscribe/{token}/" in mail.text
        assert f"/unsubscribe/{token}/" in (mail.html or "")
        assert mail.address in mail.text
        assert "slot.invalid" not in f"{mail}"


def test_a_wrong_key_pauses_the_dispatch_and_settles_nobody(route_to: RouteTo) -> None:
    dispatch = dispatching(5)
    route = route_to("postmark")
    route.api.script.append(route.provider.unauthorized)
    report = drain(dispatch.pk, route.transport)
    assert report.down
    assert set(outcomes(dispatch).values()) <= {DEFERRED}
    assert Dispatch.objects.get(pk=dispatch.pk).state == Dispatch.State.PAUSED
    assert len(route.api.requests) == 1


def test_a_refused_reader_and_a_lost_answer_have_rows_of_their_own(route_to: RouteTo) -> None:
    dispatch = dispatching(4)
    route = route_to("postmark")
    route.refuse({1: "406"})
    drain(dispatch.pk, route.transport)
    assert sorted(outcomes(dispatch).values()) == sorted([ACCEPTED] * 3 + [REJECTED])


@pytest.mark.parametrize("name", ["brevo", "mailgun", "sendgrid", "sparkpost", "amazon_ses"])
def test_one_bad_address_costs_nobody_else_the_issue(route_to: RouteTo, name: str) -> None:
    dispatch = dispatching(30)
    route = route_to(name)
    bad = "reader17@mail.example"
    route.refuse_calls_with(bad, route.provider.bad_request)
    report = drain(dispatch.pk, route.transport)
    assert not report.down
    found = outcomes(dispatch)
    assert found.pop(bad) == REJECTED
    assert list(found.values()) == [ACCEPTED] * 29
    assert breaker.allows("bulk", now=timezone.now())


def test_a_server_error_leaves_every_reader_unknown_and_is_not_repeated(route_to: RouteTo) -> None:
    dispatch = dispatching(4)
    route = route_to("postmark")
    route.api.script.append(Response(500))
    drain(dispatch.pk, route.transport)
    drain(dispatch.pk, route.transport)
    assert set(outcomes(dispatch).values()) == {UNKNOWN}
    assert len(route.api.requests) == 1
