"""From a mailbox to events and unsubscribes, whatever waits in it and whenever the reader dies."""

import io
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from briefing import envelope, tasks
from briefing.mailbox import places, reading
from briefing.mailbox.maildir import Maildir
from briefing.mailbox.reading import Done, take_in
from briefing.models import Delivery, Event
from briefing.tracking import apply
from subscribers import links, suppression
from subscribers.models import ConsentRecord, Outbox, Subscriber, Subscription
from tests import factories
from tests.briefing.dispatch.making import dispatching
from tests.briefing.mailbox import letters
from tests.subscribers import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """An empty Maildir."""
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "mail" / folder).mkdir(parents=True)
    return tmp_path / "mail"


def deliver(maildir: Path, *mails: bytes) -> None:
    """Put mail where a mail server puts it."""
    for number, mail in enumerate(mails):
        (maildir / "new" / f"1764000000.M{number}.host").write_bytes(mail)


def read(maildir: Path) -> dict[Done, int]:
    with places.opened(f"maildir://{maildir}") as mailbox:
        return dict(reading.read_all(mailbox, now=timezone.now()))


def waiting(maildir: Path) -> int:
    return sum(1 for folder in ("new", "cur") for _ in (maildir / folder).iterdir())


def accepted() -> Delivery:
    """Make a dispatch of which one copy was accepted."""
    dispatch = dispatching(1)
    reader = Subscriber.objects.get(address="reader0@mail.example")
    return Delivery.objects.create(
        dispatch=dispatch,
        subscriber_id=reader.pk,
        at=timezone.now(),
        outcome=Delivery.Outcome.ACCEPTED,
    )


def about(name: str, delivery: Delivery) -> bytes:
    return letters.letter(
        name, dispatch_id=delivery.dispatch_id, subscriber_id=delivery.subscriber_id
    )


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("dsn/postfix", {"hard_bounce"}),
        ("dsn/qmail", {"hard_bounce"}),
        ("arf/redacted", {"complaint"}),
        ("dsn/exchange_full", set()),
        ("dsn/outlook_authentication", set()),
        ("dsn/postfix_delayed", set()),
        ("dsn/vacation", set()),
    ],
)
def test_a_report_ends_in_the_right_suppression(
    name: str, reasons: set[str], maildir: Path
) -> None:
    delivery = accepted()
    deliver(maildir, about(name, delivery))
    read(maildir)
    apply.fold(now=timezone.now())
    assert suppression.reasons("reader0@mail.example") == reasons
    assert waiting(maildir) == 0


def confirmation(name: str, row: Outbox) -> bytes:
    """Return a report on a confirmation, which names it in one way only."""
    text = (letters.PAYLOADS / f"{name}.eml").read_text("utf-8")
    made = text.replace("@REFERENCE@", links.make("mail", row.pk))
    with override_settings(BOUNCE_ADDRESS=letters.BOUNCES):
        its_own = envelope.of_mail(row.pk)
    back_to = "desk@briefing.example" if "@REFERENCE@" in text else its_own
    return made.replace("@ENVELOPE@", back_to).encode()


@pytest.mark.parametrize(
    ("name", "state", "reasons"),
    [
        ("dsn/postfix", "bounced", {"hard_bounce"}),
        ("arf/rfc5965_full", "disowned", {"complaint"}),
        ("dsn/postfix_delayed", "mailed", set()),
        ("dsn/exchange_full", "mailed", set()),
    ],
)
def test_a_report_on_a_confirmation_finds_its_signup(
    name: str, state: str, reasons: set[str], maildir: Path
) -> None:
    asked = making.pending("ada@mail.example")
    row = Outbox.objects.get(signup=asked)
    deliver(maildir, *2 * [confirmation(name, row)])
    assert read(maildir) == {Done.TAKEN_IN: 2}
    asked.refresh_from_db()
    assert asked.state == state
    assert suppression.reasons("ada@mail.example") == reasons
    assert not Event.objects.exists()


def test_the_same_mail_twice_is_one_event(maildir: Path) -> None:
    delivery = accepted()
    deliver(maildir, about("dsn/postfix", delivery), about("dsn/gmail", delivery))
    assert read(maildir) == {Done.TAKEN_IN: 2}
    assert Event.objects.count() == 1


