"""Fixtures that drive Debian's chromium against a running site.

`page` is a fresh visitor; `@pytest.mark.browser(javascript=False, viewport=(320, 640), dark=True)`
says what kind of visitor. Whatever the browser complains about (an error in a script, a refused
style, a missing file) fails the test when it ends, unless the test looked at `problems` and
cleared it.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from typing import Never, Protocol

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

# What is waited for usually comes at once; on a busy machine it may not.
TIMEOUT_MILLISECONDS = 30_000
# A key that is pressed, and a script that is asked, wait for ever for a browser that has gone silent.
_LONGEST_SECONDS, _LONGEST_FULL_SECONDS = 300, 3_600
_DRIVES_BROWSER = {"browser", "visit", "page"}


class Visit(Protocol):
    """Opens an empty page for one more visitor, with a profile of its own."""

    def __call__(
        self,
        *,
        javascript: bool = True,
        viewport: tuple[int, int] = (1280, 800),
        dark: bool = False,
        locale: str = "en-GB",
    ) -> Page: ...


def path_of_chromium() -> str | None:
    """Return where chromium is installed, if it is."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _path_of_browser() -> str | None:
    """Return what the tests drive: the same browser without its windows, where that is installed.

    Each visitor is a window of their own, and chromium needs a second for all that stands around one.
    """
    return shutil.which("chromium-headless-shell") or path_of_chromium()


def pytest_report_header() -> str:
    """Say once per run whether there is a browser to test with."""
    missing = "not installed: browser tests are skipped (apt-get install chromium-headless-shell)"
    return f"chromium: {_path_of_browser() or missing}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run draw the documents' pictures."""
    parser.addoption(
        "--pictures", action="store_true", help="draw the pictures in docs/images anew"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what drives the browser; skip it on a machine that has none, and pictures unless asked."""
    for item in items:
        if item.get_closest_marker("picture") and not config.getoption("pictures"):
            item.add_marker(pytest.mark.skip(reason="draws pictures: --pictures"))
        if _DRIVES_BROWSER & set(getattr(item, "fixturenames", ())):
            if item.get_closest_marker("browser") is None:
                item.add_marker("browser")
            if _path_of_browser() is None:
                item.add_marker(pytest.mark.skip(reason="chromium is not installed"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run one chromium for this process; every visitor gets a profile of their own from it."""
    # A page lives for a second: compiling its scripts as if for an hour takes more than it spares.
    arguments = ["--js-flags=--no-maglev --no-opt"]
    # As root, chromium's sandbox refuses to start.
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=TIMEOUT_MILLISECONDS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_path_of_browser(), args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def site(live_server: LiveServer, settings: Settings) -> str:
    """Serve the site and return its address, which links in mail now carry too."""
    settings.PUBLIC_BASE_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def problems() -> list[str]:
    """Collect what the browser complains about, in its own words."""
    return []


@pytest.fixture
def _not_for_ever(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fail a test, and not the whole run, when the browser does not answer any more."""

    def give_up(_number: int, _frame: object) -> Never:
        raise TimeoutError("the browser has not answered for minutes")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_LONGEST_FULL_SECONDS if pytestconfig.getoption("full") else _LONGEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def visit(browser: Browser, site: str, problems: list[str], _not_for_ever: None) -> Iterator[Visit]:
    """Give a test as many visitors as it needs; addresses may be relative to the site."""
    contexts = []

    def open_page(
        *,
        javascript: bool = True,
        viewport: tuple[int, int] = (1280, 800),
        dark: bool = False,
        locale: str = "en-GB",
    ) -> Page:
        context = browser.new_context(
            base_url=site,
            java_script_enabled=javascript,
            viewport={"width": viewport[0], "height": viewport[1]},
            color_scheme="dark" if dark else "light",
            locale=locale,
        )
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        contexts.append(context)
        return _listen(context.new_page(), problems)

    yield open_page
    for context in contexts:
        context.close()
    assert not problems, "the browser complained:\n" + "\n".join(problems)


@pytest.fixture
def page(visit: Visit, request: pytest.FixtureRequest) -> Page:
    """Open an empty page for one visitor, of the kind that the test's `browser` marker says."""
    marker = request.node.get_closest_marker("browser")
    return visit(**(marker.kwargs if marker else {}))


def _listen(page: Page, problems: list[str]) -> Page:
    """Note errors of scripts and everything chromium writes as an error, refused by policy included."""
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            problems.append(f"{page.url}: {message.text}") if message.type == "error" else None
        ),
    )
    return page
