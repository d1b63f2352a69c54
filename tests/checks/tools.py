"""Runs the tools that judge code: ruff, mypy, import-linter, djade, and Django's own checks."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.checks import files

_PROGRAMS = Path(sys.executable).parent
_PYTHON_CODE = ("briefing", "subscribers", "tests", "manage.py")


def lint() -> Iterator[str]:
    """Name what ruff finds."""
    return run("ruff", "check", "--quiet", "--output-format", "concise", ".")


def form() -> Iterator[str]:
    """Name the files that ruff would format differently."""
    return run("ruff", "format", "--check", "--output-format", "concise", ".")


def types() -> Iterator[str]:
    """Name what mypy finds."""
    return run("mypy", "--no-error-summary", *_PYTHON_CODE)


def layers() -> Iterator[str]:
    """Name the imports that go the wrong way."""
    return run("lint-imports", "--no-logo")


def templates() -> Iterator[str]:
    """Name the templates that djade would format differently."""
    # Mails in MJML and text are left alone: djade may move blank lines, which a text shows.
    pages = [files.name_of(path) for path in files.own(".html") if "templates" in path.parts]
    return run("djade", "--target-version", "5.2", "--check", *pages)


def migrations() -> Iterator[str]:
    """Name the changes of models that no migration makes."""
    return _manage("makemigrations", "--check", "--dry-run")


def system() -> Iterator[str]:
    """Name what Django finds wrong with the project."""
    return _manage("check", "--fail-level", "WARNING")


def deployment() -> Iterator[str]:
    """Name what Django finds wrong with a copy in production."""
    return _manage("check", "--deploy", "--fail-level", "INFO", environment=production())


def production() -> dict[str, str]:
    """Return a whole environment that a copy in production could have, and nothing of a test's."""
    kept = ("HOME", "LANG", "LOCAL_DIR", "PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "MODE": "production",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "LINK_KEYS": f"1:{secrets.token_urlsafe(32)}",
        "SUPPRESSION_KEYS": f"1:{secrets.token_urlsafe(32)}",
        "PUBLIC_BASE_URL": "https://briefing.example",
        "ALLOWED_HOSTS": "briefing.example",
        "EMAIL_URL": "submission://user:password@smtp.example:587",
    }


def _manage(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    return run("python", "manage.py", *arguments, environment=environment)


def run(
    program: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a program of the virtual environment in the project; yield its lines if it fails.

    `environment` stands instead of this process's own.
    """
    variables = os.environ if environment is None else environment
    done = subprocess.run(
        [_PROGRAMS / program, *arguments],
        cwd=files.ROOT,
        env={**variables, "NO_COLOR": "1", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        yield from (line for line in done.stdout.splitlines() if line.strip())
        if not done.stdout.strip():
            yield f"{program} {' '.join(arguments)} ended with {done.returncode} and said nothing"
