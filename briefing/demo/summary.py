"""What `up` says when all is done: where everything is, and what was sent."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.text import Text

from briefing.demo.first_issue import Arrivals
from briefing.demo.seeding import Login
from briefing.dispatch.progress import Progress
from briefing.models import Issue


def show(console: Console, *, url: str, login: Login, issue: Issue) -> None:
    """Print where to look, and the desk's login."""
    lines = (
        (_("Site"), f"{url}/"),
        (_("Inbox"), f"{url}/inbox/"),
        (_("Desk"), f"{url}/admin/"),
        ("", _login(login)),
        (_("Issue %d") % issue.number, f"{url}{issue.get_absolute_url()}"),
        ("", f"“{issue.subject}”"),
    )
    width = max(len(name) for name, _value in lines)
    console.print()
    for name, value in lines:
        link = f"link {value}" if value.startswith(url) else ""
        line = Text.assemble("  ", (f"{name:<{width}}", "bold"), "   ", (value, link))
        # Never cut or broken: these are to be clicked and copied.
        console.print(line, soft_wrap=True)
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
