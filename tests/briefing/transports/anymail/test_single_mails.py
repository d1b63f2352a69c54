"""Confirmations and welcomes through a provider: accepted, refused for ever, or tried again."""

import sys

import pytest
import trustme
from anymail.exceptions import (
    AnymailError,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from pytest_django import Settings

from briefing.transports import single
from briefing.transports.anymail import refusals
from subscribers.ports import Answer, Mail
from tests.briefing.transports.anymail.fakes import PROVIDERS
from tests.briefing.transports.anymail.server import Behaviour, Hang, Request, Reset, Response, api
from tests.briefing.transports.tls import with_certificate

MAIL = Mail(
    purpose="confirm",
    recipient="ada@mail.example",
    subject="Please confirm",
    text="Confirm: https://briefing.example/confirm/abc/",
    html="<a href='https://briefing.example/confirm/abc/'>Confirm</a>",
    from_name="The Robotics Briefing",
    from_address="desk@briefing.example",
    reply_to="",
    reference="ref",
    headers={},
)
TAKEN = {
    "postmark": Response(
        200, {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "To": "x@y.example"}
    ),
    "amazon_ses": Response(200, {"MessageId": "1"}),
    "mailjet": Response(
        200, {"Messages": [{"Status": "success", "To": [{"Email": "x@y.example", "MessageID": 1}]}]}
    ),
}


def _send(settings: Settings, name: str, behaviour: Behaviour) -> tuple[Answer, list[Request]]:
    with api(lambda _request: Response(500)) as server:
        server.script.append(behaviour)
        settings.ANYMAIL = PROVIDERS[name].settings(server.url)
        settings.MAIL_ACCOUNTS = {"transactional": f"anymail://{name}"}
        settings.EMAIL_TIMEOUT = 1
        return single.send(MAIL), server.requests


@pytest.mark.parametrize("name", TAKEN)
def test_a_mail_that_is_taken_is_accepted(settings: Settings, name: str) -> None:
    answer, requests = _send(settings, name, TAKEN[name])
    assert answer.outcome == "accepted"
    assert len(requests) == 1


@pytest.mark.parametrize("name", ["postmark", "amazon_ses", "resend", "brevo", "mandrill"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("bad_request", "rejected"), ("unauthorized", "deferred"), ("sender_fault", "deferred")],
)
def test_only_the_readers_own_fault_is_for_ever(
    settings: Settings, name: str, answer: str, outcome: str
) -> None:
    assert _send(settings, name, getattr(PROVIDERS[name], answer))[0].outcome == outcome


def test_a_suppressed_address_is_rejected(settings: Settings) -> None:
    inactive = {
        "ErrorCode": 406,
        "Message": "You tried to send to a recipient that has been marked as inactive.\n"
        "Found inactive addresses: ada@mail.example.\nInactive recipients are ones that have "
        "generated a hard bounce or a spam complaint.",
    }
    assert _send(settings, "postmark", Response(422, inactive))[0].outcome == "rejected"


@pytest.mark.parametrize(
    ("behaviour", "certain"),
    [
        (Response(500), False),
        (Response(429), True),
        (Reset(after_body=True), False),
        (Hang(1.5), False),
    ],
)
@pytest.mark.parametrize("name", ["postmark", "amazon_ses"])
def test_an_outage_is_a_deferral_after_one_call(
    settings: Settings, name: str, behaviour: Behaviour, *, certain: bool
) -> None:
    answer, requests = _send(settings, name, behaviour)
    assert (answer.outcome, answer.certain) == ("deferred", certain)
    assert len(requests) == 1


@pytest.mark.parametrize("name", ["postmark", "amazon_ses"])
def test_where_nobody_listens_nothing_was_handed_over(settings: Settings, name: str) -> None:
    with api(lambda _request: Response(500)) as server:
        settings.ANYMAIL = PROVIDERS[name].settings(server.url)
    settings.MAIL_ACCOUNTS = {"transactional": f"anymail://{name}"}
    settings.EMAIL_TIMEOUT = 1

    answer = single.send(MAIL)

    assert (answer.outcome, answer.certain) == ("deferred", True)


@pytest.mark.parametrize("name", ["postmark", "amazon_ses"])
def test_to_a_provider_whose_certificate_is_not_trusted_nothing_was_handed_over(
    settings: Settings, name: str
) -> None:
    with api(lambda _request: Response(500), tls=with_certificate(trustme.CA())) as server:
        settings.ANYMAIL = PROVIDERS[name].settings(server.url)
        settings.MAIL_ACCOUNTS = {"transactional": f"anymail://{name}"}
        settings.EMAIL_TIMEOUT = 5

        answer = single.send(MAIL)

    assert (answer.outcome, answer.certain) == ("deferred", True)


def test_what_cannot_be_written_down_was_not_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    # Amazon's library is an extra, which other providers' copies do without.
    monkeypatch.setitem(sys.modules, "botocore", None)
    error = AnymailSerializationError()
    error.__cause__ = TypeError("a date")

    assert refusals.answer_to(error, "postmark") == Answer("deferred", "AnymailSerializationError")


def test_the_provider_is_told_which_mail_it_is(settings: Settings) -> None:
    _answer, (request,) = _send(settings, "postmark", TAKEN["postmark"])
    assert request.json["Metadata"] == {"reference": "ref"}


def test_a_confirmation_link_is_not_rewritten_to_count_clicks(settings: Settings) -> None:
    _answer, (request,) = _send(settings, "postmark", TAKEN["postmark"])
    assert request.json["TrackLinks"] == "None"
    assert request.json["TrackOpens"] is False


def test_what_never_reached_the_provider_is_tried_again_unless_the_mail_is_to_blame() -> None:
    refused = refusals.answer_to(AnymailRecipientsRefused(), "postmark")
    assert refused == Answer("rejected", "refused by the provider")
    assert refusals.answer_to(AnymailError(), "postmark") == Answer("deferred", "AnymailError")
    assert refusals.answer_to(AnymailUnsupportedFeature(), "postmark") == Answer(
        "rejected", "AnymailUnsupportedFeature"
    )
