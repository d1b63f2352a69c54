"""`manage.py doctor`: what is missing or broken in this copy, each with the way to mend it."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis
from redis.exceptions import RedisError

from briefing.dispatch import breaker, holding, invariants, pace
from briefing.dispatch.clock import database_now
from briefing.issues import senders
from briefing.models import Delivery, Fence
from briefing.nameserver import Asker
from briefing.transports import accounts
from briefing.transports.base import TransportDownError
from briefing.transports.smtp import SmtpTransport
from subscribers import sealing, suppression, triggers
from subscribers.models import ConsentNotice, Newsletter

_SILENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `bad` makes the command fail; the rest is worth knowing."""

    text: str
    mend: str
    bad: bool = True


def settings_check() -> Iterator[Finding]:
    """Whether Django and the deployment checks are content."""
    for message in run_checks(include_deployment_checks=settings.PRODUCTION):
        yield Finding(message.msg, message.hint or "See the setting named.", message.level >= ERROR)


def database() -> Iterator[Finding]:
    """Whether the database has every table and every trigger of the ledger."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        yield Finding(f"{len(missing)} migrations are not applied", "Run: manage.py migrate")
        return
    if names := triggers.missing(connection):
        yield Finding(
            f"The consent ledger is unguarded: {', '.join(sorted(names))}",
            "Run: manage.py migrate, which puts the triggers back.",
        )


def pooler() -> Iterator[Finding]:
    """Whether it is known that connections are lent, and no transaction may hang for ever."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_backend_pid(), setting::bigint, current_user FROM pg_settings "
            "WHERE name = 'idle_in_transaction_session_timeout'"
        )
        process, idle_ms, role = cursor.fetchone()
    # A pooler tells its clients a number of its own.
    if connection.connection.info.backend_pid != process and not settings.DATABASE_POOLED:
        yield Finding(
            "A pooler stands before PostgreSQL",
            "Set DATABASE_POOLED=True: docs/deploy/pooling.md.",
        )
    lease_ms = round(settings.LEASE_SECONDS * 1000)
    if not 0 < idle_ms <= lease_ms:
        yield Finding(
            "A worker that hangs in a transaction holds its locks beyond its lease",
            f"Run in PostgreSQL: ALTER ROLE {role} SET idle_in_transaction_session_timeout = "
            f"{lease_ms}; then restart the pooler.",
        )


def ledger() -> Iterator[Finding]:
    """Whether the consent ledger is what it was when it was sealed."""
    verdict = sealing.verify()
    if verdict.broken:
        yield Finding(f"The consent ledger was altered: {verdict.broken}", "See docs/consent.md.")


def suppressions() -> Iterator[Finding]:
    """Whether everybody who must not be written to can still be recognised."""
    if number := suppression.unreadable():
        yield Finding(
            f"{number} suppressions are under a key that SUPPRESSION_KEYS no longer names",
            "Put the key back, behind the newest: docs/deploy/rotation.md.",
        )


def promises() -> Iterator[Finding]:
    """Whether the deliveries keep the promise."""
    for violation in invariants.violations(at_most=3):
        yield Finding(
            f"{violation.invariant} does not hold for dispatch {violation.dispatch_id}: "
            f"{violation.detail}",
            "Pause the dispatch and see docs/guarantees.md.",
        )


def held() -> Iterator[Finding]:
    """Whether something waits for a person's decision."""
    if reason := holding.held():
        yield Finding(f"All outgoing mail is held: {reason}", "Decide with: manage.py hold --help")
    unknown = Delivery.objects.filter(outcome=Delivery.Outcome.UNKNOWN).count()
    if unknown:
        yield Finding(
            f"{unknown} deliveries are unknown", "See them with: manage.py unknown ID", bad=False
        )


def broker() -> Iterator[Finding]:
    """Whether doorbells can ring."""
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1) as client:
            client.ping()
    except RedisError as error:
        yield Finding(
            f"The broker does not answer ({type(error).__name__})",
            "Nothing is lost, but everything waits for the sweep. Start it, or see REDIS_URL.",
        )


def beat() -> Iterator[Finding]:
    """Whether the sweep has been by lately."""
    at = Fence.objects.filter(pk=1).values_list("heartbeat_at", flat=True).first()
    if at is None or database_now() - at > _SILENCE:
        yield Finding(
            "Beat or its worker is not running",
            "Start celery beat and a worker for the queue `transactional`.",
            bad=settings.PRODUCTION,
        )


def mail() -> Iterator[Finding]:
    """Whether each mail account lets us in."""
    for account in [*pace.accounts_in_order(), "transactional"]:
        if breaker.is_open(account):
            yield Finding(f"The breaker of {account} is open", "It is tried again by itself.")
        transport = accounts.transport(account)
        if not isinstance(transport, SmtpTransport):
            continue
        try:
            sock, _offer = transport.connect()
            sock.close()
        except TransportDownError as error:
            yield Finding(f"{account} cannot be used: {error}", "See EMAIL_URL and the provider.")


def newsletters() -> Iterator[Finding]:
    """Whether people can sign up, and every newsletter says who writes and from where."""
    if not Newsletter.objects.exists():
        yield Finding(
            "There is no newsletter", "Make it at the desk, under Newsletters.", bad=False
        )
    for kind in (ConsentNotice.Kind.SIGNUP, ConsentNotice.Kind.PRIVACY):
        if not ConsentNotice.objects.filter(kind=kind).exists():
            yield Finding(
                f"No “{kind}” wording is published, so nobody can sign up",
                "Put yours into a folder, as in seeds/notices, and run: manage.py load_notices FOLDER",
            )
    for newsletter in Newsletter.objects.filter(postal_address=""):
        yield Finding(
            f"{newsletter} has no postal address, so workers and beat do not start",
            "Add it at the desk, under Newsletters: the law asks it.",
        )


def sender() -> Iterator[Finding]:
    """Whether large mailboxes can tell whose mail it is: SPF, DKIM and DMARC, asked of DNS now."""
    for newsletter in Newsletter.objects.all() if settings.LOOK_UP_SENDERS else ():
        senders.look_up(senders.domain_of(newsletter), Asker(), now=database_now())
        for each in senders.said(newsletter, now=database_now()):
            yield Finding(str(each.what).rstrip("."), str(each.mend), each.blocks)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    settings_check,
    database,
    pooler,
    ledger,
    suppressions,
    promises,
    held,
    broker,
    beat,
    mail,
    newsletters,
    sender,
)


class Command(BaseCommand):
    help = (
        "Look at everything that sending depends on, and say what is missing and how to mend it. "
        "Exit code 0 when all is well, 1 when something has to be mended."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [check.__name__ for check in CHECKS]
        parser.add_argument("--only", choices=names, action="append", help="one check (repeat)")

    def handle(self, *_: Any, **options: Any) -> None:
        wanted = options["only"] or [check.__name__ for check in CHECKS]
        bad = 0
        for check in CHECKS:
            if check.__name__ not in wanted:
                continue
            findings = list(check())
            sign = "ok" if not findings else "--"
            self.stdout.write(f"{sign:>3}  {(check.__doc__ or '').rstrip('.')}")
            for finding in findings:
                bad += finding.bad
                self.stdout.write(f"       {finding.text}. {finding.mend}")
        if bad:
            raise CommandError(f"{bad} things to mend.")
