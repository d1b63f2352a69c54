"""No address and no reader's key in any log line, whoever wrote it."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from briefing.masking import MaskingFormatter, mask
from briefing.models import User
from subscribers import links
from tests.subscribers import making

ROOT = Path(__file__).parents[2]
TOKEN = "AQAAAAAAAAABZx1-_canaryCANARY0123456789abcdefGHIJKLMNOPQRSTUVWXYZ"
CANARY = "canary.reader+tag@mailbox.example"


def _keyed(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for each in patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _keyed(each.url_patterns, route)
        elif "<str:token>" in route:
            yield "/" + route.replace("<str:token>", TOKEN)


KEYED = list(_keyed(get_resolver().url_patterns))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, as a copy's own handler would write it."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(MaskingFormatter("{levelname} {name} {message}", style="{"))
    root = logging.getLogger()
    root.addHandler(handler)
    yield kept
    root.removeHandler(handler)


def test_the_copys_own_handler_masks() -> None:
    formatter = settings.LOGGING["formatters"]["line"]["()"]
    assert formatter == f"{MaskingFormatter.__module__}.{MaskingFormatter.__qualname__}"


@pytest.mark.parametrize("path", KEYED)
def test_a_page_behind_a_link_is_masked_in_a_web_servers_line(path: str) -> None:
    shown = mask(f'127.0.0.1 - "GET {path}?x=1 HTTP/1.1" 404')

    assert TOKEN[:20] not in shown
    assert shown.startswith('127.0.0.1 - "GET /')
    assert mask(f"Not Found: {path.replace(TOKEN, 'short')}").count("short") == 0


@pytest.mark.parametrize(
    "line",
    [
        f"refused {CANARY}",
        f"RCPT TO:<{CANARY}> 550 5.1.1 <{CANARY}>: unknown",
        f"{{'email': '{CANARY}', 'state': 1}}",
        f'"to": ["{CANARY}"]',
        f"mailto:{CANARY}?subject=x",
        f"Key (address_key)=({CANARY}) already exists.",
        f"token {TOKEN} is bad",
        f"Referer: https://briefing.example/preferences/{TOKEN}/",
    ],
)
def test_what_libraries_say_is_masked(line: str) -> None:
    shown = mask(line)
    assert "canary" not in shown.lower()


@pytest.mark.parametrize(
    "line",
    [
        "outbox.error id=7 purpose=confirm error=ValueError@emails.py:31",
        "retention.deleted signups=3 consent_contexts=0",
        "Not Found: /articles/a-robot-that-folds/",
        "seal 3 2f0c1b8f5a7e4c6d2f0c1b8f5a7e4c6d2f0c1b8f5a7e4c6d2f0c1b8f5a7e4c6d",
        "dispatch.claimed batch=7 fence=12 worker=transactional@localhost",
    ],
)
def test_our_own_lines_stay_as_they_are(line: str) -> None:
    assert mask(line) == line


def test_a_traceback_is_masked_too() -> None:
    formatter = MaskingFormatter("{message}", style="{")
    error = ValueError(CANARY)
    where = (ValueError, error, None)
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "failed %s", (CANARY,), where)

    shown = formatter.format(record)
    assert "ValueError: ***@***" in shown
    assert CANARY not in shown


@pytest.mark.django_db
def test_no_error_path_of_the_site_logs_an_address_or_a_key(
    client: Client, log: io.StringIO
) -> None:
    making.newsletter()
    client.raise_request_exception = False
    real = links.make("unsubscribe", 1, 1)
    paths = [*KEYED, *(path.replace(TOKEN, real) for path in KEYED), f"/{CANARY}/", "/signup/"]
    for path in paths:
        client.get(path, {"email": CANARY})
        client.post(path, {"email": CANARY, "action": "leave"})
        client.put(path, CANARY, content_type="text/plain")

    assert len(paths) >= 20
    assert log.getvalue(), "nothing was logged: this test would prove nothing"
    for secret in ("canary.reader", TOKEN[:20], real[:20]):
        assert secret not in log.getvalue()


def test_a_refusal_is_one_line_and_an_error_of_ours_keeps_its_traceback(
    client: Client, log: io.StringIO, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    client.force_login(User.objects.create_user("guest"))
    assert client.get("/admin/login/").status_code == 403
    assert "Forbidden" in log.getvalue()
    assert log.getvalue().count("\n") == 1

    monkeypatch.setattr("briefing.web.staff.house_zone", lambda: 1 / 0)
    assert client.get("/admin/login/").status_code == 500
    assert "ZeroDivisionError" in log.getvalue()


@pytest.mark.parametrize(
    "file", ["Dockerfile", "docs/deploy/systemd/briefing-web.service", "briefing/demo/services.py"]
)
def test_the_web_server_is_started_without_a_log_of_paths(file: str) -> None:
    assert "granian" in (ROOT / file).read_text("utf-8")
    assert "--access-log" not in (ROOT / file).read_text("utf-8")
