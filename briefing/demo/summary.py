"""What `up` says when all is done: where everything is, and what was sent."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.table import Table
from rich.text import Text

from briefing.demo.first_issue import Arrivals
from briefing.demo.seeding import Login
from briefing.dispatch.progress import Progress
from briefing.models import Issue


def show(console: Console, *, url: str, login: Login, issue: Issue) -> None:
    """Print where to look, the desk with its login."""
    table = Table.grid(padding=(0, 3, 0, 2))
    table.add_column(style="bold")
    table.add_column(no_wrap=True)
    table.add_column()
    for name, path, note in (
        (_("Site"), "/", _("read an article, sign up in its box")),
        (_("Inbox"), "/inbox/", _("every mail this copy has sent")),
        (_("Desk"), "/admin/", _login(login)),
        (_("Issue"), issue.get_absolute_url(), issue.subject),
    ):
        table.add_row(name, Text(f"{url}{path}", style=f"link {url}{path}"), Text(note))
    console.print()
    console.print(table)
    console.print()


def _login(login: Login) -> str:
    if login.password:
        return _("login %(name)s, password %(password)s") % {
            "name": login.username,
            "password": login.password,
        }
    return _("login %(name)s, with the password you chose") % {"name": login.username}


def sent(measured: Progress, issue: Issue, *, earlier: bool) -> str:
    """Say in one line what became of the issue."""
    accepted = measured.by_outcome["accepted"]
    words = ngettext(
        "issue %(number)d went to %(accepted)d reader",
        "issue %(number)d went to %(accepted)d readers",
        accepted,
    ) % {"number": issue.number, "accepted": accepted}
    others = {
        name: count
        for name, count in (measured.by_outcome | measured.excluded).items()
        if count and name != "accepted"
    }
    if earlier and measured.finished_at:
        words = f"{words} ({measured.finished_at:%d.%m.%Y})"
    return ", ".join([words, *(f"{count} {name}" for name, count in others.items())])


def lacking(arrivals: Arrivals) -> str:
    """Say what has not arrived, for somebody who has to find out why."""
    return _(
        "Not everything has arrived: %(copies)d copies of the issue and %(mails)d mails to one "
        "person were accepted and are not in the sink, %(owed)d are still owed."
    ) % {
        "copies": arrivals.missing_copies,
        "mails": arrivals.missing_mails,
        "owed": arrivals.owed,
    }
