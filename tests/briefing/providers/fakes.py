"""Providers that can be asked: each a server on loopback that answers as its documentation says.

The words of the answers stand in tests/payloads/<provider>/asked/, with their source.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.briefing.transports.anymail.fakes import PROVIDERS
from tests.briefing.transports.anymail.server import Api, Request, Response, api
from tests.briefing.web.hooks import PAYLOADS

# Smaller than any list of these tests, so that every provider is read in parts.
_PART = 2
_MISSING = Response(404, {"message": "not found"})


@dataclass(frozen=True, slots=True)
class Message:
    """A message that the fake has taken, and what became of it."""

    identity: str
    address: str
    reference: str
    seen: tuple[str, ...] = ("delivered",)


@dataclass(slots=True)
class Fake:
    """One provider: whom it does not write to, and what it has taken."""

    name: str
    listed: list[tuple[str, str]] = field(default_factory=list)  # address, why
    messages: list[Message] = field(default_factory=list)
    api: Api | None = None

    def answer(self, request: Request) -> Response:
        """Answer as the provider does."""
        address = urlsplit(request.path)
        return _ANSWERS[self.name](self, unquote(address.path), dict(parse_qsl(address.query)))

    def settings(self) -> dict[str, Any]:
        """Return Anymail's settings for it."""
        assert self.api
        return PROVIDERS[self.name].settings(self.api.url)

    def entries(self, *whys: str) -> list[Any]:
        """Return the list's entries of some kinds, all without any."""
        chosen = [(each, why) for each, why in self.listed if not whys or why in whys]
        return [_filled(words(self.name)["listed"][why], ADDRESS=each) for each, why in chosen]

    def found(self, **by: str) -> list[Message]:
        """Return messages by identity, address or reference."""
        return [
            each
            for each in self.messages
            if all(getattr(each, name).casefold() == value.casefold() for name, value in by.items())
        ]

    def seen(self, message: Message) -> list[Any]:
        """Return what became of a message, in the provider's words."""
        known = words(self.name)["seen"]
        return [_of(known[each], message) for each in ("accepted", *message.seen) if each in known]


@cache
def words(name: str) -> Any:
    """Return a provider's documented answers."""
    return json.loads((PAYLOADS / name / "asked" / "answers.json").read_text("utf-8"))


@contextmanager
def asked(name: str, **values: Any) -> Iterator[Fake]:
    """Run a provider that can be asked for the length of a block."""
    fake = Fake(name, **values)
    with api(fake.answer) as server:
        fake.api = server
        yield fake


def _filled(template: Any, **values: Any) -> Any:
    """Return a template with its words in capitals replaced."""
    if isinstance(template, dict):
        return {name: _filled(each, **values) for name, each in template.items()}
    if isinstance(template, list):
        return [_filled(each, **values) for each in template]
    return values.get(template, template) if isinstance(template, str) else template


def _of(template: Any, message: Message, **more: Any) -> Any:
    names = {"ID": message.identity, "ADDRESS": message.address, "REFERENCE": message.reference}
    return _filled(template, **names, **more)


def _postmark(fake: Fake, path: str, query: dict[str, str]) -> Response:
    if path.endswith("/suppressions/dump"):
        return Response(200, {"Suppressions": fake.entries()})
    if path.startswith("/bounces/"):
        return Response(200, _of(words("postmark")["bounce"], fake.messages[0]))
    if path == "/messages/outbound":
        found = fake.found(reference=query["metadata_reference"])
        told = [_of(words("postmark")["message"], each) for each in found]
        return Response(200, {"TotalCount": len(told), "Messages": told})
    for message in fake.found(identity=path.split("/")[3]):
        told = _of(words("postmark")["message"], message)
        return Response(200, told | {"MessageEvents": fake.seen(message)})
    return _MISSING


def _mailgun(fake: Fake, path: str, query: dict[str, str]) -> Response:
    _empty, domain, name, *more = path.split("/")
    if name == "events":
        found = fake.found(address=query.get("recipient", ""))
        told = [each for message in found for each in fake.seen(message)]
        if more:
            told = []
        following = f"https://api.mailgun.net/v3/{domain}/events/WzMseyJi"
        return Response(200, {"items": told, "paging": {"next": following}})
    whys = {"bounces": "bounced", "complaints": "complained", "unsubscribes": "unsubscribed"}
    begin = int(query.get("address", "0"))
    part = fake.entries(whys[name])[begin : begin + _PART]
    following = (
        f"https://api.mailgun.net/v3/{domain}/{name}?page=next&address={begin + _PART}&limit=1000"
    )
    return Response(200, {"items": part, "paging": {"next": following, "first": "", "last": ""}})


