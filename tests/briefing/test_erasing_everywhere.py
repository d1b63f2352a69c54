"""One person's whole past, through every door; then an erasure, and a search of all that is kept."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from briefing.answers import Answers
from briefing.dispatch import control, planner, sender
from briefing.dispatch.outcome import ACCEPTED, REJECTED
from briefing.mailbox import reading
from briefing.masking import MaskingFormatter
from briefing.models import Event, User
from briefing.tracking import apply, record
from subscribers import address, moving, outbox, preferences, privacy, sealing, signup, tasks
from subscribers.consent import Origin
from subscribers.models import Outbox, SignupRequest, Subscriber, Subscription
from subscribers.ports import Answer, Mail
from tests import factories
from tests.briefing.admin.conftest import log_in
from tests.briefing.dispatch.making import Provider
from tests.briefing.mailbox import letters
from tests.briefing.tracking.making import report
from tests.environment import LOCAL_DIR
from tests.queue import Doorbell
from tests.subscribers import making
from tests.subscribers.test_preferences import CHOICES
from tests.subscribers.test_signup_journey import fill_in

# In every address, name and answer of the person, and nowhere else.
TRACE = "unmistakable"
OLD, NEW = "Anna.Unmistakable@mail.example", "unmistakable.too@mail.example"
ADMIN = "/admin/subscribers"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, as a copy's own handler writes it."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(MaskingFormatter("{levelname} {name} {message}", style="{"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield kept
    root.setLevel(before)
    root.removeHandler(handler)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server that quotes the address in all it says, as servers do."""

    def send(_self: Answers, mail: Mail) -> Answer:
        return Answer("accepted", f"250 2.1.5 <{mail.recipient}> queued for unmistakable")

    monkeypatch.setattr(Answers, "send", send)


def dump() -> str:
    """Return every row of every table, whatever app made it, with what sessions hold readable."""
    told: list[Any] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            told.extend(cursor.fetchall())
    told.extend(session.get_decoded() for session in Session.objects.all())
    return json.dumps(told, default=_readable, ensure_ascii=False).lower()


def files() -> str:
    """Return what lies in LOCAL_DIR: journals, media, departures; the database has its own test."""
    found = (path for path in LOCAL_DIR.rglob("*") if path.is_file())
    kept = [path for path in found if ".sqlite3" not in path.name]
    return "".join(f"{path} {path.read_bytes().decode('latin-1')}" for path in kept).lower()


def _readable(value: object) -> str:
    raw = bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else None
    return raw.decode("latin-1") if raw is not None else str(value)


def _sign_up(client: Client, doorbell: Doorbell, commits: Any) -> Subscription:
    """Sign up by the form and confirm, once the request was decided and mailed."""
    seen = {"User-Agent": "Unmistakable/1", "Referer": "https://elsewhere.example/~unmistakable@x/"}
    with commits(execute=True):
        client.post(reverse("signup"), fill_in(email=OLD), headers=seen)
    doorbell.answer()
    asked = SignupRequest.objects.get(address=OLD)
    signup.confirm(asked.pk, origin=Origin(form="confirm", user_agent=TRACE), now=timezone.now())
    return Subscription.objects.get(subscriber__address=OLD)


def _live(row: Subscription, other: Subscription) -> None:
    """Choose, move to another address, and have somebody else ask for that one by mistake."""
    now = timezone.now()
    every = replace(CHOICES, topics=(), frequency="every", paused_until=None)
    preferences.choose(row, every, origin=Origin(form="preferences", ip="192.0.2.0"), now=now)
    attributes = {"city": TRACE}
    Subscriber.objects.filter(pk=row.subscriber_id).update(name=TRACE, attributes=attributes)
    # Where readers come from is tallied as a word and a number of people, and stays after each.
    Subscription.objects.filter(pk=row.pk).update(source={"utm_source": "letter", "page": TRACE})
    moved = moving.ask(row, address.parse(NEW), now=now)
    assert moved
    moving.confirm(Outbox.objects.get(pk=moved), origin=Origin(), now=now)
    # Neither of these two belongs to the person. A mailbox is asked once in a quarter of an hour.
    now += timedelta(minutes=20)
    assert moving.ask(other, address.parse(NEW.upper()), now=now)
    for pk in outbox.due(now=now, limit=100):
        tasks.send(pk)


