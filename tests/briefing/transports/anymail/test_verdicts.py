"""Small rules of the table: how long to wait, and what may stand in a delivery's code."""

import pkgutil
from importlib import import_module

import pytest
from anymail import backends

from briefing.dispatch.outcome import ACCEPTED, REJECTED, UNKNOWN
from briefing.transports.anymail import verdicts
from briefing.transports.anymail.calling import Reply
from briefing.transports.anymail.verdicts import Answer, Verdict
from briefing.transports.capabilities import CAPABILITIES, Bodies


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 3 ", 3.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_moment(value: str, seconds: float | None) -> None:
    # 24 November 2026, noon in UTC.
    assert verdicts.retry_after({"Retry-After": value}, now=1795521600.0) == seconds


def test_a_code_holds_no_address_and_is_short() -> None:
    words = f"Invalid 'To' address: 'ada@mail.example' or <bob@mail.example>. {'x' * 200}"
    text = verdicts.tidy(words)
    assert text == f"Invalid 'To' address: '<...>' or <...>. {'x' * 200}"[:120]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"ErrorCode": 406, "Message": "Inactive"}, "406"),
        ({"name": "validation_error", "statusCode": 422}, "validation_error"),
        ({"status": "error", "code": -1, "name": "Invalid_Key"}, "Invalid_Key"),
        ({"errors": [{"message": "no", "code": "7001"}]}, "7001"),
        ({"errors": ["no"]}, ""),
        ({"errors": {"to": ["no"]}, "code": "x"}, "x"),
        (["no"], ""),
        (None, ""),
    ],
)
def test_a_code_is_found_where_each_provider_keeps_it(data: object, code: str) -> None:
    assert verdicts.error_code(data) == code


def test_a_retry_after_in_small_letters_is_read_and_a_missing_one_is_none() -> None:
    assert verdicts.retry_after({"retry-after": "7"}) == 7.0
    assert verdicts.retry_after({}) is None
    # Without a moment of ours the clock's counts: this one is long past.
    assert verdicts.retry_after({"Retry-After": "Tue, 24 Nov 2009 12:00:30 GMT"}) == 0.0


@pytest.mark.parametrize(
    ("provider", "status", "data", "answer"),
    [
        ("postmark", 408, None, verdicts.unknown("408", 2)),
        ("postmark", 409, None, verdicts.unknown("409", 2)),
        ("postmark", 503, {"ErrorCode": 9, "Message": "no"}, verdicts.unknown("503 9 no", 2)),
        # These are 500 and above, and say that nothing was taken.
        (
            "postmark",
            503,
            {"ErrorCode": 100, "Message": "m"},
            verdicts.given_back("503 100 m", 2, retry_after_seconds=17.0),
        ),
        (
            "mandrill",
            500,
            {"name": "Invalid_Key", "message": "key"},
            verdicts.given_back("500 Invalid_Key key", 2, for_good=True),
        ),
        ("postmark", 429, None, verdicts.given_back("429", 2, retry_after_seconds=17.0)),
        ("sparkpost", 420, None, verdicts.given_back("420", 2, retry_after_seconds=17.0)),
        ("postmark", 307, None, verdicts.given_back("307", 2, for_good=True)),
        ("postmark", 401, None, verdicts.given_back("401", 2, for_good=True)),
        (
            "postmark",
            422,
            {"ErrorCode": 400, "Message": "sender"},
            verdicts.given_back("422 400 sender", 2, for_good=True),
        ),
        *(
            (
                "postmark",
                status,
                {"ErrorMessage": "e"},
                Answer([Verdict(None, f"{status} e")] * 2, divide=True),
            )
            for status in (400, 413, 422)
        ),
        (
            "brevo",
            400,
            {"code": "duplicate_parameter", "message": "seen"},
            Answer([Verdict(ACCEPTED, "400 duplicate_parameter seen")] * 2),
        ),
        ("resend", 400, {}, Answer([Verdict(None, "400")] * 2, divide=True)),
    ],
)
def test_a_status_means_for_the_call_what_the_table_says(
    provider: str, status: int, data: object, answer: Answer
) -> None:
    reply = Reply(status, {"Retry-After": "17"}, data)

    assert verdicts.of_status(reply, CAPABILITIES[provider], 2) == answer


def test_a_question_is_answered_by_what_was_taken_and_by_nothing_else() -> None:
    taken = Answer([Verdict(REJECTED, "bad"), Verdict(ACCEPTED)], clear=True)
    refused = Answer([Verdict(None), Verdict(None, "slow")], stop="slow", divide=True)

    assert verdicts.of_question(taken) == taken
    assert verdicts.of_question(refused) == Answer(
        [Verdict(UNKNOWN, "slow")] * 2, stop="slow", clear=False
    )
    assert verdicts.of_question(Answer([Verdict(None)])).verdicts == [Verdict(UNKNOWN, "no answer")]


@pytest.mark.parametrize("name", CAPABILITIES)
def test_every_entry_names_its_source_and_a_backend_of_anymail(name: str) -> None:
    capability = CAPABILITIES[name]
    assert capability.sources
    assert all(source.startswith("https://") for source in capability.sources)
    module = import_module(f"anymail.backends.{name}")
    assert module.EmailBackend.esp_name == capability.name


@pytest.mark.parametrize("name", CAPABILITIES)
def test_an_entry_holds_together(name: str) -> None:
    capability = CAPABILITIES[name]
    assert (capability.readers_per_call == 1) == (capability.bodies is Bodies.SINGLE)
    assert bool(capability.variable) == (capability.bodies is Bodies.MERGED)
    if capability.bodies is not Bodies.SINGLE:
        assert {"headers", "metadata"} <= capability.merges
    if capability.bodies is Bodies.MERGED:
        assert "data" in capability.merges
    assert not capability.ours & capability.later


def test_the_table_knows_every_backend_that_anymail_ships() -> None:
    shipped = {module.name for module in pkgutil.iter_modules(backends.__path__)}
    assert shipped - {"base", "base_requests", "console", "test", "sendinblue"} == set(CAPABILITIES)
