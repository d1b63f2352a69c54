"""A mail to one person over SMTP: its envelope is its own, its writer the newsletter."""

from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from pytest_django import Settings

from briefing import envelope
from briefing.transports import single
from subscribers import links
from subscribers.ports import Answer, Mail
from tests.briefing.transports.receiving import receiving
from tests.briefing.transports.scripted import Close, Rule, ScriptedServer

_MAIL = Mail(
    purpose="confirm",
    reference="",
    recipient="ada@mail.example",
    from_name="The Robotics Briefing",
    from_address="desk@briefing.example",
    subject="Please confirm",
    text="Confirm",
    html="<p>Confirm</p>",
)


@pytest.mark.parametrize(
    ("bounces", "reference", "names"),
    [
        ("bounces@briefing.example", links.make("mail", 7), 7),
        ("", links.make("mail", 7), None),
        # A test copy of an issue.
        ("bounces@briefing.example", links.make("reference", 0, 5), None),
    ],
)
def test_a_bounce_comes_back_to_an_address_that_names_the_mail(
    settings: Settings, bounces: str, reference: str, names: int | None
) -> None:
    settings.BOUNCE_ADDRESS = bounces
    with receiving() as receiver:
        settings.MAIL_ACCOUNTS = {"transactional": f"smtp://127.0.0.1:{receiver.port}"}
        assert single.send(replace(_MAIL, reference=reference)).outcome == "accepted"
    ((sender, _to, content),) = receiver.received
    token = sender.partition("@")[0].partition("+")[2]
    assert envelope.read_mail(token) == names
    if names is None:
        assert sender == "desk@briefing.example"
    message = message_from_bytes(content, policy=policy.default)
    assert message["From"] == "The Robotics Briefing <desk@briefing.example>"
    assert message["Message-ID"].strip() == f"<{reference}@briefing.example>"
    assert message["Subject"] == "Please confirm"
    assert message["Reply-To"] is None
    assert {
        part.get_content_type(): part.get_content().strip() for part in message.iter_parts()
    } == {
        "text/plain": "Confirm",
        "text/html": "<p>Confirm</p>",
    }


def test_a_mail_without_html_is_plain_and_its_answers_go_where_it_says(settings: Settings) -> None:
    plain = replace(
        _MAIL, reference="x", html="", reply_to="editors@briefing.example", headers={"X-Own": "yes"}
    )
    with ScriptedServer() as server:
        settings.MAIL_ACCOUNTS = {"transactional": f"smtp://127.0.0.1:{server.port}"}
        assert single.send(plain) == Answer("accepted")
    message = message_from_bytes(server.messages["ada@mail.example"], policy=policy.default)
    assert message.get_content_type() == "text/plain"
    assert (message["Reply-To"], message["X-Own"]) == ("editors@briefing.example", "yes")
    assert message["To"] == "ada@mail.example"


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        # Said of the reader or of this mail.
        (Rule("RCPT", b"550 5.1.1 nobody here\r\n"), Answer("rejected", "550 5.1.1 nobody here")),
        (Rule("RCPT", b"451 4.7.1 later\r\n"), Answer("deferred", "451 4.7.1 later")),
        (Rule("RCPT", b"530 5.7.0 log in\r\n"), Answer("deferred", "530 5.7.0 log in")),
        (Rule("RCPT", b"599 5.0.0 no\r\n"), Answer("rejected", "599 5.0.0 no")),
        (Rule("dot", b"554 5.6.0 spam \xff\r\n"), Answer("rejected", "554 5.6.0 spam \ufffd")),
        (Rule("dot", b"452 " + b"x" * 200 + b"\r\n"), Answer("deferred", "452 " + "x" * 116)),
        # Said of us, whoever the reader is.
        (
            Rule("banner", b"554 5.7.1 not from you\r\n"),
            Answer("deferred", "554 5.7.1 not from you"),
        ),
        (Rule("MAIL", b"553 5.1.8 sender\r\n"), Answer("deferred", "553 5.1.8 sender")),
        (Rule("AUTH", b"534 5.7.9 too weak\r\n"), Answer("deferred", "534 5.7.9 too weak")),
        (Rule("banner", Close()), Answer("deferred", "SMTPServerDisconnected")),
        # It may have been taken.
        (Rule("dot", Close()), Answer("deferred", "SMTPServerDisconnected", certain=False)),
    ],
)
def test_only_what_is_said_of_the_reader_or_the_mail_is_for_ever(
    settings: Settings, rule: Rule, answer: Answer
) -> None:
    with ScriptedServer(rules=(rule,), offer=("AUTH PLAIN",)) as server:
        login = "desk:right@" if rule.verb == "AUTH" else ""
        settings.MAIL_ACCOUNTS = {"transactional": f"smtp://{login}127.0.0.1:{server.port}"}
        assert single.send(_MAIL) == answer
