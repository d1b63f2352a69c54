"""Which mail domains may ask to be readers, as a copy's settings say. Pure: knows no table.

Before it: a signup that was written down. After it: `signup` decides. It is asked by the worker and
never by the form, whose answer must not tell one address from another.
"""

from functools import lru_cache
from pathlib import Path

from django.conf import settings


def refuses(domain: str) -> bool:
    """Whether signups from a domain lead nowhere. A listed domain means its subdomains too."""
    parents = _with_parents(domain)
    if settings.ALLOWED_DOMAINS and not parents & set(settings.ALLOWED_DOMAINS):
        return True
    return bool(parents & set(settings.REFUSED_DOMAINS) or parents & _disposable())


def _disposable() -> frozenset[str]:
    path = settings.DISPOSABLE_DOMAINS
    return read(Path(path)) if path else frozenset()


@lru_cache(maxsize=4)
def read(path: Path) -> frozenset[str]:
    """Return the domains of a list: one a line, `#` begins a remark. Read once per process."""
    lines = (line.partition("#")[0] for line in path.read_text("utf-8").splitlines())
    return frozenset(line.strip().lower() for line in lines if line.strip())


def _with_parents(domain: str) -> set[str]:
    labels = domain.split(".")
    return {".".join(labels[start:]) for start in range(len(labels))}
