"""Signs the demo's readers up as people do: a request, a mail in the sink, a click on its link.

Whatever an interrupted run left (requests made, mails unopened) is found and carried on from.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from redis import Redis

from briefing.demo import mailbox
from briefing.demo.message import open_mail
from briefing.demo.readers import DemoReader
from subscribers import address, links, signup, tasks
from subscribers.consent import Origin
from subscribers.models import Newsletter, SignupRequest, Subscriber, Subscription

_CONFIRM_LINK = re.compile(r"/confirm/([A-Za-z0-9_-]+)/")
# How many are asked for at once, and how many may be on their way: the limits of an hour are 300
# to one domain, so with fewer than that nobody's confirmation is put off.
_PORTION = 100
_MOST_ON_THE_WAY = 150
# Nobody's network (RFC 5737), as short as visitors' addresses are kept.
_NETWORK = "192.0.2.0"
_PATIENCE_SECONDS = 120.0
# Nobody's network (RFC 5737), as short as visitors' addresses are kept.
_NETWORK = "192.0.2.0"
_UNFINISHED = (SignupRequest.State.RECEIVED, SignupRequest.State.MAILED)


class NobodyConfirmsError(Exception):
    """Confirmations do not arrive. `arrived` and `wanted` count readers."""

    def __init__(self, arrived: int, wanted: int) -> None:
        super().__init__(f"{arrived} of {wanted}")
        self.arrived = arrived
        self.wanted = wanted


@dataclass(slots=True)
class Crowd:
    """Readers on their way from a request to a subscription."""

    newsletter: Newsletter
    mail_file: Path
    unasked: deque[DemoReader] = field(default_factory=deque)
    on_the_way: dict[str, DemoReader] = field(default_factory=dict)
    confirmed: int = 0
    _last_mail_id: int = 0

    def expect(self, readers: Sequence[DemoReader]) -> None:
        """Find out how far each reader has come already."""
        subscribed = set(
            Subscription.objects.filter(newsletter=self.newsletter).values_list(
                "subscriber__address_key", flat=True
            )
        )
        asked = set(
            SignupRequest.objects.filter(state__in=_UNFINISHED).values_list(
                "address_key", flat=True
            )
        )
        for reader in readers:
            key = address.parse(reader.address).key
            if key in subscribed:
                self.confirmed += 1
            elif key in asked:
                self.on_the_way[reader.address] = reader
            else:
                self.unasked.append(reader)

    def ask(self) -> None:
        """Make the next requests, as the signup form would."""
        _empty_hourly_counters()
        with transaction.atomic():
            for _ in range(min(_PORTION, len(self.unasked))):
                reader = self.unasked.popleft()
                asked = signup.request(self._wish(reader), now=timezone.now())
                tasks.work_later(asked.pk)
                self.on_the_way[reader.address] = reader

    def open_mail(self) -> None:
        """Open what arrived, and confirm by the link in it."""
        with mailbox.reading(self.mail_file) as box, transaction.atomic():
            for listed in box.since(self._last_mail_id):
                self._last_mail_id = listed.id
                reader = self.on_the_way.get(listed.recipients[0])
                if reader:
                    self._confirm(reader, open_mail(box.raw(listed.id) or b"").text)

    def _wish(self, reader: DemoReader) -> signup.Wish:
        return signup.Wish(
            address=address.parse(reader.address),
            newsletter=self.newsletter,
            origin=Origin(page="/", form="demo", locale=reader.language, ip=_NETWORK),
        )

    def _confirm(self, reader: DemoReader, text: str) -> None:
        link = _CONFIRM_LINK.search(text)
        if link is None:
            return
        try:
            (signup_id,) = links.read_fresh("confirm", link[1])
            self._join(reader, signup_id)
        except links.ExpiredLinkError as expired:
            # A run that stopped days ago: ask for a new link, as its page offers.
            renewed = signup.renew(expired.numbers[0], now=timezone.now())
            if renewed:
                tasks.work_later(renewed.pk)
        except signup.SignupGoneError:
            # Somebody at the inbox said “this was not me” in this reader's name.
            del self.on_the_way[reader.address]

    def _join(self, reader: DemoReader, signup_id: int) -> None:
        origin = Origin(page="/confirm/", form="confirm", locale=reader.language, ip=_NETWORK)
        joined = signup.confirm(signup_id, origin=origin, now=timezone.now())
        # What a reader would fill in on the preferences page.
        Subscriber.objects.filter(pk=joined.subscription.subscriber_id).update(
            name=reader.name, time_zone=reader.time_zone, format=reader.format
        )
        tasks.send_later(joined.welcome_id)
        del self.on_the_way[reader.address]
        self.confirmed += 1


def sign_up(
    crowd: Crowd, *, advance: Callable[[int, int], None], check: Callable[[], None]
) -> None:
    """Bring everybody to a subscription; `check` raises when a process has died.

    Raises: NobodyConfirmsError when for a long time no confirmation arrives.
    """
    wanted = crowd.confirmed + len(crowd.on_the_way) + len(crowd.unasked)
    moved_at, before = time.monotonic(), crowd.confirmed
    while crowd.unasked or crowd.on_the_way:
        check()
        if crowd.unasked and len(crowd.on_the_way) < _MOST_ON_THE_WAY:
            crowd.ask()
        crowd.open_mail()
        advance(crowd.confirmed, wanted)
        if crowd.confirmed > before:
            moved_at, before = time.monotonic(), crowd.confirmed
        elif time.monotonic() - moved_at > _PATIENCE_SECONDS:
            raise NobodyConfirmsError(crowd.confirmed, wanted)
        else:
            time.sleep(0.05)  # the workers are other processes


def _empty_hourly_counters() -> None:
    """Let the crowd come in one go, though it stands for weeks of signups.

    The limits themselves hold as everywhere; only what they have counted so far is forgotten.
    """
    with Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("briefing:signup*"):
            client.delete(key)
