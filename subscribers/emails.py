"""One function per mail to one person: what it says, written when it leaves.

Before it: a claimed row of the outbox. After it: `sending`. A function returns None when the mail
is no longer owed, because what it was about has changed since.
"""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from subscribers import address, links, ports, rendering, series, suppression
from subscribers.models import (
    Newsletter,
    Outbox,
    SeriesStep,
    SignupRequest,
    Subscriber,
    Subscription,
)
from subscribers.ports import Mail
from subscribers.rendering import Rendered

Purpose = Outbox.Purpose
_TEMPLATES = {
    Purpose.CONFIRM: "confirm",
    Purpose.WELCOME: "welcome",
    Purpose.STEP: "step",
    Purpose.GOODBYE: "goodbye",
    Purpose.ADDRESS_CONFIRM: "address_confirm",
    Purpose.ADDRESS_CHANGED: "address_changed",
}

# RFC 3834, section 5: no vacation notice may answer these.
_AUTOMATIC = {"Auto-Submitted": "auto-generated"}
_CONFIRM_HOURS = 72


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a mail goes, and in which language."""

    address: str
    locale: str


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
    if not suppression.allows_confirmation(signup.address_key, now=timezone.now()):
        return None
    context = {
        "confirm_url": _url("confirm", "confirm", signup.pk, links.now()),
        "disown_url": _url("disown", "disown", signup.pk),
        "hours": _CONFIRM_HOURS,
    }
    return _mail(row, Recipient(signup.address, signup.locale), context)


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
    return _mail(
        row,
        Recipient(reader.address, reader.locale),
        context,
        **_button(*numbers),
    )


def step(row: Outbox) -> Mail | None:
    """Write one step of a welcome series, unless its reader has withdrawn by now."""
    reader, newsletter = _reader_of(row)
    if row.step is None or not reader.address:
        return None
    numbers = (reader.pk, newsletter.pk)
    context = {
        **_said(row.step.step, name=reader.name),
        "address": reader.address,
        "preferences_url": _url("preferences", "preferences", *numbers),
        "unsubscribe_url": _url("unsubscribe", "unsubscribe", *numbers),
    }
    to = Recipient(reader.address, reader.locale)
    mail = _mail(row, to, context, **_button(*numbers))
    if reader.format == Subscriber.Format.TEXT:
        mail = replace(mail, html="")
    # Last of all, since this is where it is decided between a withdrawal and the mail.
    return mail if series.may_leave(row, now=timezone.now()) else None


def step_proof(step: SeriesStep, *, name: str, address: str) -> Mail:
    """Return a step as a reader of that name gets it, with links that change nothing.

    Raises: ValueError, BrokenMailError: with a sentence that says what to mend.
    """
    newsletter, nowhere = step.newsletter, links.absolute(reverse("signup"))
    context = {
        **_said(step, name=name),
        "newsletter": newsletter,
        "address": address,
        "preferences_url": nowhere,
        "unsubscribe_url": nowhere,
    }
    written = rendering.render("step", context, locale=newsletter.locale)
    return _from(newsletter, written, address, "test", links.make("reference", 0, links.now()))


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
        "preferences_url": _url("preferences", "preferences", reader.pk, newsletter.pk),
    }
    return _mail(row, Recipient(reader.address, reader.locale), context)


def address_confirm(row: Outbox) -> Mail | None:
    """Ask at the new address whether mail should come there."""
    reader, _newsletter = _reader_of(row)
    if not row.context or reader.erased_at:
        return None
    new = address.parse(row.context["new"])
    if not suppression.allows_confirmation(new.key, now=timezone.now()):
        return None
    context = {
        "old_hint": address.hint(row.context["old"]),
        "confirm_url": _url("address", "address", row.pk, links.now()),
    }
    return _mail(row, Recipient(row.context["new"], reader.locale), context)


def address_changed(row: Outbox) -> Mail | None:
    """Tell the old address, which may know nothing of it, and offer the way back."""
    reader, _newsletter = _reader_of(row)
    if not row.context or reader.erased_at:
        return None
    if suppression.is_suppressed(address.parse(row.context["old"]).key):
        return None
    context = {
        "new_hint": address.hint(row.context["new"]),
        "undo_url": _url("address", "address", row.pk, links.now()),
    }
    return _mail(row, Recipient(row.context["old"], reader.locale), context)


_WRITERS: dict[Purpose, Callable[[Outbox], Mail | None]] = {
    Purpose.CONFIRM: confirm,
    Purpose.WELCOME: welcome,
    Purpose.STEP: step,
    Purpose.GOODBYE: goodbye,
    Purpose.ADDRESS_CONFIRM: address_confirm,
    Purpose.ADDRESS_CHANGED: address_changed,
}


def _mail(row: Outbox, to: Recipient, context: Mapping[str, Any], **headers: str) -> Mail:
    newsletter = _newsletter_of(row)
    name = _TEMPLATES[Purpose(row.purpose)]
    written = rendering.render(name, {"newsletter": newsletter, **context}, locale=to.locale)
    # The same on every attempt, so that a mail client can recognise a second copy; signed, so that
    # nobody else can say that it bounced.
    mail = _from(newsletter, written, to.address, row.purpose, links.make("mail", row.pk))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(mail, headers={**_AUTOMATIC, **named})


def _from(newsletter: Newsletter, written: Rendered, to: str, purpose: str, reference: str) -> Mail:
    return Mail(
        purpose=purpose,
        reference=reference,
        recipient=to,
        from_name=newsletter.from_name,
        from_address=newsletter.from_address,
        reply_to=newsletter.reply_to,
        subject=written.subject,
        text=written.text,
        html=written.html,
    )


def _said(step: SeriesStep, *, name: str) -> dict[str, Any]:
    """Return what an editor wrote, for somebody of that name."""
    publishing = ports.publishing()
    prose = publishing.prose(step.text, name=name, locale=step.newsletter.locale)
    return {
        "subject": publishing.line(step.subject, name=name),
        "preheader": publishing.line(step.preheader, name=name),
        "prose_html": prose.html,
        "prose_text": prose.text,
    }


def _button(*numbers: int) -> dict[str, str]:
    """Return the headers of the mail client's own button, which posts to this address (RFC 8058)."""
    return {
        "List_Unsubscribe": f"<{_url('one-click', 'unsubscribe', *numbers)}>",
        "List_Unsubscribe_Post": "List-Unsubscribe=One-Click",
    }


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
