"""What each provider's API can do for an issue: one entry each, with where that is documented.

The anymail transport reads here how many readers fit into a call, how their own words and headers
travel, and what a refusal means.
Source: besides those named below, Anymail's own table,
https://anymail.dev/en/stable/esps/#anymail-feature-matrix.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class Bodies(Enum):
    """How readers' own words get into a call."""

    WHOLE = "a call holds many messages, each with its own body"
    MERGED = "a call holds one body with variables, and each reader's values"
    SINGLE = "a call holds one reader's message"


class Statuses(Enum):
    """How exactly an answer says what became of a call's copies."""

    EACH = "of each reader"
    COUNT = "how many were taken, not whose"
    CALL = "of the call as a whole"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A key under which a call is taken once. `lives` is how long the provider remembers it.

    `field` names the header that carries it: of the request or, `in_message`, of the message.
    `replayed` is the error code that says “taken before”; without one the first answer comes again.
    """

    field: str
    lives: timedelta
    in_message: bool = False
    replayed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One provider. `merges` names what may differ between the readers of one of its batches.

    `ours` are error codes that no reader caused: key, sender, credit. `later` are definite refusals
    that pass: too fast, quota. `definite` are (status, code) of 500 and above that took nothing.
    `templating` matches what begins an expression in the provider's template language; `variable`
    names a value there. `reference_as` says what brings our reference back in its events, and
    `lookup` where a message's fate can be asked for. With an `inline_template` the call brings the
    template whose variables it fills.
    """

    name: str
    bodies: Bodies
    statuses: Statuses
    sources: tuple[str, ...]
    readers_per_call: int = 1
    bytes_per_call: int = 10_000_000
    merges: frozenset[str] = frozenset()
    idempotency: Idempotency | None = None
    ours: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    definite: frozenset[tuple[int, str]] = frozenset()
    reference_as: str = "metadata"
    lookup: str = ""
    switches_tracking: bool = False
    ascii_mailboxes: bool = False
    ascii_names: bool = False
    needs_html: bool = False
    inline_template: bool = False
    templating: str = ""
    variable: str = ""


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ALL = frozenset({"headers", "metadata", "data"})
_BRACES = r"\{[{%#]"
_DAY = timedelta(hours=24)

