"""Mailboxes as settings name them, above all over IMAP."""

from collections import Counter
from contextlib import AbstractContextManager

import pytest
import trustme
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from briefing.mailbox import places, reading
from briefing.mailbox.imap import MailboxError
from briefing.mailbox.reading import Done
from subscribers.models import Subscription
from tests import factories
from tests.briefing.mailbox import letters
from tests.briefing.mailbox.imap_server import Folders, serving
from tests.briefing.transports.tls import trusting, with_certificate

AUTHORITY = trustme.CA()
RIGHT = "p%40ss"


def server(folders: Folders) -> AbstractContextManager[Folders]:
    return serving(folders, with_certificate(AUTHORITY))


def read(folders: Folders, *, password: str = RIGHT) -> Counter[Done]:
    url = f"imaps://desk:{password}@localhost:{folders.port}/INBOX"
    with places.opened(url, context=trusting(AUTHORITY)) as mailbox:
        return reading.read_all(mailbox, now=timezone.now())


@pytest.mark.django_db
@pytest.mark.parametrize("uidplus", [True, False])
def test_what_is_worked_in_is_deleted_and_a_letter_set_aside(*, uidplus: bool) -> None:
    mine = factories.subscription("ada@mail.example")
    leaving = letters.leaving(mine.subscriber_id, mine.newsletter_id)
    letter = letters.letter("dsn/letter")
    with server(Folders({3: leaving, 9: letter}, uidplus=uidplus)) as folders:
        assert read(folders) == {Done.TAKEN_IN: 1, Done.SET_ASIDE: 1}
    assert folders.mails == {}
    assert folders.aside == [letter]
    mine.refresh_from_db()
    assert mine.state == Subscription.State.UNSUBSCRIBED


@pytest.mark.django_db
def test_a_server_without_room_for_letters_keeps_them_and_they_are_read_once() -> None:
    with server(Folders({9: letters.letter("dsn/letter")}, takes_copies=False)) as folders:
        assert read(folders) == {Done.SET_ASIDE: 1}
        assert read(folders) == {}
    assert list(folders.mails) == [9]


@pytest.mark.django_db
def test_a_mail_that_cannot_be_deleted_does_not_stand_before_the_others() -> None:
    mine = factories.subscription("ada@mail.example")
    leaving = letters.leaving(mine.subscriber_id, mine.newsletter_id)
    stays = frozenset({3})
    with server(Folders({3: letters.letter("dsn/vacation"), 9: leaving}, keeps=stays)) as folders:
        with pytest.raises(MailboxError, match="STORE"):
            read(folders)
        assert list(folders.mails) == [3]
    mine.refresh_from_db()
    assert mine.state == Subscription.State.UNSUBSCRIBED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verb", "rubbish"),
    [
        ("LOGIN", b""),
        ("SELECT", b"* BYE\r\n"),
        ("SEARCH", b"HTTP/1.1 400 no\r\n\xff\r\n"),
        ("FETCH", b"* 1 FETCH (BODY[] {70}\r\n"),
        ("COPY", b""),
        ("STORE", b"* BYE\r\n"),
        ("EXPUNGE", b"HTTP/1.1 400 no\r\n"),
    ],
)
def test_a_server_that_hangs_up_or_talks_rubbish_is_told_of_and_loses_no_mail(
    verb: str, rubbish: bytes
) -> None:
    mails = {3: letters.letter("dsn/vacation"), 9: letters.letter("dsn/letter")}
    with server(Folders(dict(mails), rubbish={verb: rubbish})) as folders:
        with pytest.raises(MailboxError):
            read(folders)
        folders.rubbish = {}
        read(folders)
        assert folders.aside == [mails[9]]


def test_a_wrong_password_is_told_without_it() -> None:
    with server(Folders({})) as folders, pytest.raises(MailboxError) as caught:
        read(folders, password="wr0ng")
    assert "wr0ng" not in str(caught.value)


def test_a_server_that_nobody_vouches_for_is_not_logged_in_to() -> None:
    with (
        server(Folders({})) as folders,
        pytest.raises(OSError, match="CERTIFICATE_VERIFY"),
        places.opened(f"imaps://desk:p%40ss@localhost:{folders.port}/INBOX"),
    ):
        pass


@pytest.mark.parametrize(
    "url",
    ["imap://desk:secret@localhost", "maildir://home/mail", "imaps://localhost", "/var/mail/x", ""],
)
def test_other_spellings_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught, places.opened(url):
        pass
    assert "secret" not in str(caught.value)
