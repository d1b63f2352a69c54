"""Fixtures for the test database: its own file, emptied after who commits, cheap passwords."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import TransactionTestCase, override_settings

from briefing import tasks
from tests import template
from tests.emptying import empty
from tests.environment import LOCAL_DIR

_USES_SQL = {"db", "transactional_db", "live_server"}
_DURABLE = "synchronous=FULL"
# Doors: they ask the database by the rules and models that are tested on both databases themselves.
_SCREENS = ("/admin/", "/views/", "/web/", "/demo/")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import the screens' tests for a run that wants none of them."""
    unwanted = "not screen" in config.option.markexpr
    if unwanted and collection_path.is_dir():
        return any(folder in f"{collection_path.as_posix()}/" for folder in _SCREENS) or None
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches SQL, so that `-m sql` on PostgreSQL can never miss a test of it.

    Screens among it are marked as well: on PostgreSQL they run with `make test-full`.
    """
    for item in items:
        if any(folder in item.path.as_posix() for folder in _SCREENS):
            item.add_marker("screen")
        if item.get_closest_marker("django_db") or _USES_SQL & set(
            getattr(item, "fixturenames", ())
        ):
            item.add_marker("sql")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Test SQLite in a file, as copies use it: in memory it has other locks and no second process.

    A worker among others begins with a copy of what was migrated for all of them.
    """
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(LOCAL_DIR / "test.sqlite3")
        # A test's database need not outlive the machine's power; PostgreSQL's does not either.
        options = database["OPTIONS"]
        options["init_command"] = options["init_command"].replace(_DURABLE, "synchronous=OFF")
    if template.is_made():
        database["TEST"] |= template.begin_with_copy(database["TEST"]["NAME"])


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Leave the database where it is: the folder or server it lives in is thrown away as a whole."""
    return True


@pytest.fixture(scope="session", autouse=True)
def _tests_that_commit_leave_nothing() -> Iterator[None]:
    """Empty the database our way after a transactional test, where Django would flush all of it.

    The connection stays open as after any other test: what ours is told when it is opened, no rollback
    takes back, and SQLite alone needs 6 ms for another.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test_case: empty())
        patch.setattr(TransactionTestCase, "_should_reload_connections", lambda _test_case: False)
        yield


@pytest.fixture(autouse=True)
def _no_mark_of_another_test() -> None:
    """Begin without what an earlier test's database left outside of it.

    Its mark would call ours a backup, those who departed from it would depart from ours once it is
    restored, and its journals would know of batches by our numbers, as this process would of dispatches
    that it has looked through.
    """
    tasks._looked_at.clear()  # noqa: SLF001  no other process has numbers twice
    for name in ("fence.mark", "departures.log"):
        (LOCAL_DIR / name).unlink(missing_ok=True)
    for journal in (LOCAL_DIR / "journal").glob("*.journal"):
        journal.unlink()


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_nothing() -> Iterator[None]:
    """Hash the passwords of invented staff quickly; the real hash takes half a second by design."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield
