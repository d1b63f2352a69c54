"""What a provider would make of a request: the mails of its readers, merged as it documents.

One function for each provider. Nothing here knows the transport: each reads the provider's own
fields, refuses a request that lacks what the provider demands, and fills in its variables.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.utils import parseaddr
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from tests.briefing.transports.anymail.server import Request


@dataclass(frozen=True, slots=True)
class Mail:
    """One reader's mail as the provider would send it. Header names are in lower case."""

    name: str
    address: str
    subject: str
    text: str
    html: str | None
    headers: dict[str, str]
    reference: str
    tracked: bool | None


def mailbox(value: str) -> tuple[str, str]:
    name, address = parseaddr(value)
    return str(make_header(decode_header(name))), address


def named(item: Mapping[str, str], *, name: str = "name", email: str = "email") -> tuple[str, str]:
    assert item.get(name) != "", "an empty name is refused by some"
    return item.get(name, ""), item[email]


def _pairs(items: Iterable[Mapping[str, str]], name: str, value: str) -> dict[str, str]:
    return {item[name].lower(): item[value] for item in items}


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _merged(text: str, values: Mapping[str, str], variable: str) -> str:
    """Fill variables in, one pass, each of them known: values are not looked at again."""
    return re.sub(variable, lambda found: values[found[1]], text)


def postmark(request: Request) -> list[Mail]:
    """Source: https://postmarkapp.com/developer/user-guide/send-email-with-api/batch-emails."""
    assert request.path == "/email/batch"
    assert request.headers["x-postmark-server-token"] == "key"
    assert isinstance(request.json, list)
    return [
        Mail(
            *mailbox(item["To"]),
            item["Subject"],
            item["TextBody"],
            item.get("HtmlBody"),
            _pairs(item["Headers"], "Name", "Value") | {"reply-to": item["ReplyTo"]},
            item["Metadata"]["reference"],
            item["TrackOpens"] or item["TrackLinks"] != "None",
        )
        for item in request.json
    ]


def resend(request: Request) -> list[Mail]:
    """Source: https://resend.com/docs/api-reference/emails/send-batch-emails."""
    assert request.path == "/emails/batch"
    assert request.headers["authorization"] == "Bearer key"
    assert request.headers["x-batch-validation"] == "permissive"
    mails = []
    for item in request.json:
        (to,) = item["to"]
        headers = lower(item["headers"])
        reference = json.loads(headers.pop("x-metadata"))["reference"]
        headers["reply-to"] = item["reply_to"][0]
        mails.append(
            Mail(
                *mailbox(to),
                item["subject"],
                item["text"],
                item.get("html"),
                headers,
                reference,
                None,
            )
        )
    return mails


def brevo(request: Request) -> list[Mail]:
    """Source: https://developers.brevo.com/docs/batch-send-transactional-emails."""
    assert request.path == "/smtp/email"
    assert request.headers["api-key"] == "key"
    call = request.json
    assert call["subject"]
    assert call["htmlContent"], "demanded for the call, whatever its versions bring"
    mails = []
    for version in call["messageVersions"]:
        (to,) = version["to"]
        headers = lower(version["headers"])
        assert all(value.isascii() for value in headers.values()), "it sends them as they are"
        reference = json.loads(headers.pop("x-mailin-custom"))["reference"]
        headers["reply-to"] = call["replyTo"]["email"]
        html = version["htmlContent"]
        assert not re.search(r"\{[{%#]", html), "it reads an expression there"
        mails.append(
            Mail(
                *named(to),
                version["subject"],
                version["textContent"],
                html,
                headers,
                reference,
                None,
            )
        )
    return mails


def mailjet(request: Request) -> list[Mail]:
    """Source: https://dev.mailjet.com/email/guides/send-api-v31/."""
    assert request.path == "/send"
    assert request.headers["authorization"].startswith("Basic ")
    shared = request.json["Globals"]
    assert len(request.json["Messages"]) <= 50
    mails = []
    for item in request.json["Messages"]:
        (to,) = item["To"]
        # What a message says for itself takes the place of what is said for all.
        message = shared | item
        mails.append(
            Mail(
                *named(to, name="Name", email="Email"),
                message["Subject"],
                message["TextPart"],
                message.get("HTMLPart"),
                lower(message["Headers"]) | {"reply-to": message["ReplyTo"]["Email"]},
                json.loads(message["EventPayload"])["reference"],
                (message["TrackOpens"], message["TrackClicks"]) != ("disabled", "disabled"),
            )
        )
    return mails