CAPABILITIES = {
    "amazon_ses": Capability(
        name="Amazon SES",
        bodies=Bodies.MERGED,
        statuses=Statuses.EACH,
        readers_per_call=50,
        merges=_ALL,
        ours=_codes(
            "MailFromDomainNotVerifiedException AccountSuspendedException SendingPausedException "
            "NotFoundException MessageRejected MAIL_FROM_DOMAIN_NOT_VERIFIED ACCOUNT_SUSPENDED "
            "CONFIGURATION_SET_NOT_FOUND TEMPLATE_NOT_FOUND INVALID_SENDING_POOL_NAME "
            "ACCOUNT_SENDING_PAUSED CONFIGURATION_SET_SENDING_PAUSED"
        ),
        later=_codes(
            "TooManyRequestsException LimitExceededException ThrottlingException "
            "ACCOUNT_THROTTLED ACCOUNT_DAILY_QUOTA_EXCEEDED TRANSIENT_FAILURE"
        ),
        ascii_mailboxes=True,
        ascii_names=True,
        inline_template=True,
        templating=_BRACES,
        variable="{{%s}}",
        sources=(
            "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html",
            "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntryResult.html",
            "https://docs.aws.amazon.com/ses/latest/dg/quotas.html",
        ),
    ),
    "brevo": Capability(
        name="Brevo",
        bodies=Bodies.WHOLE,
        statuses=Statuses.CALL,
        readers_per_call=1000,
        merges=_ALL,
        idempotency=Idempotency(
            "idempotencyKey",
            lives=timedelta(minutes=30),
            in_message=True,
            replayed="duplicate_parameter",
        ),
        ours=_codes("unauthorized permission_denied not_enough_credits account_under_validation"),
        lookup="GET /v3/smtp/statistics/events?messageId=",
        needs_html=True,
        templating=_BRACES,
        sources=(
            "https://developers.brevo.com/docs/batch-send-transactional-emails",
            "https://developers.brevo.com/docs/heterogenous-versions-batch-emails",
            "https://anymail.dev/en/stable/esps/brevo/#limitations-and-quirks",
        ),
    ),
    # Headers of one's own, List-Unsubscribe among them, are for its Enterprise accounts.
    "mailersend": Capability(
        name="MailerSend",
        bodies=Bodies.SINGLE,
        statuses=Statuses.EACH,
        reference_as="tags",
        lookup="GET /v1/messages/{id}",
        switches_tracking=True,
        templating=r"\{[{%#$]",
        sources=("https://developers.mailersend.com/api/v1/email.html",),
    ),
    "mailgun": Capability(
        name="Mailgun",
        bodies=Bodies.MERGED,
        statuses=Statuses.CALL,
        readers_per_call=1000,
        bytes_per_call=25_000_000,
        merges=_ALL,
        lookup="GET /v3/{domain}/events?message-id=",
        switches_tracking=True,
        templating=r"%(?=recipient|unsubscribe|tag_unsubscribe|mailing_list)",
        variable="%%recipient.%s%%",
        sources=(
            "https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending",
            "https://anymail.dev/en/stable/esps/mailgun/#limitations-and-quirks",
        ),
    ),
    "mailjet": Capability(
        name="Mailjet",
        bodies=Bodies.WHOLE,
        statuses=Statuses.EACH,
        readers_per_call=50,
        merges=_ALL,
        ours=_codes("mj-0001 mj-0015 send-0006 send-0007 send-0008"),
        lookup="GET /v3/REST/message/{id}",
        switches_tracking=True,
        sources=("https://dev.mailjet.com/email/guides/send-api-v31/#send-api-errors",),
    ),
    "mailtrap": Capability(
        name="Mailtrap",
        bodies=Bodies.SINGLE,
        statuses=Statuses.EACH,
        sources=("https://anymail.dev/en/stable/esps/mailtrap/#limitations-and-quirks",),
    ),
    "mandrill": Capability(
        name="Mandrill",
        bodies=Bodies.SINGLE,
        statuses=Statuses.EACH,
        ours=_codes("Invalid_Key PaymentRequired Unknown_Subaccount"),
        # Every error of its API is a 500; these names say that nothing was taken.
        definite=frozenset(
            (500, name)
            for name in ("Invalid_Key", "PaymentRequired", "Unknown_Subaccount", "ValidationError")
        ),
        lookup="POST /api/1.0/messages/search.json with u_reference",
        switches_tracking=True,
        templating=r"\*\|",
        sources=("https://mailchimp.com/developer/transactional/api/messages/send-new-message/",),
    ),
    "postal": Capability(
        name="Postal",
        bodies=Bodies.SINGLE,
        statuses=Statuses.EACH,
        ours=_codes("InvalidServerAPIKey AccessDenied ServerSuspended UnauthenticatedFromAddress"),
        reference_as="tags",
        lookup="POST /api/v1/messages/deliveries",
        sources=("https://apiv1.postalserver.io/controllers/send/message",),
    ),
    "postmark": Capability(
        name="Postmark",
        bodies=Bodies.WHOLE,
        statuses=Statuses.EACH,
        readers_per_call=500,
        bytes_per_call=50_000_000,
        merges=_ALL,
        ours=_codes("10 400 401 405 412 413"),
        later=_codes("100 429"),
        definite=frozenset({(503, "100")}),
        lookup="GET /messages/outbound?metadata_reference=",
        switches_tracking=True,
        ascii_mailboxes=True,
        sources=(
            "https://postmarkapp.com/developer/user-guide/send-email-with-api/batch-emails",
            "https://postmarkapp.com/developer/api/overview#error-codes",
            "https://anymail.dev/en/stable/esps/postmark/#limitations-and-quirks",
        ),
    ),
    "resend": Capability(
        name="Resend",
        bodies=Bodies.WHOLE,
        statuses=Statuses.EACH,
        readers_per_call=100,
        merges=frozenset({"headers", "metadata"}),
        idempotency=Idempotency("Idempotency-Key", lives=_DAY),
        ours=_codes("missing_api_key invalid_api_key restricted_api_key invalid_from_address"),
        lookup="GET /emails/{id}",
        ascii_mailboxes=True,
        sources=(
            "https://resend.com/docs/api-reference/emails/send-batch-emails",
            "https://resend.com/docs/dashboard/emails/idempotency-keys",
            "https://resend.com/changelog/batch-validation-modes",
            "https://resend.com/docs/api-reference/errors",
        ),
    ),
    "scaleway": Capability(
        name="Scaleway",
        bodies=Bodies.SINGLE,
        statuses=Statuses.EACH,
        lookup="GET /emails/{id}",
        ascii_mailboxes=True,
        sources=("https://anymail.dev/en/stable/esps/scaleway/#limitations-and-quirks",),
    ),
    # Anymail keeps this backend but has stopped testing it: django-anymail issue 432.
    "sendgrid": Capability(
        name="SendGrid",
        bodies=Bodies.MERGED,
        statuses=Statuses.CALL,
        readers_per_call=1000,
        bytes_per_call=30_000_000,
        merges=_ALL,
        lookup="GET /v3/messages?query=unique_args[%27reference%27]=",
        switches_tracking=True,
        variable="-%s-",
        sources=(
            "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations",
            "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/personalizations",
            "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors",
        ),
    ),
    # It documents no limit for recipients; a thousand keep a call at about two megabytes.
    "sparkpost": Capability(
        name="SparkPost",
        bodies=Bodies.MERGED,
        statuses=Statuses.COUNT,
        readers_per_call=1000,
        bytes_per_call=20_000_000,
        merges=_ALL,
        idempotency=Idempotency("Idempotency-Key", lives=_DAY),
        ours=_codes("7001"),
        lookup="GET /api/v1/events/message?transmissions=",
        switches_tracking=True,
        templating=_BRACES,
        variable="{{{%s}}}",
        sources=(
            "https://developers.sparkpost.com/api/transmissions/",
            "https://developers.sparkpost.com/api/template-language/",
            "https://support.sparkpost.com/docs/tech-resources/extended-error-codes",
        ),
    ),
    # In a batch only List-Unsubscribe may differ there.
    "unisender_go": Capability(
        name="Unisender Go",
        bodies=Bodies.SINGLE,
        statuses=Statuses.EACH,
        switches_tracking=True,
        ascii_names=True,
        templating=_BRACES,
        sources=("https://godocs.unisender.ru/web-api-ref#email-send",),
    ),
}
