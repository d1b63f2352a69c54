"""How fast copies leave through a provider's API, and what each costs this process.

Every row splices, calls and reads the answers, two groups in flight, as a drain does; the database
is measured apart. Anymail by itself, one message per call over an opened connection, stands beside
them in the same run. Runs in a process of its own and prints JSON; `anymail_rows` reads it.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import tests.environment  # noqa: F401  imported for what it sets, before Django reads it

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "briefing.settings")

import django
from anymail.message import AnymailMessage
from django.conf import settings

from briefing.transports.anymail.backends import backend
from briefing.transports.anymail.transport import AnymailTransport
from briefing.transports.base import Copy, Group, Sender, Slots, VariantContent
from tests.benchmarks import providers

_SENDER = Sender(
    newsletter_name="The Robotics Briefing",
    newsletter_slug="robotics",
    from_name="The Robotics Briefing",
    from_address="desk@news.example",
    reply_to="editors@news.example",
    unsubscribe_address="unsubscribe@news.example",
)
_PARAGRAPH = (
    '<p style="margin:0 0 16px">A plant in Nagoya lets its robots stop and call a person.</p>\n'
)
_LINKS = ("unsubscribe_url", "preferences_url", "view_url", "name|there", "address")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `cpu_microseconds` are this process's, per message."""

    name: str
    per_second: float
    cpu_microseconds: float


class Unwatched:
    """Stands for the journal, which costs two bytes a copy."""

    def started(self, copy: Copy) -> None:
        """Note nothing."""

    def answered(self, copy: Copy) -> None:
        """Note nothing."""


def rows(*, repeats: int = 5) -> Iterator[Row]:
    """Measure each way once per repeat, in turn, and yield the medians."""
    with providers.taking_everything() as address:
        settings.ANYMAIL = {
            "POSTMARK_SERVER_TOKEN": "token",
            "POSTMARK_API_URL": f"{address}/",
            "MAILGUN_API_KEY": "key",
            "MAILGUN_API_URL": f"{address}/v3",
            "MAILTRAP_API_TOKEN": "token",
            "MAILTRAP_API_URL": f"{address}/api/",
        }
        ways: dict[str, Callable[[], Row]] = {
            "postmark": lambda: _ours("postmark", 10_000),
            "mailgun": lambda: _ours("mailgun", 20_000),
            "single": lambda: _ours("mailtrap", 3_000),
            "alone": lambda: _anymail_alone(600),
        }
        measured: dict[str, list[Row]] = {name: [] for name in ways}
        for _ in range(repeats):
            for name, way in ways.items():
                measured[name].append(way())
    for name, each in measured.items():
        yield Row(
            name,
            statistics.median(row.per_second for row in each),
            statistics.median(row.cpu_microseconds for row in each),
        )


def _ours(provider: str, messages: int) -> Row:
    """Send through the transport as a drain does, without its database."""
    transport = AnymailTransport(provider, timeout_seconds=30)
    composer = transport.composer(_variant(), _SENDER)
    session = transport.open(Unwatched(), _SENDER)
    size = transport.group_size or 100
    wall, cpu = time.perf_counter(), time.process_time()
    in_flight = 0
    for first in range(0, messages, size):
        copies = [
            Copy(each, each, each, f"reader{each}@example.com", composer.build(_slots(each)))
            for each in range(first, min(messages, first + size))
        ]
        session.submit(Group(copies, time.monotonic() + 60))
        in_flight += 1
        if in_flight == 2:
            _check(session.collect())
            in_flight = 1
    for _ in range(in_flight):
        _check(session.collect())
    row = _row(provider, messages, wall, cpu)
    session.close()
    return row


def _anymail_alone(messages: int) -> Row:
    """Send as Anymail's documentation says: a message built, and sent over an opened connection."""
    connection = backend("mailtrap", timeout_seconds=30)
    connection.open()
    variant = _variant()
    wall, cpu = time.perf_counter(), time.process_time()
    for each in range(messages):
        values = _slots(each).values
        message = AnymailMessage(
            subject=_joined(variant.subject, values),
            body=_joined(variant.text, values),
            from_email="The Robotics Briefing <desk@news.example>",
            to=[f"Reader {each} <reader{each}@example.com>"],
            headers={"List-Unsubscribe": f"<{values['one_click_url']}>"},
            connection=connection,
        )
        message.attach_alternative(_joined(variant.html or [], values), "text/html")
        message.metadata = {"reference": values["reference"]}
        message.send()
    row = _row("alone", messages, wall, cpu)
    connection.close()
    return row


def _row(name: str, messages: int, wall: float, cpu: float) -> Row:
    seconds, busy = time.perf_counter() - wall, time.process_time() - cpu
    return Row(name, messages / seconds, busy / messages * 1e6)


def _check(group: Group) -> None:
    if any(copy.reference is None for copy in group.copies):
        raise AssertionError("the fake did not take everything")


def _joined(segments: list[str], values: dict[str, str]) -> str:
    return "".join(values[each] if index % 2 else each for index, each in enumerate(segments))


def _variant() -> VariantContent:
    """Return 20 KB with 34 slots, the size that the SMTP rows use."""
    html: list[str] = []
    for number in range(27):
        html += [_PARAGRAPH * (190 // 27), _LINKS[number % len(_LINKS)]]
    text: list[str] = []
    for number in range(6):
        text += [
            "A plant in Nagoya lets its robots stop and call a person.\n" * 8,
            _LINKS[number % 5],
        ]
    return VariantContent(
        variant_id=1,
        subject=["Robots that ask first, ", "name|there", ""],
        html=[*html, _PARAGRAPH],
        text=[*text, "\n"],
        locale="en",
    )


def _slots(reader: int) -> Slots:
    token = f"Aq1{reader:08d}Zb-0123456789abcdef0123456789abcdef0123456789abc"
    address = f"reader{reader}@example.com"
    base = "https://news.example"
    name = f"Reader {reader}"
    return Slots(
        reader,
        address,
        name,
        {
            "to": f"{name} <{address}>",
            "date": "Tue, 24 Nov 2026 12:00:00 +0000",
            "reference": token,
            "one_click_url": f"{base}/one-click/{token}/",
            "unsubscribe_token": token,
            "feedback_id": "1:robotics:issue:briefing",
            "address": address,
            "unsubscribe_url": f"{base}/unsubscribe/{token}/",
            "preferences_url": f"{base}/preferences/{token}/",
            "view_url": f"{base}/view/{token}/",
            "name|there": name,
        },
    )


def main() -> None:
    """Print the rows as one line of JSON."""
    sys.stdout.write(json.dumps({row.name: asdict(row) for row in rows()}) + "\n")


if __name__ == "__main__":
    django.setup()
    main()
