"""What a mail that came back says, whoever wrote it and however badly."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.mailbox.reports import Kind, read
from briefing.tracking.verdicts import Bounce
from subscribers import links
from tests.briefing.mailbox import letters


@pytest.mark.parametrize("name", letters.expected("dsn"))
def test_a_servers_report_is_understood(name: str) -> None:
    kind, bounce, status, ours = letters.expected("dsn")[name]
    report = read(letters.letter(f"dsn/{name}"))
    assert (report.kind, report.bounce, report.status) == (kind, bounce, status)
    assert report.delivery == ((7, 70_000) if ours else None)
    assert "@" not in report.words


@pytest.mark.parametrize("name", letters.expected("arf"))
def test_a_complaint_is_understood(name: str) -> None:
    kind, ours = letters.expected("arf")[name]
    report = read(letters.letter(f"arf/{name}"))
    assert report.kind == kind
    assert report.delivery == ((7, 70_000) if ours else None)


def test_every_file_is_tried() -> None:
    for folder in ("dsn", "arf"):
        names = {path.stem for path in (letters.PAYLOADS / folder).glob("*.eml")}
        assert names == set(letters.expected(folder))


def test_a_pipe_names_the_recipient_of_a_report_that_names_nothing() -> None:
    bare = b"From: postmaster@gateway.example\nSubject: sorry\n\nno\n"
    assert read(bare).delivery is None
    assert read(bare, recipient=letters.envelope_of(7, 70_000)).delivery == (7, 70_000)


def test_a_signed_request_to_leave_is_understood() -> None:
    report = read(letters.leaving(5, 2))
    assert (report.kind, report.leaving) == (Kind.UNSUBSCRIBE, (5, 2))


@pytest.mark.parametrize(
    "subject", ["Re: {}", "unsubscribe {}", "=?utf-8?q?{}?=", "{:.40}\r\n {:.0}{rest}", "<{}>"]
)
def test_programs_that_change_the_subject_still_leave(subject: str) -> None:
    token = links.make("unsubscribe", 5, 2)
    line = subject.format(token, token, rest=token[40:])
    report = read(f"To: unsubscribe@briefing.example\r\nSubject: {line}\r\n\r\n".encode())
    assert report.leaving == (5, 2)


def test_a_request_to_leave_that_a_program_made_for_its_reader_counts() -> None:
    made = letters.leaving(5, 2, fields="Auto-Submitted: auto-generated\r\n")
    assert read(made).kind is Kind.UNSUBSCRIBE


def test_a_vacation_note_leaves_nothing() -> None:
    note = letters.leaving(5, 2, fields="Auto-Submitted: auto-replied\r\n")
    assert read(note).kind is Kind.AUTOMATIC


def test_a_token_of_another_purpose_leaves_nothing() -> None:
    token = links.make("preferences", 5, 2)
    assert read(f"Subject: {token}\r\n\r\n".encode()).kind is Kind.LETTER


def test_an_altered_token_leaves_nothing() -> None:
    token = links.make("unsubscribe", 5, 2)
    altered = ("B" if token[20] == "A" else "A").join((token[:20], token[21:]))
    assert read(f"Subject: {altered}\r\n\r\n".encode()).kind is Kind.LETTER


@given(st.binary(max_size=400), st.integers(0, 2000))
def test_no_mail_is_so_broken_that_reading_fails(noise: bytes, at: int) -> None:
    whole = letters.letter("dsn/postfix")
    assert read(noise).kind in Kind
    assert read(whole[:at] + noise + whole[at:]).kind in Kind


def test_one_endless_word_costs_no_time() -> None:
    """Each of its places could begin an address: searched whole it would take hours."""
    whole = letters.letter("dsn/postfix").replace(
        b"smtp; 550 5.1.1", b"smtp; 550 5.1.1 " + b"a" * 90_000
    )
    began = time.process_time()
    assert read(whole).bounce == Bounce.HARD
    assert time.process_time() - began < 5
