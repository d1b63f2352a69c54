"""Every provider as a fake: its settings, its reading of requests, and what it documents to answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.briefing.transports.anymail import reading, reading_single, taking
from tests.briefing.transports.anymail.reading import Mail
from tests.briefing.transports.anymail.server import Request, Response
from tests.briefing.transports.anymail.taking import Refused


@dataclass(frozen=True, slots=True)
class Provider:
    """One fake. `taking` answers a call; what is in `refused` is refused by index, with a code.

    `by_line` says that it can refuse one reader of a call and say whom; `refusal` is the code it has
    for a bad reader, `sender_fault` its whole answer to a sender it does not know.
    """

    name: str
    settings: Callable[[str], dict[str, Any]]
    read: Callable[[Request], list[Mail]]
    taking: Callable[[Sequence[Mail], Refused], Response]
    by_line: bool = False
    refusal: str = ""
    single: bool = False
    refs_differ: bool = True
    unauthorized: Response = field(default_factory=lambda: Response(401, {"message": "Bad key"}))
    sender_fault: Response = field(
        default_factory=lambda: Response(403, {"message": "Sender not verified"})
    )
    bad_request: Response = field(
        default_factory=lambda: Response(400, {"message": "Bad ada@mail.example"})
    )


def _keys(**names: str) -> Callable[[str], dict[str, Any]]:
    return lambda url: {name: value.format(url=url) for name, value in names.items()}


PROVIDERS = {
    each.name: each
    for each in (
        Provider(
            "amazon_ses",
            lambda url: {
                "AMAZON_SES_CLIENT_PARAMS": {
                    "endpoint_url": url,
                    "region_name": "eu-west-1",
                    "aws_access_key_id": "key",
                    "aws_secret_access_key": "secret",
                }
            },
            reading.amazon_ses,
            taking.amazon_ses,
            by_line=True,
            refusal="INVALID_PARAMETER",
            unauthorized=Response(
                403, {"message": "no"}, {"x-amzn-ErrorType": "InvalidSignatureException"}
            ),
            sender_fault=Response(
                400, {"message": "no"}, {"x-amzn-ErrorType": "MailFromDomainNotVerifiedException"}
            ),
            bad_request=Response(
                400, {"message": "no"}, {"x-amzn-ErrorType": "BadRequestException"}
            ),
        ),
        Provider(
            "brevo",
            _keys(BREVO_API_KEY="key", BREVO_API_URL="{url}"),
            reading.brevo,
            taking.brevo,
            sender_fault=Response(400, {"code": "not_enough_credits", "message": "no"}),
            bad_request=Response(
                400, {"code": "invalid_parameter", "message": "email is not valid"}
            ),
        ),
        Provider(
            "mailersend",
            _keys(MAILERSEND_API_TOKEN="key", MAILERSEND_API_URL="{url}"),
            reading_single.mailersend,
            taking.mailersend,
            by_line=True,
            refusal="any",
            single=True,
            bad_request=Response(422, {"message": "The to.0.email is invalid.", "errors": {}}),
        ),
        Provider(
            "mailgun",
            _keys(MAILGUN_API_KEY="key", MAILGUN_API_URL="{url}"),
            reading.mailgun,
            taking.mailgun,
            refs_differ=False,
            unauthorized=Response(401, b"Forbidden"),
            sender_fault=Response(404, {"message": "Domain not found: briefing.example"}),
            bad_request=Response(400, {"message": "'to' parameter is not a valid address."}),
        ),
        Provider(
            "mailjet",
            _keys(MAILJET_API_KEY="key", MAILJET_SECRET_KEY="secret", MAILJET_API_URL="{url}"),
            reading.mailjet,
            taking.mailjet,
            by_line=True,
            refusal="mj-0013",
            unauthorized=Response(401, {"ErrorCode": "mj-0015", "ErrorMessage": "no"}),
            bad_request=Response(400, {"ErrorCode": "mj-0002", "ErrorMessage": "Malformed JSON"}),
        ),
        Provider(
            "mailtrap",
            _keys(MAILTRAP_API_TOKEN="key", MAILTRAP_API_URL="{url}"),
            reading_single.mailtrap,
            taking.mailtrap,
            single=True,
            bad_request=Response(400, {"success": False, "errors": ["'to' is invalid"]}),
        ),
        Provider(
            "mandrill",
            _keys(MANDRILL_API_KEY="key", MANDRILL_API_URL="{url}"),
            reading_single.mandrill,
            taking.mandrill,
            by_line=True,
            refusal="any",
            single=True,
            unauthorized=Response(500, {"status": "error", "code": -1, "name": "Invalid_Key"}),
            sender_fault=Response(500, {"status": "error", "code": 10, "name": "PaymentRequired"}),
            bad_request=Response(500, {"status": "error", "code": -2, "name": "ValidationError"}),
        ),
        Provider(
            "postal",
            _keys(POSTAL_API_KEY="key", POSTAL_API_URL="{url}"),
            reading_single.postal,
            taking.postal,
            by_line=True,
            refusal="ValidationError",
            single=True,
            unauthorized=taking.postal((), {0: "InvalidServerAPIKey"}),
            sender_fault=taking.postal((), {0: "UnauthenticatedFromAddress"}),
            bad_request=taking.postal((), {0: "ValidationError"}),
        ),
        Provider(
            "postmark",
            _keys(POSTMARK_SERVER_TOKEN="key", POSTMARK_API_URL="{url}"),
            reading.postmark,
            taking.postmark,
            by_line=True,
            refusal="406",
            unauthorized=Response(
                401, {"ErrorCode": 10, "Message": "No Account or Server API tokens"}
            ),
            sender_fault=Response(422, {"ErrorCode": 401, "Message": "Sender not confirmed"}),
            bad_request=Response(422, {"ErrorCode": 402, "Message": "Invalid JSON"}),
        ),
        Provider(
            "resend",
            _keys(RESEND_API_KEY="key", RESEND_API_URL="{url}"),
            reading.resend,
            taking.resend,
            by_line=True,
            refusal="invalid",
            sender_fault=Response(403, {"statusCode": 403, "name": "validation_error"}),
            bad_request=Response(422, {"statusCode": 422, "name": "missing_required_field"}),
        ),
        Provider(
            "scaleway",
            _keys(SCALEWAY_SECRET_KEY="key", SCALEWAY_PROJECT_ID="p", SCALEWAY_API_URL="{url}"),
            reading_single.scaleway,
            taking.scaleway,
            single=True,
        ),
        Provider(
            "sendgrid",
            _keys(SENDGRID_API_KEY="key", SENDGRID_API_URL="{url}"),
            reading.sendgrid,
            taking.sendgrid,
            refs_differ=False,
            bad_request=Response(
                400,
                {"errors": [{"message": "bad", "field": "personalizations.0.to.0.email"}]},
            ),
        ),
        Provider(
            "sparkpost",
            _keys(SPARKPOST_API_KEY="key", SPARKPOST_API_URL="{url}"),
            reading.sparkpost,
            taking.sparkpost,
            refs_differ=False,
            sender_fault=Response(
                400, {"errors": [{"message": "Unconfigured Sending Domain", "code": "7001"}]}
            ),
            bad_request=Response(422, {"errors": [{"message": "invalid", "code": "1300"}]}),
        ),
        Provider(
            "unisender_go",
            _keys(UNISENDER_GO_API_KEY="key", UNISENDER_GO_API_URL="{url}"),
            reading_single.unisender_go,
            taking.unisender_go,
            by_line=True,
            refusal="any",
            single=True,
            bad_request=Response(400, {"status": "error", "message": "bad", "code": 205}),
        ),
    )
}
