"""Values in headers, to the byte: which form each gets, and where a line has to be broken."""

import pytest

from briefing.transports import headers


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", b"<ada@mail.example>"),
        ("Ada Noor", b"Ada Noor <ada@mail.example>"),
        ("  Ada\t", b"Ada <ada@mail.example>"),
        ("A. Noor", b'"A. Noor" <ada@mail.example>'),
        ('A "the \\" N.', b'"A \\"the \\\\\\" N." <ada@mail.example>'),
        ("=?utf-8?q?boss?=", b"=?utf-8?b?PT91dGYtOD9xP2Jvc3M/PQ==?= <ada@mail.example>"),
        ("Zo\u00eb", b"=?utf-8?q?Zo=C3=AB?= <ada@mail.example>"),
        ("Ada\r\nBcc: b@mail.example", b'"AdaBcc: b@mail.example" <ada@mail.example>'),
    ],
)
def test_a_mailbox_is_written_so_that_a_name_stays_a_name(name: str, written: bytes) -> None:
    assert headers.mailbox(name, "ada@mail.example") == written
    assert headers.mailbox(name, "ada\n@mail.example") == written


@pytest.mark.parametrize(("header", "room"), [("To", 69), ("From", 67), ("List-Id", 64)])
def test_an_address_that_does_not_fit_on_the_line_has_one_of_its_own(
    header: str, room: int
) -> None:
    for letters in ("x" * 40, "x." * 19):
        name = headers.mailbox(letters, "", header=header).removesuffix(b" <>")
        fits = "a" * (room - len(name))
        one_line = headers.mailbox(letters, fits, header=header)
        assert one_line == name + f" <{fits}>".encode()
        assert len(f"{header}: ") + len(one_line) == 76
        two_lines = headers.named(letters, fits.encode() + b"a", header=header)
        assert two_lines == name + f"\r\n <{fits}a>".encode()


def test_without_a_word_a_mailbox_is_written_for_to() -> None:
    assert headers.mailbox("x" * 40, "a" * 29) == b"x" * 40 + b" <" + b"a" * 29 + b">"
    assert headers.mailbox("x" * 40, "a" * 30) == b"x" * 40 + b"\r\n <" + b"a" * 30 + b">"


def test_behind_a_folded_name_the_last_line_alone_has_to_hold_the_address() -> None:
    name = headers.named("\u00e9" * 60, b"", header="To").removesuffix(b" <>")
    *_others, last = name.split(b"\r\n")
    room = 76 - len(last + b" <>")
    assert name.count(b"\r\n") == 2
    assert headers.named("\u00e9" * 60, b"i" * room, header="To").endswith(
        last + b" <" + b"i" * room + b">"
    )
    more = b"i" * (room + 1)
    assert headers.named("\u00e9" * 60, more, header="To").endswith(last + b"\r\n <" + more + b">")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", b""),
        ("\u202e", b""),
        ("Robots that ask", b"Robots that ask"),
        ("two  spaces", b"=?utf-8?q?two__spaces?="),
        ("a =?b", b"=?utf-8?b?YSA9P2I=?="),
        ("x" * 60 + " " + "y" * 60, b"x" * 60 + b"\r\n " + b"y" * 60),
        # 76 with the header's name, and one more.
        ("x" * 60 + " " + "y" * 6, b"x" * 60 + b" " + b"y" * 6),
        ("x" * 60 + " " + "y" * 7, b"x" * 60 + b"\r\n " + b"y" * 7),
    ],
)
def test_a_subject_is_left_as_it_is_where_ascii_and_the_line_allow_it(
    text: str, written: bytes
) -> None:
    assert headers.header_text(text, header="Subject") == written


def test_an_address_of_ours_has_its_domain_as_dns_knows_it() -> None:
    assert (
        headers.ascii_address("d\u00e9sk@b\u00fccher.example") == "d\u00e9sk@xn--bcher-kva.example"
    )
    assert headers.ascii_address("desk\r\n@mail.example") == "desk@mail.example"
