"""Says what went wrong with `up` so that somebody can do something about it."""

from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from briefing.demo.crowd import NobodyConfirmsError
from briefing.demo.first_issue import StalledError
from briefing.demo.instance import AlreadyRunningError, PortTakenError
from briefing.demo.processes import ProcessDiedError
from briefing.demo.readiness import NotReadyError
from briefing.demo.supervisor import IncompleteError
from briefing.dispatch.control import DispatchRefusedError

_LINES = 15

EXPECTED = (
    AlreadyRunningError,
    DispatchRefusedError,
    IncompleteError,
    NobodyConfirmsError,
    NotReadyError,
    PortTakenError,
    ProcessDiedError,
    StalledError,
)


def explain(error: Exception, folder: Path) -> str:
    """Return what happened, the last lines of the log that matters, and what to do next."""
    return "\n".join(_lines(error, folder / "logs"))


def _lines(error: Exception, logs: Path) -> Iterator[str]:
    match error:
        case AlreadyRunningError():
            yield _("This copy is running already: %(url)s (process %(pid)s).") % {
                "url": error.url,
                "pid": error.pid,
            }
            yield _("Stop it with Ctrl-C where it was started, then start it again.")
        case PortTakenError():
            yield _("Another program listens on port %s.") % error
            yield _("Choose another with --port, or leave --port out and a free one is taken.")
        case ProcessDiedError():
            yield _("%(name)s ended with code %(code)d.") % {"name": error.name, "code": error.code}
            yield from _tail(logs / f"{error.name}.log")
        case NotReadyError():
            yield _("%s runs and does not answer.") % error.name
            yield from _tail(logs / f"{error.name}.log")
        case NobodyConfirmsError():
            yield _("Confirmations stopped arriving: %(arrived)d of %(wanted)d readers are in.") % {
                "arrived": error.arrived,
                "wanted": error.wanted,
            }
            yield from _tail(logs / "transactional.log")
        case StalledError():
            yield _("The dispatch is %(state)s and does not move. %(reason)s") % {
                "state": error.state,
                "reason": error.reason,
            }
            yield from _tail(logs / "dispatch.log")
        case _:
            yield str(error)


def _tail(log: Path) -> Iterator[str]:
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    yield _("The last lines of %s:") % log
    yield from (f"    {line}" for line in lines[-_LINES:])
    yield (
        _("Start again to go on from here. Remove the folder %s to begin anew.") % log.parent.parent
    )
