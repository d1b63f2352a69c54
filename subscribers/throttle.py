"""Signup limits: how many confirmations one address, visitor, domain and the whole site may cause.

The mail itself is the weapon: anybody can type a stranger's address. What guards a person (the
limits per address) is counted in the database and holds without a broker; what guards the site
(per visitor, domain and all together) is counted in Valkey, and in this process when it is away.
"""

import ipaddress
import logging
import math
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerSecond, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, StorageTypes, storage_from_string
from limits.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

from subscribers import address
from subscribers.models import Outbox, SignupRequest

log = logging.getLogger(__name__)
State = SignupRequest.State

# Questions to one mailbox, across newsletters and readers: at most `most` within `span`.
PER_ADDRESS = ((1, timedelta(minutes=15)), (3, timedelta(hours=24)))
# An address that bounced may be asked once a day: it was probably mistyped, then and now.
PER_BOUNCED_ADDRESS = ((1, timedelta(hours=24)),)
PER_VISITOR = parse_many("5/minute; 20/hour")
# Large providers have many mailboxes, so this only stops a flood at a small one from being ours.
PER_DOMAIN = parse_many("300/hour")
PER_SITE = parse_many("3000/hour")
# Under pressure when less than this share of the site's ceiling is left: at the ceiling itself a place
# comes free every second, and whoever saw it while typing would find it taken.
_PRESSURE_SHARE = 0.1
# That some domain is that near its ceiling: which one, nobody is told. It is forgotten as its count is.
_DOMAINS_PRESSED = parse_many("1/hour")
# Rows that clicks of nobody in particular may make: on one link, and on all of them.
PER_LINK = parse_many("1000/minute")
PER_ALL_LINKS = parse_many("200000/day")
# How long a confirmation waits when the site or a domain is over its ceiling: nobody is turned away.
PRESSURE_DELAY = timedelta(minutes=15)

_STORAGE_SECONDS = 0.1
_RETRY_SECONDS = 30


def admits_visitor(ip: str) -> bool:
    """Count one signup of a visitor; False when this network has made too many just now."""
    return _hit(PER_VISITOR, "visitor", visitor_network(ip))


def admits_click(dispatch_id: int, position: int) -> bool:
    """Count one click that names no reader; False when so many came that more are not written."""
    on_link = _hit(PER_LINK, "link", str(dispatch_id), str(position))
    return _hit(PER_ALL_LINKS, "links", "all") and on_link


def delay(domain: str) -> timedelta:
    """Count one confirmation to a domain; return how long it should wait, usually not at all."""
    in_site = _hit(PER_SITE, "site", "all")
    in_domain = _hit(PER_DOMAIN, "domain", domain)
    if not _has_room(PER_DOMAIN, "domain", domain):
        _hit(_DOMAINS_PRESSED, "pressed", "domains")
    return timedelta(0) if in_site and in_domain else PRESSURE_DELAY


def is_under_pressure() -> bool:
    """Whether confirmations wait just now, or soon will: all of them or one domain's. Only looks."""
    return not (
        _has_room(PER_SITE, "site", "all") and _has_room(_DOMAINS_PRESSED, "pressed", "domains")
    )


def is_first(name: str, *, within: timedelta) -> bool:
    """Count one use of what may be used once; False for every use after the first."""
    once = RateLimitItemPerSecond(1, round(within.total_seconds()))
    return _counters.hit_in_window(once, "once", name)


def admits_address(key: str, *, bounced: bool, now: datetime) -> bool:
    """Whether one more question to an address is within its limits, counted in the database.

    A question is a confirmation, or whether a reader's mail should come there from now on: strangers
    can cause both. All addresses of a mailbox count together.
    """
    limits = PER_BOUNCED_ADDRESS if bounced else PER_ADDRESS
    asked_at = _asked_at(mailbox_hashes(key), now=now)
    return all(sum(at > now - span for at in asked_at) < most for most, span in limits)