def _sendgrid(fake: Fake, path: str, query: dict[str, str]) -> Response:
    if path == "/messages":
        reference = query["query"].rpartition("=")[2].strip('"')
        found = fake.found(reference=reference)
        return Response(200, {"messages": [_sendgrid_message(each) for each in found]})
    if path.startswith("/messages/"):
        (message,) = fake.found(identity=path.split("/")[2])
        return Response(200, _sendgrid_message(message) | {"events": fake.seen(message)})
    whys = {"bounces": "bounced", "spam_reports": "complained", "unsubscribes": "unsubscribed"}
    found = fake.entries(whys[path.split("/")[2]]) if path.split("/")[2] in whys else []
    begin = int(query["offset"])
    return Response(200, found[begin : begin + int(query["limit"])])


def _sendgrid_message(message: Message) -> Any:
    status = {("delivered",): "delivered", (): "processed"}.get(message.seen, "not_delivered")
    return _of(words("sendgrid")["message"], message, STATUS=status)


def _sparkpost(fake: Fake, path: str, query: dict[str, str]) -> Response:
    if path == "/events/message":
        found = fake.found(address=query["recipients"])
        told = [each for message in found for each in fake.seen(message)]
        return Response(200, {"results": told, "total_count": len(told), "links": {}})
    entries, begin = fake.entries(), int(query["cursor"].replace("initial", "0"))
    links = [{"href": "/api/v1/suppression-list?cursor=initial&per_page=1000", "rel": "first"}]
    if begin + _PART < len(entries):
        href = f"/api/v1/suppression-list?cursor={begin + _PART}&per_page=1000"
        links.append({"href": href, "rel": "next"})
    part = entries[begin : begin + _PART]
    return Response(200, {"results": part, "links": links, "total_count": len(entries)})


def _brevo(fake: Fake, path: str, query: dict[str, str]) -> Response:
    if path == "/smtp/statistics/events":
        found = fake.found(identity=query["messageId"], address=query["email"])
        told = [each for message in found for each in fake.seen(message)]
        return Response(200, {"events": told} if told else {})
    entries, begin = fake.entries(), int(query["offset"])
    part = entries[begin : begin + int(query["limit"])]
    return Response(200, {"count": len(entries), "contacts": part} if entries else {"count": 0})


def _amazon_ses(fake: Fake, path: str, query: dict[str, str]) -> Response:
    if path == "/v2/email/suppression/addresses":
        entries, begin = fake.entries(), int(query.get("NextToken", "0"))
        told: dict[str, Any] = {"SuppressedDestinationSummaries": entries[begin : begin + _PART]}
        if begin + _PART < len(entries):
            told["NextToken"] = str(begin + _PART)
        return Response(200, told)
    for message in fake.found(identity=path.split("/")[4]):
        return Response(200, _of(words("amazon_ses")["message"], message, SEEN=fake.seen(message)))
    return Response(404, {"message": "no"}, {"x-amzn-ErrorType": "NotFoundException"})


def _mailjet(fake: Fake, path: str, query: dict[str, str]) -> Response:
    assert path.startswith("/v3/REST/messagehistory/")
    for message in fake.found(identity=path.rpartition("/")[2]):
        return Response(200, _of(words("mailjet")["message"], message, SEEN=fake.seen(message)))
    return Response(404, {"ErrorInfo": "", "ErrorMessage": "Object not found", "StatusCode": 404})


def _resend(fake: Fake, path: str, query: dict[str, str]) -> Response:
    for message in fake.found(identity=path.split("/")[2]):
        last = (fake.seen(message) or ["sent"])[-1]
        return Response(200, _of(words("resend")["message"], message, SEEN=last))
    return Response(404, {"statusCode": 404, "name": "not_found", "message": "Email not found"})


_ANSWERS: dict[str, Callable[[Fake, str, dict[str, str]], Response]] = {
    "amazon_ses": _amazon_ses,
    "brevo": _brevo,
    "mailgun": _mailgun,
    "mailjet": _mailjet,
    "postmark": _postmark,
    "resend": _resend,
    "sendgrid": _sendgrid,
    "sparkpost": _sparkpost,
}
