"""Posts a provider's documented report to its webhook, signed as that provider signs."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.http import HttpResponse
from django.test import Client

from subscribers import links

PAYLOADS = Path(__file__).parents[2] / "payloads"
SECRET = "desk:a-long-secret"
KEY = "signing-key"
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_PEM = _RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)

SETTINGS = {
    "WEBHOOK_SECRET": SECRET,
    "MAILERSEND_SIGNING_SECRET": KEY,
    "MAILGUN_WEBHOOK_SIGNING_KEY": KEY,
    "MAILTRAP_TRACKING_SECRET": KEY,
    "MANDRILL_WEBHOOK_KEY": KEY,
    "POSTAL_WEBHOOK_KEY": "".join(_PEM.decode().splitlines()[1:-1]),
    "UNISENDER_GO_API_KEY": KEY,
}


@dataclass(slots=True)
class Post:
    """What a provider would post."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def basic(secret: str = SECRET) -> str:
    """Return the header that a secret in the webhook's address becomes."""
    return f"Basic {base64.b64encode(secret.encode()).decode()}"


def post_of(esp: str, payload: dict[str, Any], *, reference: str) -> Post:
    """Return a report as it would arrive, about the delivery that `reference` names."""
    text = json.dumps(payload["body"])
    metadata = json.dumps({"reference": reference})
    text = text.replace('"METADATA"', json.dumps(metadata)).replace("REFERENCE", reference)
    return _SIGNED.get(esp, _plain)(json.loads(text))


def send(esp: str, post: Post, *, authorization: str | None = None) -> HttpResponse:
    """Post a report."""
    headers = {"Authorization": basic() if authorization is None else authorization} | post.headers
    answer = _client().post(
        f"/hooks/{esp}/", post.body, content_type=post.content_type, headers=headers
    )
    assert isinstance(answer, HttpResponse)
    return answer


@cache
def _client() -> Client:
    """Return one client for all posts: each new one would set up every middleware again."""
    return Client()


def a_reference(dispatch_id: int, subscriber_id: int) -> str:
    """Return the reference that a copy carries."""
    return links.make("reference", dispatch_id, subscriber_id)


def _plain(body: Any) -> Post:
    return Post(json.dumps(body).encode())


def _hexdigest(message: bytes) -> str:
    return hmac.new(KEY.encode(), message, hashlib.sha256).hexdigest()


def _amazon_ses(body: Any) -> Post:
    body["Message"] = json.dumps(body["Message"])
    headers = {
        "X-Amz-Sns-Message-Type": body["Type"],
        "X-Amz-Sns-Message-Id": body["MessageId"],
    }
    return Post(json.dumps(body).encode(), headers, "text/plain; charset=UTF-8")


def _mailersend(body: Any) -> Post:
    text = json.dumps(body).encode()
    return Post(text, {"Signature": _hexdigest(text)})


def _mailgun(body: Any) -> Post:
    signed = body["signature"]
    signed["token"] = hashlib.sha256(json.dumps(body).encode()).hexdigest()[:50]
    signed["signature"] = _hexdigest(f"{signed['timestamp']}{signed['token']}".encode())
    return Post(json.dumps(body).encode())


def _mailtrap(body: Any) -> Post:
    text = json.dumps(body).encode()
    return Post(text, {"Mailtrap-Signature": _hexdigest(text)})


def _mandrill(body: Any) -> Post:
    text = json.dumps(body)
    signed = f"http://{SECRET}@testserver/hooks/mandrill/mandrill_events{text}".encode()
    signature = base64.b64encode(hmac.new(KEY.encode(), signed, hashlib.sha1).digest())
    boundary = "BoUnDaRy"
    form = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="mandrill_events"\r\n\r\n'
        f"{text}\r\n--{boundary}--\r\n"
    )
    return Post(
        form.encode(),
        {"X-Mandrill-Signature": signature.decode()},
        f"multipart/form-data; boundary={boundary}",
    )


def _postal(body: Any) -> Post:
    text = json.dumps(body).encode()
    signature = _RSA.sign(text, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  as Postal signs
    return Post(text, {"X-Postal-Signature": base64.b64encode(signature).decode()})


def _unisender_go(body: Any) -> Post:
    text = json.dumps(body).encode()
    auth = hashlib.md5(text.replace(b"AUTH", KEY.encode())).hexdigest()  # noqa: S324  as they sign
    return Post(text.replace(b"AUTH", auth.encode()))


_SIGNED: dict[str, Callable[[Any], Post]] = {
    "amazon_ses": _amazon_ses,
    "mailersend": _mailersend,
    "mailgun": _mailgun,
    "mailtrap": _mailtrap,
    "mandrill": _mandrill,
    "postal": _postal,
    "unisender_go": _unisender_go,
}
