"""Each provider's lists and messages, read from its documented answers; whatever is not is refused."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from briefing.providers import asking
from briefing.providers.asking import Asking, Turn
from briefing.providers.base import Answer, AskError, Inquiry, LaterError, Listed, What
from briefing.providers.table import DESKS
from tests.briefing.providers.fakes import Fake, Message, asked, words
from tests.briefing.transports.anymail.server import Reset, Response
from tests.briefing.web import hooks

LISTING = [name for name in DESKS if words(name)["listed"]]
BY_REFERENCE = ["mailgun", "postmark", "sendgrid", "sparkpost"]
ID = "1234567890"
Open = Callable[..., tuple[Fake, Asking]]


@pytest.fixture
def opened(settings: Settings) -> Iterator[Open]:
    """Open ways to providers' fakes."""
    with ExitStack() as stack:

        def open_way(name: str, *, wait: Any = None, **values: Any) -> tuple[Fake, Asking]:
            fake = stack.enter_context(asked(name, **values))
            settings.ANYMAIL = fake.settings()
            turn = Turn(
                ends_at=time.monotonic() + 60, domains=("news.example",), wait=wait or _no_wait
            )
            return fake, stack.enter_context(asking.opened(name, DESKS[name], turn))

        yield open_way


def _no_wait(_seconds: float) -> None:
    """Let no time pass."""


def inquiry(**values: Any) -> Inquiry:
    """Ask about reader 5's copy of dispatch 3."""
    about: dict[str, Any] = {
        "dispatch_id": 3,
        "subscriber_id": 5,
        "address": "reader5@mail.example",
        "domain": "news.example",
        "at": timezone.now() - timedelta(days=3),
        "message_id": ID,
    }
    return Inquiry(**(about | values))


def message(*seen: str, reference: str | None = None) -> Message:
    """Return the fake's own row of that copy."""
    made = hooks.a_reference(3, 5) if reference is None else reference
    return Message(ID, "reader5@mail.example", made, seen)


def all_of(name: str, ask: Asking) -> list[Listed]:
    """Read every list to its end."""
    found: list[Listed] = []
    for each in DESKS[name].lists(ask):
        cursor: str | None = ""
        while cursor is not None:
            page = DESKS[name].page(ask, each, cursor)
            found += page.entries
            cursor = page.following
    return found


@pytest.mark.parametrize("name", LISTING)
def test_each_list_is_read_to_its_end_with_reasons_and_times(name: str, opened: Open) -> None:
    whys = list(words(name)["listed"])
    listed = [(f"{why}{each}@mail.example", why) for each in range(5) for why in whys]
    _fake, ask = opened(name, listed=listed)
    found = all_of(name, ask)
    assert sorted((each.address, str(each.why)) for each in found) == sorted(listed)
    assert {each.at.date().isoformat() for each in found if each.at} == {"2026-11-24"}
    assert all(each.at for each in found)


@pytest.mark.parametrize("name", LISTING)
def test_an_empty_list_is_read_as_one(name: str, opened: Open) -> None:
    _fake, ask = opened(name)
    assert all_of(name, ask) == []


@pytest.mark.parametrize(("name", "number"), [("sendgrid", 1001), ("brevo", 201)])
def test_a_list_by_offset_is_read_beyond_its_first_part(
    name: str, number: int, opened: Open
) -> None:
    listed = [(f"reader{each}@mail.example", "bounced") for each in range(number)]
    _fake, ask = opened(name, listed=listed)
    assert len({each.address for each in all_of(name, ask)}) == number


@pytest.mark.parametrize("what", ["delivered", "deferred", "bounced"])
@pytest.mark.parametrize("name", DESKS)
def test_what_became_of_a_message_is_told_by_its_id(name: str, what: str, opened: Open) -> None:
    _fake, ask = opened(name, messages=[message(what)])
    answer = DESKS[name].look_up(ask, inquiry())
    assert answer is not None
    assert answer.taken
    assert [seen.what for seen in answer.seen] == [What(what)]
    if what == "bounced" and name != "resend":
        (seen,) = answer.seen
        assert seen.final
        assert "@" not in seen.said


@pytest.mark.parametrize("name", BY_REFERENCE)
def test_a_message_without_an_id_is_found_by_our_reference(name: str, opened: Open) -> None:
    _fake, ask = opened(name, messages=[message("delivered")])
    answer = DESKS[name].look_up(ask, inquiry(message_id=None))
    assert answer is not None
    assert [seen.what for seen in answer.seen] == [What.DELIVERED]


