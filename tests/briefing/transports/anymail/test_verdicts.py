"""Small rules of the table: how long to wait, and what may stand in a delivery's code."""

import pkgutil
from importlib import import_module

import pytest
from anymail import backends

from briefing.transports.anymail import verdicts
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
    assert "@" not in text
    assert len(text) == 120


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
