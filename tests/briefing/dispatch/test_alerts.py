"""Trouble is told to people once, by every way that is open, and again until one of them is."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django import Settings

from briefing.dispatch import alerts
from briefing.models import Alert
from tests.briefing.transports.receiving import Receiver, receiving
from tests.environment import nobodys_port

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOWHERE = f"127.0.0.1:{nobodys_port.getsockname()[1]}"


@dataclass
class Hook:
    """Somebody's chat: keeps what is posted to it, and answers with `status`, or nonsense."""

    url: str = ""
    status: int = 204
    # Whatever names this is answered with an error.
    refuses: bytes = b"nothing at all"
    posted: list[tuple[str, bytes]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    told = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.posted.append((self.headers["Content-Type"], body))
            if told.status:
                self.send_response(500 if told.refuses in body else told.status)
                self.end_headers()
            else:
                self.wfile.write(b"this is no HTTP\r\n\r\n")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """Let the transactional account have a mail server, and the bulk one be away."""
    settings.SERVER_EMAIL = "briefing@news.example"
    settings.PUBLIC_BASE_URL = "https://news.example"
    with receiving() as kept:
        settings.MAIL_ACCOUNTS = {
            "bulk": f"smtp://{NOWHERE}",
            "transactional": f"smtp://127.0.0.1:{kept.port}",
        }
        yield kept


@pytest.fixture(autouse=True)
def _nobody(settings: Settings) -> None:
    settings.ALERT_RECIPIENTS, settings.ALERT_WEBHOOK_URL = [], ""


def raise_one(key: str = "bulk", *, text: str = "bulk cannot be used.") -> Alert | None:
    return alerts.raise_alert(Alert.Kind.BREAKER, key, text, now=NOW)


def test_the_same_trouble_stands_once_until_it_is_seen() -> None:
    first = raise_one()
    assert first
    assert (first.kind, first.key, first.text, first.at) == (
        Alert.Kind.BREAKER,
        "breaker:bulk",
        "bulk cannot be used.",
        NOW,
    )
    assert raise_one() is None
    assert raise_one("fallback")

    Alert.objects.update(seen_at=NOW)
    assert raise_one()
    assert Alert.objects.count() == 3


def test_an_alert_fits_into_its_row_however_long_the_trouble_is() -> None:
    made = raise_one("k" * 200, text="t" * 900)

    assert made
    assert (len(made.key), len(made.text)) == (80, 500)


def test_an_alert_goes_out_by_mail_and_to_the_webhook_and_once(
    settings: Settings, receiver: Receiver, hook: Hook
) -> None:
    settings.ALERT_RECIPIENTS, settings.ALERT_WEBHOOK_URL = ["ada@news.example"], hook.url
    raise_one()

    assert alerts.tell(now=NOW + timedelta(seconds=9)) == 1
    assert alerts.tell(now=NOW + timedelta(seconds=20)) == 0

    assert Alert.objects.get().told_at == NOW + timedelta(seconds=9)
    mail = message_from_bytes(receiver.by_recipient["ada@news.example"], policy=policy.default)
    assert mail["Subject"] == "[Briefing] a provider cannot be used"
    assert mail["From"] == "Briefing <briefing@news.example>"
    assert mail.get_content().splitlines() == [
        "bulk cannot be used.",
        "",
        "https://news.example/admin/",
    ]
    [(kind, body)] = hook.posted
    assert kind == "application/json"
    assert json.loads(body) == {
        "kind": "breaker",
        "text": "bulk cannot be used.",
        "at": "2026-03-02T09:00:00+00:00",
    }


def test_alerts_are_told_in_the_order_they_came(settings: Settings, hook: Hook) -> None:
    settings.ALERT_WEBHOOK_URL = hook.url
    for text in ("first", "second", "third"):
        raise_one(text, text=text)
    Alert.objects.filter(text="second").update(told_at=NOW)

    assert alerts.tell(now=NOW) == 2

    assert [json.loads(body)["text"] for _kind, body in hook.posted] == ["first", "third"]


def test_an_alert_that_is_told_lets_no_other_count_as_told(settings: Settings, hook: Hook) -> None:
    settings.ALERT_WEBHOOK_URL, hook.refuses = hook.url, b"second"
    for text in ("first", "second", "third"):
        raise_one(text, text=text)

    assert alerts.tell(now=NOW) == 2

    assert Alert.objects.get(told_at=None).text == "second"


def test_with_nobody_to_tell_an_alert_waits_for_nobody() -> None:
    raise_one()

    assert alerts.tell(now=NOW) == 1
    assert Alert.objects.get().told_at == NOW


@pytest.mark.parametrize("away", ["mail", "webhook", "nonsense"])
def test_one_way_that_is_shut_does_not_stop_the_other(
    away: str, settings: Settings, receiver: Receiver, hook: Hook
) -> None:
    settings.ALERT_RECIPIENTS, settings.ALERT_WEBHOOK_URL = ["ada@news.example"], hook.url
    if away == "mail":
        settings.MAIL_ACCOUNTS = settings.MAIL_ACCOUNTS | {"transactional": f"smtp://{NOWHERE}"}
    else:
        hook.status = 500 if away == "webhook" else 0
    raise_one()

    assert alerts.tell(now=NOW) == 1
    assert len(receiver.received) == (away != "mail")


def test_a_recipient_who_is_refused_keeps_nobody_else_from_being_told(
    settings: Settings, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALERT_RECIPIENTS = ["gone@news.example", "ada@news.example"]
    receiver.refusals = {"gone@news.example": "550 5.1.1 nobody here"}
    made = raise_one()
    assert made

    assert alerts.tell(now=NOW) == 1

    assert list(receiver.by_recipient) == ["ada@news.example"]
    said = f"alert_mail_failed alert={made.pk} answer=550 5.1.1 nobody here"
    assert said in [record.getMessage() for record in caplog.records]


def test_an_alert_that_nobody_could_be_told_of_is_told_later(
    settings: Settings, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALERT_RECIPIENTS = ["ada@news.example"]
    settings.ALERT_WEBHOOK_URL = f"http://{NOWHERE}/"
    there = settings.MAIL_ACCOUNTS
    settings.MAIL_ACCOUNTS = there | {"transactional": f"smtp://{NOWHERE}"}
    made = raise_one()
    assert made

    assert alerts.tell(now=NOW) == 0
    assert Alert.objects.get().told_at is None
    assert [record.getMessage() for record in caplog.records][-2:] == [
        f"alert_mail_failed alert={made.pk} answer=ConnectionRefusedError",
        f"alert_post_failed alert={made.pk} error=URLError",
    ]

    settings.MAIL_ACCOUNTS = there
    assert alerts.tell(now=NOW + timedelta(minutes=1)) == 1
    assert len(receiver.received) == 1
