"""Fills a new copy: tables, wordings, the sample archive, the desk's owner and the first issue."""

import hashlib
import secrets
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.utils.translation import gettext as _

from briefing.demo.instance import write_private
from briefing.issues import lifecycle
from briefing.models import Article, Issue, User
from subscribers.models import ConsentNotice, Newsletter

_OWNER = "owner"
_OWNER_FILE = "owner.txt"
# Letters and digits that nobody mistakes for another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_ARTICLES_IN_ISSUE = 6
_LONGEST_PREHEADER = 120


@dataclass(frozen=True, slots=True)
class Login:
    """The desk's owner. `password` is empty when somebody chose another than the generated one."""

    username: str
    password: str


def migrate() -> None:
    """Bring the database's tables to what the code expects."""
    call_command("migrate", interactive=False, verbosity=0)


def load(seeds: Path) -> tuple[int, int]:
    """Load wordings and articles, unless a first issue says it was done; return how many there are.

    Later starts leave the archive alone: an article deleted in the desk stays deleted.
    """
    if not Issue.objects.exists():
        for command, path in (("load_notices", seeds / "notices"), ("import_articles", seeds)):
            call_command(command, str(path), verbosity=0, stdout=StringIO())
    return Article.objects.published().count(), ConsentNotice.objects.count()


def newsletter() -> Newsletter:
    """Return the newsletter that the sample archive belongs to."""
    return Newsletter.objects.order_by("pk")[0]


def owner(folder: Path) -> Login:
    """Return the owner's login, made with a random password the first time."""
    file = folder / _OWNER_FILE
    user = User.objects.filter(username=_OWNER).first()
    if user is None:
        groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
        password = "-".join(groups)
        # The file first: a password that only the database knew would lock everybody out.
        write_private(file, f"{password}\n")
        User.objects.create_superuser(_OWNER, "owner@robotics-briefing.example", password)
        return Login(_OWNER, password)
    password = file.read_text("utf-8").strip() if file.exists() else ""
    return Login(_OWNER, password if user.check_password(password) else "")


def first_issue(wanted: Newsletter) -> Issue:
    """Return issue 1, composed from the newest articles if nobody has composed it yet."""
    issue = Issue.objects.filter(newsletter=wanted, number=1).first()
    if issue:
        return issue
    articles = lifecycle.unused_articles(wanted)[:_ARTICLES_IN_ISSUE]
    also = " · ".join(article.headline for article in articles[1:3])
    intro = _(
        "Hello {{ name|there }},\n\nThis is the first issue: %(count)d reports on who builds the "
        "robots, who pays for them and which rules they meet. Each one ends with what we are "
        "watching next and where its facts come from."
    )
    return lifecycle.compose(
        wanted,
        articles,
        subject=articles[0].headline,
        preheader=also if len(also) <= _LONGEST_PREHEADER else articles[1].headline,
        intro=intro % {"count": len(articles)},
    )


def static_fingerprint() -> str:
    """Return what changes when any static file does: collecting them anew takes seconds."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            file = Path(storage.path(name)).stat()
            digest.update(f"{name} {file.st_mtime_ns} {file.st_size}\n".encode())
    return digest.hexdigest()