def mailgun(request: Request) -> list[Mail]:
    """Source: .../docs/mailgun/user-manual/sending-messages/batch-sending."""
    assert re.fullmatch(r"/[a-z.-]+/messages", request.path), "the domain it sends from"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    fields = parse_qs(request.body.decode("ascii"), strict_parsing=True)
    variables = json.loads(fields["recipient-variables"][0])
    mails = []
    for to in fields["to"]:
        name, address = mailbox(to)
        values = variables.pop(address)
        filled = {
            field: _merged(texts[0], values, r"%recipient\.([^%]+)%")
            for field, texts in fields.items()
            if field not in {"to", "recipient-variables"}
        }
        headers = {key[2:].lower(): value for key, value in filled.items() if key[:2] == "h:"}
        tracked = (filled["o:tracking-opens"], filled["o:tracking-clicks"]) != ("no", "no")
        html = filled.get("html")
        mails.append(
            Mail(
                name,
                address,
                filled["subject"],
                filled["text"],
                html,
                headers,
                filled["v:reference"],
                tracked,
            )
        )
    assert not variables, "values of somebody who is not written to"
    return mails


def sendgrid(request: Request) -> list[Mail]:
    """Source: https://www.twilio.com/docs/sendgrid/for-developers/sending-email/personalizations."""
    assert request.path == "/mail/send"
    assert request.headers["authorization"] == "Bearer key"
    call = request.json
    content = {part["type"]: part["value"] for part in call["content"]}
    tracking = call["tracking_settings"]
    mails = []
    for each in call["personalizations"]:
        (to,) = each["to"]
        name, address = named(to)
        assert not set(name) & {",", ";"}, "it takes neither"
        assert set(each["custom_args"]) == {"reference"}, "an id drawn once would be everybody's"
        values = each.get("substitutions", {})
        assert len(json.dumps(values)) < 10_000
        tags = "|".join(map(re.escape, values))

        def fill(text: str, values: Any = values, tags: str = tags) -> str:
            return _merged(text, values, f"({tags})") if tags else text

        mails.append(
            Mail(
                name,
                address,
                fill(call["subject"]),
                fill(content["text/plain"]),
                fill(content["text/html"]) if "text/html" in content else None,
                lower(each["headers"]) | {"reply-to": call["reply_to_list"][0]["email"]},
                each["custom_args"]["reference"],
                tracking["click_tracking"]["enable"] or tracking["open_tracking"]["enable"],
            )
        )
    return mails


def sparkpost(request: Request) -> list[Mail]:
    """Source: https://developers.sparkpost.com/api/transmissions/ and its template language."""
    assert request.path == "/transmissions/"
    assert request.headers["authorization"] == "key"
    call = request.json
    content = call["content"]
    options = call["options"]
    mails = []
    for each in call["recipients"]:
        values = each["substitution_data"]

        def fill(text: str, values: Any = values) -> str:
            return _merged(text, values, r"\{\{\{\s*(\w+)\s*\}\}\}")

        name, address = mailbox(each["address"]["header_to"])
        assert address == each["address"]["email"]
        headers = {
            field.lower(): _merged(text, values, r"\{\{\s*(\w+)\s*\}\}")
            for field, text in content["headers"].items()
        }
        mails.append(
            Mail(
                name,
                address,
                fill(content["subject"]),
                fill(content["text"]),
                fill(content["html"]) if "html" in content else None,
                headers | {"reply-to": content["reply_to"]},
                each["metadata"]["reference"],
                options["open_tracking"] or options["click_tracking"],
            )
        )
    return mails


def _with_braces(text: str, values: Any) -> str:
    return _merged(text, values, r"\{\{(\w+)\}\}")


def amazon_ses(request: Request) -> list[Mail]:
    """Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html."""
    assert request.path == "/v2/email/outbound-bulk-emails"
    assert "Credential=key/" in request.headers["authorization"]
    call = request.json
    template = call["DefaultContent"]["Template"]["TemplateContent"]
    assert len(call["BulkEmailEntries"]) <= 50
    mails = []
    for entry in call["BulkEmailEntries"]:
        (to,) = entry["Destination"]["ToAddresses"]
        assert to.isascii(), "it wants encoded words"
        replacement = entry["ReplacementEmailContent"]["ReplacementTemplate"]
        data = json.loads(replacement["ReplacementTemplateData"])
        fill = partial(_with_braces, values=data)

        headers = _pairs(entry["ReplacementHeaders"], "Name", "Value")
        assert len(headers) <= 15
        assert all(re.fullmatch("[ -~]{1,995}", value) for value in headers.values())
        reference = json.loads(headers.pop("x-metadata"))["reference"]
        mails.append(
            Mail(
                *mailbox(to),
                fill(template["Subject"]),
                fill(template["Text"]),
                fill(template["Html"]) if "Html" in template else None,
                headers | {"reply-to": call["ReplyToAddresses"][0]},
                reference,
                None,
            )
        )
    return mails


Read = Callable[[Request], list[Mail]]
