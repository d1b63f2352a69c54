"""`manage.py up`: starts a whole copy, fills it, dispatches issue 1, and ends what it started.

Each step first looks at what is there, so a second run, or one after a crash, goes on from it.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from briefing.demo import crowd, first_issue, readers, readiness, seeding, services, summary
from briefing.demo.instance import Instance
from briefing.demo.processes import Processes
from briefing.demo.seeding import Login
from briefing.demo.teller import Teller
from briefing.dispatch import progress
from briefing.models import Dispatch, Issue

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ARRIVAL_SECONDS = 60.0
_HARMLESS = {"accepted", "skipped"}


class IncompleteError(Exception):
    """With `--once`: not every message arrived. The text says what is lacking."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asked for."""

    once: bool
    readers: int


def run(
    instance: Instance, wanted: Wanted, *, environment: Mapping[str, str], teller: Teller
) -> None:
    """Bring a copy up and keep it up, or with `once` end it when every message has arrived.

    Raises: KeyboardInterrupt when asked to stop, and what the steps raise. Nothing it started runs
    any more when it returns or raises.
    """
    processes = Processes(
        root=settings.BASE_DIR,
        folder=settings.LOCAL_DIR,
        environment=environment,
        on_restart=lambda name: teller.say(_("  ! %s died and was started again") % name),
    )
    copy = Copy(instance, processes, teller)
    with _ended_at_last(processes):
        copy.start_stores()
        login = copy.start_servers()
        issue = seeding.first_issue(seeding.newsletter())
        if not first_issue.dispatched(issue):
            copy.sign_up(wanted.readers)
        dispatch = copy.dispatch(issue)
        if wanted.once:
            copy.wait_for_arrivals(dispatch)
        summary.show(teller.console, url=instance.url, login=login, issue=issue)
        if not wanted.once:
            copy.watch()


@dataclass(slots=True)
class Copy:
    """The steps of `run`, in their order."""

    instance: Instance
    processes: Processes
    teller: Teller

    def start_stores(self) -> None:
        """Start broker and sink, bring the database up to date, collect static files."""
        folder = settings.LOCAL_DIR
        fingerprint, noted = seeding.static_fingerprint(), folder / "static.fingerprint"
        stale = not noted.exists() or noted.read_text("ascii") != fingerprint
        with self.teller.step(_("Starting the broker"), done=_("broker and mail sink")):
            self.processes.start(services.broker(self.instance, folder))
            self.processes.start(services.sink(self.instance, folder))
            if stale:
                self.processes.start(services.static_files())
            self._wait("broker", lambda: readiness.broker(self.instance))
            self._wait("sink", lambda: readiness.sink(self.instance))
        with self.teller.step(_("Preparing the database"), done=_("database and static files")):
            seeding.migrate()
            if stale:
                self.processes.finish("static")
                noted.write_text(fingerprint, "ascii")

    def start_servers(self) -> Login:
        """Start web server and workers; load the archive while they come up."""
        for service in (
            services.web(self.instance),
            *(services.worker(queue) for queue in services.WORKERS),
            services.beat(),
        ):
            self.processes.start(service)
        with self.teller.step(_("Loading the archive"), done=_("archive, wordings and login")):
            seeding.load(settings.BASE_DIR / "seeds")
            login = seeding.owner(settings.LOCAL_DIR)
        with self.teller.step(_("Waiting for the web server"), done=_("web server and workers")):
            self._wait("web", lambda: readiness.web(self.instance))
            self._wait("transactional", readiness.workers)
        return login

    def sign_up(self, number: int) -> None:
        """Bring readers through double opt-in."""
        people = crowd.Crowd(seeding.newsletter(), self._mail_file)
        people.expect(readers.draw(settings.BASE_DIR / "seeds" / "readers.toml", number))
        with self.teller.bar(_("Readers signing up")) as bar:
            crowd.sign_up(people, advance=bar.advance, check=self.processes.check)
            bar.done = (
                ngettext(
                    "%d reader signed up and confirmed",
                    "%d readers signed up and confirmed",
                    people.confirmed,
                )
                % people.confirmed
            )

    def dispatch(self, issue: Issue) -> Dispatch:
        """Dispatch the issue unless that was done before, and watch it to its end.

        Raises: StalledError when it does not get there.
        """
        dispatch = first_issue.dispatched(issue) or first_issue.begin(issue)
        was_over = dispatch.finished_at is not None
        with self.teller.bar(_("Issue 1 on its way")) as bar:
            measured = first_issue.wait(dispatch, advance=bar.advance, check=self.processes.check)
            bar.done = summary.sent(measured, issue, earlier=was_over)
        return dispatch

    def wait_for_arrivals(self, dispatch: Dispatch) -> None:
        """Wait until the sink has everything. Raises: IncompleteError."""
        measured = progress.measure(dispatch.pk)
        harmed = {name: n for name, n in measured.by_outcome.items() if n and name not in _HARMLESS}
        if harmed:
            raise IncompleteError(summary.sent(measured, dispatch.issue, earlier=False))
        with self.teller.bar(_("Mail arriving")) as bar:
            arrivals = first_issue.arrive(
                dispatch, self._mail_file, advance=bar.advance, check=self.processes.check
            )
            if not arrivals.complete:
                raise IncompleteError(summary.lacking(arrivals))
            bar.done = _("%(copies)d copies and %(mails)d other mails have arrived") % {
                "copies": arrivals.copies,
                "mails": arrivals.mails,
            }

    def watch(self) -> None:
        """Keep everything running until a signal comes. Raises: ProcessDiedError."""
        self.teller.say(_("  Ctrl-C stops everything; the data stays in %s.") % settings.LOCAL_DIR)
        while True:
            self.processes.check()
            time.sleep(0.5)  # a signal ends it

    def _wait(self, name: str, answers: Callable[[], bool]) -> None:
        readiness.wait(name, answers, check=self.processes.check)

    @property
    def _mail_file(self) -> Path:
        return Path(settings.LOCAL_DIR) / "mail.sqlite3"


@contextmanager
def _ended_at_last(processes: Processes) -> Iterator[None]:
    """Turn every wish to stop into an exception, and end the processes whatever happens.

    A second wish does not interrupt the ending, it makes it quicker.
    """

    def hurry(_number: int, _frame: FrameType | None) -> None:
        processes.hurry = True

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, hurry)
        raise KeyboardInterrupt

    for number in _SIGNALS:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in _SIGNALS:
            signal.signal(number, hurry)
        processes.stop()
