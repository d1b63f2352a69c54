"""Reads the environment for settings.py: typed values, secrets from files, keys of a local copy."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# What a local copy makes for itself at its first start; production must be given each of them.
GENERATED = ("SECRET_KEY", "LINK_KEYS", "SUPPRESSION_KEYS")
# What may come from a file instead; so may every ANYMAIL_ setting.
SECRETS = (
    *GENERATED,
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "BULK_EMAIL_URL",
    "FALLBACK_EMAIL_URL",
    "TRANSACTIONAL_EMAIL_URL",
    "MAILBOX_URL",
    "OIDC_CLIENT_SECRET",
    "METRICS_TOKEN",
)
# How a database file is opened, and how each connection to it begins.
SQLITE = {
    "ENGINE": "briefing.fair_sqlite3",
    "OPTIONS": {
        # A write takes the lock when it begins: a reader that turns writer half way could only fail.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
            # Without it REPLACE would delete ledger rows behind the triggers' back.
            "PRAGMA recursive_triggers=ON; PRAGMA cache_size=-65536;"
        ),
    },
}


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """Where and how to reach one SMTP server. `security` is none, starttls or tls."""

    host: str
    port: int
    username: str
    password: str
    security: str


def load(root: Path, local: Path) -> None:
    """Fill os.environ from files, never over a value that is already set.

    Order: the process, `NAME_FILE` secrets, `.env`, then what a local copy keeps in `.local/`.

    Raises: ImproperlyConfigured when a secret's file cannot be read, or production lacks a secret.
    """
    read_secrets()
    # A test run has a world of its own: no file of a real copy may reach into it.
    if os.environ.get("MODE") != "test":
        read_file(root / ".env")
    mode = os.environ.get("MODE", "demo")
    if mode == "demo":
        read_file(local / "instance.env")
        read_file(local_keys(local))
    missing = [name for name in GENERATED if not os.environ.get(name)]
    if mode == "production" and missing:
        raise ImproperlyConfigured(
            f"Production needs {', '.join(missing)}: set each, or its NAME_FILE to a file that "
            "holds it. docs/configuration.md shows how to make them."
        )


def read_secrets() -> None:
    """Take the content of `NAME_FILE`, as Docker and systemd hand secrets over, for NAME."""
    for name in [name for name in os.environ if name.endswith("_FILE")]:
        secret = name.removesuffix("_FILE")
        if secret not in SECRETS and not secret.startswith("ANYMAIL_"):
            continue
        try:
            os.environ.setdefault(secret, Path(os.environ[name]).read_text("utf-8").strip())
        except OSError as error:
            raise ImproperlyConfigured(f"{name} cannot be read: {error}.") from error


def read_file(path: Path) -> None:
    """Take NAME=value lines of a file into os.environ where the name is not set yet."""
    if not path.is_file():
        return
    for line in path.read_text("utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.lstrip().startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


def local_keys(local: Path) -> Path:
    """Return the file with a local copy's own keys, made once with fresh random values."""
    path = local / "keys.env"
    if not path.exists():
        local.mkdir(parents=True, exist_ok=True)
        values = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "LINK_KEYS": f"1:{secrets.token_urlsafe(32)}",
            "SUPPRESSION_KEYS": f"1:{secrets.token_urlsafe(32)}",
        }
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        # Two commands may start at once: the first to link its file wins, both read the winner.
        draft = local / f"keys.{os.getpid()}.tmp"
        draft.touch(mode=0o600)
        draft.write_text(text, "utf-8")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path


def keyring(name: str, value: str) -> dict[int, bytes]:
    """Parse `2:newest,1:older` into {2: b"newest", 1: b"older"}; the first one signs.

    Key ids are 1 to 255: they travel as one byte in every link.
    """
    ring: dict[int, bytes] = {}
    for part in value.split(","):
        number, separator, secret = part.strip().partition(":")
        if not (separator and number.isdigit() and 1 <= int(number) <= 255 and len(secret) >= 32):
            raise ImproperlyConfigured(
                f"{name} must be ID:SECRET pairs separated by commas, ID 1 to 255, "
                "SECRET at least 32 characters, the newest first."
            )
        if int(number) in ring:
            raise ImproperlyConfigured(f"{name} names key {number} twice.")
        ring[int(number)] = secret.encode()
    return ring


def readable(name: str, path: str) -> str:
    """Return a file's path as it was given, empty for none; refuse one that cannot be read."""
    if path and not os.access(path, os.R_OK):
        raise ImproperlyConfigured(f"{name} names a file that cannot be read: {path}")
    return path


def smtp_address(name: str, url: str) -> SmtpAddress:
    """Parse `smtp://`, `submission://` (STARTTLS) or either with `?ssl=True` (TLS from the start).

    Anything else is refused: a misspelt scheme must never mean mail without TLS.
    """
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme not in {"smtp", "submission"} or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} must look like submission://user:password@host:587 or "
            "smtp://user:password@host:465/?ssl=True."
        )
    if query not in ({}, {"ssl": ["True"]}):
        raise ImproperlyConfigured(f"{name} knows one option, ?ssl=True.")
    security = "tls" if query else ("starttls" if parts.scheme == "submission" else "none")
    default_port = {"tls": 465, "starttls": 587, "none": 25}[security]
    return SmtpAddress(
        host=parts.hostname,
        port=parts.port or default_port,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        security=security,
    )
