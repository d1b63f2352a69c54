"""An issue leaves through a real Postfix, and what comes back ends in the right suppression."""

import os
import re
import smtplib
import time
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import pytest
import trustme
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from briefing.dispatch import fate, sender
from briefing.models import Event
from briefing.tracking import apply
from subscribers import suppression
from subscribers.models import Subscriber, Subscription
from tests.briefing.dispatch.making import dispatching
from tests.briefing.mailbox import letters
from tests.briefing.transports import postfix, sending
from tests.briefing.transports.receiving import Receiver, receiving

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not postfix.POSTFIX or os.geteuid() != 0,
        reason="Postfix is not installed (apt-get install postfix), or this is not root",
    ),
]
GONE, FULL, OURS, LATER, COMPLAINS, LEAVES, READS = [f"reader{n}@mail.example" for n in range(7)]
_REFUSALS = {
    GONE: "550 5.1.1 no such user",
    FULL: "552 5.2.2 mailbox full",
    OURS: "550 5.7.515 Access denied, sending domain does not meet the required level",
    LATER: "451 4.2.1 come back later",
}


def test_what_postfix_bounces_defers_and_hands_back_ends_in_the_right_suppression(
    settings: Settings,
) -> None:
    settings.BOUNCE_ADDRESS = "bounces@returns.example"
    settings.UNSUBSCRIBE_ADDRESS = "leave@returns.example"
    certificate = trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.bytes()
    with (
        receiving(refusals=_REFUSALS) as receiver,
        postfix.running(
            relay_port=receiver.port,
            certificate=certificate,
            refusals={"nobody@elsewhere.example": "550 no"},
            mailbox_domain="returns.example",
        ) as relay,
    ):
        dispatch = dispatching(7)
        sender.drain(dispatch.pk, sending.transport(relay.port))
        wait_for(lambda: len(receiver.received) == 3)
        hand_back(receiver, relay.port)
        # Three bounces, one delay, a complaint and a request to leave.
        wait_for(lambda: delivered(relay.mailbox) >= 6)
        settings.MAILBOX_URL = f"maildir://{relay.mailbox}"
        call_command("read_mailbox")
        apply.fold(now=timezone.now())

    heard = {row.subscriber_id: row.fate for row in dispatch.deliveries.all()}
    ids = dict(Subscriber.objects.values_list("address", "pk"))
    fates = {each: heard[ids[each]] for each in [GONE, FULL, OURS, LATER, COMPLAINS, READS]}
    assert fates == {
        GONE: fate.HARD_BOUNCED,
        FULL: fate.SOFT_BOUNCED,
        OURS: fate.BLOCKED,
        LATER: fate.DEFERRED,
        COMPLAINS: fate.COMPLAINED,
        READS: 0,
    }
    reasons = {each: suppression.reasons(each) for each in [*_REFUSALS, COMPLAINS, LEAVES, READS]}
    assert {each: found for each, found in reasons.items() if found} == {
        GONE: {"hard_bounce"},
        COMPLAINS: {"complaint"},
    }
    left = Subscription.objects.filter(state=Subscription.State.UNSUBSCRIBED)
    assert left.get(newsletter=dispatch.issue.newsletter).subscriber_id == ids[LEAVES]
    assert "@" not in " ".join(Event.objects.values_list("code", flat=True))


def hand_back(receiver: Receiver, port: int) -> None:
    """Complain as a provider does, and leave as a mail program does, with what really arrived."""
    complained = message_from_bytes(receiver.by_recipient[COMPLAINS])
    text = (letters.PAYLOADS / "arf" / "redacted.eml").read_text("utf-8")
    complaint = text.replace("<@REFERENCE@@briefing.example>", str(complained["Message-ID"]))
    leaving = str(message_from_bytes(receiver.by_recipient[LEAVES])["List-Unsubscribe"])
    found = re.search(r"<mailto:([^?]+)\?subject=([\w-]+)>", leaving)
    assert found
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.sendmail("feedback@provider.example", ["bounces@returns.example"], complaint)
        request = f"From: {LEAVES}\r\nTo: {found[1]}\r\nSubject: {found[2]}\r\n\r\n"
        server.sendmail(LEAVES, [found[1]], request)


def delivered(mailbox: Path) -> int:
    """Return how many mails Postfix has put there."""
    return sum(1 for _ in (mailbox / "new").glob("*")) if mailbox.exists() else 0


def wait_for(condition: Callable[[], bool], *, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "Postfix did not deliver in time"
        time.sleep(0.1)  # another process delivers
