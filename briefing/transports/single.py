"""One finished mail to one person: confirmations, welcomes, test copies."""

import smtplib

from anymail.exceptions import AnymailError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from briefing import envelope
from briefing.transports import accounts
from briefing.transports.anymail import refusals
from briefing.transports.anymail.backends import capability_of
from subscribers import links
from subscribers.ports import Answer, Mail


def send(mail: Mail) -> Answer:
    """Hand one mail over through the transactional account and say what came of it.

    Never raises for the provider's sake: an outage is a deferral, a refusal a rejection. A connection
    that breaks once it stands leaves open whether the mail was taken.
    """
    connection = accounts.backend("transactional")
    reached = False
    try:
        built = message(mail, connection)
        connection.open()
        reached = True
        built.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        return _by_code(code, words)
    except smtplib.SMTPDataError as error:
        return _by_code(error.smtp_code, error.smtp_error)
    except smtplib.SMTPResponseException as error:
        # Greeting, login, sender: said of us, whoever the reader is.
        return Answer("deferred", _words(error.smtp_code, error.smtp_error))
    except AnymailError as error:
        return refusals.answer_to(error, accounts.provider_of(connection))
    except (OSError, smtplib.SMTPException) as error:
        return Answer("deferred", type(error).__name__, certain=not reached)
    finally:
        connection.close()
    return Answer("accepted")


def message(mail: Mail, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    """Build the Django message of a mail."""
    domain = mail.from_address.rpartition("@")[2]
    writer = f'"{mail.from_name}" <{mail.from_address}>'
    headers = {"Message-ID": f"<{mail.reference}@{domain}>", **mail.headers}
    built = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=writer,
        to=[mail.recipient],
        reply_to=[mail.reply_to] if mail.reply_to else [],
        headers=headers,
        connection=connection,
    )
    if mail.html:
        built.attach_alternative(mail.html, "text/html")
    _name(built, mail, connection)
    return built


def _name(built: EmailMultiAlternatives, mail: Mail, connection: BaseEmailBackend) -> None:
    """Let whoever reports on a mail say which it was: by its envelope, or in a provider's own field."""
    if isinstance(connection, SmtpBackend):
        envelope_address = _envelope(mail.reference)
        if envelope_address:
            # Django takes the envelope from here, and the header From from the headers.
            built.extra_headers["From"] = built.from_email
            built.from_email = envelope_address
    elif capability_of(accounts.provider_of(connection)).reference_as == "metadata":
        built.metadata = {"reference": mail.reference}  # type: ignore[attr-defined]  # Anymail reads it
    else:
        built.tags = [mail.reference]  # type: ignore[attr-defined]  # as above


def _envelope(reference: str) -> str:
    try:
        (outbox_id,) = links.read("mail", reference)
    except links.BadLinkError:
        # A test copy of an issue: nobody waits for its bounce.
        return ""
    return envelope.of_mail(outbox_id)


def _by_code(code: int, words: bytes | str) -> Answer:
    """4xx is definite for now, 5xx for ever, but for a missing login: that is ours to mend."""
    outcome = "rejected" if 500 <= code < 600 and code != 530 else "deferred"
    return Answer(outcome, _words(code, words))


def _words(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {text}"[:120]
