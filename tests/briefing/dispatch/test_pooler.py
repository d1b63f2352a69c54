"""The engine behind PgBouncer, which lends a connection to PostgreSQL for one transaction at a time."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from briefing.dispatch import invariants, sender
from briefing.dispatch.outcome import ACCEPTED
from tests.briefing.dispatch.making import Provider, dispatching, outcomes
from tests.faults.programs import await_port, free_port

_PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(_PGBOUNCER is None, reason="Debian's pgbouncer is not installed"),
]
# One connection for everybody: whoever comes finds on it what the one before left there.
_SETTINGS = """
[databases]
* = host={host} user=postgres pool_size=1
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
auth_type = any
"""


@pytest.fixture(autouse=True)
def _pooled(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Put PgBouncer before this test's database."""
    if connection.vendor != "postgresql":
        pytest.skip("there is a pooler for PostgreSQL alone")
    assert _PGBOUNCER
    port, own = free_port(), connection.settings_dict.copy()
    # It refuses root, and finds its settings before it becomes somebody else.
    told = Path(own["HOST"]).parent / f"pgbouncer-{port}.ini"
    told.write_text(_SETTINGS.format(host=own["HOST"], port=port))
    account = ["-u", pwd.getpwnam("nobody").pw_name] if os.geteuid() == 0 else []
    with (tmp_path / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([_PGBOUNCER, *account, told], stderr=log)
    try:
        await_port(port)
        settings.DATABASE_POOLED = True
        _go_to(own | {"HOST": "127.0.0.1", "PORT": port, "OPTIONS": {}})
        yield
    finally:
        _go_to(own)
        process.terminate()
        process.wait()
        told.unlink()


def _go_to(where: dict[str, object]) -> None:
    connection.close()
    connection.settings_dict.update(where)


def test_each_client_finds_a_connection_on_which_nothing_was_left(settings: Settings) -> None:
    settings.GROUP_SIZE = settings.BATCH_SIZE = 2
    dispatch, stops = dispatching(8), iter([False, False, True])
    assert sender.drain(dispatch.pk, Provider(), is_stopping=lambda: next(stops)).more
    # Another client, with the connection that the first one had.
    connection.close()
    assert sender.drain(dispatch.pk, Provider()).handed_over == 4
    assert list(outcomes(dispatch).values()) == [ACCEPTED] * 8
    assert invariants.violations() == []


def test_the_doctor_knows_that_a_pooler_stands_there(settings: Settings) -> None:
    settings.DATABASE_POOLED = False
    said = StringIO()
    with pytest.raises(CommandError, match="2 things to mend"):
        call_command("doctor", "--only", "pooler", stdout=said)
    assert "Set DATABASE_POOLED=True" in said.getvalue()
    assert "SET idle_in_transaction_session_timeout = 90000" in said.getvalue()
