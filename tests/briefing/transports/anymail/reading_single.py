"""What providers whose calls hold one message make of it; see `reading` for the others."""

import json
from typing import Any

from tests.briefing.transports.anymail.reading import Mail, lower, mailbox, named
from tests.briefing.transports.anymail.server import Request


def _one(to: tuple[str, str], message: Any, **fields: Any) -> list[Mail]:
    about = {
        "subject": message["subject"],
        "text": message["text"],
        "html": message.get("html"),
        "tracked": None,
    }
    return [Mail(*to, **(about | fields))]


def mailersend(request: Request) -> list[Mail]:
    """Source: https://developers.mailersend.com/api/v1/email.html."""
    assert request.path == "/email"
    call = request.json
    (to,) = call["to"]
    headers = {item["name"].lower(): item["value"] for item in call["headers"]}
    return _one(
        named(to),
        call,
        headers=headers | {"reply-to": call["reply_to"]["email"]},
        reference=call["tags"][0],
        tracked=call["settings"]["track_clicks"] or call["settings"]["track_opens"],
    )


def mailtrap(request: Request) -> list[Mail]:
    """Source: https://anymail.dev/en/stable/esps/mailtrap/."""
    assert request.path == "/send"
    call = request.json
    (to,) = call["to"]
    return _one(
        named(to),
        call,
        headers=lower(call["headers"]) | {"reply-to": call["reply_to"]["email"]},
        reference=call["custom_variables"]["reference"],
    )


def mandrill(request: Request) -> list[Mail]:
    """Source: https://mailchimp.com/developer/transactional/api/messages/send-new-message/."""
    assert request.path == "/messages/send.json"
    assert request.json["key"] == "key"
    message = request.json["message"]
    (to,) = message["to"]
    return _one(
        named(to),
        message,
        headers=lower(message["headers"]),
        reference=message["metadata"]["reference"],
        tracked=message["track_clicks"] or message["track_opens"],
    )


def postal(request: Request) -> list[Mail]:
    """Source: https://apiv1.postalserver.io/controllers/send/message."""
    assert request.path == "/api/v1/send/message"
    call = request.json
    (to,) = call["to"]
    return _one(
        mailbox(to),
        call | {"text": call["plain_body"], "html": call.get("html_body")},
        headers=lower(call["headers"]) | {"reply-to": call["reply_to"]},
        reference=call["tag"],
    )


def scaleway(request: Request) -> list[Mail]:
    """Source: https://anymail.dev/en/stable/esps/scaleway/."""
    assert request.path == "/emails"
    call = request.json
    (to,) = call["to"]
    headers = {item["key"].lower(): item["value"] for item in call["additional_headers"]}
    reference = json.loads(headers.pop("x-metadata"))["reference"]
    return _one(named(to), call, headers=headers, reference=reference)


def unisender_go(request: Request) -> list[Mail]:
    """Source: https://godocs.unisender.ru/web-api-ref#email-send."""
    assert request.path == "/email/send.json"
    message = request.json["message"]
    (to,) = message["recipients"]
    assert "anymail_id" not in to.get("metadata", {}), "drawn once, it would be everybody's"
    headers = lower(message["headers"])
    headers.pop("to", None)
    return _one(
        (to.get("substitutions", {}).get("to_name", ""), to["email"]),
        {
            "subject": message["subject"],
            "text": message["body"]["plaintext"],
            "html": message["body"].get("html"),
        },
        headers=headers | {"reply-to": message["reply_to"]},
        reference=message["global_metadata"]["reference"],
        tracked=bool(message["track_links"] or message["track_read"]),
    )
