"""A backup taken in the midst of a send and put back in place, as after a disk that died."""

import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from briefing import answers
from briefing.dispatch import control, holding
from briefing.models import Alert, Dispatch
from subscribers.ports import Mail
from tests.faults.registry import fault
from tests.faults.rows.kills import finished
from tests.faults.table import Measured
from tests.faults.world import World

_MAIL = Mail("welcome", "ref", "reader1@mail.example", "B", "b@mail.example", "Hello", "text", "")


@fault(
    "a backup taken mid-send, restored in place when more had been sent",
    must="everything holds, single mails too; nothing is sent again without a person",
    database="sqlite",
)
def restored_backup(world: World) -> Measured:
    """Send a third, back up, send another third, restore, start workers, and let a person decide."""
    world.sink.order("delay", 0.03)
    dispatch = world.dispatch(1_500)
    world.keep(2)
    world.until(lambda: world.sink.taken() > 400, seconds=60)
    backup = Path(settings.LOCAL_DIR) / "backup.sqlite3"
    _copy(Path(settings.DATABASES["default"]["NAME"]), backup)
    world.until(lambda: world.sink.taken() > 800, seconds=60)
    for each in world.running():
        each.signal(signal.SIGTERM)
        each.wait(20)
    sent = world.sink.taken()
    _restore(backup)
    world.keep(2)
    time.sleep(float(settings.LEASE_SECONDS) + 1)  # until every lease is over
    sent_alone = world.sink.taken() - sent
    dispatch.refresh_from_db()
    state, reason = dispatch.state, holding.held()
    mail = answers.Answers().send(_MAIL)
    alerts = Alert.objects.filter(kind=Alert.Kind.HELD).count()
    # The person's decision: nobody without a row is written to; then everything may go on.
    call_command("hold", unsent_is_unknown=dispatch.pk, verbosity=0)
    call_command("hold", release=True)
    control.resume(dispatch)
    measured = finished(world, dispatch, note=f"held: {reason}", timeouts=1_500)
    measured.recovered_seconds = None
    measured.demand(sent_alone == 0, f"{sent_alone} messages left by themselves")
    measured.demand(state == Dispatch.State.HOLDING, f"the dispatch was {state}")
    measured.demand("backup" in reason, f"held because: {reason}")
    measured.demand(mail.outcome == "deferred", f"a single mail was {mail.outcome}")
    measured.demand(alerts == 1, f"{alerts} alerts")
    again = world.sink.taken() - sent
    measured.demand(again == 0, f"{again} messages left after the person had decided")
    return measured


def _copy(source: Path, target: Path) -> None:
    """Copy a living database, as `sqlite3 .backup` does."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _restore(backup: Path) -> None:
    connections.close_all()
    path = Path(settings.DATABASES["default"]["NAME"])
    for beside in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        beside.unlink(missing_ok=True)
    shutil.copyfile(backup, path)