def _receive(row: Subscription) -> None:
    """Get an issue that the server refuses by name, and be reported on by whoever can."""
    dispatch = control.start(factories.issue(row.newsletter), now=timezone.now())
    planner.plan(dispatch.pk, ring=lambda _id: None)
    refused = (REJECTED, f"550 5.1.1 <{NEW}>: {TRACE} is unknown")
    answers = Provider(answer=lambda copy: refused if copy.recipient == NEW else ACCEPTED)
    sender.drain(dispatch.pk, answers)
    reader, said = row.subscriber_id, f"451 {TRACE} is away"
    payload = {"said": TRACE}
    record.keep(
        [
            report(dispatch, reader, Event.Kind.DEFERRED, code=said, payload=payload),
            report(None, reader, Event.Kind.DELIVERED, code=said, payload=payload),
        ],
        now=timezone.now(),
    )
    bounce = letters.letter("dsn/postfix", dispatch_id=dispatch.pk, subscriber_id=reader)
    reading.take_in(bounce, now=timezone.now())
    apply.fold(now=timezone.now())


def _be_handled(desk: Client, reader: Subscriber) -> None:
    """Pass through the hands of staff, who write names into every box that takes words."""
    desk.get(f"{ADMIN}/subscriber/", {"q": NEW})
    desk.post(
        f"{ADMIN}/subscriber/{reader.pk}/change/",
        {
            "name": f"{TRACE} the second",
            "format": "text",
            "locale": "de",
            "time_zone": "",
            "subscriptions-TOTAL_FORMS": "0",
            "subscriptions-INITIAL_FORMS": "0",
        },
    )
    desk.post(f"{ADMIN}/suppression/add/", {"address": NEW, "note": f"{TRACE} rang on Monday"})
    desk.post(f"/admin/readers/{reader.pk}/export/")
    desk.post("/admin/mail/hold/", {"reason": f"{NEW} got everything twice"})
    desk.post("/admin/mail/let-go/")


@pytest.mark.django_db
def test_after_an_erasure_no_table_file_or_log_knows_the_person(
    client: Client,
    doorbell: Doorbell,
    log: io.StringIO,
    served: None,
    django_capture_on_commit_callbacks: Any,
) -> None:
    making.noise()
    making.notice()
    making.notice("tracking")
    factories.newsletter()
    other = factories.subscription("bert@mail.example")
    row = _sign_up(client, doorbell, django_capture_on_commit_callbacks)
    _live(row, other)
    _receive(row)
    desk = log_in(User.objects.create_superuser("olivia", "olivia@desk.example", "x"))
    _be_handled(desk, row.subscriber)
    sealing.seal(now=timezone.now())
    # A reader whose signups under the new address wait as well.
    making.pending(NEW, now=timezone.now())
    assert dump().count(TRACE) > 20

    answer = desk.post(f"/admin/readers/{row.subscriber_id}/erase/", {"address": NEW})

    assert answer.status_code == 302
    assert desk.get(answer.headers["Location"]).status_code == 200
    left = dump()
    hits = [left[max(0, at - 90) : at + 40] for at in _places(left)]
    assert not hits, "\n".join(hits)
    assert TRACE not in files()
    assert log.getvalue(), "nothing was logged: this would prove nothing"
    assert TRACE not in log.getvalue().lower()
    assert sealing.verify().broken == ""
    # Whoever is not the person keeps what is theirs.
    assert "bert@mail.example" in left
    assert "noise.active@example.org" in left


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(settings.DATABASES["default"]["ENGINE"].endswith("postgresql"), reason="a file")
def test_the_bytes_of_the_database_file_are_overwritten() -> None:
    making.confirmed(OLD, source={"page": TRACE})
    assert TRACE in _database_bytes()

    assert privacy.erase(OLD.lower(), now=making.NOW)

    assert TRACE not in _database_bytes()


def _database_bytes() -> str:
    """Return what lies on the disk once the write-ahead log was worked in, as it is by itself."""
    path = Path(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return "".join(
        each.read_bytes().decode("latin-1") for each in path.parent.glob(f"{path.name}*")
    ).lower()


def _places(text: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(TRACE, at)]