@pytest.mark.parametrize("name", sorted(set(DESKS) - set(BY_REFERENCE)))
def test_who_cannot_be_asked_without_an_id_says_nothing(name: str, opened: Open) -> None:
    fake, ask = opened(name, messages=[message("delivered")])
    assert DESKS[name].look_up(ask, inquiry(message_id=None)) is None
    assert fake.api is not None
    assert fake.api.requests == []


@pytest.mark.parametrize("name", DESKS)
def test_a_message_that_is_not_there_was_not_taken(name: str, opened: Open) -> None:
    _fake, ask = opened(name)
    assert DESKS[name].look_up(ask, inquiry()) == Answer(taken=False)


@pytest.mark.parametrize("name", ["mailgun", "sparkpost"])
def test_another_copy_to_the_same_address_is_not_taken_for_ours(name: str, opened: Open) -> None:
    other = message("bounced", reference=hooks.a_reference(2, 5))
    forged = message("bounced", reference="a-forged-reference")
    _fake, ask = opened(name, messages=[other, forged])
    assert DESKS[name].look_up(ask, inquiry(message_id=None)) == Answer(taken=False)


RUBBISH = [
    Response(200, b"<html>Sign in to the network</html>"),
    Response(200, b'{"Suppressions": [{"EmailA'),
    Response(200, {}),
    Response(200, []),
    Response(200, "null"),
    Response(200, {"items": [{"address": 7}], "results": [{}], "Suppressions": [{"x": 1}]}),
    Response(200, b"{}", {"Content-Length": "200"}),
    Response(302, b"", {"Location": "http://127.0.0.1:1/"}),
    Response(401, {"message": "who?"}),
    Response(500, {"message": "no"}),
    Response(503, b"Service Unavailable"),
    Reset(after_body=True),
]


@pytest.mark.parametrize("behaviour", RUBBISH, ids=range(len(RUBBISH)))
@pytest.mark.parametrize("name", LISTING)
def test_an_answer_that_is_no_list_is_no_empty_list(
    name: str, behaviour: Any, opened: Open
) -> None:
    if name == "sendgrid" and isinstance(behaviour, Response) and behaviour.body == []:
        pytest.skip("an empty list is what SendGrid answers")
    fake, ask = opened(name, listed=[("a@mail.example", "bounced")])
    assert fake.api is not None
    fake.api.answer = None  # type: ignore[assignment]  # a second call would fail the server
    fake.api.script.extend([behaviour] * 3)
    if isinstance(behaviour, Response) and behaviour.headers.get("Content-Length"):
        fake.api.script.clear()
        fake.api.script.append(_Cut())
    with pytest.raises(AskError):
        all_of(name, ask)


class _Cut:
    """Half an answer, and the end of the connection."""

    def act(self, connection: Any, read_body: Callable[[], bytes]) -> None:
        read_body()
        connection.sendall(Response(200, b"{}", {"Content-Length": "200"}).raw())
        connection.shutdown(2)


def test_too_fast_is_waited_for_once_as_long_as_it_says(opened: Open) -> None:
    waits: list[float] = []
    fake, ask = opened("postmark", wait=waits.append, listed=[("a@mail.example", "bounced")])
    assert fake.api is not None
    fake.api.script.append(Response(429, {}, {"Retry-After": "7"}))
    assert len(all_of("postmark", ask)) == 1
    assert waits == [7.0]
    fake.api.script.extend([Response(429, {}, {"Retry-After": "7"})] * 2)
    with pytest.raises(LaterError):
        all_of("postmark", ask)


def test_who_asks_to_wait_longer_than_the_turn_is_left_for_later(opened: Open) -> None:
    fake, ask = opened("postmark", listed=[("a@mail.example", "bounced")])
    assert fake.api is not None
    fake.api.script.append(Response(429, {}, {"Retry-After": "3600"}))
    with pytest.raises(LaterError) as caught:
        all_of("postmark", ask)
    assert caught.value.seconds == 3600


def test_calls_keep_the_pace_that_the_provider_documents(opened: Open) -> None:
    waits: list[float] = []
    _fake, ask = opened("sparkpost", wait=waits.append, listed=[("a@x.example", "bounced")] * 6)
    ask.seconds_between = 0.5
    all_of("sparkpost", ask)
    assert len(waits) == 2
    assert all(0 < each <= 0.5 for each in waits)


def test_an_account_without_its_key_cannot_be_asked(settings: Settings) -> None:
    settings.ANYMAIL = {}
    turn = Turn(ends_at=time.monotonic() + 60)
    with pytest.raises(AskError), asking.opened("postmark", DESKS["postmark"], turn):
        pass
