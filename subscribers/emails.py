"""One function per mail to one person: what it says, written when it leaves.

Before it: a claimed row of the outbox. After it: `sending`. A function returns None when the mail
is no longer owed, because what it was about has changed since.
"""

import html
from collections.abc import Callable, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from subscribers import links, ports, rendering, suppression
from subscribers.models import Newsletter, Outbox, SignupRequest, Subscriber, Subscription
from subscribers.ports import Mail

Purpose = Outbox.Purpose

# RFC 3834, section 5: no vacation notice may answer these.
_AUTOMATIC = {"Auto-Submitted": "auto-generated"}
_CONFIRM_HOURS = 72


def write(row: Outbox) -> Mail | None:
    """Return the mail that a row of the outbox is about, or None when it is no longer owed."""
    return _WRITERS[Purpose(row.purpose)](row)


def confirm_subject(newsletter: Newsletter) -> str:
    """Return the subject that a confirmation has in this language: what to look for."""
    subject = render_to_string("emails/confirm/subject.txt", {"newsletter": newsletter})
    return " ".join(html.unescape(subject).split())


def confirm(row: Outbox) -> Mail | None:
    """Ask the owner of a mailbox whether the signup was theirs. No text of the visitor's is in it."""
    signup = row.signup
    if signup is None or signup.state != SignupRequest.State.MAILED:
        return None
    context = {
        "confirm_url": _url("confirm", "confirm", signup.pk, links.now()),
        "disown_url": _url("disown", "disown", signup.pk),
        "hours": _CONFIRM_HOURS,
    }
    return _mail(row, "confirm", signup.address, context, locale=signup.locale)


def welcome(row: Outbox) -> Mail | None:
    """Greet a new reader with the latest issue and the links that put them in charge."""
    reader, newsletter = _reader_of(row)
    if not _is_active(reader, newsletter) or suppression.is_suppressed(reader.address_key or ""):
        return None
    numbers = (reader.pk, newsletter.pk)
    context = {
        "latest": ports.publishing().latest_issue(newsletter),
        "address": reader.address,
        "preferences_url": _url("preferences", "preferences", *numbers),
        "receipt_url": _url("receipt", "receipt", reader.pk),
        "unsubscribe_url": _url("unsubscribe", "unsubscribe", *numbers),
    }
    headers = {
        # RFC 8058: the mail client's own button posts to this address.
        "List-Unsubscribe": f"<{_url('one-click', 'unsubscribe', *numbers)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return _mail(row, "welcome", reader.address, context, locale=reader.locale, headers=headers)


def goodbye(row: Outbox) -> Mail | None:
    """Say that it is done, to whoever owns the mailbox: a forwarded link may have been the cause."""
    reader, newsletter = _reader_of(row)
    if not reader.address_key or _is_active(reader, newsletter):
        return None
    if suppression.is_suppressed(reader.address_key):
        return None
    context = {
        "undo_url": _url("undo", "undo", reader.pk, newsletter.pk, links.now()),
        "signup_url": links.absolute(reverse("signup")),
    }
    return _mail(row, "goodbye", reader.address, context, locale=reader.locale)


_WRITERS: dict[Purpose, Callable[[Outbox], Mail | None]] = {
    Purpose.CONFIRM: confirm,
    Purpose.WELCOME: welcome,
    Purpose.GOODBYE: goodbye,
}


def _mail(
    row: Outbox,
    name: str,
    recipient: str,
    context: Mapping[str, Any],
    *,
    locale: str,
    headers: Mapping[str, str] | None = None,
) -> Mail:
    newsletter = _newsletter_of(row)
    written = rendering.render(name, {"newsletter": newsletter, **context}, locale=locale)
    return Mail(
        purpose=row.purpose,
        # The same on every attempt, so that a mail client can recognise a second copy.
        reference=f"outbox-{row.pk}",
        recipient=recipient,
        from_name=newsletter.from_name,
        from_address=newsletter.from_address,
        reply_to=newsletter.reply_to,
        subject=written.subject,
        text=written.text,
        html=written.html,
        headers={**_AUTOMATIC, **(headers or {})},
    )


def _url(view: str, purpose: str, *numbers: int) -> str:
    return links.absolute(reverse(view, args=[links.make(purpose, *numbers)]))


def _newsletter_of(row: Outbox) -> Newsletter:
    if row.newsletter is None:
        raise ValueError(f"outbox row {row.pk} names no newsletter")
    return row.newsletter


def _reader_of(row: Outbox) -> tuple[Subscriber, Newsletter]:
    if row.subscriber is None:
        raise ValueError(f"outbox row {row.pk} names no reader")
    return row.subscriber, _newsletter_of(row)


def _is_active(reader: Subscriber, newsletter: Newsletter) -> bool:
    return Subscription.objects.filter(
        subscriber=reader, newsletter=newsletter, state=Subscription.State.ACTIVE
    ).exists()