def mailbox_hash(key: str) -> bytes:
    """Return the keyed hash that requests in the name of an address are counted by."""
    return address.address_hash(address.mailbox(key))


def mailbox_hashes(key: str) -> list[bytes]:
    """Return that hash under every known key, the newest first."""
    return address.hashes_under_all_keys(address.mailbox(key))


def forget() -> None:
    """Forget what this process has counted itself, and whether Valkey was away."""
    global _counters  # noqa: PLW0603  one set of counters per process is what this module keeps
    _counters = _Counters()


def visitor_network(ip: str) -> str:
    """Return what counts as one visitor: an IPv4 address, or an IPv6 /64 (one household's share)."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def _asked_at(hashes: list[bytes], *, now: datetime) -> list[datetime]:
    """Return when a mailbox was asked something in the last day, as far back as limits look."""
    unmailed = (State.RECEIVED, State.DROPPED)
    signups = SignupRequest.objects.filter(address_hash__in=hashes).exclude(state__in=unmailed)
    moves = Outbox.objects.filter(
        purpose=Outbox.Purpose.ADDRESS_CONFIRM,
        context__mailbox__in=[each.hex() for each in hashes],
    )
    most = max(most for most, _span in PER_ADDRESS)
    return [
        at
        for rows in (signups, moves)
        for at in rows.filter(created_at__gt=now - timedelta(days=1))
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:most]
    ]


class _Counters:
    """Counts in Valkey, or for a while in this process when Valkey does not answer at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shared: tuple[str, _Rates] | None = None
        self._own: _Rates | None = None
        self._own_until = 0.0

    def hit(self, limit: RateLimitItem, *names: str) -> bool:
        return self._ask(lambda rates: rates.sliding.hit(limit, *names))

    def would_admit(self, limit: RateLimitItem, cost: int, *names: str) -> bool:
        return self._ask(lambda rates: rates.sliding.test(limit, *names, cost=cost))

    def hit_in_window(self, limit: RateLimitItem, *names: str) -> bool:
        """Count to the last one: a sliding window rounds, and would let a second use through."""
        return self._ask(lambda rates: rates.fixed.hit(limit, *names))

    def _ask(self, question: Callable[["_Rates"], bool]) -> bool:
        if time.monotonic() >= self._own_until:
            try:
                return question(self._in_valkey())
            except StorageError:
                # Every further try would cost a visitor the whole time-out again.
                self._own_until = time.monotonic() + _RETRY_SECONDS
                log.warning("throttle.valkey_away retry_seconds=%s", _RETRY_SECONDS)
        return question(self._in_process())

    def _in_process(self) -> "_Rates":
        with self._lock:
            if self._own is None:
                # Not before it is needed: it has a thread of its own, which clears what is over.
                self._own = _Rates(MemoryStorage())
            return self._own

    def _in_valkey(self) -> "_Rates":
        with self._lock:
            if self._shared is None or self._shared[0] != settings.REDIS_URL:
                storage = storage_from_string(
                    settings.REDIS_URL,
                    wrap_exceptions=True,
                    key_prefix="briefing:signup",
                    socket_timeout=_STORAGE_SECONDS,
                    socket_connect_timeout=_STORAGE_SECONDS,
                )
                self._shared = (settings.REDIS_URL, _Rates(storage))
            return self._shared[1]


class _Rates:
    """The two ways of counting in one storage."""

    def __init__(self, storage: StorageTypes) -> None:
        self.sliding = SlidingWindowCounterRateLimiter(storage)
        self.fixed = FixedWindowRateLimiter(storage)


_counters = _Counters()


def _hit(limits: list[RateLimitItem], *names: str) -> bool:
    # Every limit counts this try, also when one before it has refused.
    hits = [_counters.hit(limit, *names) for limit in limits]
    return all(hits)


def _has_room(limits: list[RateLimitItem], *names: str) -> bool:
    return all(
        _counters.would_admit(limit, math.ceil(limit.amount * _PRESSURE_SHARE), *names)
        for limit in limits
    )
