"""One run of a copy: its lock, its ports and password, and the file from which commands learn them."""

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from briefing.demo import groups, ports

FILE = "instance.env"
_LOCK = "up.lock"
_WEB_PORT = 8000
_SINK_PORT = 8025


class AlreadyRunningError(Exception):
    """Another `up` holds this folder. `pid` is its process, `url` where its site is."""

    def __init__(self, pid: str, url: str) -> None:
        super().__init__(f"process {pid}")
        self.pid = pid
        self.url = url


class PortTakenError(Exception):
    """Somebody else listens on the port that was asked for."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What is this run's own. `mark` tells its processes and its web server from any other's."""

    mark: str
    web_port: int
    sink_port: int
    broker_port: int
    broker_password: str

    @property
    def url(self) -> str:
        """Where people find it. Passkeys need a name, so it is not 127.0.0.1."""
        return f"http://localhost:{self.web_port}"

    def environment(self) -> dict[str, str]:
        """Return the settings that differ from run to run; mail can only go to the sink."""
        sink = f"smtp://127.0.0.1:{self.sink_port}"
        return {
            groups.MARK: self.mark,
            "PUBLIC_BASE_URL": self.url,
            "REDIS_URL": f"redis://:{self.broker_password}@127.0.0.1:{self.broker_port}/0",
            "EMAIL_URL": sink,
            "BULK_EMAIL_URL": sink,
            "TRANSACTIONAL_EMAIL_URL": sink,
        }


def lock(folder: Path) -> int:
    """Take the folder for this process; the file descriptor holds it until it is closed.

    Raises: AlreadyRunningError.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.read(descriptor, 20).decode("ascii")
        os.close(descriptor)
        raise AlreadyRunningError(pid, _known(folder).get("PUBLIC_BASE_URL", "")) from error
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode("ascii"))
    return descriptor


def make(folder: Path, *, web_port: int | None) -> Instance:
    """Choose ports and secrets for this run and write them down for other commands.

    Ports of the run before are taken again where they are free: links in its mail then still work.
    Raises: PortTakenError when `web_port` is given and somebody listens there.
    """
    if web_port is not None and not ports.reserve(web_port):
        raise PortTakenError(web_port)
    known = _known(folder)
    web = web_port or ports.choose([*_port(known, "PUBLIC_BASE_URL"), _WEB_PORT])
    sink = ports.choose([*_port(known, "EMAIL_URL"), _SINK_PORT])
    made = Instance(
        mark=secrets.token_hex(8),
        web_port=web,
        sink_port=sink,
        broker_port=ports.choose([]),
        # Never the same twice: what an earlier run left behind cannot get in.
        broker_password=secrets.token_urlsafe(24),
    )
    write_private(folder / FILE, "".join(f"{n}={v}\n" for n, v in made.environment().items()))
    return made


def current(environment: dict[str, str]) -> Instance:
    """Return the run that these settings, made by `Instance.environment`, belong to."""
    broker = urlsplit(environment["REDIS_URL"])
    return Instance(
        mark=environment[groups.MARK],
        web_port=urlsplit(environment["PUBLIC_BASE_URL"]).port or 0,
        sink_port=urlsplit(environment["EMAIL_URL"]).port or 0,
        broker_port=broker.port or 0,
        broker_password=broker.password or "",
    )


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, in one step."""
    draft = path.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text, "utf-8")
    draft.replace(path)


def _known(folder: Path) -> dict[str, str]:
    """Return what the run before has written down."""
    try:
        lines = (folder / FILE).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.partition("=")[::2] for line in lines)


def _port(known: dict[str, str], name: str) -> list[int]:
    try:
        port = urlsplit(known.get(name, "")).port
    except ValueError:
        port = None
    return [port] if port else []
