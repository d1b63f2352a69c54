"""Works in mail that came back: an event for a delivery of ours, or a reader leaves.

Before it: a mailbox or a pipe. After it: tracking.apply, which folds. Each mail is worked in before
it is removed, and the same mail twice changes nothing: being killed in between costs nothing.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from briefing.mailbox import reports
from briefing.mailbox.reports import Kind, Report
from briefing.models import Event
from briefing.tracking import record, singles
from briefing.tracking.provider import OF_BOUNCE
from subscribers import unsubscribe
from subscribers.consent import Origin

logger = logging.getLogger(__name__)

# No report is longer; of a whole newsletter that was returned the beginning says enough.
MAX_BYTES = 1024 * 1024
# What one turn takes: the next one comes within a minute, and a drain may be waiting.
AT_ONCE = 200
_PROVIDER = "mailbox"
# So many parts are no report. Each line of a mail is compared with the borders of all it stands in,
# so that many of them cost minutes; a person looks at such a mail.
_MOST_PARTS = 30
# What reading raises that nobody wrote to be read; the last one when parts or comments stand too deep.
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Done(StrEnum):
    """What became of one mail."""

    TAKEN_IN = "taken in"
    IGNORED = "ignored"
    SET_ASIDE = "set aside"


class Mailbox(Protocol):
    """Where mail waits. Names stay the same until a mail is gone."""

    def names(self) -> Iterable[str]:
        """Return the names of the mail that waits, the oldest first."""

    def read(self, name: str) -> bytes:
        """Return the first MAX_BYTES of a mail; nothing when somebody else has taken it."""

    def remove(self, name: str) -> None:
        """Delete a mail, if it is still there."""

    def set_aside(self, name: str) -> None:
        """Move a mail into the folder that a person looks through."""


def read_all(mailbox: Mailbox, *, now: datetime, limit: int = AT_ONCE) -> Counter[Done]:
    """Work in what waits, and remove each mail once that is committed. Safe to run twice.

    Raises: OSError, at the end, where a mail could not be removed; it is worked in again next time.
    """
    done: Counter[Done] = Counter()
    refused: OSError | None = None
    for _number, name in zip(range(limit), mailbox.names(), strict=False):
        raw = mailbox.read(name)
        if not raw:
            continue
        became = take_in(raw, now=now)
        done[became] += 1
        try:
            if became is Done.SET_ASIDE:
                mailbox.set_aside(name)
            else:
                mailbox.remove(name)
        except OSError as error:
            # One that cannot be removed must not stand before all others for ever.
            refused = refused or error
    if refused:
        raise refused
    return done


def take_in(raw: bytes, *, now: datetime, recipient: str = "") -> Done:
    """Work in one mail, whoever wrote it. `recipient` is the envelope's, where it is known.

    What cannot be read at all is set aside: it must not stop what lies behind it.
    """
    raw = raw[:MAX_BYTES]
    try:
        if raw.lower().count(b"multipart/") > _MOST_PARTS:
            return Done.SET_ASIDE
        return _take_in(reports.read(raw, recipient=recipient), now=now)
    except _UNREADABLE:
        logger.exception("mail_unreadable bytes=%s", len(raw))
        return Done.SET_ASIDE


def _take_in(report: Report, *, now: datetime) -> Done:
    if report.kind is Kind.AUTOMATIC:
        return Done.IGNORED
    if report.leaving:
        origin = Origin(form="mailto")
        unsubscribe.one_click(*report.leaving, origin=origin, now=now)
        return Done.TAKEN_IN
    if report.outbox_id is not None:
        singles.draw([_event(report, now=now)], now=now)
        return Done.TAKEN_IN
    # A report without a signature of ours is believed by nobody; a letter is for a person.
    if report.kind is Kind.LETTER or report.delivery is None or not report.delivery.dispatch_id:
        return Done.SET_ASIDE
    record.keep([_event(report, now=now)], now=now)
    return Done.TAKEN_IN


def _event(report: Report, *, now: datetime) -> record.Report:
    dispatch_id, subscriber_id = report.delivery or (None, None)
    kind = _kind(report)
    return record.Report(
        provider=_PROVIDER,
        # Told twice it is the same: a server may report to two addresses of ours.
        key=record.key_of(dispatch_id, subscriber_id, kind, report.status),
        kind=kind,
        # Anybody's clock: never believed about the future.
        at=min(report.at or now, now),
        dispatch_id=dispatch_id,
        subscriber_id=subscriber_id,
        code=record.code_of([report.words, report.status]),
        payload={"status": report.status, "bounce": report.bounce or ""},
        outbox_id=report.outbox_id,
    )


def _kind(report: Report) -> Event.Kind:
    if report.kind is Kind.BOUNCED and report.bounce:
        return OF_BOUNCE[report.bounce]
    return {
        Kind.DEFERRED: Event.Kind.DEFERRED,
        Kind.DELIVERED: Event.Kind.DELIVERED,
        Kind.COMPLAINED: Event.Kind.COMPLAINED,
    }[report.kind]