def test_a_reader_of_the_mailbox_killed_before_it_deleted_reads_again(
    maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = accepted()
    deliver(maildir, about("dsn/postfix", delivery), about("arf/redacted", delivery))
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Maildir, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            read(maildir)
    assert waiting(maildir) == 2
    assert read(maildir) == {Done.TAKEN_IN: 2}
    assert Event.objects.count() == 2


def test_a_forged_report_changes_nothing_and_waits_for_a_person(maildir: Path) -> None:
    accepted()
    deliver(maildir, letters.letter("dsn/forged"), letters.letter("arf/forged"))
    assert read(maildir) == {Done.SET_ASIDE: 2}
    assert not Event.objects.exists()
    assert len(list((maildir / ".Aside" / "new").iterdir())) == 2


def test_a_letter_waits_for_a_person_and_an_automatic_answer_for_nobody(maildir: Path) -> None:
    deliver(maildir, letters.letter("dsn/letter"), letters.letter("dsn/vacation"))
    assert read(maildir) == {Done.SET_ASIDE: 1, Done.IGNORED: 1}


def test_a_signed_request_unsubscribes_from_that_newsletter_alone(maildir: Path) -> None:
    mine = factories.subscription("ada@mail.example")
    other = factories.subscription("ada@mail.example", factories.newsletter("other"))
    deliver(maildir, letters.leaving(mine.subscriber_id, mine.newsletter_id))
    assert read(maildir) == {Done.TAKEN_IN: 1}
    states = dict(Subscription.objects.values_list("pk", "state"))
    assert (states[mine.pk], states[other.pk]) == ("unsubscribed", "active")


def test_a_request_to_leave_twice_is_one_record_in_the_ledger(maildir: Path) -> None:
    mine = factories.subscription("ada@mail.example")
    mail = letters.leaving(mine.subscriber_id, mine.newsletter_id)
    deliver(maildir, mail, mail)
    read(maildir)
    person = mine.subscriber.person
    assert ConsentRecord.objects.filter(person=person, act="withdrawn").count() == 1


def test_a_report_about_a_test_mail_suppresses_nobody() -> None:
    assert take_in(letters.letter("dsn/postfix", dispatch_id=0), now=timezone.now()) is (
        Done.SET_ASIDE
    )


def nested(levels: int, *, lines: int = 0) -> bytes:
    """Return a mail whose parts stand so many deep inside each other."""
    form = "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"
    heads = "".join(form.format(level) for level in range(levels))
    return f"From: mailer-daemon@gateway.example\n{heads}\n{'x' * 70}\n".encode() + b"x\n" * lines


@pytest.mark.parametrize(
    "poison",
    [
        nested(2000),
        b"From: " + b"(" * 5000 + b"\n\nx\n",
        b"From: a@mail.example\n" + b"Content-Type: message/rfc822\n\n" * 2000,
    ],
    ids=["parts", "comments", "mails"],
)
def test_a_mail_too_deep_to_be_read_stops_no_other(maildir: Path, poison: bytes) -> None:
    mine = factories.subscription("ada@mail.example")
    deliver(maildir, poison, letters.leaving(mine.subscriber_id, mine.newsletter_id))
    assert read(maildir) == {Done.SET_ASIDE: 1, Done.TAKEN_IN: 1}


def test_many_parts_inside_each_other_are_not_looked_through() -> None:
    """Every line of them would be compared with every border."""
    began = time.process_time()
    assert take_in(nested(300, lines=60_000), now=timezone.now()) is Done.SET_ASIDE
    assert time.process_time() - began < 1


@given(st.binary(min_size=1, max_size=300))
def test_a_mail_that_cannot_be_read_stops_no_other(maildir: Path, noise: bytes) -> None:
    mine = Subscription.objects.first() or factories.subscription("ada@mail.example")
    deliver(maildir, noise, letters.leaving(mine.subscriber_id, mine.newsletter_id))
    assert sum(read(maildir).values()) == 2
    assert waiting(maildir) == 0


def test_beat_reads_the_mailbox_that_is_set(maildir: Path, settings: Settings) -> None:
    delivery = accepted()
    deliver(maildir, about("dsn/postfix", delivery))
    tasks.read_mailbox()
    assert waiting(maildir) == 1, "no mailbox is set yet"
    settings.MAILBOX_URL = f"maildir://{maildir}"
    tasks.read_mailbox()
    assert waiting(maildir) == 0
    assert Event.objects.get().kind == Event.Kind.HARD_BOUNCED


def test_the_command_says_what_it_did(
    maildir: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(maildir, letters.letter("dsn/letter"))
    settings.MAILBOX_URL = f"maildir://{maildir}"
    call_command("read_mailbox")
    assert capsys.readouterr().out.strip() == "0 taken in, 0 ignored, 1 set aside"


def pipe(mail: bytes, recipient: str, patch: pytest.MonkeyPatch) -> None:
    """Hand a mail over as a mail server's pipe transport does."""
    patch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(mail)))
    call_command("read_mailbox", "--pipe", "--recipient", recipient)


def test_a_pipe_takes_a_bounce_that_only_its_recipient_explains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delivery = accepted()
    address = letters.envelope_of(delivery.dispatch_id, delivery.subscriber_id)
    bare = b"From: mailer-daemon@gateway.example\n\n550 5.1.1 no such user\n"
    pipe(bare, address, monkeypatch)
    event = Event.objects.get()
    assert (event.kind, event.subscriber_id) == ("hard", delivery.subscriber_id)


def test_a_pipe_returns_a_letter_to_its_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError) as caught:
        pipe(letters.letter("dsn/letter"), "bounces@briefing.example", monkeypatch)
    assert caught.value.returncode == 69


def test_a_pipe_asks_the_server_to_try_again_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(reading, "take_in", away)
    with pytest.raises(CommandError) as caught:
        pipe(letters.letter("dsn/postfix"), "bounces@briefing.example", monkeypatch)
    assert caught.value.returncode == 75
