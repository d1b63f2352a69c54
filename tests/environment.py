"""A pytest plugin, loaded before Django's settings: this run's keys, folder, ports and database.

Everything is set here, whatever the shell or a `.env` file says: a test run never reaches the
database, broker or mail server of a real copy. Each parallel worker is a process of its own and
comes through here as well; it shares the PostgreSQL server that the first process started.
"""

import atexit
import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from tests import postgres, template

LOCAL_DIR = Path(tempfile.mkdtemp(prefix="briefing-tests-"))
# Collected static files would lie here; the middleware that serves them warns when it is not there.
(LOCAL_DIR / "static").mkdir()
# What must end with the run, last started first; at exit too, should the run never get going.
_running = ExitStack()
_running.callback(shutil.rmtree, LOCAL_DIR, ignore_errors=True)
atexit.register(_running.close)


def _reserve_port() -> socket.socket:
    """Hold a free port on which nothing listens: a connection is refused until a server takes it."""
    holder = _running.enter_context(socket.socket())
    holder.bind(("127.0.0.1", 0))
    return holder


broker_port = _reserve_port()
mail_port = _reserve_port()
# Where nothing ever listens.
nobodys_port = _reserve_port()

for _name in [name for name in os.environ if name.startswith("ANYMAIL_")]:
    del os.environ[_name]
os.environ |= {
    "MODE": "test",
    "SECRET_KEY": "tests-only-secret-key-that-protects-nothing-at-all-0123456789",
    "LINK_KEYS": "1:tests-only-link-key-0123456789abcdef",
    "SUPPRESSION_KEYS": "1:tests-only-suppression-key-0123456789",
    "LOCAL_DIR": str(LOCAL_DIR),
    "PUBLIC_BASE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1,[::1]",
    "REDIS_URL": f"redis://127.0.0.1:{broker_port.getsockname()[1]}/0",
    "EMAIL_URL": f"smtp://127.0.0.1:{mail_port.getsockname()[1]}",
    # Playwright's sync API runs an event loop in the test's thread; Django would refuse the ORM there.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
}

# How long an example takes says more about what else the machine does than about the code.
# The same examples each time: an ordinary run tells of the change and not of luck. A full run of
# `make test-full` tries thousands more.
hypothesis.settings.register_profile(
    "tests",
    deadline=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        # Fixtures that tests with examples ask for keep nothing of the example before.
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
)
hypothesis.settings.register_profile(
    "full", hypothesis.settings.get_profile("tests"), max_examples=500
)
hypothesis.settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run choose its database."""
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default=os.environ.get("DATABASE", "sqlite"),
        help="database to test on; the environment's DATABASE says the same (default: sqlite)",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the database before pytest-django reads the settings; migrate it once for all workers."""
    asked = early_config.known_args_namespace
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if asked.database == "sqlite":
        os.environ["DATABASE_URL"] = f"sqlite:///{LOCAL_DIR / 'briefing.sqlite3'}"
    elif not is_worker:
        os.environ["DATABASE_URL"] = _running.enter_context(postgres.running())
    if getattr(asked, "numprocesses", None) and not is_worker:
        _running.enter_context(template.migrating(LOCAL_DIR, os.environ["DATABASE_URL"]))
    yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the journeys: one worker is busy with them for as long as the others with the rest."""
    items.sort(key=lambda item: "tests/journeys/" not in item.path.as_posix())


def pytest_collection_finish() -> None:
    """Spare the collector what stays anyway: going through all that was imported is 5 % of a run."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def pytest_unconfigure() -> None:
    """Stop what was started and remove what was written; pytest calls this after Ctrl-C as well."""
    _running.close()
