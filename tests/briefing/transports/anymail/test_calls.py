"""How many copies one call holds, to the byte, and into what a refused call is divided."""

from dataclasses import replace

import pytest

from briefing.transports.anymail.calls import Call, calls_of, divided
from briefing.transports.anymail.composer import ApiCopy, CallForm
from briefing.transports.anymail.form import Layout
from briefing.transports.base import Copy, Group
from briefing.transports.capabilities import CAPABILITIES

FORM = CallForm(Layout((b"[", b"]"), (b",",)), {}, b"", dict)
MANY = replace(CAPABILITIES["postmark"], readers_per_call=500)


def copies(*sizes: int) -> list[Copy]:
    """Make copies that add so many bytes each."""
    return [
        Copy(at, at, at, f"r{at}@mail.example", ApiCopy(FORM, (b"x" * size,), f"reference {at}"))
        for at, size in enumerate(sizes)
    ]


def sizes(calls: list[Call]) -> list[int]:
    return [len(call.copies) for call in calls]


@pytest.mark.parametrize(
    ("room", "together"),
    [
        # Two brackets, and four bytes and a comma of each.
        (12, [2, 2, 1]),
        (11, [1, 1, 1, 1, 1]),
        (17, [3, 2]),
        (27, [5]),
        # One that is too large by itself has a call of its own.
        (1, [1, 1, 1, 1, 1]),
    ],
)
def test_a_call_is_filled_to_the_byte_and_no_further(room: int, together: list[int]) -> None:
    all_of_them = copies(*[4] * 5)
    group = Group(all_of_them, 0.0)
    calls = list(calls_of(group, all_of_them, replace(MANY, bytes_per_call=room)))

    assert sizes(calls) == together
    assert [copy.position for call in calls for copy in call.copies] == [0, 1, 2, 3, 4]
    assert all(call.group is group and call.form is FORM for call in calls)


def test_a_call_holds_as_many_readers_as_the_provider_takes() -> None:
    seven = copies(*[4] * 7)
    assert sizes(list(calls_of(Group(seven, 0.0), seven, replace(MANY, readers_per_call=3)))) == [
        *(3, 3, 1)
    ]


@pytest.mark.parametrize(
    ("number", "parts"), [(2, [1, 1]), (19, [1] * 19), (20, [2] * 10), (25, [2] * 12 + [1])]
)
def test_a_refused_call_is_divided_into_tenths_and_at_last_into_copies(
    number: int, parts: list[int]
) -> None:
    whole = copies(*[4] * number)
    call = Call(FORM, whole, Group(whole, 0.0))

    tenths = divided(call, MANY)

    assert sizes(tenths) == parts
    assert [copy for part in tenths for copy in part.copies] == whole
    assert all(part.group is call.group for part in tenths)


def test_a_call_made_again_is_the_same_call_that_has_not_left_yet() -> None:
    two = copies(4, 4)
    call = Call(FORM, two, Group(two, 0.0), started=True, ends_at=1.0)

    again = call.again()

    assert (again.key, again.parts, again.group) == (call.key, call.parts, call.group)
    assert (again.started, again.ends_at, again.sock) == (False, float("inf"), None)
