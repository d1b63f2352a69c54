"""A mail to one person over SMTP: its envelope is its own, its writer the newsletter."""

from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from pytest_django import Settings

from briefing import envelope
from briefing.transports import single
from subscribers import links
from subscribers.ports import Mail
from tests.briefing.transports.receiving import receiving

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
