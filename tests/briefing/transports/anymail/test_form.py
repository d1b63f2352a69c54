"""A call's body is the same bytes whether it is put together in one piece or in many."""

import pytest

from briefing.transports.anymail import form
from briefing.transports.anymail.form import Column, Layout, Shape


@pytest.mark.parametrize("size", [3, 30_000, 70_000])
def test_a_body_in_pieces_is_its_parts_between_what_they_share(size: int) -> None:
    layout = Layout((b"[", b"]&to=", b""), (b",", b"&to="))
    parts = [(bytes([65 + n]) * size, bytes([97 + n])) for n in range(5)]

    pieces = layout.body(parts)

    capitals, small = zip(*parts, strict=True)
    first, second = b",".join(capitals), b"&to=".join(small)
    assert b"".join(pieces) == b"[" + first + b"]&to=" + second
    assert all(pieces)
    # As one string, a large body would be copied once more.
    assert max(map(len, pieces)) <= 65_536 + 5 or size > 65_536


def test_a_key_stands_in_what_all_share_and_nowhere_else() -> None:
    layout = Layout((b"{KEY", b"KEY}"), (b"KEY,",))

    assert layout.with_key(b"KEY", b"k1") == Layout((b"{k1", b"k1}"), (b"KEY,",))


def test_a_document_is_cut_at_its_reader_and_readers_own_fields_go_with_them() -> None:
    shape = Shape("To", common="All", own=("Subject", "Absent"), default={"Subject": "-"})
    document = {"To": [{"b": 1, "a": 2}, {"dropped": 1}], "All": {"Subject": "s", "From": "f"}}

    layout, columns = form.of_json(document, shape)

    assert columns == [Column('{"Subject": "s", "a": 2, "b": 1}', "json")]
    assert layout == Layout((b'{"All": {"From": "f", "Subject": "-"}, "To": [', b"]}"), (b",",))


def test_a_document_that_is_the_list_of_readers_or_one_readers_is_cut_around_them() -> None:
    assert form.of_json([{"b": 1, "a": 2}], Shape("")) == (
        Layout((b"[", b"]"), (b",",)),
        [Column('{"a": 2, "b": 1}', "json")],
    )
    assert form.of_json({"b": 1, "a": 2}, None) == (
        Layout((b"", b""), (b"",)),
        [Column('{"a": 2, "b": 1}', "json")],
    )


def test_mailguns_fields_have_readers_in_two_columns() -> None:
    fields = {
        "from": "A & B",
        "to": ["ada@x.example", "beside@x.example"],
        "o:tag": ["x", "y"],
        "recipient-variables": '{"ada@x.example": {"v": "&"}, "beside@x.example": {}}',
    }

    layout, columns = form.of_fields(fields)

    assert layout == Layout(
        (b"from=A+%26+B&o%3Atag=x&o%3Atag=y&to=", b"&recipient-variables=%7B", b"%7D"),
        (b"&to=", b"%2C"),
    )
    assert columns == [
        Column("ada@x.example", "form"),
        Column('"ada@x.example": {"v": "&"}', "json in form"),
    ]
