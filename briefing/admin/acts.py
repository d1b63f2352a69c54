"""Says an entry of the audit log in words. The entry has a code, noun.verb, which stays what it was."""

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# By the whole code where the verb alone would not say it, else by the verb.
_WORDS: dict[str, Promise] = {
    "account.login": _("logged in"),
    "account.logout": _("logged out"),
    "account.refused": _("was not let in"),
    "password.change": _("changed the password"),
    "password.reset": _("set a new password by mail"),
    "email.change": _("changed the address of the login"),
    "second_factor.add": _("set up a second factor"),
    "second_factor.remove": _("removed a second factor"),
    "second_factor.renew": _("made new recovery codes"),
    "second_factor.take_away": _("took the second factor away"),
    "newsletter.export": _("exported its readers"),
    "add": _("added"),
    "change": _("changed"),
    "delete": _("deleted"),
    "restore": _("restored an earlier version"),
    "import": _("imported"),
    "compose": _("composed"),
    "arrange": _("arranged anew"),
    "check-links": _("had its links looked at"),
    "look-up": _("had its sender looked up"),
    "test": _("sent a test"),
    "approve": _("approved"),
    "schedule": _("scheduled"),
    "unschedule": _("taken off the timetable"),
    "dispatch": _("dispatched"),
    "missed": _("dispatched to those it missed"),
    "correction": _("dispatched a correction"),
    "pause": _("paused"),
    "resume": _("resumed"),
    "cancel": _("cancelled"),
    "undo": _("called back"),
    "go-on": _("let go on"),
    "accept": _("decided: accepted"),
    "reject": _("decided: rejected"),
    "resend": _("decided: sent again"),
    "burst.suppress": _("suppressed the readers of a burst"),
    "burst.spare": _("spared the readers of a burst"),
    "reconciliation.believed": _("believed the provider"),
    "reconciliation.refused": _("did not believe the provider"),
    "series.move": _("moved in the series"),
    "series.remove": _("taken out of the series"),
    "series.on": _("switched the series on"),
    "series.off": _("switched the series off"),
    "mail.hold": _("held all outgoing mail"),
    "mail.let_go": _("let outgoing mail go"),
    "alert.see": _("saw an alert"),
    "lift": _("lifted"),
    "export": _("exported"),
    "evidence": _("made evidence"),
    "erase": _("erased"),
}


def in_words(act: str) -> str:
    """Return what was done; a code that has no words here speaks for itself."""
    return str(_WORDS.get(act) or _WORDS.get(act.rpartition(".")[2]) or act)


def kind_in_words(subject: str) -> str:
    """Return what kind of thing was acted on; `subject` is `app.model`, or nothing."""
    try:
        return str(apps.get_model(subject)._meta.verbose_name)
    except (LookupError, ValueError):
        return subject.rpartition(".")[2]
